#!/usr/bin/env bash
# Rights, ownership, labels and names, and that no secret leaks. Runs each file beside it.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
status=0
for part in lint catalogue grants labels names rights install canary; do
    printf '%s\n' "-- $part"
    bash "$here/$part.sh" || status=1
done
exit "$status"
