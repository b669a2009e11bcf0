#!/usr/bin/env bash
# Who has which rights to tables, views, sequences, and functions: those that are granted by name, and no others.
# The database is the suite's own, of an owner who is no superuser.
set -euo pipefail
# shellcheck source=tests/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
DATABASE=granted
# shellcheck source=tests/security/catalogue_lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/catalogue_lib.sh"

sql() { value -d "$DATABASE" "$@"; }
value 'CREATE ROLE creator LOGIN; CREATE ROLE stranger; CREATE ROLE asker; CREATE ROLE caller; CREATE ROLE door' >/dev/null
value 'CREATE DATABASE granted OWNER creator' >/dev/null
as creator granted -c 'CREATE EXTENSION auth' >/dev/null

# acl SCHEMA: who has what on its relations and their columns, but for their owners; * may be handed on
acl() {
    printf "SELECT concat_ws(' ', object, grantee, string_agg(privilege, ' ' ORDER BY privilege)) FROM (
        SELECT object, coalesce(nullif(a.grantee, 0)::regrole::text, 'PUBLIC') AS grantee,
               a.privilege_type || CASE WHEN a.is_grantable THEN '*' ELSE '' END AS privilege
        FROM (SELECT c.relname::text AS object, c.relowner, c.relacl AS acl FROM pg_class c
              WHERE c.relnamespace = '%s'::regnamespace
              UNION ALL
              SELECT c.relname || '.' || t.attname, c.relowner, t.attacl FROM pg_class c
              JOIN pg_attribute t ON t.attrelid = c.oid
              WHERE c.relnamespace = '%s'::regnamespace) o, aclexplode(o.acl) a
        WHERE a.grantee <> o.relowner) granted
    GROUP BY object, grantee ORDER BY object COLLATE \"C\", grantee" "$1" "$1"
}
expected='all_messages creator SELECT*
all_sessions creator SELECT*
all_user_roles creator SELECT*
all_users creator SELECT*
audit_log creator SELECT*
dead_letters creator SELECT*
my_factors creator SELECT*
my_identities creator SELECT*
my_roles creator SELECT*
my_sessions creator DELETE* SELECT*
my_user creator SELECT*
settings creator SELECT*
users creator TRIGGER
users.id creator REFERENCES SELECT'
is 'the creator has these rights to relations, and nobody else has any' "$(rows "$(acl auth)")" "$expected"

# Functions: what the gateway's role may call is in rights.sh.
other_callers="SELECT p.oid::regprocedure, a.grantee::regrole, a.is_grantable
    FROM $functions, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
    WHERE a.grantee NOT IN (p.proowner, 'auth_gateway'::regrole)
      AND NOT (a.grantee = 'creator'::regrole AND a.is_grantable AND p.prorettype <> 'trigger'::regtype)"
none 'the creator may hand all functions but triggers on, and nobody else has been given any' "$other_callers" \
    'GRANT EXECUTE ON FUNCTION auth.get_user TO stranger'

# A superuser's default privileges reach what CREATE EXTENSION makes, whoever calls it.
DATABASE=by_default
value 'CREATE DATABASE by_default OWNER creator' >/dev/null
for kind in TABLES SEQUENCES FUNCTIONS SCHEMAS; do
    sql "ALTER DEFAULT PRIVILEGES GRANT ALL ON $kind TO stranger WITH GRANT OPTION" >/dev/null
done
as creator by_default -c 'CREATE EXTENSION auth' >/dev/null
is 'default privileges give nobody a right to a relation' \
    "$(rows "$(acl auth)" | grep -vxF -- "$expected" | sed '4,$d')" ''
is 'nor to a function' "$(rows "$other_callers LIMIT 3")" ''
is 'nor to the schema' "$(rows "SELECT has_schema_privilege('stranger', 'auth', 'usage, create')")" f
DATABASE=granted

# open_to ROLE: the relations that it can do anything with, by whatever way it has come to that. The kinds of privileges
# are those that this version of Postgres knows.
open_to() {
    printf "SELECT c.relname, k.privilege FROM pg_class c, LATERAL (
            SELECT DISTINCT a.privilege_type AS privilege
            FROM aclexplode(acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::\"char\", c.relowner)) a) k
        WHERE c.relnamespace = 'auth'::regnamespace AND c.relkind NOT IN ('i', 'I', 'c') AND CASE
            WHEN c.relkind = 'S' THEN has_sequence_privilege('%s', c.oid, k.privilege)
            WHEN k.privilege IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES')
                THEN has_any_column_privilege('%s', c.oid, k.privilege)
            ELSE has_table_privilege('%s', c.oid, k.privilege) END" "$1" "$1" "$1"
}
# callable_by ROLE: the functions that it can call
callable_by() {
    printf "SELECT DISTINCT p.proname FROM pg_proc p WHERE p.pronamespace = 'auth'::regnamespace
        AND has_function_privilege('%s', p.oid, 'execute') ORDER BY 1" "$1"
}
words() { tr '\n' ' ' <<<"$1"; }

policies='email has_permission has_role jwt role session_id session_is_live tenant uid '
sql "GRANT USAGE ON SCHEMA auth TO stranger; GRANT auth_gateway TO door" >/dev/null
as creator granted -c "SELECT auth.grant_policies('asker')" -c "SELECT auth.grant_server('caller')" >/dev/null
for role in stranger asker caller door; do
    none "all relations are closed for $role" "$(open_to $role)" "GRANT UPDATE (role) ON auth.users TO $role"
done
none 'a privilege without columns is seen too' "$(open_to stranger)" 'GRANT TRIGGER ON auth.users TO stranger'
none 'and what comes through a role' "$(open_to stranger)" 'GRANT creator TO stranger'
none 'and sequences' "$(open_to stranger)" 'CREATE SEQUENCE auth.s; GRANT USAGE ON SEQUENCE auth.s TO stranger'
is 'a stranger calls nothing' "$(rows "$(callable_by stranger)")" ''
is 'grant_policies lets call these' "$(words "$(rows "$(callable_by asker)")")" "$policies"
is 'grant_server lets call all but these' "$(words "$(rows "SELECT DISTINCT p.proname FROM $functions
    WHERE NOT has_function_privilege('caller', p.oid, 'execute') ORDER BY 1")")" \
    'configuration_changed courier_claim courier_done courier_failed end_my_session grant_policies grant_server http rpc take_over_members '
is 'neither may hand anything on' "$(rows "SELECT p.oid::regprocedure FROM $functions, aclexplode(p.proacl) a
    WHERE a.grantee IN ('asker'::regrole, 'caller'::regrole) AND a.is_grantable")" ''

# The API schema: three roles of its own.
sql "SELECT auth.create_api_roles('api_login', 'api_anon', 'api_user', 'api_service')" >/dev/null
is 'the creator makes an API schema' \
    "$(as creator granted -c "SELECT auth.create_api('served', anon => 'api_anon', authenticated => 'api_user', service_role => 'api_service')")" ''
is 'its relations show to each what they should' "$(rows "$(acl served)")" 'audit_log api_service SELECT
me api_user SELECT
my_factors api_user SELECT
my_identities api_user SELECT
my_roles api_user SELECT
my_sessions api_user DELETE SELECT
outbox api_service SELECT
sessions api_service SELECT
user_roles api_service SELECT
users api_service SELECT'
is 'its functions can be called by whom they should' "$(rows "SELECT callers || ': ' || string_agg(DISTINCT name, ' ' ORDER BY name)
    FROM (SELECT p.oid, p.proname::text AS name, string_agg(coalesce(nullif(a.grantee, 0)::regrole::text, 'PUBLIC') ||
                 CASE WHEN a.is_grantable THEN '*' ELSE '' END, ' ' ORDER BY a.grantee::regrole::text) AS callers
          FROM pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
          WHERE p.pronamespace = 'served'::regnamespace AND a.grantee <> p.proowner GROUP BY 1, 2) f
    GROUP BY callers ORDER BY callers")" \
    'api_anon api_service api_user: auth_settings jwks otp recover refresh resend signup token verify
api_service api_user: challenge_factor enroll_factor logout reauthenticate unenroll_factor unlink_identity update_user verify_factor'
is 'the schema can be used by the three, and changed by none' "$(rows "SELECT a.grantee::regrole || ' ' || a.privilege_type
    FROM pg_namespace n, aclexplode(n.nspacl) a WHERE n.nspname = 'served' AND a.grantee <> n.nspowner ORDER BY 1")" \
    'api_anon USAGE
api_service USAGE
api_user USAGE'
is 'all of it belongs to the creator' "$(rows "SELECT DISTINCT o.owner::regrole FROM (
    SELECT relowner AS owner FROM pg_class WHERE relnamespace = 'served'::regnamespace UNION ALL
    SELECT proowner FROM pg_proc WHERE pronamespace = 'served'::regnamespace) o")" creator
for role in api_login api_anon api_user api_service; do
    none "all relations of the extension are closed for $role" "$(open_to $role)" "GRANT SELECT ON auth.my_user TO $role"
done
for role in api_anon api_user api_service; do
    is "$role calls the helpers of policies and the one entry" "$(words "$(rows "$(callable_by $role)")")" "${policies/role session/role rpc session}"
done
is 'who becomes one of them calls nothing itself' "$(rows "$(callable_by api_login)")" ''

# Other suites' parts count the roles' rights.
value 'DROP DATABASE granted' >/dev/null
value 'DROP DATABASE by_default' >/dev/null
value 'DROP ROLE creator, stranger, asker, caller, door, api_login, api_anon, api_user, api_service' >/dev/null
done_testing
