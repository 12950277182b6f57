#!/bin/bash
# Puts a server's record where it stands while its host builds it: cloud-record.sh building SERVER
# The FakeDriver builds in no time, so no host can be killed meanwhile; this is what Nova keeps of one that was.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/settings.sh"
. "$LAB/lib.sh"
. "$LAB/cloud/services.sh"

case ${1:-} in
  building)
    [[ ${2:-} =~ ^[0-9a-f-]{36}$ ]] || die "not a server's id: '${2:-}'"
    mysql_query "update nova_cell1.instances set vm_state='building', task_state='spawning', launched_at=null where uuid='$2'"
    ;;
  *) sed -n '2,3s/^# //p' "$0" >&2; exit 2 ;;
esac
