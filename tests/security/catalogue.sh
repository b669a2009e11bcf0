#!/usr/bin/env bash
# What must hold of every object of the extension, read from the catalogue.
set -euo pipefail
# shellcheck source=tests/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

# The objects of one catalogue that belong to the extension: members pg_proc
members() {
    printf "SELECT d.objid FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid WHERE d.deptype = 'e' AND
            d.classid = '%s'::regclass AND d.refclassid = 'pg_extension'::regclass AND e.extname = 'auth'" "$1"
}
# none NAME SQL: the query gives no row
none() { is "$1" "$(value "$2")" ''; }

functions="(SELECT * FROM pg_proc WHERE oid IN ($(members pg_proc))) p"
relations="(SELECT * FROM pg_class WHERE oid IN ($(members pg_class))) c"

is 'there are functions to look at' "$(value "SELECT count(*) > 40 FROM $functions")" t
is 'there are tables to look at' "$(value "SELECT count(*) > 12 FROM $relations WHERE relkind = 'r'")" t
none 'no function is executable by PUBLIC' \
    "SELECT p.oid::regprocedure FROM $functions
     WHERE has_function_privilege('public', p.oid, 'execute')"
none 'no relation gives PUBLIC anything' \
    "SELECT c.relname FROM $relations, aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a WHERE a.grantee = 0"
none 'every SECURITY DEFINER function has its search_path pinned, pg_catalog first and pg_temp last' \
    "SELECT p.oid::regprocedure, p.proconfig FROM $functions
     WHERE p.prosecdef AND NOT coalesce(p.proconfig::text ~ 'search_path=pg_catalog, .*pg_temp', false)"
none 'no SECURITY DEFINER function has its statements compiled, which takes longer than to run them' \
    "SELECT p.oid::regprocedure, p.proconfig FROM $functions
     WHERE p.prosecdef AND NOT coalesce('jit=off' = ANY (p.proconfig), false)"
none 'every function in C that reads tables is SECURITY DEFINER' \
    "SELECT p.oid::regprocedure FROM $functions JOIN pg_language l ON l.oid = p.prolang
     WHERE l.lanname = 'c' AND NOT p.prosecdef AND p.provolatile <> 'i' AND p.prorettype <> 'trigger'::regtype"
none 'every function belongs to auth_admin' \
    "SELECT p.oid::regprocedure FROM $functions WHERE p.proowner <> 'auth_admin'::regrole"
none 'every relation belongs to auth_admin' \
    "SELECT c.relname FROM $relations WHERE c.relowner <> 'auth_admin'::regrole"
is 'the schema belongs to auth_admin' \
    "$(value "SELECT nspowner::regrole FROM pg_namespace WHERE nspname = 'auth'")" auth_admin
none 'every function has a comment' \
    "SELECT p.oid::regprocedure FROM $functions WHERE obj_description(p.oid, 'pg_proc') IS NULL"
none 'every relation has a comment' \
    "SELECT c.relname FROM $relations WHERE obj_description(c.oid, 'pg_class') IS NULL"
none 'every column has a comment' \
    "SELECT c.relname, a.attname FROM $relations JOIN pg_attribute a ON a.attrelid = c.oid
     WHERE a.attnum > 0 AND NOT a.attisdropped AND col_description(c.oid, a.attnum) IS NULL"
none 'every table and sequence is dumped' \
    "SELECT c.relname FROM $relations WHERE c.relkind IN ('r', 'S')
       AND c.oid <> ALL ((SELECT extconfig FROM pg_extension WHERE extname = 'auth')::oid[])"
none 'what reads settings of the session runs in no parallel worker with rights of ours' \
    "SELECT p.oid::regprocedure FROM $functions WHERE p.prosecdef AND p.proparallel = 's'"
none 'no index covers what a refresh changes, but for the day' \
    "SELECT i.indexrelid::regclass, a.attname FROM pg_index i
     JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
     WHERE i.indrelid = 'auth.sessions'::regclass
       AND a.attname IN ('refresh_hash', 'previous_refresh_hash', 'generation', 'refreshed_at', 'expires_at')"
none 'columns with secrets are left out of statistics' \
    "SELECT a.attrelid::regclass, a.attname FROM pg_attribute a
     WHERE (a.attrelid, a.attname) IN (('auth.login_methods'::regclass, 'password_hash'),
         ('auth.sessions'::regclass, 'refresh_hash'), ('auth.sessions'::regclass, 'previous_refresh_hash'),
         ('auth.one_time_tokens'::regclass, 'token_hash'), ('auth.signing_keys'::regclass, 'private_key'),
         ('auth.users'::regclass, 'pending_password_hash'), ('auth.one_time_codes'::regclass, 'code_hash'),
         ('auth.one_time_codes'::regclass, 'link_hash'), ('auth.flow_states'::regclass, 'code_hash'),
         ('auth.mfa_challenges'::regclass, 'code_hash'), ('auth.outbox'::regclass, 'message'),
         ('auth.setting_values'::regclass, 'value')) AND a.attstattarget IS DISTINCT FROM 0"
none 'the extension brings no superuser and nobody into its roles' \
    "SELECT rolname FROM pg_roles WHERE rolname IN ('auth_admin', 'auth_gateway')
       AND (rolsuper OR rolcanlogin OR rolcreaterole OR rolcreatedb OR rolbypassrls OR rolreplication)
     UNION SELECT member::regrole::name FROM pg_auth_members WHERE roleid = 'auth_admin'::regrole"
done_testing
