#!/usr/bin/env bash
# ALTER EXTENSION auth UPDATE from every version that was released: the catalogue is that of a new installation then, and what the
# old version kept still works. released/<version> was written by record.sh.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/lib.sh
source "$here/../lib.sh"
# shellcheck source=scripts/cluster.sh
source "$here/../../scripts/cluster.sh"
# shellcheck source=tests/restore/app.sh
source "$here/../restore/app.sh"
# shellcheck source=tests/restore/gotrue.sh
source "$here/../restore/gotrue.sh"

scripts=$("$PG_CONFIG" --sharedir)/extension
newest=$(value 'SELECT auth.version()')
catalogue() { "$PGBIN/psql" -X -q -v ON_ERROR_STOP=1 -d "$(database_url postgres "$1")" -f "$here/catalogue.sql"; }

shopt -s nullglob
trap 'stop_cluster' EXIT
for release in "$here"/released/*/; do
    version=$(basename "$release")
    # It is just being made.
    [[ $version != "$newest" ]] || continue
    # shellcheck source=/dev/null # what record.sh noted
    source "$release/facts.sh"
    gzip -dc "$release/auth--$version.sql.gz" >"$scripts/auth--$version.sql"
    folder=$AUTH_TEST_DIR/from-$version
    mkdir -p "$folder"
    install -m 600 -o "$RUN_USER" "$release/sealing.key" "$folder/"
    start_cluster "$PG_CONFIG" "$folder" "$(free_port 15560)"
    sql postgres postgres -c 'CREATE ROLE app LOGIN' -c 'CREATE ROLE gateway LOGIN' -c 'CREATE DATABASE fresh OWNER app' \
        -c 'CREATE DATABASE updated OWNER app' -c 'CREATE DATABASE auth OWNER app'

    # As the owner of the database, who is no superuser.
    sql app fresh -c 'CREATE EXTENSION auth'
    sql app updated -c "CREATE EXTENSION auth VERSION '$version'" -c 'ALTER EXTENSION auth UPDATE'
    is "from $version: an update makes what a new installation of $newest has" \
        "$(diff <(catalogue fresh) <(catalogue updated) | head -n 40)" ''

    RESTORED=$(database_url postgres auth)
    restored() { DATABASE_URL=$RESTORED value "$1"; }
    dump=$release/dump.sql
    errors=$("$PGBIN/psql" -X -q -d "$RESTORED" -f "$dump" 2>&1 >/dev/null | grep ERROR |
        grep -vE 'role "(auth_admin|auth_gateway)" does not exist' || true)
    is "from $version: the data of then come in" "$errors" ''
    is "from $version: and are updated" \
        "$(restored 'ALTER EXTENSION auth UPDATE')$(restored "SELECT extversion FROM pg_extension WHERE extname = 'auth'")" "$newest"
    # Links and codes were sent today.
    restored 'UPDATE auth.one_time_codes SET sent_at = now()'
    check_app
    check_door
    stop_cluster
    rm -f "$scripts/auth--$version.sql"
done
done_testing
