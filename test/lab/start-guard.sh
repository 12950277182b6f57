#!/bin/bash
# The start guard's unit under a real systemd: a user's manager in namespaces that end with it.
#
#   start-guard.sh DIRECTORY NODE MAIN    prints a line for each thing done, and the three units' states after it
#
# DIRECTORY holds probe.yaml. What a user's manager may not do (users, sandboxes, the console) is left out of the unit.
set -euo pipefail

HELD='nova-compute libvirt-guests'

units() {
  local to=$1 name
  mkdir -p "$to/default.target.wants"
  sed -E -e "s#^ExecStart=.*#ExecStart=$NODE $MAIN --start-guard --config $DIR/probe.yaml#" \
    -e '/^(User|Wants|After|OOM|Protect|Private|Restrict|Lock|System|Cap|NoNew|Limit|StandardOutput|Runtime|WantedBy)/d' \
    deploy/guardian-start-guard.service >"$to/guardian-start-guard.service"
  for name in $HELD; do
    printf '[Service]\nExecStart=/bin/sleep 1000\n' >"$to/$name.service"
    mkdir -p "$to/$name.service.requires"
    # As [Install] has it: RequiredBy.
    ln -s ../guardian-start-guard.service "$to/$name.service.requires/"
    ln -s "../$name.service" "$to/default.target.wants/"
  done
}

ctl() { timeout 8 systemctl --user "$@"; }

show() {
  local name line=$1
  for name in guardian-start-guard $HELD; do line="$line $(ctl show -p ActiveState --value "$name")"; done
  echo "$line"
}

inside() {
  mkdir -p /run/systemd
  mount -t tmpfs tmpfs /run/systemd
  mkdir -p /run/systemd/system # systemd asks by it whether it has booted the machine
  export XDG_RUNTIME_DIR=$DIR/run XDG_CONFIG_HOME=$DIR/config
  mkdir -m 0700 "$XDG_RUNTIME_DIR"
  units "$XDG_CONFIG_HOME/systemd/user"
  /lib/systemd/systemd --user --log-target=console >"$DIR/systemd.log" 2>&1 &
  until ctl show -p ActiveState default.target >/dev/null 2>&1; do sleep 0.2; done
  sleep 3
  show booted
  ctl stop guardian-start-guard 2>/dev/null || show stop-refused
  kill -9 "$(ctl show -p MainPID --value guardian-start-guard)"
  sleep 2
  show killed
  ctl start --no-block nova-compute
  sleep 3
  show nova-started-by-hand
  "$NODE" "$MAIN" --start-guard --override --reason 'the lab' --config "$DIR/probe.yaml" >/dev/null
  sleep 3
  show overridden
  ctl restart guardian-start-guard 2>/dev/null || show restart-refused
  ctl start libvirt-guests
  show all
  ctl exit
}

if [ "${1:-}" = inside ]; then
  DIR=$2 NODE=$3 MAIN=$4
  inside
else
  exec unshare --mount --pid --fork --mount-proc --kill-child bash "$0" inside "$@"
fi
