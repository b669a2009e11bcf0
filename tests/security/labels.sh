#!/usr/bin/env bash
# What functions are labelled as, VOLATILE, STABLE or IMMUTABLE, PARALLEL SAFE, RESTRICTED or UNSAFE, against what they do.
# A label that promises too much gives wrong answers or errors; most functions write, and promise nothing.
set -euo pipefail
# shellcheck source=tests/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
DATABASE=labelled
# shellcheck source=tests/security/catalogue_lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/catalogue_lib.sh"

sql() { value -d "$DATABASE" "$@"; }
value 'CREATE DATABASE labelled' >/dev/null
sql 'CREATE EXTENSION auth' >/dev/null

# Calls of all functions that promise something, with arguments for which they look into tables.
immutable=('api_mark()' 'http_routes()' 'known_settings()' 'version()')
stable=('email()' "has_permission('write')" "has_role('editor')" 'jwt()' 'role()' 'session_id()'
    'session_is_live()' 'tenant()' 'uid()')
labelled() { rows "SELECT DISTINCT p.proname FROM $functions WHERE p.provolatile = '$1' ORDER BY 1" | tr '\n' ' '; }
names() { printf '%s\n' "$@" | sed 's/(.*//' | sort | tr '\n' ' '; }
is 'these are IMMUTABLE' "$(labelled i)" "$(names "${immutable[@]}")"
is 'these are STABLE' "$(labelled s)" "$(names "${stable[@]}")"

# Claims of a token.
claim() { printf "SET request.jwt.claims = '%s'" "$1"; }
# promising STATE [STATEMENT]: no function that is not VOLATILE takes a transaction id, as whatever writes or locks does; nor
# fails where it cannot. Each is called by a backend that knows nothing yet.
promising() {
    local call writers='' failing=''
    for call in "${immutable[@]}" "${stable[@]}"; do
        [[ -z $(rows "${2:-SELECT}" "SELECT * FROM auth.$call" 'SELECT pg_current_xact_id_if_assigned()') ]] || writers+="$call "
        [[ $(rows "${2:-SELECT}" 'SET TRANSACTION READ ONLY' "SELECT * FROM auth.$call" 'SELECT 1') == 1 ]] || failing+="$call "
    done
    is "none of these writes $1" "$writers" ''
    is "all of these run in a read-only transaction $1" "$failing" ''
}
promising 'in a new database'
like 'what writes is noticed' "$(rows "SELECT auth.create_role_or_add_permissions('x', '{}')" 'SELECT pg_current_xact_id_if_assigned()')" '^[0-9]+$'
like 'and refused' "$(rows 'SET TRANSACTION READ ONLY' "SELECT auth.create_session('x')")" 'read-only transaction'

# A transaction that may not write is no harm to the backend: what is made on first use is made later.
is 'a call that comes after one in a read-only transaction' "$("$PGBIN/psql" -X -q -A -t -d "$(url_of labelled)" \
    -c "BEGIN READ ONLY; SELECT auth.get_user('x') ->> 'status'; COMMIT" \
    -c "SELECT auth.sign_up('first@example.org', 'correct horse') ->> 'status'" 2>&1)" $'UNKNOWN_USER_ID_ERROR\nOK'

# Somebody with a role and a session.
user=$(sql "SELECT auth.sign_up('ada@example.org', 'correct horse') -> 'user' ->> 'id'")
handle=$(sql "SELECT auth.create_session('$user') -> 'session' ->> 'handle'")
sql "SELECT auth.create_role_or_add_permissions('editor', '{write}'), auth.add_user_role('$user', 'editor')" >/dev/null
claims=$(claim "{\"sub\": \"$user\", \"sessionHandle\": \"$handle\", \"role\": \"authenticated\", \"email\": \"ada@example.org\"}")
promising 'for somebody who is signed in' "$claims"

# STABLE: the same answer within a statement, whatever this very statement does.
within() {
    is "$1 sees nothing of the statement that calls it" \
        "$(rows "$claims" "SELECT concat_ws(' ', auth.$1, auth.$2 ->> 'status', auth.$1)")" 't OK t'
    is "and sees it in the next one" "$(rows "$claims" "SELECT auth.$2" "SELECT auth.$1")" f
}
within "has_role('editor')" "remove_user_role('$user', 'editor')"
within "has_permission('write')" "remove_role_permissions('editor', '{write}')"
within 'session_is_live()' "revoke_session('$handle')"
is 'a function that is VOLATILE sees what the statement does' "$(rows "SELECT concat_ws(' ', auth.list_user_roles('$user') -> 'roles',
    auth.remove_user_role('$user', 'editor') ->> 'status', auth.list_user_roles('$user') -> 'roles')")" '["editor"] OK []'

# IMMUTABLE: the same answer for ever, whatever is set.
for call in "${immutable[@]}"; do
    is "$call is the same with other settings" \
        "$(rows "SET TimeZone = 'Asia/Kathmandu'" "SET DateStyle = 'German'" "SET IntervalStyle = 'sql_standard'" \
            'SET extra_float_digits = -5' "SET bytea_output = 'escape'" 'SET search_path = pg_temp' "$claims" \
            "SELECT auth.set_setting('access_token_validity', '77')" "SELECT * FROM auth.$call")" "$(rows "SELECT * FROM auth.$call")"
done

# What a body that is stored as a tree calls must promise as much as the function itself: v < s < i, u < r < s.
none 'no function promises more than what it calls' \
    "SELECT p.oid::regprocedure, called.oid::regprocedure
     FROM $functions, regexp_matches(p.prosqlbody::text, ':(?:op)?funcid ([1-9][0-9]*)', 'g') AS found (id)
     JOIN pg_proc called ON called.oid = found.id[1]::oid
     WHERE strpos('vsi', called.provolatile) < strpos('vsi', p.provolatile)
        OR strpos('urs', called.proparallel) < strpos('urs', p.proparallel)" \
    'ALTER FUNCTION auth.jwt() VOLATILE'
none 'a function whose body is a text promises nothing: nobody knows what it calls' \
    "SELECT p.oid::regprocedure FROM $functions JOIN pg_language l ON l.oid = p.prolang
     WHERE l.lanname IN ('sql', 'plpgsql') AND p.prosqlbody IS NULL AND (p.provolatile <> 'v' OR p.proparallel <> 'u')" \
    'ALTER FUNCTION auth.drop_api(text) STABLE'
none 'what may write is left out of parallel plans, which cannot' \
    "SELECT p.oid::regprocedure FROM $functions WHERE p.provolatile = 'v' AND p.proparallel <> 'u'" \
    'ALTER FUNCTION auth.get_user PARALLEL RESTRICTED'
# auth.uid() reads a setting alone, and workers know settings: see below.
none 'what reads tables from C runs in no worker' \
    "SELECT p.oid::regprocedure FROM $functions JOIN pg_language l ON l.oid = p.prolang
     WHERE l.lanname = 'c' AND p.proparallel = 's' AND p.provolatile <> 'i' AND p.proname <> 'uid'" \
    'ALTER FUNCTION auth.has_role PARALLEL SAFE'
none 'no function claims to keep its arguments to itself, which lets it see rows before a policy has' \
    "SELECT p.oid::regprocedure FROM $functions WHERE p.proleakproof" 'ALTER FUNCTION auth.uid() LEAKPROOF'

# PARALLEL SAFE: a worker knows the claims. The leader looks at no row itself.
sql "CREATE TABLE seen (jwt jsonb, uid uuid, role text, email text, tenant text, session_id text) WITH (parallel_workers = 2)" >/dev/null
worker=("$claims" 'SET parallel_setup_cost = 0' 'SET parallel_tuple_cost = 0' 'SET min_parallel_table_scan_size = 0'
    'SET parallel_leader_participation = off'
    'INSERT INTO seen SELECT auth.jwt(), auth.uid(), auth.role(), auth.email(), auth.tenant(), auth.session_id() FROM generate_series(1, 1000)')
asks="SELECT count(*) FROM seen s WHERE s.jwt = auth.jwt() AND s.uid = auth.uid() AND s.role = auth.role()
    AND s.email = auth.email() AND s.tenant = auth.tenant() AND s.session_id = auth.session_id()"
like 'the helpers of policies are asked by workers' "$(rows "${worker[@]}" "EXPLAIN (COSTS OFF) $asks")" 'Parallel Seq Scan'
is 'who know the claims' "$(rows "${worker[@]}" "$asks")" 1000
is 'has_role is asked by none' \
    "$(rows "${worker[@]}" "EXPLAIN (COSTS OFF) SELECT count(*) FROM seen s WHERE auth.has_role(s.role)" | grep -c Parallel || true)" 0

value 'DROP DATABASE labelled' >/dev/null
done_testing
