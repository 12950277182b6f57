#!/bin/bash
# The init of one compute host: pid 1 of its process namespace. Started by host.sh, never by hand.
# Everything below runs inside the host; killing this process is the power cut.
set -euo pipefail
HOST=$1
. "$(dirname "${BASH_SOURCE[0]}")/../settings.sh"
DIR=$(host_dir "$HOST")
INSTANCES=/var/lib/nova/instances

say() { echo "$(date +%FT%T.%3N) $HOST: $*"; }

# A /run and an /etc of its own: what is written there is gone with the power, and the machine's
# files stay as they are.
private_root() {
  hostname "$HOST"
  mount -t sysfs sysfs /sys
  mount -t tmpfs -o mode=755 tmpfs /run
  mkdir -p /run/overlay/upper /run/overlay/work /run/lock
  mount -t overlay overlay -o lowerdir=/etc,upperdir=/run/overlay/upper,workdir=/run/overlay/work /etc
  echo "$HOST" >/etc/hostname
}

# The UUID stays for life; the boot id is a new one for each power-on, as on a real machine.
identity() {
  cp "$DIR/uuid" /etc/machine-uuid
  tr -d - <"$DIR/uuid" >/etc/machine-id
  mount --bind "$DIR/boot_id" /proc/sys/kernel/random/boot_id
}

instances_directory() { mount -o loop "$DIR/instances.img" "$INSTANCES"; }

# The sockets lie in the state directory, so that they can be reached from outside too.
libvirt() {
  local name
  mkdir -p /run/libvirt
  rm -rf "${DIR:?}/run/libvirt"
  mkdir -p "$DIR/run/libvirt"
  mount --bind "$DIR/run/libvirt" /run/libvirt
  for name in lib log cache; do mount --bind "$DIR/libvirt/$name" "/var/$name/libvirt"; done
  mount --bind "$DIR/libvirt/qemu" /etc/libvirt/qemu   # a defined domain survives a reboot
  cat >/etc/libvirt/libvirtd.conf <<EOF
auth_unix_ro = "none"
auth_unix_rw = "none"
unix_sock_ro_perms = "0777"
host_uuid = "$(cat "$DIR/uuid")"
EOF
  cat >/etc/libvirt/qemu.conf <<EOF
user = "root"
group = "root"
security_driver = "none"
cgroup_controllers = [ ]
namespaces = [ ]
remember_owner = 0
EOF
  daemon virtlogd virtlogd
  daemon libvirtd libvirtd
}

nova_compute() {
  daemon nova-compute "$STATE/bin/nova-compute" \
    --config-file "$STATE/etc/nova.conf" --config-file "$DIR/nova-compute.conf"
}

# What a test wants to run on the host from its first second; not restarted.
probe() {
  if [ -x "$DIR/probe.sh" ]; then daemon probe "$DIR/probe.sh"; fi
}

daemon() {   # NAME COMMAND...
  local name=$1
  shift
  (cd / && exec setsid "$@" </dev/null >>"$DIR/log/$name.log" 2>&1) &
  say "$name started"
}

say "boot $(cat "$DIR/boot_id")"
private_root
identity
instances_directory
probe
libvirt
nova_compute
# bash reaps what it is handed; it must never leave.
while true; do sleep 86400 || true; done
