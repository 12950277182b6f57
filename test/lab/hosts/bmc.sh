# The power device of each host: Debian's ipmi_sim, alone on the oob network, with the host's own GUID.
# Source settings.sh and lib.sh first.

# The host's UUID as the device sends it. Real devices differ in the order of the bytes, so these do:
#   compute-1, -2   SMBIOS: the first three fields reversed. Most devices, whatever the IPMI
#                   specification says, and what `ipmitool mc guid` takes for granted when in doubt.
#   compute-3       IPMI specification: all 16 bytes reversed
#   compute-4       RFC 4122: as written
guid_bytes() {   # HOST own|strange
  local order=smbios
  [ "$2" = own ] || { echo 00112233445566778899aabbccddeeff; return; }
  case $(number_of "$1") in 3) order=ipmi ;; 4) order=rfc4122 ;; esac
  "$PYTHON" -c '
import sys, uuid
order, text = sys.argv[1:]
value = uuid.UUID(text)
print({"smbios": value.bytes_le, "ipmi": value.bytes[::-1], "rfc4122": value.bytes}[order].hex())
' "$order" "$(cat "$(host_dir "$1")/uuid")"
}

bmc_identity_of() { cat "$(host_dir "$1")/bmc/identity"; }

write_bmc_config() {   # HOST own|strange
  local host=$1 dir
  dir=$(host_dir "$host")/bmc
  mkdir -p "$dir/state"
  echo "$2" >"$dir/identity"
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
    guid $(guid_bytes "$host" "$2")
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

start_bmc() {   # HOST [own|strange]
  local dir
  dir=$(host_dir "$1")/bmc
  write_bmc_config "$1" "${2:-own}"
  spawn_in "$(bmc_namespace "$1")" "bmc-$1" ipmi_sim -n -s "$dir/state" -c "$dir/lan.conf" -f "$dir/bmc.emu"
}
