#!/usr/bin/env bash
# Row-level security: with cached plans, with claims and rights that change, through pgbouncer, and at scale.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/lib.sh
source "$here/../../scripts/lib.sh"

pooler=$AUTH_TEST_DIR/pooler
program=$(PATH=$PATH:/usr/sbin command -v pgbouncer) || die 'tests/rls needs pgbouncer: apt-get install pgbouncer'
host=$(sed -E 's/.*[?&]host=([^&]*).*/\1/' <<<"$DATABASE_URL")
port=$(sed -E 's/.*[?&]port=([^&]*).*/\1/' <<<"$DATABASE_URL")

# From 1.21 on it keeps track of the statements that clients prepare; Debian 12 has 1.18.
version=$("$program" --version | sed -nE 's/^PgBouncer ([0-9]+\.[0-9]+).*/\1/p')
prepared=''
[[ $(printf '%s\n' 1.21 "$version" | sort -V | head -n 1) != 1.21 ]] || prepared='max_prepared_statements = 50'

# It refuses to run as root, and listens in a folder of its user alone. `auth` has fewer connections than its clients,
# `single` has one.
install -d -m 700 -o "$RUN_USER" -g "$(id -g "$RUN_USER")" "$pooler"
as_run_user tee "$pooler/users.txt" >/dev/null <<'EOF'
"authenticator" ""
"server" ""
EOF
as_run_user tee "$pooler/pgbouncer.ini" >/dev/null <<EOF
[databases]
auth = host=$host port=$port dbname=auth pool_size=3
single = host=$host port=$port dbname=auth pool_size=1
[pgbouncer]
unix_socket_dir = $pooler
listen_port = $port
auth_type = trust
auth_file = $pooler/users.txt
pool_mode = transaction
max_client_conn = 50
$prepared
EOF
(exec_as_run_user "$program" -q "$pooler/pgbouncer.ini") >"$AUTH_TEST_DIR/pgbouncer.log" 2>&1 &
pid=$!
trap 'kill "$pid" 2>/dev/null || true; wait "$pid" || true' EXIT
for ((i = 0; i < 100; i++)); do
    [[ ! -S $pooler/.s.PGSQL.$port ]] || break
    sleep 0.1
done
[[ -S $pooler/.s.PGSQL.$port ]] || { show_log "$AUTH_TEST_DIR/pgbouncer.log" && die 'pgbouncer did not start'; }
printf 'pgbouncer %s\n' "$version"

export POOLER_DIR=$pooler POOLER_PREPARES=${prepared:+1}
node --test --test-concurrency=1 --test-reporter=spec "$here"/*.test.mjs
