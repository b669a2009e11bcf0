# shellcheck shell=bash disable=SC2034 # variables that the sourcing script reads
# A throw-away or lasting Postgres cluster with the extension, and a gateway in front of it.
#
#   start_cluster PG_CONFIG FOLDER PORT   makes the cluster if FOLDER has none, and starts it
#   create_auth_database NAME             database, extension (as its owner, who is no superuser), roles
#   start_gateway PROGRAM PORT DATABASE   waits until it is healthy; its URL is in AUTH_URL, mails are kept in FOLDER/mail
#   stop_gateway, stop_cluster            of what was started last
#   sql USER DATABASE [psql arguments]    psql on it, through the socket
#
# FOLDER must be one that RUN_USER can enter (below RUN); it holds pgdata, socket, sealing.key and the logs.
# Lines in EXTRA_SETTINGS are added to postgresql.conf. As functions of one caller, they share these variables:
# CLUSTER (the folder), CLUSTER_PORT, CLUSTER_BIN, DATABASE_URL (superuser), AUTH_URL.

# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

GATEWAY_PID=

start_cluster() {
    CLUSTER=$2 CLUSTER_PORT=$3 CLUSTER_BIN=$("$1" --bindir)
    [[ -n ${RUN_USER:-} ]] || choose_run_user
    local log=$CLUSTER/postgres.log
    make_cluster
    write_settings
    as_run_user "$CLUSTER_BIN/pg_ctl" start -s -w -t 60 -D "$CLUSTER/pgdata" -l "$log" 9>&- || {
        show_log "$log"
        die "Postgres did not start (all of its log: $log)"
    }
    DATABASE_URL=$(database_url postgres postgres)
}

# Makes folders and cluster, each with the rights that it needs: the socket's folder is closed to others, so that
# who can enter it may be trusted to be whom they say they are. Over TCP a password is asked.
make_cluster() {
    local log=$CLUSTER/initdb.log pgdata=$CLUSTER/pgdata
    mkdir -p "$CLUSTER"
    install -d -m 700 -o "$RUN_USER" -g "$(id -g "$RUN_USER")" "$CLUSTER/socket"
    touch "$CLUSTER/postgres.log"
    chown "$RUN_USER" "$CLUSTER/postgres.log"
    chmod 600 "$CLUSTER/postgres.log"
    if [[ ! -s $CLUSTER/sealing.key ]]; then
        (umask 077 && head -c 32 /dev/urandom | base64 >"$CLUSTER/sealing.key")
        chown "$RUN_USER" "$CLUSTER/sealing.key"
    fi
    [[ ! -d $pgdata ]] || return 0

    # Made under another name: what is called pgdata is whole.
    rm -rf "$pgdata.new"
    install -d -m 700 -o "$RUN_USER" -g "$(id -g "$RUN_USER")" "$pgdata.new"
    as_run_user "$CLUSTER_BIN/initdb" -D "$pgdata.new" -U postgres --no-locale --encoding=UTF8 \
        --auth-local=trust --auth-host=scram-sha-256 >"$log" 2>&1 || {
        local reason
        reason=$(grep -iE 'error|fatal|no space' "$log" | tail -n 1)
        rm -rf "$pgdata.new"
        die "initdb could not make the cluster: ${reason:-see $log}"
    }
    as_run_user tee -a "$pgdata.new/postgresql.conf" >/dev/null <<<"include 'auth.conf'"
    mv "$pgdata.new" "$pgdata"
}

write_settings() {
    as_run_user tee "$CLUSTER/pgdata/auth.conf" >/dev/null <<EOF
# Written at every start by scripts/cluster.sh; settings of your own go into postgresql.auto.conf (ALTER SYSTEM).
listen_addresses = '127.0.0.1'
port = $CLUSTER_PORT
unix_socket_directories = '$CLUSTER/socket'
auth.key_file = '$CLUSTER/sealing.key'
${EXTRA_SETTINGS:-}
EOF
}

# A connection URL through the socket: database_url USER DATABASE.
database_url() {
    printf 'postgresql:///%s?host=%s&port=%s&user=%s\n' "$2" "$CLUSTER/socket" "$CLUSTER_PORT" "$1"
}

sql() {
    local user=$1 database=$2
    shift 2
    "$CLUSTER_BIN/psql" -X -q -v ON_ERROR_STOP=1 -h "$CLUSTER/socket" -p "$CLUSTER_PORT" -U "$user" -d "$database" "$@"
}

# The database belongs to `app`, an ordinary role; `gateway` may do what the gateway does and nothing else.
create_auth_database() {
    sql postgres postgres -v name="$1" <<'EOF' || return
SELECT format('CREATE ROLE %I LOGIN', r) FROM unnest(ARRAY['app', 'gateway']) r
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = r) \gexec
SELECT format('CREATE DATABASE %I OWNER app', :'name')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name') \gexec
EOF
    sql app "$1" <<'EOF' || return
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS auth;
SELECT 'ALTER EXTENSION auth UPDATE' FROM pg_available_extensions
WHERE name = 'auth' AND installed_version <> default_version \gexec
EOF
    sql postgres "$1" -c 'SET client_min_messages = error' -c 'GRANT auth_gateway TO gateway'
}

# The gateway runs as RUN_USER from a copy that this user can read, and apart from the terminal: a Ctrl-C reaches
# the script, which stops things in their order.
start_gateway() {
    local program=$1 port=$2 database=$3 log=$CLUSTER/gateway.log
    install -D -m 755 "$program" "$CLUSTER/bin/auth-gateway"
    AUTH_URL=http://127.0.0.1:$port
    : >"$log"
    install -d -m 700 -o "$RUN_USER" -g "$(id -g "$RUN_USER")" "$CLUSTER/mail"
    (
        export DATABASE_URL
        DATABASE_URL=$(database_url gateway "$database")
        exec_as_run_user setsid "$CLUSTER/bin/auth-gateway" --listen "127.0.0.1:$port" \
            --mail-folder "$CLUSTER/mail"
    ) </dev/null >>"$log" 2>&1 9>&- &
    GATEWAY_PID=$!
    echo "$GATEWAY_PID" >"$CLUSTER/gateway.pid"
    wait_until_healthy 30 || {
        show_log "$log"
        die "the gateway did not become healthy within 30 seconds (all of its log: $log)"
    }
}

# Waits for /healthz to answer 200; gives up when the gateway has ended.
wait_until_healthy() {
    local deadline=$((SECONDS + $1))
    until curl -fsS -m 2 -o /dev/null "$AUTH_URL/healthz" 2>/dev/null; do
        kill -0 "$GATEWAY_PID" 2>/dev/null || return 1
        ((SECONDS < deadline)) || return 1
        sleep 0.1
    done
}

stop_gateway() {
    [[ -n $GATEWAY_PID ]] || return 0
    end_process "$GATEWAY_PID"
    rm -f "$CLUSTER/gateway.pid"
    GATEWAY_PID=
}

# Asks a process to end, and ends it after fifteen seconds (the gateway lets requests go on for ten).
end_process() {
    local i
    kill -TERM "$1" 2>/dev/null || return 0
    for ((i = 0; i < 150; i++)); do
        kill -0 "$1" 2>/dev/null || break
        sleep 0.1
    done
    kill -KILL "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
}

cluster_is_running() { as_run_user "$CLUSTER_BIN/pg_ctl" status -s -D "$CLUSTER/pgdata" >/dev/null 2>&1; }

stop_cluster() {
    [[ -n ${CLUSTER:-} ]] && cluster_is_running || return 0
    as_run_user "$CLUSTER_BIN/pg_ctl" stop -s -m fast -t 60 -D "$CLUSTER/pgdata" ||
        as_run_user "$CLUSTER_BIN/pg_ctl" stop -s -m immediate -D "$CLUSTER/pgdata"
}
