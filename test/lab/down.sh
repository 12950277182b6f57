#!/bin/bash
# Takes the lab down: its processes, mounts, loop devices and namespaces, and nothing else.
# The state directory with all logs stays for reading; --wipe removes it (never the golden copy).
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/settings.sh"
. "$LAB/lib.sh"
. "$LAB/hosts/network.sh"
need_root
owner=$(cat "$OWNER" 2>/dev/null || echo "$STATE")
[ "$owner" = "$STATE" ] || die "the lab that is up is that of $owner, not of $STATE"

hosts_down() {
  local dir host
  for dir in "$STATE"/hosts/*/; do
    host=$(basename "$dir")
    [ -e "$dir/init.pid" ] && "$LAB/hosts/host.sh" power_off "$host" 2>/dev/null
  done
}

recorded_pids() {
  local file
  for file in "$PIDS"/*; do [ -e "$file" ] && recorded_pid "$file"; done
}

# What the recorded daemons left outside their sessions, and what tests started in our namespaces.
stragglers() {
  local namespace
  for namespace in $(lab_namespaces); do namespace_pids "$namespace"; done
}

nobody_left() { [ -z "$(recorded_pids)$(stragglers)" ]; }

processes_down() {
  local pid leaders
  leaders=$(recorded_pids)
  for pid in $leaders; do kill_session "$pid" TERM; done
  wait_nobody 3 && return
  for pid in $leaders; do kill_session "$pid" KILL; done
  pid=$(stragglers)
  [ -n "$pid" ] && kill -KILL $pid 2>/dev/null
  wait_nobody 10 || echo "lab: still alive after SIGKILL:" $(stragglers) >&2
}

wait_nobody() {   # SECONDS
  local deadline=$(($(date +%s) + $1))
  until nobody_left; do
    [ "$(date +%s)" -ge "$deadline" ] && return 1
    sleep 0.1
  done
}

# The mounts went with their namespaces, and the loop devices with them; this is for what a crash left.
loops_down() {
  local image loop
  for image in "$STATE"/hosts/*/instances.img; do
    [ -e "$image" ] || continue
    for loop in $(losetup -j "$image" | cut -d: -f1); do losetup -d "$loop"; done
  done
}

# Whatever GUARDIAN_LAB_DIR says, only a directory that up.sh has marked as its own is removed.
wipe() {
  [ -e "$STATE" ] || return 0
  [ -e "$STATE/.guardian-lab" ] || { echo "lab: $STATE is not a lab's directory, not removed" >&2; exit 1; }
  rm -rf "${STATE:?}"
}

hosts_down
processes_down
loops_down
network_down
rm -rf "$PIDS" "$STATE/ready" "$OWNER"
[ "${1:-}" = --wipe ] && wipe
echo "lab: down"
