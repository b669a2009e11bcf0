#!/usr/bin/env bash
# Postgres is killed in the middle of a load of refreshes; what was answered must hold.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/cluster.sh
source "$here/../../scripts/cluster.sh"
CLUSTER=$AUTH_CLUSTER CLUSTER_BIN=$PGBIN

case ${1:-} in
    kill)
        # The postmaster and every backend at once, as a power cut would.
        postmaster=$(head -n 1 "$CLUSTER/pgdata/postmaster.pid")
        pkill -KILL -P "$postmaster" || true
        kill -KILL "$postmaster"
        ;;
    start)
        rm -f "$CLUSTER/pgdata/postmaster.pid"
        as_run_user "$CLUSTER_BIN/pg_ctl" start -s -w -t 60 -D "$CLUSTER/pgdata" -l "$CLUSTER/postgres.log"
        ;;
    *)
        export FAULT=$here/run.sh
        node --test "$here"/*.test.mjs
        ;;
esac
