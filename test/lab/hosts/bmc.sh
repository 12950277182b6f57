# The power device of each host: Debian's ipmi_sim, alone on the oob network, with the host's own GUID.
# Source settings.sh and lib.sh first.

write_bmc_config() {
  local host=$1 dir
  dir=$(host_dir "$host")/bmc
  mkdir -p "$dir/state"
  # ipmi_sim sends these 16 bytes as they stand here, and `ipmitool mc guid` of Debian 12 prints them
  # so as well (see test/lab/README.md about the byte orders of real devices).
  cat >"$dir/lan.conf" <<EOF
name "bmc$(number_of "$host")"
set_working_mc 0x20
  startlan 1
    addr $(host_address "$host" oob) 623
    priv_limit admin
    allowed_auths_callback none md2 md5 straight
    allowed_auths_user none md2 md5 straight
    allowed_auths_operator none md2 md5 straight
    allowed_auths_admin none md2 md5 straight
    guid $(tr -d - <"$(host_dir "$host")/uuid")
  endlan
  chassis_control "$LAB/hosts/chassis.sh $host"
  startnow false
  user 1 true  ""       ""                     user  10 none md2 md5 straight
  user 2 true  "admin"  "$(bmc_password "$host")" admin 10 none md2 md5 straight
  user 3 true  "viewer" "v1ewer"               user  10 none md2 md5 straight
EOF
  cat >"$dir/bmc.emu" <<EOF
mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr
sel_enable 0x20 1000 0x0a
mc_enable 0x20
EOF
}

start_bmc() {
  local dir
  dir=$(host_dir "$1")/bmc
  write_bmc_config "$1"
  spawn_in "$(bmc_namespace "$1")" "bmc-$1" ipmi_sim -n -s "$dir/state" -c "$dir/lan.conf" -f "$dir/bmc.emu"
}
