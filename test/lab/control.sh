#!/bin/bash
# Stops and starts one part of the control plane, or makes every token void.
#
#   control.sh stop PART      nova-api | nova-conductor | nova-scheduler | keystone | rabbit: kill -9
#   control.sh start PART     and waits until it serves
#   control.sh void-tokens    new keys: whoever has a token must log in again
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/settings.sh"
. "$LAB/lib.sh"
. "$LAB/cloud/services.sh"

usage() { sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0" >&2; exit 2; }

part_is_gone() { ! recorded_pid "$PIDS/$1"; }

# Each part is the leader of a session of its own, so its workers are in its group.
stop() {
  local pid
  pid=$(recorded_pid "$PIDS/$1") || die "$1 does not run"
  kill -KILL -- "-$pid"
  wait_for 10 "$1 to be gone" part_is_gone "$1"
}

start() {
  recorded_pid "$PIDS/$1" >/dev/null && die "$1 runs already"
  case $1 in
    nova-api) start_nova "$1"; wait_for 60 "nova-api on port 8774" http_answers "http://$CTL_IP:8774/" ;;
    nova-conductor | nova-scheduler) start_nova "$1" ;;
    keystone) start_keystone; wait_for 60 "keystone on $AUTH_URL" http_answers "$AUTH_URL" ;;
    rabbit) start_rabbit; wait_for 90 "rabbit on $CTL_IP:5672" port_open "$CTL" "$CTL_IP" 5672 ;;
  esac
}

# Keystone reads its keys at each request.
void_tokens() {
  rm -f "$STATE"/keys/fernet/*
  in_controller "$BIN/keystone-manage --config-file $ETC/keystone/keystone.conf fernet_setup --keystone-user root --keystone-group root" \
    >>"$LOGS/void-tokens.log" 2>&1
}

case ${1:-} in
  void-tokens) void_tokens; exit ;;
  stop | start) ;;
  *) usage ;;
esac
case ${2:-} in
  nova-api | nova-conductor | nova-scheduler | keystone | rabbit) "$1" "$2" ;;
  *) usage ;;
esac
