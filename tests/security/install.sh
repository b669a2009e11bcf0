#!/usr/bin/env bash
# Installing: by an ordinary owner of a database, and not on ground that somebody else prepared.
set -euo pipefail
# shellcheck source=tests/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

value 'CREATE ROLE plain_owner LOGIN' >/dev/null
value 'CREATE DATABASE plain OWNER plain_owner' >/dev/null
is 'an ordinary owner installs the extension' "$(as plain_owner plain -c 'CREATE EXTENSION auth')" ''
is 'and is still no superuser' \
    "$(as plain_owner plain -c "SELECT current_setting('is_superuser') || ' ' || pg_has_role('auth_admin', 'usage')")" 'off false'
like 'and does not become auth_admin' "$(as plain_owner plain -c 'SET ROLE auth_admin')" 'permission denied'
like 'and reads no table' "$(as plain_owner plain -c 'SELECT * FROM auth.login_methods')" 'permission denied'
is 'and uses it' "$(as plain_owner plain -c "SELECT auth.sign_up('ada@example.org', 'x') ->> 'status'")" OK
is 'its users are not those of another database' \
    "$(as app auth -c "SELECT auth.sign_in('ada@example.org', 'x') ->> 'status'")" WRONG_CREDENTIALS_ERROR
is 'it references users' "$(as plain_owner plain -c 'CREATE TABLE mine (id uuid REFERENCES auth.users (id))')" ''
is 'and removes the extension' "$(as plain_owner plain -c 'SET client_min_messages = warning' -c 'DROP EXTENSION auth CASCADE')" ''
is 'and installs it again' "$(as plain_owner plain -c 'CREATE EXTENSION auth')" ''

# prepared NAME SQL: a schema "auth" with something in it is refused
value 'CREATE DATABASE prepared OWNER plain_owner' >/dev/null
prepared() {
    as plain_owner prepared -c 'CREATE SCHEMA auth' -c "$2" >/dev/null
    like "a prepared schema is refused: $1" "$(as plain_owner prepared -c 'CREATE EXTENSION auth')" 'schema "auth" is not empty'
    is "and nothing of it stays: $1" "$(value -d prepared "SELECT count(*) FROM pg_extension WHERE extname = 'auth'")" 0
    value -d prepared 'DROP SCHEMA auth CASCADE' >/dev/null
}
prepared 'a function' "CREATE FUNCTION auth.sign_up(text, text) RETURNS jsonb LANGUAGE sql AS \$\$ SELECT '{}'::jsonb \$\$"
prepared 'an operator' 'CREATE OPERATOR auth.= (LEFTARG = text, RIGHTARG = text, FUNCTION = texteq)'
prepared 'a table' 'CREATE TABLE auth.users (id int)'
prepared 'a type' "CREATE TYPE auth.kind AS ENUM ('a')"

# An empty schema is taken over, and what it gave to others is taken back.
as plain_owner prepared -c 'CREATE SCHEMA auth' -c 'GRANT ALL ON SCHEMA auth TO PUBLIC' >/dev/null
is 'an empty schema is taken over' "$(as plain_owner prepared -c 'CREATE EXTENSION auth')" ''
like 'its former owner makes nothing in it' \
    "$(as plain_owner prepared -c 'CREATE TABLE auth.mine (id int)')" 'permission denied'
is 'others have no rights in it' "$(value -d prepared "SELECT has_schema_privilege('public', 'auth', 'usage, create')")" f
done_testing
