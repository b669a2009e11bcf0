#!/usr/bin/env bash
# `make bench`: each hot operation against its floor, in one run, on a release build.
#   BENCH_SECONDS=4   how long each measurement runs
# Prints one line a number, and the ratios as a table at the end. The floor of an operation is the bare statement
# that it contains, with commit, on the same cluster: see bench/sql/*_floor.sql. Each pair is measured in turns,
# five times, and the medians are compared, so that a slow moment of the machine strikes both. What writes nothing is
# called in a loop inside of the server, and its floor is the library's own function.
set -euo pipefail

# shellcheck source=scripts/build.sh
source "$(dirname "${BASH_SOURCE[0]}")/../scripts/build.sh"
# shellcheck source=scripts/cluster.sh
source "$ROOT/scripts/cluster.sh"

SECONDS_EACH=${BENCH_SECONDS:-4}
ROUNDS=5
SQL=$ROOT/bench/sql
declare -A RESULT

finish() {
    local status=$?
    trap - EXIT
    stop_gateway
    stop_cluster
    exit "$status"
}

# Average latency in microseconds of a script with one client: latency NAME [pgbench arguments]
latency() {
    local script=$1
    shift
    as_run_user "$CLUSTER_BIN/pgbench" -n -M prepared -h "$CLUSTER/socket" -p "$CLUSTER_PORT" -U postgres \
        -D started=0 -f - -T "$SECONDS_EACH" "$@" bench <"$SQL/$script.sql" |
        awk '/latency average/ { printf "%.0f\n", $4 * 1000 }'
}

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

# Measures an operation and its floor in turns: pair NAME SCRIPT FLOOR [pgbench arguments]
pair() {
    local name=$1 script=$2 floor=$3 mine='' theirs='' i
    shift 3
    for ((i = 0; i < ROUNDS; i++)); do
        theirs+="$(latency "$floor" "$@")"$'\n'
        mine+="$(latency "$script" "$@")"$'\n'
    done
    RESULT[$name]=$(printf '%s' "$mine" | median)
    RESULT[$name floor]=$(printf '%s' "$theirs" | median)
    printf '%-34s %8s us   floor %8s us\n' "$name" "${RESULT[$name]}" "${RESULT[$name floor]}"
}

# Microseconds a call takes inside of the server: in_server NAME EXPRESSION
in_server() {
    local calls=4000 i
    RESULT[$1]=$(
        for ((i = 0; i < ROUNDS; i++)); do
            sql postgres bench -At -c '\timing on' -c "SELECT count($2) FROM generate_series(1, $calls)" |
                awk -v calls=$calls '/^Time/ { printf "%.0f\n", $2 * 1000 / calls }'
        done | median
    )
    printf '%-34s %8s us\n' "$1" "${RESULT[$1]}"
}

# Requests a second and mean latency through the gateway: through NAME LUA
through() {
    local out
    out=$(wrk -t1 -c1 -d"${SECONDS_EACH}s" -s "$ROOT/bench/http/$2.lua" "$AUTH_URL" | tee "$CLUSTER/wrk.log" |
        awk '/Requests\/sec/ { printf "%.0f\n", 1000000 / $2 }')
    ! grep -q 'Non-2xx' "$CLUSTER/wrk.log" || die "the gateway refused requests: $(grep Non-2xx "$CLUSTER/wrk.log")"
    RESULT[$1]=$out
    printf '%-34s %8s us\n' "$1" "$out"
}

ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }
row() { printf '| %s | %s | %s | %s | %s |\n' "$@"; }

setup_build
command -v wrk >/dev/null || die 'make bench needs wrk: apt-get install wrk'
prepare_run_dir
use_postgres "$RUN/postgres"
install_extension release
build_gateway release
FLOORS=$(cd "$ROOT" && cargo run --quiet --release --package auth-core --example floors)
printf '%s\n' "$FLOORS"
floor_of() { awk -F'\t' -v name="$1" '$1 == name { print $2 }' <<<"$FLOORS"; }

trap finish EXIT
rm -rf "${RUN:?}/bench"
mkdir -p "$RUN/bench"
start_cluster "$PG_CONFIG_PATH" "$RUN/bench" "$(free_port 15330)"
create_auth_database bench
sql postgres bench <<'EOF' >/dev/null
SELECT auth.sign_up('bench@example.org', 'correct horse');
CREATE TABLE bench_users AS
SELECT n, (auth.import_user_with_password_hash('bench' || n || '@example.org',
           '$2a$04$abcdefghijklmnopqrstuuXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX') #>> '{user,id}')::uuid AS id
FROM generate_series(0, 63) n;
ALTER TABLE bench_users ADD PRIMARY KEY (n);
SELECT auth.jwks();
EOF
TOKEN=$(sql postgres bench -At -c "SELECT auth.create_session(id::text, '{\"iss\": \"https://api.example.org/auth\"}') #>> '{accessToken,token}' FROM bench_users WHERE n = 0")
EMPTY=$(latency empty)
printf '%-34s %8s us\n' 'a statement that does nothing' "$EMPTY"

pair 'create session (ES256)' create_session create_session_floor
pair 'refresh (ES256)' refresh refresh_floor
in_server 'verify (ES256)' "auth.verify_session('$TOKEN')"
RESULT[sign in]=$(latency sign_in)
printf '%-34s %8s us\n' 'sign in' "${RESULT[sign in]}"
sql postgres bench -c "SELECT auth.set_setting('sql_access_token_algorithm', '\"RS256\"')" >/dev/null
pair 'create session (RS256)' create_session create_session_floor
pair 'refresh (RS256)' refresh refresh_floor
TOKEN=$(sql postgres bench -At -c "SELECT auth.create_session(id::text, '{\"iss\": \"https://api.example.org/auth\"}') #>> '{accessToken,token}' FROM bench_users WHERE n = 0")
in_server 'verify (RS256)' "auth.verify_session('$TOKEN')"

start_gateway "$GATEWAY" "$(free_port 15340)" bench
through 'gateway: hello' hello
through 'gateway: create session (RS256)' create_session
BEFORE=$(awk '{ print $14 + $15 }' "/proc/$GATEWAY_PID/stat")
COUNT_BEFORE=$(curl -s "$AUTH_URL/metrics" | awk '/^auth_gateway_requests_total/ { n += $2 } END { print n }')
through 'gateway: verify (RS256)' verify
AFTER=$(awk '{ print $14 + $15 }' "/proc/$GATEWAY_PID/stat")
COUNT_AFTER=$(curl -s "$AUTH_URL/metrics" | awk '/^auth_gateway_requests_total/ { n += $2 } END { print n }')
CPU=$(awk -v t="$((AFTER - BEFORE))" -v n="$((COUNT_AFTER - COUNT_BEFORE))" -v hz="$(getconf CLK_TCK)" \
    'BEGIN { printf "%.0f", t / hz / n * 1000000 }')
RSS=$(awk '/VmRSS/ { printf "%.1f", $2 / 1024 }' "/proc/$GATEWAY_PID/status")

echo
row operation us floor ratio budget
row --- ---: ---: ---: ---
for name in 'create session (ES256)' 'refresh (ES256)' 'create session (RS256)' 'refresh (RS256)'; do
    row "$name" "${RESULT[$name]}" "${RESULT[$name floor]}" "$(ratio "${RESULT[$name]}" "${RESULT[$name floor]}")" \
        "$([[ $name == *ES256* ]] && echo '1.5 x' || echo 'the signature on top')"
done
for algorithm in ES256 RS256; do
    name="verify ($algorithm)" floor=$(floor_of "$algorithm jsonwebtoken verify")
    row "$name" "${RESULT[$name]}" "$floor" "$(ratio "${RESULT[$name]}" "$floor")" '1.3 x'
done
hash=$(floor_of 'argon2id verify')
row 'sign in' "${RESULT[sign in]}" "$hash" "$(ratio "${RESULT[sign in]}" "$hash")" 'the hash and 1000 us'
row 'gateway, processor time a request' "$CPU" - - '150 us'
row 'gateway, resident memory (MiB)' "$RSS" - - '30 MiB'
