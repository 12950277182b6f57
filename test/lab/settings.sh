# Names, addresses and directories of the lab. Sourced by every script; prints and starts nothing.
#
# Four networks, all inside namespaces, so that nothing of the lab can reach or disturb the machine:
#   mgmt 10.77.1.0/24   stor 10.77.2.0/24   biz 10.77.3.0/24   oob 10.77.4.0/24 (power devices)

LAB=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
STATE=${GUARDIAN_LAB_DIR:-/var/lib/guardian-lab}         # everything that a run writes
CACHE=${GUARDIAN_LAB_CACHE:-/var/cache/guardian-lab}     # the golden copy of the databases; survives --wipe
HOST_COUNT=${GUARDIAN_LAB_HOSTS:-$(cat "$STATE/host_count" 2>/dev/null || echo 4)}   # of the lab that is up
REPORT_INTERVAL=${GUARDIAN_LAB_REPORT_INTERVAL:-2}       # Nova's own default is 10
SERVICE_DOWN_TIME=${GUARDIAN_LAB_SERVICE_DOWN_TIME:-8}   # Nova's own default is 60
INSTANCES_SIZE_MB=${GUARDIAN_LAB_INSTANCES_MB:-64}

HOSTS=$(seq -f 'compute-%.0f' 1 "$HOST_COUNT")
HOST_NETWORKS='mgmt stor biz'
NETWORKS='mgmt stor biz oob'

FABRIC=gl-fabric          # the switches: one bridge per network
CTL=gl-ctl                # the controller
GRD=gl-grd                # the guardian's node
CTL_IP=10.77.1.250
AUTH_URL=http://$CTL_IP:5000/v3
ADMIN_PASSWORD=admin
SERVICE_PASSWORD=svcpass
INFLUX_URL=http://$CTL_IP:8086
PYTHON=/usr/bin/python3   # the Debian one: it has the OpenStack packages, another may come first in PATH

export GUARDIAN_LAB_DIR=$STATE GUARDIAN_LAB_CACHE=$CACHE
export PYTHONDONTWRITEBYTECODE=1   # the scripts beside this file are run from a git checkout
export LC_ALL=C.UTF-8
# A proxy of the machine must not come between the parts.
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY
export no_proxy='*'

number_of() { echo "${1#compute-}"; }
host_namespace() { echo "gl-c$(number_of "$1")"; }
bmc_namespace() { echo "gl-b$(number_of "$1")"; }
host_dir() { echo "$STATE/hosts/$1"; }
host_address() { echo "10.77.$(network_number "$2").$((10 + $(number_of "$1")))"; }   # HOST NET
bmc_password() { echo "s3cret-$(number_of "$1")"; }

network_number() {
  case $1 in
    mgmt) echo 1 ;; stor) echo 2 ;; biz) echo 3 ;; oob) echo 4 ;;
    *) echo "no such network: $1 (have: $NETWORKS)" >&2; return 1 ;;
  esac
}

check_host() {
  local host
  for host in $HOSTS; do [ "$host" = "${1:-}" ] && return 0; done
  echo "no such host: '${1:-}' (have: $(echo $HOSTS))" >&2
  return 1
}
