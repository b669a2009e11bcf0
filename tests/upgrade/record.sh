#!/usr/bin/env bash
# Keeps a release for the tests of all later ones: the script that installs it, and a database that was made with it. Before the
# version in Cargo.toml is raised: see CONTRIBUTING.md. RECORD=1 TEST_SUITES=upgrade TEST_VERSIONS=15 make test
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/lib.sh
source "$here/../lib.sh"
# shellcheck source=tests/restore/app.sh
source "$here/../restore/app.sh"
# shellcheck source=tests/restore/gotrue.sh
source "$here/../restore/gotrue.sh"

version=$(value 'SELECT auth.version()')
release=$here/released/$version
mkdir -p "$release"
# Tokens that are good for as long as can be: a thousand days.
value "SELECT auth.set_setting('refresh_token_validity', '5256000'), auth.set_setting('access_token_validity', '86400000'),
    auth.set_setting('access_token_dynamic_signing_key_update_interval', '87600'),
    auth.set_setting('jwt_exp', '86400000')" >/dev/null
prepare_app
prepare_door
value "UPDATE auth.one_time_tokens SET expires_at = now() + interval '10 years'" >/dev/null
dump=$release/dump.sql
"$PGBIN/pg_dump" -d "$DATABASE_URL" | sed "s/^CREATE EXTENSION IF NOT EXISTS auth WITH SCHEMA auth;/CREATE EXTENSION auth WITH SCHEMA auth VERSION '$version';/" >"$dump"
# Compressed: nobody is to read or to change it, nor to find it when searching the schema.
gzip -9n <"$("$PG_CONFIG" --sharedir)/extension/auth--$version.sql" >"$release/auth--$version.sql.gz"
cp "$AUTH_CLUSTER/sealing.key" "$release/"
printf '# shellcheck shell=bash disable=SC2034 # extension.sh reads them\n' >"$release/facts.sh"
declare -p APP_ID APP_ACCESS APP_REFRESH APP_RESET DOOR_ID DOOR_ACCESS DOOR_REFRESH DOOR_FACTOR DOOR_TOTP DOOR_LINK DOOR_AUDIT |
    sed 's/^declare -- //' >>"$release/facts.sh"
printf 'Kept in %s\n' "$release"
