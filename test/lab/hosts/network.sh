# The lab's networks: bridges in one namespace, a namespace per node, a port per node and network.
# Source settings.sh and lib.sh first.

port_name() { echo "p-$1-$2"; }   # the switch's end of the cable: node without "gl-", network

# add_leg NAMESPACE NET LAST_OCTET: a cable from the node to the network's switch.
add_leg() {
  local namespace=$1 net=$2 octet=$3 port
  port=$(port_name "${namespace#gl-}" "$net")
  ip -n "$FABRIC" link add "$port" type veth peer name "$net" netns "$namespace"
  ip -n "$FABRIC" link set "$port" master "$net" up
  ip -n "$namespace" address add "10.77.$(network_number "$net").$octet/24" dev "$net"
  ip -n "$namespace" link set "$net" up
}

add_node() {   # NAMESPACE LAST_OCTET NET...
  local namespace=$1 octet=$2 net
  shift 2
  ip netns add "$namespace"
  ip -n "$namespace" link set lo up
  for net in "$@"; do add_leg "$namespace" "$net" "$octet"; done
}

network_up() {
  local net host
  ip netns add "$FABRIC"
  for net in $NETWORKS; do
    ip -n "$FABRIC" link add "$net" type bridge
    ip -n "$FABRIC" link set "$net" up
  done
  add_node "$CTL" 250 mgmt stor biz   # on all three: an anchor that answers pings
  add_node "$GRD" 251 mgmt stor oob
  for host in $HOSTS; do
    add_node "$(host_namespace "$host")" $((10 + $(number_of "$host"))) $HOST_NETWORKS
    add_node "$(bmc_namespace "$host")" $((10 + $(number_of "$host"))) oob
  done
}

lab_namespaces() { ip netns list | awk '{ print $1 }' | grep '^gl-' || true; }

network_down() {
  local namespace
  for namespace in $(lab_namespaces); do ip netns delete "$namespace"; done
}

# The node whose cable carries this network for the host: on oob it is the host's BMC.
node_on() { if [ "$2" = oob ]; then bmc_namespace "$1"; else host_namespace "$1"; fi; }   # HOST NET

# A port taken off its bridge: frames vanish while both ends see a carrier, as with a broken switch.
unplug() {
  local node
  node=$(node_on "$1" "$2")
  ip -n "$FABRIC" link set "$(port_name "${node#gl-}" "$2")" nomaster
}

plug() {
  local node
  node=$(node_on "$1" "$2")
  ip -n "$FABRIC" link set "$(port_name "${node#gl-}" "$2")" master "$2"
}

set_host_links() {   # HOST up|down
  local net
  for net in $HOST_NETWORKS; do ip -n "$(host_namespace "$1")" link set "$net" "$2"; done
}
