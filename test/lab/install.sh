#!/bin/bash
# Installs the Debian packages whose parts the lab runs; with "qemu", those of real guests too. Says nothing and
# returns at once when all are there.
set -euo pipefail

# Of OpenStack only the python3-* libraries: they carry all the code. The daemon packages would
# add debconf questions, users and init scripts that the lab has no use for.
PACKAGES='
  python3-nova python3-keystone python3-placement python3-glance python3-pymysql
  rabbitmq-server mariadb-server uwsgi-core uwsgi-plugin-python3
  libvirt-daemon-system libvirt-clients
  openipmi ipmitool fence-agents fping iputils-ping influxdb
  python3-pyghmi python3-sushy redfishtool openssl
  prometheus-alertmanager python3-aiosmtpd victoria-metrics python3-ceilometer
  chromium fonts-noto-cjk
  iproute2 util-linux e2fsprogs xfsprogs bindfs procps systemd curl'

case ${1:-} in
  '') ;;
  qemu) PACKAGES="$PACKAGES qemu-system-x86" ;;
  *) echo "lab: no such choice: '$1' (have: qemu)" >&2; exit 2 ;;
esac

missing() {
  local package
  for package in $PACKAGES; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || echo "$package"
  done
}

# A package's service must not start by itself: the lab starts its own, inside its namespaces.
POLICY=/usr/sbin/policy-rc.d
forbid_autostart() {
  [ -e "$POLICY" ] && return
  printf '#!/bin/sh\nexit 101\n' >"$POLICY"
  chmod 755 "$POLICY"
  trap 'rm -f "$POLICY"' EXIT
}

wanted=$(missing)
[ -z "$wanted" ] && exit 0
[ "$(id -u)" = 0 ] || { echo "lab: needs root to install:" $wanted >&2; exit 1; }

forbid_autostart
export DEBIAN_FRONTEND=noninteractive
apt="apt-get -y -o DPkg::Lock::Timeout=300"
echo "lab: installing" $wanted
$apt install --no-install-recommends $wanted || { $apt update && $apt install --no-install-recommends $wanted; }

still=$(missing)
[ -z "$still" ] || { echo "lab: still missing after the installation:" $still >&2; exit 1; }
