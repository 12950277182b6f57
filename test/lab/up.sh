#!/bin/bash
# Brings the whole lab up: a real OpenStack control plane, compute hosts that can lose power, their
# power devices and InfluxDB, all in network namespaces. Starts from a clean cloud each time; whatever
# an earlier run (crashed or not) left behind is taken away first.
set -euo pipefail
STARTED=$(date +%s.%N)
GUARDIAN_LAB_HOSTS=${GUARDIAN_LAB_HOSTS:-4}   # not as many as the lab before had
. "$(dirname "${BASH_SOURCE[0]}")/settings.sh"
. "$LAB/lib.sh"
. "$LAB/hosts/network.sh"
. "$LAB/hosts/bmc.sh"
. "$LAB/cloud/services.sh"

write_host_config() {
  render nova-compute.conf "HOST=$1" "HOST_IP=$(host_address "$1" mgmt)" "HOST_DIR=$(host_dir "$1")" \
    >"$(host_dir "$1")/nova-compute.conf"
}

# The namespaces' names are the machine's: there can be one lab on it.
refuse_second_lab() {
  local other
  other=$(cat "$OWNER" 2>/dev/null) || return 0
  [ "$other" = "$STATE" ] || [ -z "$(lab_namespaces)" ] ||
    die "a lab is up in $other; take it down first: GUARDIAN_LAB_DIR=$other test/lab/down.sh"
}

need_root
"$LAB/install.sh"
refuse_second_lab
"$LAB/down.sh" --wipe >/dev/null
mkdir -p "$STATE"
touch "$STATE/.guardian-lab"
echo "$STATE" >"$OWNER"
echo "$HOST_COUNT" >"$STATE/host_count"
mkdir -p "$PIDS" "$LOGS"

network_up
write_configs
step "networks and configuration"

start_rabbit   # the slowest to start, and everybody waits for it
start_influx
for host in $HOSTS; do
  "$LAB/hosts/host.sh" prepare "$host"
  write_host_config "$host"
  start_bmc "$host"
done
databases_up
step "mariadb with all schemas"

start_identity
create_catalog
step "keystone, and the catalog in it"

start_compute_services
step "rabbit and placement listen, nova and glance start"

for host in $HOSTS; do "$LAB/hosts/host.sh" power_on "$host"; done
create_influx_database
wait_for 90 "nova-api on port 8774" http_answers "http://$CTL_IP:8774/"
step "nova-api answers, $HOST_COUNT hosts are booting"

in_namespace "$CTL" "$PYTHON" "$LAB/cloud/wait_ready.py" "$HOST_COUNT" 120
touch "$STATE/ready"
step "all $HOST_COUNT hosts up and mapped: READY"
"$LAB/parts.sh"
