#!/usr/bin/env bash
# Postgres is killed in the middle of a load of refreshes; what was answered must hold.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/cluster.sh
source "$here/../../scripts/cluster.sh"
CLUSTER=$AUTH_CLUSTER CLUSTER_BIN=$PGBIN

case ${1:-} in
    kill)
        # The postmaster and every backend, as a power cut would. It is stopped first, so that it starts no other
        # backend meanwhile, and the end of all is waited for: a new server refuses the data while one is alive.
        postmaster=$(head -n 1 "$CLUSTER/pgdata/postmaster.pid")
        kill -STOP "$postmaster"
        mapfile -t processes < <(pgrep -P "$postmaster")
        kill -KILL "${processes[@]}" "$postmaster" 2>/dev/null || true
        for process in "${processes[@]}" "$postmaster"; do
            while [[ -e /proc/$process && $(awk '{ print $3 }' "/proc/$process/stat" 2>/dev/null) != Z ]]; do
                sleep 0.01
            done
        done
        # Where nobody collects the dead their ids still look alive to the next server.
        rm -f "$CLUSTER/pgdata/postmaster.pid" "$CLUSTER"/socket/.s.PGSQL.*
        ;;
    start)
        as_run_user "$CLUSTER_BIN/pg_ctl" start -s -w -t 60 -D "$CLUSTER/pgdata" -l "$CLUSTER/postgres.log"
        ;;
    *)
        export FAULT=$here/run.sh
        node --test "$here"/*.test.mjs
        ;;
esac
