#!/bin/bash
# What ipmi_sim calls to read and switch the power of its host:
#   chassis.sh HOST get power|boot...     prints power:1 or power:0
#   chassis.sh HOST set power|reset|shutdown|boot VALUE...
#
# HOST's file bmc_mode makes the device misbehave:
#   normal   does what it is told
#   stuck    answers "ok" to every command, and the host stays as it is
#   fail     answers with an error
#   slow     takes 4 s for each answer
#   late     answers "ok" to off at once and does it 5 s later
#   lies     reads off whatever the truth, and switches nothing
#   crossed OTHER   is wired to another host: reads and switches that one
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../settings.sh"

host=$1 operation=$2
shift 2
dir=$(host_dir "$host")
read -r mode other <"$dir/bmc_mode"
wired_to=${other:-$host}
echo "$(date +%s.%3N) $mode $operation $*" >>"$dir/chassis.log"

power() { "$LAB/hosts/host.sh" "power_$1" "$wired_to" >>"$dir/log/chassis.log" 2>&1; }

power_is_on() { [ "$mode" != lies ] && "$LAB/hosts/host.sh" is_on "$wired_to"; }

# ipmi_sim waits for whoever holds its pipe.
power_off_late() { (sleep 5; power off) </dev/null >/dev/null 2>&1 & }

read_value() {
  case $1 in
    power) if power_is_on; then echo power:1; else echo power:0; fi ;;
    boot) echo boot:default ;;
    *) echo "cannot read $1"; exit 1 ;;
  esac
}

switch() {   # WHAT VALUE
  case $mode=$1=$2 in
    stuck=* | lies=*) return ;;
    late=power=0 | late=shutdown=*) power_off_late; return ;;
  esac
  case $1=$2 in
    power=1) power on ;;
    power=0 | shutdown=*) power off ;;
    reset=1) power off && power on ;;
    reset=0 | boot=* | identify=*) ;;
    *) echo "cannot set $1"; exit 1 ;;
  esac
}

[ "$mode" = slow ] && sleep 4
[ "$mode" = fail ] && { echo 'the device is out of order'; exit 1; }
case $operation in
  get) for name in "$@"; do read_value "$name"; done ;;
  set) while [ $# -ge 2 ]; do switch "$1" "$2"; shift 2; done ;;
  check) ;;
  *) echo "no such operation: $operation"; exit 1 ;;
esac
