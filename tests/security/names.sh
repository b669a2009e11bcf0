#!/usr/bin/env bash
# Names that are not ours (CVE-2018-1058): the extension is installed and used where all names of pg_catalog mean something
# else first, for whoever leaves it to the search_path.
set -euo pipefail
# shellcheck source=tests/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
DATABASE=shadowed
# shellcheck source=tests/security/catalogue_lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/catalogue_lib.sh"

sql() { value -d "$DATABASE" "$@"; }
value 'CREATE ROLE shadower LOGIN' >/dev/null
value 'CREATE DATABASE shadowed OWNER shadower' >/dev/null
as shadower shadowed -c 'CREATE SCHEMA shadows' >/dev/null
is 'names are taken' "$(as shadower shadowed -v schema=shadows -f "$(dirname "${BASH_SOURCE[0]}")/shadows.sql")" ''
sql "ALTER ROLE shadower IN DATABASE shadowed SET search_path = shadows, pg_catalog, public" >/dev/null
like 'a function means another' "$(as shadower shadowed -c 'SELECT now()')" 'shadowed'
like 'so does an operator' "$(as shadower shadowed -c 'SELECT 1 = 1')" 'shadowed'
like 'and a table' "$(as shadower shadowed -c 'SELECT relname FROM pg_class')" 'column "relname" does not exist'
like 'and a type' "$(as shadower shadowed -c 'SELECT 1::oid')" 'violates check constraint'

# works STATEMENT...: no error, from whatever it comes, and an answer
works() {
    local arguments=() statement got
    for statement in "$@"; do arguments+=(-c "$statement"); done
    got=$(as shadower shadowed "${arguments[@]}")
    if grep -qE 'ERROR|shadowed' <<<"$got"; then not_ok "${*: -1}" "$got"; else ok "${*: -1}"; fi
}
works 'CREATE EXTENSION auth'
none 'nothing of the extension stands on another schema' \
    "SELECT o.identity, r.identity FROM pg_depend d, pg_identify_object(d.classid, d.objid, d.objsubid) o,
         pg_identify_object(d.refclassid, d.refobjid, d.refobjsubid) r
     WHERE (o.schema = 'auth' OR o.identity LIKE '% on auth.%' OR o.identity LIKE 'for auth.%')
       AND r.schema NOT IN ('auth', 'pg_catalog')" \
    'CREATE VIEW auth.elsewhere AS SELECT shadows.lower(auth.role()) AS role'

# All functions with the rights of the extension pin the same path; the others are called one by one.
works "SELECT auth.sign_up('ada@example.org', 'correct horse')"
works "SELECT auth.sign_in('ada@example.org', 'correct horse')"
works 'SELECT auth.maintain()'
works "SELECT auth.http('GET', '/hello', NULL, '[]', NULL)"
user=$(sql "SELECT auth.sign_up('bob@example.org', 'correct horse') -> 'user' ->> 'id'")
handle=$(sql "SELECT auth.create_session('$user') -> 'session' ->> 'handle'")
claims="SET request.jwt.claims = '{\"sub\": \"$user\", \"sessionHandle\": \"$handle\"}'"
for call in 'jwt()' 'uid()' 'role()' 'email()' 'tenant()' 'session_id()' 'session_is_live()' "has_role('x')" "has_permission('x')"; do
    works "$claims" "SELECT auth.$call"
done
for view in $(rows "SELECT c.relname FROM $relations WHERE c.relkind = 'v'"); do
    works "$claims" "TABLE auth.$view"
done
sql "SELECT auth.create_api_roles('served_login', 'served_anon', 'served_user', 'served_service')" >/dev/null
sql 'GRANT served_anon, served_user, served_service TO shadower' >/dev/null
roles="anon => 'served_anon', authenticated => 'served_user', service_role => 'served_service'"
works "SELECT auth.create_api('served', $roles)"
works "SELECT auth.create_api('served', $roles)"
none 'nothing of the API schema stands on another schema' \
    "SELECT o.identity, r.identity FROM pg_depend d, pg_identify_object(d.classid, d.objid, d.objsubid) o,
         pg_identify_object(d.refclassid, d.refobjid, d.refobjsubid) r
     WHERE (o.schema = 'served' OR o.identity LIKE '% on served.%')
       AND r.schema NOT IN ('served', 'auth', 'pg_catalog')" \
    'CREATE VIEW served.elsewhere AS SELECT shadows.lower(auth.role()) AS role'
works 'SET ROLE served_anon' "SELECT served.signup(email => 'cy@example.org', password => 'correct horse')"
works 'SET ROLE served_anon' "SELECT served.token('{\"grant_type\": \"password\", \"email\": \"cy@example.org\"}')"
works "$claims" 'SET ROLE served_user' 'TABLE served.me'
works "$claims" 'SET ROLE served_user' 'DELETE FROM served.my_sessions'
is 'and the session is gone' "$(rows "$claims" 'SELECT auth.session_is_live()')" f
works "SELECT auth.drop_api('served')"
works "SELECT auth.grant_server('shadower'), auth.grant_policies('shadower')"

value 'DROP DATABASE shadowed' >/dev/null
value 'DROP ROLE shadower, served_login, served_anon, served_user, served_service' >/dev/null
done_testing
