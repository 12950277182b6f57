#!/bin/bash
# A real QEMU guest on a disk image that all hosts share, started by a host's own libvirt.
#
#   guest.sh start HOST   refused by QEMU while another one has the image open for writing
#   guest.sh stop HOST
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../settings.sh"
SHARED=$STATE/shared
NAME=guest

usage() { sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0" >&2; exit 2; }

of_host() {   # HOST COMMAND...
  local host=$1
  shift
  virsh -c "qemu:///system?socket=$(host_dir "$host")/run/libvirt/libvirt-sock" "$@"
}

# Emulated, since nothing runs in it but the firmware: what counts is who has the image open.
write_domain() {
  mkdir -p "$SHARED"
  [ -e "$SHARED/$NAME.img" ] || truncate -s 1M "$SHARED/$NAME.img"
  cat >"$SHARED/$NAME.xml" <<EOF
<domain type="qemu">
  <name>$NAME</name>
  <memory unit="MiB">64</memory>
  <os><type arch="x86_64" machine="pc">hvm</type></os>
  <devices>
    <disk type="file" device="disk">
      <driver name="qemu" type="raw"/>
      <source file="$SHARED/$NAME.img"/>
      <target dev="vda" bus="virtio"/>
    </disk>
  </devices>
</domain>
EOF
}

check_host "${2:-}"
case ${1:-} in
  start) write_domain; of_host "$2" create "$SHARED/$NAME.xml" ;;
  stop) of_host "$2" destroy "$NAME" ;;
  *) usage ;;
esac
