#!/bin/bash
# Makes the lab as new after a test: all hosts alive, up and enabled, no servers (--keep-servers: with them).
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/settings.sh"
exec "$LAB/enter.sh" grd "$PYTHON" "$LAB/cloud/revive.py" "$@"
