#!/bin/bash
# One compute host: a network, process, mount and host-name namespace whose init can be killed.
#
#   host.sh prepare HOST     its directory: identity, instances disk
#   host.sh power_on HOST    boots it (nothing happens when it is on)
#   host.sh power_off HOST   what a power cut does: links dark, everything in it dead at once
#   host.sh is_on HOST       exit 0 when it is on
#   host.sh init HOST        prints the pid of its init
#   host.sh pids HOST        prints every live pid in it
#   host.sh enter HOST COMMAND...   runs a command inside
#   host.sh probe HOST       starts the host's probe.sh now, as its next boot would
#
# Power loss and the BMC's power-off are both power_off: there is no gentler way for a host to die here.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../settings.sh"
. "$LAB/lib.sh"
. "$LAB/hosts/network.sh"

INSTANCES=/var/lib/nova/instances

prepare() {
  local host=$1 dir
  dir=$(host_dir "$host")
  mkdir -p "$dir"/{log,nova/lock,run/libvirt,libvirt/{lib,log,cache,qemu}} "$INSTANCES"
  machine_uuid "$host" >"$dir/uuid"
  echo normal >"$dir/bmc_mode"
  [ -z "${GUARDIAN_LAB_PROBE:-}" ] || ln -sf "$(realpath "$GUARDIAN_LAB_PROBE")" "$dir/probe.sh"
  if [ ! -e "$dir/instances.img" ]; then
    truncate -s "${INSTANCES_SIZE_MB}M" "$dir/instances.img"
    mkfs.ext4 -q -F -L instances "$dir/instances.img"
  fi
}

# The same UUID in every lab, so that a configuration file can name it.
machine_uuid() { "$PYTHON" -c "import uuid; print(uuid.uuid5(uuid.NAMESPACE_DNS, '$1.guardian-lab'))"; }

init_pid() { recorded_pid "$(host_dir "$1")/init.pid"; }
is_on() { init_pid "$1" >/dev/null; }

# Power-on and power-off may come from the BMC and from a test at once. The lock is closed for
# the host itself: else it would hold it as long as it lives.
locked() {
  local host=$2
  exec 9>"$(host_dir "$host")/power.lock"
  flock -w 60 9 || die "waited 60 s in vain for the power lock of $host"
  "$@"
  exec 9>&-
}

power_on() {
  local host=$1 dir
  dir=$(host_dir "$host")
  is_on "$host" && return
  wait_for 20 "the kernel to let go of the instances disk of $host" disk_is_free "$dir/instances.img"
  new_boot_id "$host"
  set_host_links "$host" up
  boot "$host"
}

# Two mounts of one image by two loop devices would destroy it.
disk_is_free() { [ -z "$(losetup -j "$1")" ]; }

new_boot_id() {
  local dir
  dir=$(host_dir "$1")
  cat /proc/sys/kernel/random/uuid >"$dir/boot_id"
  echo "$(date +%s.%N) $(cat "$dir/boot_id")" >>"$dir/boots"
}

# The environment is that of a fresh machine, whoever pressed the button.
boot() {
  local host=$1 dir outer
  dir=$(host_dir "$host")
  (
    close_inherited_files
    exec setsid nohup nsenter "--net=/run/netns/$(host_namespace "$host")" \
      env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
      "GUARDIAN_LAB_DIR=$STATE" PYTHONDONTWRITEBYTECODE=1 \
      unshare --mount --uts --pid --fork --kill-child --mount-proc bash "$LAB/hosts/init.sh" "$host" \
      </dev/null >>"$dir/log/boot.log" 2>&1
  ) &
  outer=$!
  wait_for 10 "the init of $host (see $dir/log/boot.log)" record_init "$outer" "$dir/init.pid"
}

# By its command line: before it the shell may have had other children, gone at the next look.
record_init() {
  local init
  init=$(pgrep -P "$1" -f init.sh) && record_pid "$2" "$init" && [ -n "$(recorded_pid "$2")" ]
}

power_off() {
  local host=$1 init
  set_host_links "$host" down   # first: dying processes must not say goodbye over the network
  init=$(init_pid "$host") || return 0
  thaw "$init" "$host"
  kill -KILL "$init" 2>/dev/null || true   # it may have been dying already
  wait_for 20 "everything on $host to die (pids left: $(pids "$host" | tr '\n' ' '))" is_off "$host"
}

is_off() { ! is_on "$1"; }

# Who waits on a frozen file system cannot be killed; a real power cut does not wait for that. It is
# reached through any process of the host: an init that was killed by hand has lost its own view.
thaw() {
  local pid
  for pid in "$1" $(namespace_pids "$(host_namespace "$2")"); do
    [ -d "/proc/$pid/root$INSTANCES/lost+found" ] || continue   # not the machine's own directory
    timeout 5 fsfreeze -u "/proc/$pid/root$INSTANCES" 2>/dev/null || true   # refused when not frozen
    return
  done
}

pids() {
  local init pid
  init=$(init_pid "$1") || return 0
  for pid in $(pgrep --ns "$init" --nslist pid .); do is_alive "$pid" && echo "$pid"; done
  return 0
}

enter() {
  local host=$1 init
  shift
  init=$(init_pid "$host") || die "$host is off"
  exec nsenter --target "$init" --net --mount --uts --pid "$@"
}

# In a session of its own, that dies with the host like everything else in it. A shell in between hands
# it to the host's init: an nsenter that stayed as its parent would be stopped by `hang` together with
# it, would never reap it, and the host could not die.
probe() {
  local dir
  dir=$(host_dir "$1")
  [ -x "$dir/probe.sh" ] || die "$1 has no executable $dir/probe.sh"
  (
    close_inherited_files
    cd /
    enter "$1" bash -c 'setsid "$1" & exit' probe "$dir/probe.sh" </dev/null >>"$dir/log/probe.log" 2>&1
  ) || die "cannot start the probe of $1: $(tail -n 3 "$dir/log/probe.log")"
}

verb=${1:-}
check_host "${2:-}"
case $verb in
  prepare | is_on | pids | enter | probe) "$@" ;;
  init) init_pid "$2" ;;
  power_on | power_off) locked "$@" ;;
  *) die "host.sh: no such verb: '$verb'" ;;
esac
