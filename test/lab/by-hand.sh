#!/bin/bash
# Proves the lab: servers on compute-1, its power taken over IPMI, evacuation by hand through Nova,
# watched by the observer and judged. by-hand.sh [COUNT]
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/settings.sh"
. "$LAB/lib.sh"
count=${1:-5}
need_root
[ -e "$STATE/ready" ] || die "the lab is not up: run test/lab/up.sh"

"$LAB/reset.sh"
watched=$STATE/by-hand.jsonl
rm -f "$watched"
"$LAB/observer.py" "$watched" &
observer=$!
trap 'kill "$observer" 2>/dev/null || true' EXIT
wait_for 10 "the observer's first look at Nova" grep -q '"kind": "migrations"' "$watched"

"$LAB/enter.sh" grd "$PYTHON" "$LAB/cloud/evacuate_by_hand.py" "$count"
kill "$observer" && wait "$observer" || true
trap - EXIT
"$LAB/judge.py" "$watched" --host compute-1
echo "$count servers ACTIVE on other hosts"
