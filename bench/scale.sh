#!/usr/bin/env bash
# `bench/scale.sh`: how it goes with many users, on a release build. They are imported first, which is measured too.
#   BENCH_USERS=1000000   how many
# Prints a line a number: what one call takes in the mean, inside of the server, over calls with different arguments.
set -euo pipefail

# shellcheck source=scripts/build.sh
source "$(dirname "${BASH_SOURCE[0]}")/../scripts/build.sh"
# shellcheck source=scripts/cluster.sh
source "$ROOT/scripts/cluster.sh"

USERS=${BENCH_USERS:-1000000}
BATCH=5000

finish() {
    local status=$?
    trap - EXIT
    stop_cluster
    exit "$status"
}

# Milliseconds that a statement takes: timed SQL
timed() { sql postgres bench -At -c '\timing on' -c "$1" | awk '/^Time/ { print $2 }'; }

# Mean time of a call for numbers g up to the count of users: each NAME CALLS EXPRESSION
each() {
    local ms
    timed "SELECT count($3) FROM generate_series(1, 5) AS s (g)" >/dev/null
    ms=$(timed "SELECT count($3) FROM (SELECT 1 + x * ($USERS / $2) FROM generate_series(0, $2 - 1) x) AS s (g)")
    awk -v name="$1" -v ms="$ms" -v calls="$2" 'BEGIN { printf "%-44s %9.3f ms\n", name, ms / calls }'
}

prepare_run_dir
setup_build
use_postgres "$RUN/postgres"
install_extension release
trap finish EXIT
rm -rf "${RUN:?}/scale"
mkdir -p "$RUN/scale"
# As a server is set up that takes an import; durability stays as it is.
EXTRA_SETTINGS=$'shared_buffers = 1GB\nmax_wal_size = 8GB\nwork_mem = 32MB'
# shellcheck disable=SC2034 # start_cluster reads it
export EXTRA_SETTINGS
start_cluster "$PG_CONFIG_PATH" "$RUN/scale" "$(free_port 15350)"
create_auth_database bench

# One in a hundred is bad: an address that there is already, or no login method at all.
sql postgres bench <<SQL
CREATE PROCEDURE import(total integer, batch integer) LANGUAGE plpgsql AS \$\$
DECLARE
    done jsonb;
    imported integer := 0;
    failed integer := 0;
    begun timestamptz := clock_timestamp();
    spent interval := '0';
BEGIN
    FOR low IN 1..total BY batch LOOP
        SELECT jsonb_agg(CASE
            WHEN n % 200 = 0 THEN '{}'
            ELSE jsonb_build_object('loginMethods', jsonb_build_array(jsonb_build_object(
                'recipeId', 'emailpassword',
                'email', CASE WHEN n % 200 = 100 THEN 'user1' ELSE 'user' || n END || '@example' || n % 1000 || '.org',
                'passwordHash', '\$2a\$10\$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234',
                'hashingAlgorithm', 'bcrypt',
                'timeJoinedInMSSinceEpoch', 1600000000000 + n * 1000::bigint)))
            END) INTO done FROM generate_series(low, low + batch - 1) n;
        begun := clock_timestamp();
        done := auth.import_users(done);
        spent := spent + (clock_timestamp() - begun);
        imported := imported + (done ->> 'imported')::integer;
        failed := failed + jsonb_array_length(done -> 'failed');
        COMMIT;
    END LOOP;
    RAISE NOTICE 'imported % users, refused %, % users a second', imported, failed,
        round((imported + failed) / extract(epoch FROM spent));
END \$\$;
CALL import($USERS, $BATCH);
SQL
sql postgres bench -c 'VACUUM ANALYZE' >/dev/null
sql postgres bench -At -c "SELECT 'size of the database: ' || pg_size_pretty(pg_database_size('bench'))"

# The token of the page that begins with the user who joined then.
at="(SELECT encode(convert_to(t.user_id || ';' || (extract(epoch FROM t.user_time_joined) * 1000)::bigint, 'UTF8'), 'base64')
     FROM auth.login_method_tenants t WHERE t.app_id = 'public' AND t.tenant_id = 'public'
       AND t.user_time_joined >= to_timestamp(1600000000 + g) ORDER BY t.user_time_joined LIMIT 1)"
each 'page of 100 users, anywhere' 200 "auth.list_users(page_size => 100, pagination_token => replace($at, E'\n', ''))"
each 'the statement that finds such a page' 200 "(SELECT max(p.user_id::text) FROM (SELECT DISTINCT user_time_joined, user_id FROM auth.login_method_tenants
    WHERE app_id = 'public' AND tenant_id = 'public' AND user_time_joined >= to_timestamp(1600000000 + g)
    ORDER BY user_time_joined, user_id DESC LIMIT 101) p)"
each 'search by the beginning of an address' 200 "auth.search_users(email => 'user' || g)"
each 'search that finds a thousand' 20 "auth.search_users(email => 'user1')"
each 'look up by address' 2000 "auth.users_by_account_info('user' || g || '@example' || g % 1000 || '.org')"
each 'delete a user' 1000 "(SELECT auth.delete_user(t.user_id::text) FROM auth.login_method_tenants t
    WHERE t.app_id = 'public' AND t.tenant_id = 'public' AND t.recipe <> 'thirdparty' AND t.email = 'user' || g + 7 || '@example' || (g + 7) % 1000 || '.org')"
each 'count the users of a tenant' 3 'auth.count_users(recipe_ids => NULL)'
