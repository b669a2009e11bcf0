#!/usr/bin/env bash
# `make run`: Postgres with the extension and the gateway, from nothing, on this machine; then a first sign-up.
#   AUTH_PORT=3567, AUTH_PG_PORT=54320   the ports on 127.0.0.1
#   PG_CONFIG=path or PG_VERSION=18      another Postgres (see scripts/postgres.sh)
#   AUTH_PROFILE=release                 an optimised build
#   AUTH_RUN_ONCE=1                      ends after the demonstration instead of waiting for Ctrl-C
# What it makes lies in .run (data, socket, logs) and .cache (tools); the system's Postgres is left alone.
set -euo pipefail

# shellcheck source=scripts/build.sh
source "$(dirname "${BASH_SOURCE[0]}")/build.sh"
# shellcheck source=scripts/cluster.sh
source "$ROOT/scripts/cluster.sh"

PORT=${AUTH_PORT:-3567}
PG_PORT=${AUTH_PG_PORT:-54320}
STARTED=

# Stops the gateway, then Postgres; only what this run started.
finish() {
    local status=$?
    trap - EXIT INT TERM HUP
    if [[ -n $STARTED ]]; then
        say 'Stopping the gateway and Postgres; the data stay in .run'
        stop_gateway
        stop_cluster
    fi
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP

# One run at a time in a clone. The lock goes with the process that holds it, however that ends.
take_lock() {
    exec 9>>"$RUN/lock"
    flock -n 9 || die "make run is already at work in this clone: $(cat "$RUN/lock")"
    printf 'process %s, gateway http://127.0.0.1:%s, Postgres 127.0.0.1:%s\n' $$ "$PORT" "$PG_PORT" >"$RUN/lock"
}

# A run that was killed could not stop its servers; they are ours to stop.
stop_leftovers() {
    local pid
    pid=$(cat "$RUN/gateway.pid" 2>/dev/null || true)
    if [[ -n $pid && $(readlink "/proc/$pid/exe" 2>/dev/null) == "$RUN/bin/auth-gateway"* ]]; then
        say 'Stopping the gateway that an earlier run left behind'
        end_process "$pid"
    fi
    pid=$(head -n 1 "$RUN/pgdata/postmaster.pid" 2>/dev/null || true)
    if [[ -n $pid && $(readlink "/proc/$pid/cwd" 2>/dev/null) == "$RUN/pgdata" ]]; then
        say 'Stopping the Postgres that an earlier run left behind'
        kill -INT "$pid" # a fast shutdown
        for ((i = 0; i < 300; i++)); do
            kill -0 "$pid" 2>/dev/null || return 0
            sleep 0.1
        done
        die "Postgres (process $pid) does not stop: see $RUN/postgres.log"
    fi
}

need_port() {
    ! port_taken "$1" || die "port $1 on 127.0.0.1, for $2, is taken: free it, or choose another with $3=$(free_port "$1") make run"
}

# `app` owns the database; over TCP it needs a password, which is made once.
set_app_password() {
    local file=$RUN/app.password
    [[ -s $file ]] || (umask 077 && head -c 18 /dev/urandom | base64 | tr '+/' '-_' >"$file")
    APP_PASSWORD=$(cat "$file")
    sql postgres auth <<<"ALTER ROLE app PASSWORD '$APP_PASSWORD'"
}

# An unreleased version's schema may change without its number; the database then still has the old one.
check_schema() {
    local now file=$RUN/schema.sum
    now=$(cat "$("$PG_CONFIG_PATH" --sharedir)"/extension/auth--*.sql | sha256sum)
    if [[ -s $file && $(cat "$file") != "$now" ]]; then
        say "The schema in the source is another one than when the database was made; if calls fail: make reset"
    else
        printf '%s\n' "$now" >"$file"
    fi
}

prepare_run_dir
take_lock
stop_leftovers
need_port "$PORT" 'the gateway' AUTH_PORT
need_port "$PG_PORT" Postgres AUTH_PG_PORT
[[ -d $TARGET/debug ]] && needed=500 || needed=2500
need_space "$ROOT" "$needed" 'the build'
need_space "$RUN" 200 'the database'

# The data that are there decide on the version.
data_major=$(cat "$RUN/pgdata/PG_VERSION" 2>/dev/null || true)
want_postgres "$data_major"
setup_build
use_postgres "$RUN/postgres" "$data_major"
say "Postgres: $PG_ORIGIN"

say 'Building the extension and the gateway (the first time takes some minutes)'
install_extension "${AUTH_PROFILE:-dev}"
build_gateway "${AUTH_PROFILE:-dev}"

say 'Starting Postgres'
STARTED=yes
start_cluster "$PG_CONFIG_PATH" "$RUN" "$PG_PORT"
create_auth_database auth || die 'the extension could not be created or updated: see above; make reset starts afresh'
set_app_password
check_schema

say 'Starting the gateway'
start_gateway "$GATEWAY" "$PORT" auth

# shellcheck source=scripts/demo.sh
source "$ROOT/scripts/demo.sh"
show_first_session
show_first_mail
[[ -z ${AUTH_RUN_ONCE:-} ]] || exit 0
show_what_next

trap 'exit 0' INT TERM # from here on, being stopped is how it should end
while sleep 1 & wait $!; do
    show_new_mails
    kill -0 "$GATEWAY_PID" 2>/dev/null || {
        show_log "$RUN/gateway.log"
        die "the gateway has ended by itself (all of its log: $RUN/gateway.log)"
    }
    [[ -e $RUN/pgdata/postmaster.pid ]] || {
        show_log "$RUN/postgres.log"
        die "Postgres has ended by itself (all of its log: $RUN/postgres.log)"
    }
done
