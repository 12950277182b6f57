#!/bin/bash
# Runs a command inside the lab: enter.sh ctl|grd|bmc-HOST|HOST COMMAND...
# On ctl and grd only the network is the lab's; on a host it is everything (processes, mounts, name).
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/settings.sh"
. "$LAB/lib.sh"
node=${1:-}
[ $# -ge 2 ] || { sed -n '2,3s/^# //p' "$0" >&2; exit 2; }
shift
case $node in
  ctl | grd) exec nsenter "--net=/run/netns/gl-$node" "$@" ;;
  bmc-*) exec nsenter "--net=/run/netns/$(bmc_namespace "${node#bmc-}")" "$@" ;;
  *) exec "$LAB/hosts/host.sh" enter "$node" "$@" ;;
esac
