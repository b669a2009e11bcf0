#!/usr/bin/env bash
# Upgrades: of the extension, from every version that was released (extension.sh), and of Postgres (pg_upgrade.sh). Runs each
# file beside it. FIRST_PG_CONFIG is the oldest Postgres that is tested, with the extension in it. RECORD=1 keeps a
# release instead (record.sh).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
[[ -z ${RECORD:-} ]] || exec bash "$here/record.sh"
status=0
for part in extension pg_upgrade; do
    printf '%s\n' "-- $part"
    bash "$here/$part.sh" || status=1
done
exit "$status"
