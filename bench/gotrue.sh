#!/usr/bin/env bash
# `bench/gotrue.sh`: the GoTrue door through the gateway, on a release build: its budgets, and whether the time of an answer
# tells if an address is registered.
#   BENCH_CALLS=300   how many calls of each kind
set -euo pipefail

# shellcheck source=scripts/build.sh
source "$(dirname "${BASH_SOURCE[0]}")/../scripts/build.sh"
# shellcheck source=scripts/cluster.sh
source "$ROOT/scripts/cluster.sh"

finish() {
    local status=$?
    trap - EXIT
    stop_gateway
    stop_cluster
    exit "$status"
}

prepare_run_dir
setup_build
use_postgres "$RUN/postgres"
install_extension release
build_gateway release
hash_us=$(cd "$ROOT" && cargo run --quiet --release --package auth-core --example floors |
    awk -F'\t' '$1 == "argon2id verify" { print $2 }')
trap finish EXIT
rm -rf "${RUN:?}/gotrue"
mkdir -p "$RUN/gotrue"
start_cluster "$PG_CONFIG_PATH" "$RUN/gotrue" "$(free_port 15360)"
create_auth_database bench
start_gateway "$GATEWAY" "$(free_port 15370)" bench

DATABASE_URL=$(database_url postgres bench)
export AUTH_URL DATABASE_URL PGBIN=$CLUSTER_BIN BENCH_HASH_US=$hash_us
node "$ROOT/bench/gotrue/budgets.mjs"
echo
node "$ROOT/bench/gotrue/timing.mjs"
