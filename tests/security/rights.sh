#!/usr/bin/env bash
# What each role can do, tried.
set -euo pipefail
# shellcheck source=tests/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

value "CREATE ROLE nobody_special LOGIN; CREATE ROLE end_user LOGIN; CREATE ROLE server LOGIN" >/dev/null
value "SELECT auth.sign_up('ada@example.org', 'correct horse')" >/dev/null
denied='permission denied'

like 'an ordinary role does not get into the schema' \
    "$(as nobody_special auth -c "SELECT auth.sign_in('ada@example.org', 'x')")" "$denied"
value 'GRANT USAGE ON SCHEMA auth TO nobody_special, end_user' >/dev/null
while read -r table; do
    like "an ordinary role does not read $table" "$(as nobody_special auth -c "SELECT * FROM $table")" "$denied"
done < <(value "SELECT oid::regclass FROM pg_class WHERE relnamespace = 'auth'::regnamespace AND relkind IN ('r', 'v')")
while read -r function; do
    arguments=$(value "SELECT string_agg('NULL::' || t::regtype, ', ' ORDER BY n) FROM unnest((SELECT proargtypes FROM pg_proc WHERE oid = '$function'::regprocedure)::oid[]) WITH ORDINALITY AS a (t, n)")
    like "an ordinary role does not call $function" \
        "$(as nobody_special auth -c "SELECT ${function%%(*}($arguments)")" "$denied"
done < <(value "SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'auth'::regnamespace AND prorettype <> 'trigger'::regtype")

# The gateway's role: these functions and no more.
allowed=$(as gateway auth -c "SELECT p.proname FROM pg_proc p WHERE pronamespace = 'auth'::regnamespace
    AND has_function_privilege(p.oid, 'execute') ORDER BY 1" | tr '\n' ' ')
is 'the gateway may call what it needs' "$allowed" 'courier_claim courier_done courier_failed http import_queued_users maintain version '
like 'the gateway does not read users' "$(as gateway auth -c 'SELECT * FROM auth.users')" "$denied"
is 'the gateway calls http' "$(as gateway auth -c "SELECT status FROM auth.http('GET', '/hello', NULL, '[]', NULL)")" 200

# Roles that are given rights by the functions for it.
is 'the owner of the database hands rights on' \
    "$(as app auth -c "SELECT auth.grant_server('server'); SELECT auth.grant_policies('end_user')" | tr -d '\n')" ''
is 'a server acts for users' "$(as server auth -c "SELECT auth.sign_in('ada@example.org', 'correct horse') ->> 'status'")" OK
like 'a server reads no table' "$(as server auth -c 'SELECT * FROM auth.login_methods')" "$denied"
like 'a server hands nothing on' "$(as server auth -c "SELECT auth.grant_server('nobody_special')")" "$denied"
is 'an end user asks who it is' "$(as end_user auth -c 'SELECT auth.uid() IS NULL AND NOT auth.session_is_live()')" t
like 'an end user acts for nobody' "$(as end_user auth -c "SELECT auth.create_session('x')")" "$denied"

# No session decides which key seals.
like 'nobody sets the key file for a session' \
    "$(as app auth -c "SET auth.key_file = '/tmp/mine'" -c "SELECT auth.version()")" 'cannot be changed now|permission denied'
like 'a placeholder from before the library was loaded is dropped' \
    "$(as app auth -c "SET auth.key_file = '/tmp/mine'; SELECT auth.create_session('x') ->> 'status'; SHOW auth.max_concurrent_hashes")" 'cannot be changed now|permission denied|must be superuser'

# Objects in public are not seen by our functions (CVE-2018-1058).
as app auth >/dev/null <<'EOF'
CREATE FUNCTION public.now() RETURNS timestamptz LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'shadowed'; END $$;
CREATE FUNCTION public.lies(text, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'shadowed'; END $$;
CREATE OPERATOR public.= (LEFTARG = text, RIGHTARG = text, FUNCTION = public.lies);
CREATE TABLE public.users (id int);
EOF
is 'operators and functions in public do not shadow ours' \
    "$(as app auth -c "SET search_path = public, pg_catalog; SELECT auth.sign_in('ada@example.org', 'correct horse') OPERATOR(pg_catalog.->>) 'status'")" OK
done_testing
