#!/usr/bin/env bash
# Dump and restore into an empty cluster: who could sign in still can, and tokens given out before still work, as long
# as the new cluster has the same sealing key. With another key there is a clear error.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/lib.sh
source "$here/../lib.sh"
# shellcheck source=scripts/cluster.sh
source "$here/../../scripts/cluster.sh"
# shellcheck source=tests/restore/gotrue.sh
source "$here/gotrue.sh"

value "SELECT auth.sign_up('ada@example.org', 'correct horse')" >/dev/null
value "SELECT auth.create_or_update_tenant('t1', '{\"firstFactors\": [\"emailpassword\"]}')" >/dev/null
value "SELECT auth.create_or_update_app('a1', '{\"coreConfig\": {\"access_token_validity\": 7200}}')" >/dev/null
value "SELECT auth.set_setting('password_reset_token_lifetime', '7200000')" >/dev/null
id=$(value "SELECT auth.sign_in('ada@example.org', 'correct horse') #>> '{user,id}'")
session=$(value "SELECT auth.create_session('$id', '{\"a\": 1}')")
access=$(json accessToken.token <<<"$session") refresh=$(json refreshToken.token <<<"$session")
reset=$(value "SELECT auth.create_reset_password_token('$id', 'ada@example.org') ->> 'token'")
value "CREATE TABLE profile (id uuid PRIMARY KEY REFERENCES auth.users (id) ON DELETE CASCADE);
       INSERT INTO profile VALUES ('$id')" >/dev/null
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

is 'the password still works' "$(restored "SELECT auth.sign_in('ada@example.org', 'correct horse') ->> 'status'")" OK
is 'the id is the same' "$(restored "SELECT auth.sign_in('ada@example.org', 'correct horse') #>> '{user,id}'")" "$id"
is 'a wrong password still does not' \
    "$(restored "SELECT auth.sign_in('ada@example.org', 'other') ->> 'status'")" WRONG_CREDENTIALS_ERROR
is 'the access token still verifies' \
    "$(restored "SELECT auth.verify_session('$access', check_database => true) ->> 'status'")" OK
is 'the refresh token still works' "$(restored "SELECT auth.refresh('$refresh') ->> 'status'")" OK
is 'the reset token still works' "$(restored "SELECT auth.consume_reset_password_token('$reset') ->> 'status'")" OK
is 'the tenant is there' "$(restored "SELECT auth.get_tenant('t1') ->> 'firstFactors'")" '["emailpassword"]'
is 'the settings are there' "$(restored "SELECT auth.get_setting('access_token_validity', app_id => 'a1')")" 7200
is 'so are those of the base' "$(restored "SELECT auth.get_setting('password_reset_token_lifetime')")" 7200000
is 'everything belongs to auth_admin' "$(restored "SELECT count(*) FROM pg_class c WHERE relnamespace = 'auth'::regnamespace AND relowner <> 'auth_admin'::regrole")" 0
is 'a cached table still tells the backends of a change' \
    "$(restored "SELECT auth.set_setting('access_token_validity', '900'); SELECT auth.get_setting('access_token_validity')" | tail -n 1)" 900
restored "SELECT auth.delete_user('$id')" >/dev/null
is 'the foreign key of the application still cascades' "$(restored 'SELECT count(*) FROM profile')" 0
check_door

# Another key: what was sealed under the old one stays shut, and says so.
head -c 32 /dev/urandom | base64 >"$new/sealing.key"
like 'with another key there is a clear error' \
    "$(restored "SELECT auth.create_session('x')")" 'signing key .*: sealed under a key that is not in the key file'
is 'passwords do not need the key' \
    "$(restored "SELECT auth.sign_in('ada@example.org', 'correct horse') ->> 'status'")" WRONG_CREDENTIALS_ERROR
done_testing
