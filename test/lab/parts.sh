#!/bin/bash
# Lists every real part that runs in the lab, with its version and pid.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/settings.sh"
. "$LAB/lib.sh"

version() { dpkg-query -W -f '${Version}' "$1" 2>/dev/null || echo '?'; }

part() {   # NAME PACKAGE PIDFILE
  printf '  %-24s %-28s %s\n' "$1" "$2 $(version "$2")" "$(recorded_pid "$3" || echo 'NOT RUNNING')"
}

hosted() {   # the pid of a process inside a host, by its command line
  local pid
  for pid in $("$LAB/hosts/host.sh" pids "$1"); do
    tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -q "$2" && { echo "$pid"; return; }
  done
  echo 'NOT RUNNING'
}

echo "controller, $CTL_IP ($CTL):"
part mariadb mariadb-server "$PIDS/mysql"
part rabbit rabbitmq-server "$PIDS/rabbit"
part keystone python3-keystone "$PIDS/keystone"
part placement python3-placement "$PIDS/placement"
part glance-api python3-glance "$PIDS/glance-api"
for name in nova-api nova-conductor nova-scheduler; do part "$name" python3-nova "$PIDS/$name"; done
part influxd influxdb "$PIDS/influxd"
printf '  %-24s %-28s %s\n' neutron-stub 'ours, answers with nothing' "$(recorded_pid "$PIDS/neutron-stub" || echo 'NOT RUNNING')"
for host in $HOSTS; do
  echo "$host, $(host_address "$host" mgmt), BMC $(host_address "$host" oob), UUID $(cat "$(host_dir "$host")/uuid"):"
  part "$(bmc_namespace "$host") ipmi_sim" openipmi "$PIDS/bmc-$host"
  "$LAB/hosts/host.sh" is_on "$host" || { echo '  off'; continue; }
  printf '  %-24s %-28s %s\n' libvirtd "libvirt-daemon $(version libvirt-daemon)" "$(hosted "$host" '^libvirtd')" \
    nova-compute "python3-nova $(version python3-nova)" "$(hosted "$host" nova-compute)"
done
