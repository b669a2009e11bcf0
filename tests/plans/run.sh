#!/usr/bin/env bash
# On a full database no statement reads a big table from end to end: neither with plans for the values at hand, as
# Postgres makes them at first, nor with plans for any values, as prepared statements get them later.
#   PLANS_USERS=100000   how many users the database is filled with
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/lib.sh
source "$here/../lib.sh"

# What the suite itself asks is nobody's concern.
export PGOPTIONS='-c auto_explain.log_min_duration=-1'

begin=$SECONDS
"$PGBIN/psql" -X -q -v ON_ERROR_STOP=1 -v users="${PLANS_USERS:-100000}" -d "$DATABASE_URL" \
    -f "$here/fill.sql" >/dev/null
printf 'filled the database in %d s\n' $((SECONDS - begin))

for mode in auto force_generic_plan; do
    value "ALTER SYSTEM SET plan_cache_mode = $mode" >/dev/null
    value 'SELECT pg_reload_conf()' >/dev/null
    until [[ $(value 'SHOW plan_cache_mode') == "$mode" ]]; do sleep 0.1; done
    status=0
    PLAN_CACHE_MODE=$mode node --test --test-reporter=spec "$here"/*.test.mjs || status=$?
    is "no statement reads a big table from end to end, plan_cache_mode $mode" "$status" 0
done
done_testing
