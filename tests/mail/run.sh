#!/usr/bin/env bash
# Mails, from the request that causes them to a real mail server:  run.sh [test_failures.py ...]
# The gateway that delivers them is the suite's own, for it must trust the suite's certificates, and so is the database
# behind it: no other gateway takes messages out of its outbox.
set -euo pipefail

# shellcheck source=scripts/cluster.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/cluster.sh"
# shellcheck source=tests/python.sh
source "$ROOT/tests/python.sh"
cd "$(dirname "${BASH_SOURCE[0]}")"

export PYTHONDONTWRITEBYTECODE=1

# Mail servers that encrypt from the first byte are known by their port.
is_root || (($(</proc/sys/net/ipv4/ip_unprivileged_port_start) <= 465)) ||
    die 'the mail server needs port 465. Let everybody serve it: sudo sysctl net.ipv4.ip_unprivileged_port_start=465'

use_python mail

# shellcheck disable=SC2031 # what a subshell changes stays there
port=${DATABASE_URL##*port=}
# shellcheck disable=SC2034 # cluster.sh reads them
CLUSTER=$AUTH_CLUSTER CLUSTER_PORT=${port%%&*} CLUSTER_BIN=$PGBIN
create_auth_database mail
DATABASE_URL=$(database_url postgres mail)

export MAIL_AUTHORITY=$AUTH_TEST_DIR/authority GATEWAY_LOG=$AUTH_TEST_DIR/gateway.log
"$VENV/bin/python" certificates.py "$MAIL_AUTHORITY"
door=$(free_port $((${AUTH_URL##*:} + 1)))
export AUTH_URL=http://127.0.0.1:$door
(exec_as_run_user setsid "$AUTH_GATEWAY" --database-url "$(database_url gateway mail)" --listen "127.0.0.1:$door" \
    --mail-ca-file "$MAIL_AUTHORITY.crt") </dev/null >"$GATEWAY_LOG" 2>&1 &
GATEWAY_PID=$!
trap 'end_process "$GATEWAY_PID"' EXIT
wait_until_healthy 30 || {
    show_log "$GATEWAY_LOG"
    die "the gateway did not become healthy within 30 seconds (all of its log: $GATEWAY_LOG)"
}

# Clients read all certificates anew. They do not speak TLS here: let them find none.
unset SSL_CERT_FILE
export DATABASE_URL SSL_CERT_DIR=$PWD

"$VENV/bin/python" -m pytest "$@"
