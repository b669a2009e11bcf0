#!/usr/bin/env bash
# On a full database no statement reads a big table from end to end, with plans for any values: not knowing the values, a
# plan that fits here fits always.
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

# Our own plans are for any values; so are those of foreign keys once Postgres has used them for a while.
value 'ALTER SYSTEM SET plan_cache_mode = force_generic_plan' >/dev/null
value 'SELECT pg_reload_conf()' >/dev/null
until [[ $(value 'SHOW plan_cache_mode') == force_generic_plan ]]; do sleep 0.1; done
status=0
# One after the other: the log does not say whose a plan is.
node --test --test-concurrency=1 --test-reporter=spec "$here"/*.test.mjs || status=$?
is "no statement reads a big table from end to end" "$status" 0
done_testing
