#!/usr/bin/env bash
# Dump and restore into an empty cluster: who could sign in still can, and tokens given out before still work, as long
# as the new cluster has the same sealing key. With another key there is a clear error.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/lib.sh
source "$here/../lib.sh"
# shellcheck source=scripts/cluster.sh
source "$here/../../scripts/cluster.sh"
# shellcheck source=tests/restore/app.sh
source "$here/app.sh"
# shellcheck source=tests/restore/gotrue.sh
source "$here/gotrue.sh"

prepare_app
prepare_door

dump=$AUTH_TEST_DIR/dump.sql
# shellcheck disable=SC2031 # what a subshell changes stays there
"$PGBIN/pg_dump" -d "$DATABASE_URL" >"$dump"
# shellcheck disable=SC2031 # likewise
source_url=$DATABASE_URL

# The new cluster: empty, without any role of ours.
restored() { DATABASE_URL=$RESTORED value "$1"; }
new=$AUTH_TEST_DIR/new
mkdir -p "$new"
cp -p "$AUTH_CLUSTER/sealing.key" "$new/sealing.key"
trap 'stop_cluster' EXIT
start_cluster "$PG_CONFIG" "$new" "$(free_port 15500)"
sql postgres postgres -c 'CREATE ROLE app' -c 'CREATE DATABASE auth OWNER app'
RESTORED=$(database_url postgres auth)
DATABASE_URL=$source_url
errors=$("$PGBIN/psql" -X -q -v ON_ERROR_STOP=0 -d "$RESTORED" -f "$dump" 2>&1 >/dev/null | grep -E 'ERROR' || true)
# Roles are no part of a database's dump; CREATE EXTENSION makes them a moment later.
is 'restoring gives no error but for the role that is not there yet' \
    "$(grep -vE 'role "(auth_admin|gateway|auth_gateway)" does not exist' <<<"$errors" || true)" ''

check_app
check_door

# Another key: what was sealed under the old one stays shut, and says so.
head -c 32 /dev/urandom | base64 >"$new/sealing.key"
like 'with another key there is a clear error' \
    "$(restored "SELECT auth.create_session('x')")" 'signing key .*: sealed under a key that is not in the key file'
is 'passwords do not need the key' \
    "$(restored "SELECT auth.sign_in('ada@example.org', 'correct horse') ->> 'status'")" WRONG_CREDENTIALS_ERROR
done_testing
