#!/bin/bash
# Masakari's API and engine (Debian's python3-masakari) beside the lab's Nova, to be measured as the guardian is.
#
#   masakari.sh up defaults|quick   on an empty database; quick: its waits set to 0, 8 threads
#   masakari.sh segment HOST...     these hosts are one failover segment, recovery method `auto`
#   masakari.sh notify HOST         what its host monitor says of a host that is offline
#   masakari.sh down
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../settings.sh"
. "$LAB/lib.sh"
. "$LAB/cloud/services.sh"

PEER=$LAB/peer
PARTS='masakari-engine masakari-api'
QUICK='wait_period_after_service_update = 0\nwait_period_after_evacuation = 90\nverify_interval = 1\nhost_failure_recovery_threads = 8'

usage() { sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0" >&2; exit 2; }

install_peer() {
  dpkg-query -W -f '${Status}' python3-masakari 2>/dev/null | grep -q 'ok installed' ||
    apt-get -y -o DPkg::Lock::Timeout=300 install --no-install-recommends python3-masakari >"$LOGS/masakari-install.log" 2>&1
}

up() {
  local waits=
  case ${1:-} in
    defaults) ;;
    quick) waits=$QUICK ;;
    *) usage ;;
  esac
  install_peer
  mkdir -p "$STATE/masakari/lock"
  sed -e "s|@STATE@|$STATE|g; s|@CTL_IP@|$CTL_IP|g; s|@SERVICE_PASSWORD@|$SERVICE_PASSWORD|g; s|@WAITS@|$waits|" \
    "$PEER/masakari.conf" >"$ETC/masakari.conf"
  cp "$PEER/masakari-paste.ini" "$ETC/masakari-paste.ini"
  mysql_query 'drop database if exists masakari; create database masakari character set utf8mb3'
  in_namespace "$CTL" "$PYTHON" "$PEER/masakari_part.py" manage --config-file "$ETC/masakari.conf" db sync \
    >"$LOGS/masakari-schema.log" 2>&1
  rm -f "$LOGS/masakari-engine.log"
  spawn_in "$CTL" masakari-engine "$PYTHON" "$PEER/masakari_part.py" engine --config-file "$ETC/masakari.conf"
  spawn_in "$CTL" masakari-api "$PYTHON" "$PEER/masakari_part.py" api --config-file "$ETC/masakari.conf"
  wait_for 60 "masakari on port 15868" http_answers "http://$CTL_IP:15868/v1/segments"
  wait_for 60 "masakari's engine to listen" engine_listens
}

engine_listens() { grep -q 'Starting ha_engine' "$LOGS/masakari-engine.log"; }

down() {
  local part pid
  for part in $PARTS; do
    pid=$(recorded_pid "$PIDS/$part") || continue
    kill_session "$pid" KILL
  done
}

case ${1:-} in
  up) up "${2:-}" ;;
  segment | notify) in_namespace "$CTL" "$PYTHON" "$PEER/masakari_client.py" "$@" ;;
  down) down ;;
  *) usage ;;
esac
