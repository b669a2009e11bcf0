#!/usr/bin/env bash
# What must hold of every object of the extension, read from the catalogue.
set -euo pipefail
# shellcheck source=tests/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=tests/security/catalogue_lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/catalogue_lib.sh"

is 'there are functions to look at' "$(value "SELECT count(*) > 40 FROM $functions")" t
is 'there are tables to look at' "$(value "SELECT count(*) > 12 FROM $relations WHERE relkind = 'r'")" t
none 'no function is executable by PUBLIC' \
    "SELECT p.oid::regprocedure FROM $functions
     WHERE has_function_privilege('public', p.oid, 'execute')" \
    'GRANT EXECUTE ON FUNCTION auth.uid() TO PUBLIC'
none 'no relation gives PUBLIC anything' \
    "SELECT c.relname FROM $relations, aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a WHERE a.grantee = 0" \
    'GRANT SELECT ON auth.dead_letters TO PUBLIC'
none 'every SECURITY DEFINER function has its search_path pinned: pg_catalog, auth, and pg_temp last' \
    "SELECT p.oid::regprocedure, p.proconfig FROM $functions
     WHERE p.prosecdef AND NOT coalesce('search_path=pg_catalog, auth, pg_temp' = ANY (p.proconfig), false)" \
    'ALTER FUNCTION auth.grant_server(regrole) SET search_path = pg_catalog, auth, public, pg_temp'
none 'no SECURITY DEFINER function has its statements compiled, which takes longer than to run them' \
    "SELECT p.oid::regprocedure, p.proconfig FROM $functions
     WHERE p.prosecdef AND NOT coalesce('jit=off' = ANY (p.proconfig), false)" \
    'ALTER FUNCTION auth.grant_server(regrole) RESET jit'
# auth.uid() reads a setting alone.
none 'every function in C that reads tables is SECURITY DEFINER' \
    "SELECT p.oid::regprocedure FROM $functions JOIN pg_language l ON l.oid = p.prolang
     WHERE l.lanname = 'c' AND NOT p.prosecdef AND p.provolatile <> 'i' AND p.proname <> 'uid' AND p.prorettype <> 'trigger'::regtype" \
    'ALTER FUNCTION auth.get_user SECURITY INVOKER'
none 'every function belongs to auth_admin' \
    "SELECT p.oid::regprocedure FROM $functions WHERE p.proowner <> 'auth_admin'::regrole" \
    'ALTER FUNCTION auth.uid() OWNER TO auth_gateway'
none 'every relation belongs to auth_admin' \
    "SELECT c.relname FROM $relations WHERE c.relowner <> 'auth_admin'::regrole" \
    'ALTER TABLE auth.hosts OWNER TO auth_gateway'
is 'the schema belongs to auth_admin' \
    "$(value "SELECT nspowner::regrole FROM pg_namespace WHERE nspname = 'auth'")" auth_admin
none 'every function has a comment' \
    "SELECT p.oid::regprocedure FROM $functions WHERE obj_description(p.oid, 'pg_proc') IS NULL" \
    'COMMENT ON FUNCTION auth.uid() IS NULL'
none 'every relation has a comment' \
    "SELECT c.relname FROM $relations WHERE obj_description(c.oid, 'pg_class') IS NULL" \
    'COMMENT ON VIEW auth.my_user IS NULL'
none 'every column has a comment' \
    "SELECT c.relname, a.attname FROM $relations JOIN pg_attribute a ON a.attrelid = c.oid
     WHERE a.attnum > 0 AND NOT a.attisdropped AND col_description(c.oid, a.attnum) IS NULL" \
    'COMMENT ON COLUMN auth.hosts.host IS NULL'
none 'every table and sequence is dumped' \
    "SELECT c.relname FROM $relations WHERE c.relkind IN ('r', 'S')
       AND c.oid <> ALL ((SELECT extconfig FROM pg_extension WHERE extname = 'auth')::oid[])" \
    'CREATE TABLE auth.forgotten (id int); ALTER EXTENSION auth ADD TABLE auth.forgotten'
none 'what reads settings of the session runs in no parallel worker with rights of ours' \
    "SELECT p.oid::regprocedure FROM $functions WHERE p.prosecdef AND p.proparallel = 's'" \
    'ALTER FUNCTION auth.session_is_live PARALLEL SAFE'
none 'no index covers what a refresh changes, but for the day' \
    "SELECT i.indexrelid::regclass, a.attname FROM pg_index i
     JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
     WHERE i.indrelid = 'auth.sessions'::regclass
       AND a.attname IN ('refresh_hash', 'previous_refresh_hash', 'generation', 'refreshed_at', 'expires_at')" \
    'CREATE INDEX ON auth.sessions (expires_at)'
none 'columns with secrets are left out of statistics' \
    "SELECT a.attrelid::regclass, a.attname FROM pg_attribute a
     WHERE (a.attrelid, a.attname) IN (('auth.login_methods'::regclass, 'password_hash'),
         ('auth.sessions'::regclass, 'refresh_hash'), ('auth.sessions'::regclass, 'previous_refresh_hash'),
         ('auth.one_time_tokens'::regclass, 'token_hash'), ('auth.signing_keys'::regclass, 'private_key'),
         ('auth.users'::regclass, 'pending_password_hash'), ('auth.one_time_codes'::regclass, 'code_hash'),
         ('auth.one_time_codes'::regclass, 'link_hash'), ('auth.flow_states'::regclass, 'code_hash'),
         ('auth.mfa_challenges'::regclass, 'code_hash'), ('auth.outbox'::regclass, 'message'),
         ('auth.setting_values'::regclass, 'value')) AND a.attstattarget IS DISTINCT FROM 0" \
    'ALTER TABLE auth.outbox ALTER COLUMN message SET STATISTICS 10'
none 'the extension brings no superuser and nobody into its roles' \
    "SELECT rolname FROM pg_roles WHERE rolname IN ('auth_admin', 'auth_gateway')
       AND (rolsuper OR rolcanlogin OR rolcreaterole OR rolcreatedb OR rolbypassrls OR rolreplication)
     UNION SELECT member::regrole::name FROM pg_auth_members WHERE roleid = 'auth_admin'::regrole" \
    'GRANT auth_admin TO auth_gateway'
done_testing
