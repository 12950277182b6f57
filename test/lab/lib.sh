# Processes and bounded waits, shared by the lab's scripts. Source settings.sh first.

PIDS=$STATE/pids   # one file per part: "PID STARTTIME"
LOGS=$STATE/log
OWNER=/run/guardian-lab   # names the state directory of the lab that is up

die() { echo "lab: $*" >&2; exit 1; }
need_root() { [ "$(id -u)" = 0 ] || die "needs root"; }

# STARTED is set by the script that measures.
step() { printf '[%5.1fs] %s\n' "$(echo "$(date +%s.%N) - $STARTED" | awk '{ print $1 - $3 }')" "$*"; }

# The start time tells a recorded process from a stranger that got the same pid later.
start_time() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

# A killed process can stay a zombie for seconds where PID 1 reaps slowly: that is not alive.
is_alive() {
  local state
  state=$(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -c1)
  [ -n "$state" ] && [ "$state" != Z ] && [ "$state" != X ]
}

record_pid() { echo "$2 $(start_time "$2")" >"$1"; }   # FILE PID

# Prints the pid recorded in FILE if that very process is alive.
recorded_pid() {
  local pid started
  read -r pid started 2>/dev/null <"$1" || return 1
  [ -n "$pid" ] && is_alive "$pid" && [ "$(start_time "$pid")" = "$started" ] && echo "$pid"
}

# Files of the caller must not live on in a daemon: a BMC's socket held by a host that it
# powered on would keep the BMC from starting again.
close_inherited_files() {
  local fd
  for fd in "/proc/$BASHPID/fd/"*; do
    fd=${fd##*/}
    case $fd in 0 | 1 | 2 | 255) ;; *) eval "exec $fd>&-" ;; esac
  done
}

# spawn NAME COMMAND...: a daemon in a session of its own, pid and log recorded.
spawn() {
  local name=$1
  shift
  (
    close_inherited_files
    exec setsid nohup "$@" </dev/null >>"$LOGS/$name.log" 2>&1
  ) &
  record_pid "$PIDS/$name" $!
}

# Only the network namespace is entered: `ip netns exec` would also make a private mount
# namespace, and what is mounted later would not be seen there.
in_namespace() {
  local namespace=$1
  shift
  nsenter "--net=/run/netns/$namespace" "$@"
}

spawn_in() {
  local namespace=$1 name=$2
  shift 2
  spawn "$name" nsenter "--net=/run/netns/$namespace" "$@"
}

# wait_for SECONDS "WHAT" COMMAND...: polls until the command succeeds.
wait_for() {
  local seconds=$1 what=$2 deadline
  shift 2
  deadline=$(($(date +%s) + seconds))
  until "$@" >/dev/null 2>&1; do
    [ "$(date +%s)" -ge "$deadline" ] && die "waited ${seconds} s in vain for $what"
    sleep 0.1
  done
}

port_open() { in_namespace "$1" bash -c "exec 3<>/dev/tcp/$2/$3"; }   # NAMESPACE ADDRESS PORT

# Any answer below 500 will do: the service is there.
http_answers() {
  local status
  status=$(in_namespace "$CTL" curl -s -o /dev/null -m 5 -w '%{http_code}' "$1") || return 1
  [ "$status" -ge 100 ] && [ "$status" -lt 500 ]
}

kill_session() {   # every process of the session whose leader is PID
  local pids
  pids=$(ps -o pid= -s "$1" || true)
  [ -z "$pids" ] || kill "-$2" $pids 2>/dev/null || true
}

# Nothing but the lab's own processes can be in a namespace with the lab's name.
namespace_pids() {
  local pid
  for pid in $(ip netns pids "$1" 2>/dev/null); do is_alive "$pid" && echo "$pid"; done
  return 0
}
