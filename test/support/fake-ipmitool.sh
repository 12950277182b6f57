#!/bin/sh
# Stands in for ipmitool: prints what the real 1.8.19 printed (captured against ipmi_sim and BMCs)
# for the mode in its user name, and records how it was called. It has no state and no IPMI.
mode=""
previous=""
for argument in "$@"; do
  [ "$previous" = "-U" ] && mode="${argument%%@*}" && record="${argument#*@}"
  previous="$argument"
done
{
  printf 'argv: %s\n' "$*"
  printf 'password in env: %s\n' "${IPMI_PASSWORD:-none}"
  tr '\0' ' ' < "/proc/$$/cmdline"
  printf '\n'
} >> "$record"
echo "Loading IANA PEN Registry..." >&2
case "$mode" in
  wrong-password)
    printf '> RAKP 2 HMAC is invalid\nError: Unable to establish IPMI v2 / RMCP+ session\n' >&2
    exit 1
    ;;
  unknown-user)
    printf 'RAKP 2 message indicates an error : unauthorized name\n' >&2
    printf 'Error: Unable to establish IPMI v2 / RMCP+ session\n' >&2
    exit 1
    ;;
  unreachable)
    printf 'Get Auth Capabilities error\nError issuing Get Channel Authentication' >&2
    printf ' Capabilities request\nError: Unable to establish IPMI v2 / RMCP+ session\n' >&2
    exit 1
    ;;
  hung) exec sleep 30 ;;
esac
printf 'ipmitool> '
while read -r line; do
  printf '%s\n' "$line"
  printf 'asked: %s\n' "$line" >> "$record"
  case "$line" in
    "raw 0x06 0x37")
      if [ "$mode" = mac ] || [ "$mode" = mac-busy ]; then
        printf 'RAW RSP (16 bytes)\n 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n'
      elif [ "$mode" = no-guid ]; then
        printf 'Unable to send RAW command (channel=0x0 netfn=0x6 lun=0x0 cmd=0x37 rsp=0xc1): Invalid command\n' >&2
      else
        printf 'RAW RSP (16 bytes)\n 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 10\n'
      fi
      ;;
    "raw 0x0c 0x02 0x0e 0x05 0x00 0x00")
      if [ "$mode" = no-guid ]; then
        printf 'Unable to send RAW command (channel=0x0 netfn=0xc lun=0x0 cmd=0x2 rsp=0xc1): Invalid command\n' >&2
      elif [ "$mode" = mac-busy ]; then
        printf 'Unable to send RAW command (channel=0x0 netfn=0xc lun=0x0 cmd=0x2 rsp=0xc0): Node busy\n' >&2
      else
        printf 'RAW RSP (7 bytes)\n 11 4c d9 8f 00 11 22\n'
      fi
      ;;
    "chassis power status")
      case "$mode" in
        busy) printf 'Get Chassis Power Status failed: Node busy\n' >&2 ;;
        off | off-strict) printf 'Chassis Power is off\n' ;;
        *) printf 'Chassis Power is on\n' ;;
      esac
      ;;
    "chassis status")
      printf 'System Power         : on\nPower Overload       : false\nPower Restore Policy : always-on\n'
      ;;
    "chassis power off")
      case "$mode" in
        busy) printf 'Set Chassis Power Control to Down/Off failed: Node busy\n' >&2 ;;
        low) printf 'Set Chassis Power Control to Down/Off failed: Insufficient privilege level\n' >&2 ;;
        off-strict) printf 'Set Chassis Power Control to Down/Off failed: Command not supported in present state\n' >&2 ;;
        *) printf 'Chassis Power Control: Down/Off\n' ;;
      esac
      ;;
    "chassis power on")
      case "$mode" in
        busy) printf 'Set Chassis Power Control to Up/On failed: Node busy\n' >&2 ;;
        *) printf 'Chassis Power Control: Up/On\n' ;;
      esac
      ;;
    exit) exit 0 ;;
  esac
  printf 'ipmitool> '
done
# The real shell spins here for ever when its input ends without "exit".
exec sleep 30
