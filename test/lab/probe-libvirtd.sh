#!/bin/bash
# A libvirtd of its own in a directory, with guests, in namespaces that end with it.
#
#   probe-libvirtd.sh run DIRECTORY       stays until it is killed; libvirtd's pid is in DIRECTORY/run/libvirtd.pid
#   probe-libvirtd.sh guests DIRECTORY N  creates N emulated guests
set -euo pipefail

inside() {
  local dir=$1
  mount --make-rprivate /
  mkdir -p "$dir"/{run/libvirt,lib/qemu,log,cache,etc}
  mount --bind "$dir/run" /run
  mount --bind "$dir/lib" /var/lib/libvirt
  mount --bind "$dir/log" /var/log/libvirt
  mount --bind "$dir/cache" /var/cache/libvirt
  mount --bind "$dir/etc" /etc/libvirt
  cat >/etc/libvirt/libvirtd.conf <<'EOF'
auth_unix_rw = "none"
auth_unix_ro = "none"
unix_sock_ro_perms = "0777"
listen_tls = 0
EOF
  cat >/etc/libvirt/qemu.conf <<'EOF'
user = "root"
group = "root"
security_driver = "none"
cgroup_controllers = []
namespaces = []
EOF
  virtlogd -d -p /run/virtlogd.pid
  # One that is killed is started again when somebody asks for it.
  while :; do
    libvirtd -f /etc/libvirt/libvirtd.conf -p /run/libvirtd.pid >>"$dir/libvirtd.log" 2>&1 || true
    until [ -e "$dir/start-again" ]; do sleep 0.1; done
    rm -f "$dir/start-again" /run/libvirtd.pid
  done
}

guests() {
  local dir=$1 count=$2 at
  for ((at = 1; at <= count; at++)); do
    truncate -s 1M "$dir/guest-$at.img"
    cat >"$dir/guest.xml" <<EOF
<domain type="qemu">
  <name>instance-$(printf %08x "$at")</name>
  <uuid>$(printf '00000000-0000-4000-8000-%012d' "$at")</uuid>
  <memory unit="MiB">32</memory>
  <os><type arch="x86_64" machine="pc">hvm</type></os>
  <devices>
    <disk type="file" device="disk">
      <driver name="qemu" type="raw"/>
      <source file="$dir/guest-$at.img"/>
      <target dev="vda" bus="virtio"/>
    </disk>
  </devices>
</domain>
EOF
    virsh -q -c "qemu+unix:///system?socket=$dir/run/libvirt/libvirt-sock" create "$dir/guest.xml"
  done
}

case ${1:-} in
  run) exec unshare --mount --pid --fork --kill-child --mount-proc bash "$0" inside "$2" ;;
  inside) inside "$2" ;;
  guests) guests "$2" "$3" ;;
  *) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0" >&2; exit 2 ;;
esac
