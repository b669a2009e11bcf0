#!/usr/bin/env bash
# pg_upgrade from the oldest Postgres that is tested to the newest: who could sign in still can, tokens given out before still
# work, and the application keeps its rows and rights.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/lib.sh
source "$here/../lib.sh"
# shellcheck source=scripts/cluster.sh
source "$here/../../scripts/cluster.sh"
# shellcheck source=scripts/postgres.sh
source "$here/../../scripts/postgres.sh"
# shellcheck source=tests/restore/app.sh
source "$here/../restore/app.sh"
# shellcheck source=tests/restore/gotrue.sh
source "$here/../restore/gotrue.sh"

from=$(major_of "$FIRST_PG_CONFIG") to=$(major_of "$PG_CONFIG")
[[ $from != "$to" ]] || {
    not_ok 'two versions are needed' "run it as: TEST_SUITES=upgrade TEST_VERSIONS='15 18' make test"
    done_testing
}
old=$AUTH_TEST_DIR/old new=$AUTH_TEST_DIR/new
mkdir -p "$old" "$new"
trap 'stop_cluster' EXIT

# Relocatable, as the new one: a minor release may write into catalogues what only newer ones of other versions can read (15.20
# does), so the two have to be of about the same time. The library is the one that was built for that version.
to_config=$PG_CONFIG
PG_VERSION=$(major_of "$FIRST_PG_CONFIG") PG_CONFIG='' use_postgres "$AUTH_TEST_DIR/postgres" ''
from_config=$PG_CONFIG_PATH PG_CONFIG=$to_config
install -m 755 "$("$FIRST_PG_CONFIG" --pkglibdir)/auth.so" "$("$from_config" --pkglibdir)/"
install -m 644 "$("$FIRST_PG_CONFIG" --sharedir)"/extension/auth[.-]* "$("$from_config" --sharedir)/extension/"

start_cluster "$from_config" "$old" "$(free_port 15520)"
create_auth_database auth
DATABASE_URL=$(database_url postgres auth) PGBIN=$CLUSTER_BIN
prepare_app
prepare_door
stop_cluster
# Newer versions of Postgres make clusters with checksums.
as_run_user "$CLUSTER_BIN/pg_checksums" --enable --no-sync -D "$old/pgdata" >/dev/null
old_bin=$CLUSTER_BIN

cp -p "$old/sealing.key" "$new/sealing.key"
start_cluster "$PG_CONFIG" "$new" "$(free_port 15540)"
stop_cluster
install -d -m 700 -o "$RUN_USER" -g "$(id -g "$RUN_USER")" "$AUTH_TEST_DIR/work"
# shellcheck disable=SC2016 # for the shell that runs it: pg_upgrade writes where it stands
upgrade=$(as_run_user bash -c 'cd "$0" && exec "$@"' "$AUTH_TEST_DIR/work" "$CLUSTER_BIN/pg_upgrade" -U postgres \
    -b "$old_bin" -B "$CLUSTER_BIN" -d "$old/pgdata" -D "$new/pgdata" -s "$new/socket" 2>&1) || true
like "pg_upgrade takes a database from $from to $to" "$upgrade" 'Upgrade Complete'
[[ $upgrade == *'Upgrade Complete'* ]] || done_testing

start_cluster "$PG_CONFIG" "$new" "$CLUSTER_PORT"
PGBIN=$CLUSTER_BIN
UPGRADED=$(database_url postgres auth)
restored() { DATABASE_URL=$UPGRADED value "$1"; }
dump=$AUTH_TEST_DIR/dump.sql
"$PGBIN/pg_dump" -d "$UPGRADED" >"$dump"
is 'the server is the new one' "$(restored "SELECT current_setting('server_version_num')::int / 10000")" "$to"
is 'the extension can be updated, though there is nothing to update' "$(restored 'ALTER EXTENSION auth UPDATE')" \
    "NOTICE:  version \"$(restored 'SELECT auth.version()')\" of extension \"auth\" is already installed"
check_app
check_door
done_testing
