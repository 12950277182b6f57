#!/bin/bash
# Breaks and heals the lab's hosts, one thing at a time. HOST is compute-1 and so on.
#
#   power_loss HOST          the mains fail: links dark, everything on it dead at once
#   power_on HOST            and come back: the host boots, with a new boot id
#   isolate HOST NET         frames on NET (mgmt, stor, biz; oob = its BMC) vanish, the carrier stays
#   heal HOST NET
#   bmc_mode HOST MODE       normal | stuck (says ok, does nothing) | fail | slow (4 s) | late (off takes 5 s)
#                            | lies (reads off, always) | crossed OTHER (is wired to host OTHER) | unreachable
#   bmc_identity HOST WHOSE  its BMC shows a strange GUID, as after a repair, or its own again
#   readonly HOST            the instances directory is remounted read-only
#   writable HOST
#   freeze HOST              every write to the instances directory hangs
#   thaw HOST
#   hang HOST                no process of the host runs any more; it still answers pings
#   unhang HOST
#   kill_agent HOST          kill -9 of its nova-compute; the host lives on
#   pids HOST                prints every live pid in the host
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/settings.sh"
. "$LAB/lib.sh"
. "$LAB/hosts/network.sh"
. "$LAB/hosts/bmc.sh"

INSTANCES=/var/lib/nova/instances

usage() { sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0" >&2; exit 2; }

power_loss() { "$LAB/hosts/host.sh" power_off "$1"; }
power_on() { "$LAB/hosts/host.sh" power_on "$1"; }
isolate() { network_number "$2" >/dev/null && unplug "$1" "$2"; }
heal() { network_number "$2" >/dev/null && plug "$1" "$2"; }
pids() { "$LAB/hosts/host.sh" pids "$1"; }
init() { "$LAB/hosts/host.sh" init "$1" || die "$1 is off"; }

bmc_mode() {
  case ${2:-} in
    unreachable) unplug "$1" oob; return ;;
    crossed) check_host "${3:-}" ;;
    normal | stuck | fail | slow | late | lies) ;;
    *) die "no such BMC mode: '${2:-}' (have: normal stuck fail slow late lies crossed unreachable)" ;;
  esac
  plug "$1" oob
  echo "$2 ${3:-}" >"$(host_dir "$1")/bmc_mode"
}

bmc_identity() {   # HOST own|strange
  local pid
  case ${2:-} in own | strange) ;; *) die "no such identity: '${2:-}' (have: own strange)" ;; esac
  [ "$(bmc_identity_of "$1")" = "$2" ] && return
  if pid=$(recorded_pid "$PIDS/bmc-$1"); then
    kill "$pid"
    wait_for 10 "the BMC of $1 to end" bmc_is_gone "$1"
  fi
  start_bmc "$1" "$2"
}
bmc_is_gone() { ! recorded_pid "$PIDS/bmc-$1"; }

# Refused with "busy" while somebody has a file open for writing: a probe's file is gone in a moment.
readonly_() { wait_for 10 "the instances directory of $1 to turn read-only" remount "$1" ro; }
writable() { wait_for 10 "the instances directory of $1 to turn writable" remount "$1" rw; }
remount() { nsenter --target "$(init "$1")" --mount mount -o "remount,$2" "$INSTANCES"; }

freeze() { fsfreeze -f "/proc/$(init "$1")/root$INSTANCES"; }
thaw() { fsfreeze -u "/proc/$(init "$1")/root$INSTANCES"; }

hang() { kill -STOP $(pids "$1"); }
unhang() { kill -CONT $(pids "$1"); }

kill_agent() {
  local pid found
  found=
  for pid in $(pids "$1"); do
    if tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -q bin/nova-compute; then
      kill -KILL "$pid"
      found=yes
    fi
  done
  [ -n "$found" ] || die "no nova-compute runs on $1"
}

fault=${1:-}
case $fault in
  power_loss | power_on | isolate | heal | bmc_mode | bmc_identity | writable | freeze | thaw | hang | unhang | kill_agent | pids) ;;
  readonly) fault=readonly_ ;;   # the bare word is bash's own
  *) usage ;;
esac
check_host "${2:-}"
shift
"$fault" "$@"
