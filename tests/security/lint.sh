#!/usr/bin/env bash
# The script that Postgres runs as superuser, read before it does: by pgspot, and for what makes an object only if there is
# none, or takes over one that is there. The same of what auth.create_api runs.
set -euo pipefail
# shellcheck source=tests/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"
# shellcheck source=tests/python.sh
source "$ROOT/tests/python.sh"

here=$ROOT/tests/security
use_python security

# spot [OPTIONS] FILE...: what pgspot finds, one a line, and what it stops at
spot() { PYTHONDONTWRITEBYTECODE=1 "$VENV/bin/python" "$here/spot.py" "$@" 2>&1 | grep -vE '^ *$|: $| Errors: ' || true; }
# codes: pgspot's codes alone
codes() { grep -oE '^PS[0-9]+' | sort -u | tr '\n' ' '; }

extension=$("$PG_CONFIG" --sharedir)/extension
version=$(value "SELECT extversion FROM pg_extension WHERE extname = 'auth'")
mapfile -t scripts < <(find "$extension" -name 'auth--*.sql' | sort)
is 'there is a script' "$(printf '%s\n' "${scripts[@]}" | grep -cxF "$extension/auth--$version.sql" || true)" 1
api=$AUTH_TEST_DIR/api.sql script=$AUTH_TEST_DIR/script.sql wrong=$AUTH_TEST_DIR/wrong.sql
value 'SELECT auth.api_sql()' >"$api" || true # its error is no view
is 'there is an API schema' "$(grep -c '^CREATE VIEW' "$api")" 10

# What pgspot has to know: how CREATE EXTENSION sets the path, and that nobody else has anything in the schema by then.
printf 'CREATE SCHEMA auth; SET search_path = auth, pg_temp;\n' >"$script"
is 'pgspot finds nothing in the script' "$(spot --append "$script" "${scripts[@]}")" ''
# The file that makes sure of that may trust neither.
is 'pgspot finds nothing in what looks at the schema' "$(spot "$ROOT/sql/00_preflight.sql")" ''
# Whoever keeps the statements in migrations runs them under any path. Not looked at: PS005, functions that pin none; all
# run with the caller's rights, and their bodies are read as if nothing were pinned. PS010: see below.
is 'pgspot finds nothing in the statements of an API schema' "$(spot --ignore PS005 --ignore PS010 "$api")" ''

# It has read all of it, and finds what is there to find.
cat >"$wrong" <<'EOF'
CREATE OR REPLACE FUNCTION public.replaced() RETURNS int LANGUAGE sql SET search_path = pg_catalog, pg_temp AS 'SELECT 1';
CREATE FUNCTION auth.unpinned() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';
CREATE FUNCTION auth.pinned_elsewhere() RETURNS int LANGUAGE sql SECURITY DEFINER SET search_path = public AS 'SELECT 1';
SET search_path = public;
CREATE FUNCTION auth.bound() RETURNS boolean LANGUAGE sql RETURN lower('a') = 'b';
DO $$ BEGIN IF false THEN NULL; ELSIF EXISTS (SELECT FROM pg_class) THEN NULL; END IF; END $$;
EOF
is 'pgspot reads to the end' "$(spot --append "$script" "${scripts[@]}" "$wrong" | codes)" 'PS001 PS002 PS003 PS004 PS016 PS017 '

# taken FILE...: what makes an object only if there is none, or takes one over that is there; a look beforehand counts.
taken() {
    local one_line
    one_line=$(sed -E 's/(^|[[:space:]])--[[:space:]].*//' "$@" | tr -s '[:space:]' ' ')
    grep -oE '[^ ]+ [^ ]+ (OR REPLACE|IF NOT EXISTS)\b [^ (][^ ]*|CREATE OR REPLACE [^ ]+ [^ ]+' <<<"$one_line" || true
    grep -oE 'NOT EXISTS \([^;]*THEN EXECUTE [^;]*' <<<"$one_line" | grep -oE 'NOT EXISTS|CREATE [^;]*' |
        sed 'N; s/\n/ ... /' || true
}
# Roles belong to the cluster, and another database's extension may have made them. Those of the extension are refused when
# they can do what they must not; those for PostgREST are made with the rights of the caller and given none.
guarded="NOT EXISTS ... CREATE ROLE %I NOLOGIN', role_name)
NOT EXISTS ... CREATE ROLE %I NOLOGIN NOINHERIT', name)"
is 'the script takes over nothing but roles' "$(taken "$extension"/auth--"$version".sql | sort)" "$(sort <<<"$guarded")"
is 'nor do its sources' "$(taken "$ROOT"/sql/[0-9]*.sql | sort)" "$(sort <<<"$guarded")"
# A newer body replaces an older one: Postgres lets a script replace members of its extension alone (since 14.5).
is 'nor do updates' \
    "$(find "$extension" -name 'auth--*--*.sql' -exec cat {} + | taken - | grep -v '^CREATE OR REPLACE FUNCTION auth\.')" ''
# The schema is that of the caller, who may have other things in it.
# shellcheck disable=SC2016 # the names of bash are not meant
is 'an API schema takes over nothing but the schema' "$(taken "$api")" 'CREATE SCHEMA IF NOT EXISTS "api";'
cat >"$wrong" <<'EOF'
CREATE
    OR REPLACE FUNCTION auth.a() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE TABLE IF NOT EXISTS auth.b (id int);
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_class) THEN
        EXECUTE 'CREATE TABLE auth.c (id int)';
    END IF;
END $$;
EOF
is 'what takes something over is found' "$(taken "$wrong")" "CREATE OR REPLACE FUNCTION auth.a()
CREATE TABLE IF NOT EXISTS auth.b
NOT EXISTS ... CREATE TABLE auth.c (id int)'"
done_testing
