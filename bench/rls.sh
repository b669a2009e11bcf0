#!/usr/bin/env bash
# `bench/rls.sh`: what a policy costs on a million rows: a query through it against the same query with the id written
# out, on a release build.
#   BENCH_ROUNDS=200          how often each is run, in turns; the medians are compared
#   BENCH_DATABASE_URL=...    a server that is there, as superuser; the tables are made in its database, and dropped
set -euo pipefail

# shellcheck source=scripts/build.sh
source "$(dirname "${BASH_SOURCE[0]}")/../scripts/build.sh"
# shellcheck source=scripts/cluster.sh
source "$ROOT/scripts/cluster.sh"

ROUNDS=${BENCH_ROUNDS:-200}
URL=${BENCH_DATABASE_URL:-}
PSQL=(psql)

finish() {
    local status=$?
    trap - EXIT
    stop_cluster
    exit "$status"
}

run_sql() { "${PSQL[@]}" -X -q -A -t -v ON_ERROR_STOP=1 -d "$URL" "$@"; }

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

# Microseconds that two queries take in the median, by turns in one backend, each from the plan that it keeps (`prepared`)
# or planned every time (`planned`): compare NAME HOW CLAIMS PROTECTED LITERAL
compare() {
    local name=$1 how=$2 claims=$3 protected=$4 literal=$5 i times theirs mine
    times=$(
        {
            printf "SET request.jwt.claims = '%s';\n%s\n" "$claims" "${SETTINGS:-}"
            if [[ $how == prepared ]]; then
                printf 'SET ROLE bench_user; PREPARE protected AS %s; RESET ROLE; PREPARE literal AS %s;\n' "$protected" "$literal"
                protected='EXECUTE protected' literal='EXECUTE literal'
            fi
            for ((i = 0; i < ROUNDS + 5; i++)); do
                # A plan that depends on policies is kept for one role: each has its own.
                printf 'SET ROLE bench_user;\n\\timing on\n%s \\g /dev/null\n\\timing off\nRESET ROLE;\n' "$protected"
                printf '\\timing on\n%s \\g /dev/null\n\\timing off\n' "$literal"
            done
        } | run_sql -f - | awk '/^Time/ { print $2 * 1000 }' | tail -n $((ROUNDS * 2))
    )
    mine=$(awk 'NR % 2' <<<"$times" | median)
    theirs=$(awk 'NR % 2 == 0' <<<"$times" | median)
    awk -v name="$name" -v how="$how" -v a="$mine" -v b="$theirs" \
        'BEGIN { printf "| %s | %s | %.0f | %.0f | %.2f |\n", name, how, a, b, a / b }'
}

if [[ -z $URL ]]; then
    prepare_run_dir
    setup_build
    use_postgres "$RUN/postgres"
    install_extension release
    trap finish EXIT
    rm -rf "${RUN:?}/rls"
    mkdir -p "$RUN/rls"
    start_cluster "$PG_CONFIG_PATH" "$RUN/rls" "$(free_port 15380)"
    create_auth_database bench
    URL=$(database_url postgres bench)
    PSQL=("$CLUSTER_BIN/psql")
fi

# Every second row belongs to one user, the others to five hundred: a thousand each.
run_sql <<'EOF' >/dev/null
SET client_min_messages = warning;
DO $$ BEGIN IF to_regrole('bench_user') IS NULL THEN CREATE ROLE bench_user; END IF; END $$;
SELECT auth.grant_policies('bench_user');
DROP TABLE IF EXISTS bench_entry, bench_live;
CREATE TABLE bench_entry (id integer PRIMARY KEY, owner uuid NOT NULL, body text NOT NULL);
INSERT INTO bench_entry
SELECT n, ('00000000-0000-4000-8000-' || lpad((CASE WHEN n % 2 = 0 THEN 0 ELSE (n / 2) % 500 + 1 END)::text, 12, '0'))::uuid, 'entry ' || n
FROM generate_series(1, 1000000) n;
CREATE INDEX ON bench_entry (owner);
ALTER TABLE bench_entry ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON bench_entry TO bench_user USING (owner = (SELECT auth.uid()));
CREATE TABLE bench_live (id integer PRIMARY KEY, owner uuid NOT NULL, body text NOT NULL);
INSERT INTO bench_live SELECT * FROM bench_entry;
CREATE INDEX ON bench_live (owner);
ALTER TABLE bench_live ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON bench_live TO bench_user USING (owner = (SELECT auth.uid()) AND (SELECT auth.session_is_live()));
GRANT SELECT ON bench_entry, bench_live TO bench_user;
EOF
run_sql -c 'VACUUM (ANALYZE, FREEZE) bench_entry' -c 'VACUUM (ANALYZE, FREEZE) bench_live' >/dev/null

small=00000000-0000-4000-8000-000000000007 big=00000000-0000-4000-8000-000000000000
handle=$(run_sql -c "SELECT auth.create_session('$small') #>> '{session,handle}'")
claims="{\"sub\": \"$small\", \"sessionHandle\": \"$handle\"}"

echo '| query | how | with the policy, us | with the id, us | ratio |'
echo '| --- | --- | ---: | ---: | ---: |'
for how in prepared planned; do
    one='SELECT body FROM bench_entry WHERE id = 15'
    compare 'one row by its key' $how "$claims" "$one" "$one AND owner = '$small'"
    newest='SELECT id, body FROM bench_entry%s ORDER BY id DESC LIMIT 20'
    # shellcheck disable=SC2059 # the query is the format
    compare 'the newest 20' $how "$claims" "$(printf "$newest" '')" "$(printf "$newest" " WHERE owner = '$small'")"
    all='SELECT count(*), sum(length(body)) FROM bench_entry'
    compare 'all of a thousand rows' $how "$claims" "$all" "$all WHERE owner = '$small'"
    # Postgres knows the rows of an id that is written out, and reads half of the table by several processes.
    rounds=$ROUNDS ROUNDS=$(((ROUNDS + 9) / 10))
    compare 'all of 500,000 rows' $how "{\"sub\": \"$big\"}" "$all" "$all WHERE owner = '$big'"
    SETTINGS='SET max_parallel_workers_per_gather = 0;' \
        compare 'all of 500,000 rows, one process' $how "{\"sub\": \"$big\"}" "$all" "$all WHERE owner = '$big'"
    ROUNDS=$rounds
    one=${one/entry/live} all=${all/entry/live}
    compare 'one row, and the session is live' $how "$claims" "$one" "$one AND owner = '$small'"
    compare 'all of a thousand rows, and the session is live' $how "$claims" "$all" "$all WHERE owner = '$small'"
done
run_sql -c 'DROP TABLE bench_entry, bench_live' -c 'DROP OWNED BY bench_user' -c 'DROP ROLE bench_user'
