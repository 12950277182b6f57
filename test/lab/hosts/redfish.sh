#!/bin/bash
# A second BMC for a host: redfish_server.py on its BMC's address, port 443, with the host's own chassis behind it.
#
#   redfish.sh start HOST   the same user and password as over IPMI; prints the path of its certificate
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../settings.sh"
. "$LAB/lib.sh"

usage() { sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0" >&2; exit 2; }

make_certificate() {   # FOLDER ADDRESS
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=$2" \
    -addext "subjectAltName=IP:$2" -keyout "$1/key.pem" -out "$1/cert.pem" 2>/dev/null
}

start() {
  local host=$1 dir address
  dir=$(host_dir "$host")/redfish
  address=$(host_address "$host" oob)
  echo "$dir/cert.pem"
  recorded_pid "$PIDS/redfish-$host" >/dev/null && return
  mkdir -p "$dir"
  make_certificate "$dir" "$address"
  bmc_password "$host" >"$dir/password"
  spawn_in "$(bmc_namespace "$host")" "redfish-$host" "$PYTHON" "$LAB/hosts/redfish_server.py" \
    --address "$address:443" --cert "$dir/cert.pem" --key "$dir/key.pem" --uuid "$(cat "$(host_dir "$host")/uuid")" \
    --user admin --password-file "$dir/password" --log "$dir/requests" "$LAB/hosts/chassis.sh" "$host"
  wait_for 10 "the Redfish service of $host" port_open "$(bmc_namespace "$host")" "$address" 443
}

case ${1:-} in start) ;; *) usage ;; esac
check_host "${2:-}"
start "$2"
