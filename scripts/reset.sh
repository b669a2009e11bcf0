#!/usr/bin/env bash
# `make reset`: throws away .run, the database of make run and what the tests left. Refuses while make run is at work.
set -euo pipefail

# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

[[ -e $ROOT/.run || -L $ROOT/.run ]] || exit 0
RUN=$(readlink -f "$ROOT/.run")
if [[ -d $RUN ]]; then
    exec 9>>"$RUN/lock"
    flock -n 9 || die "make run is at work: stop it with Ctrl-C first ($(cat "$RUN/lock"))"
    pid=$(head -n 1 "$RUN/pgdata/postmaster.pid" 2>/dev/null || true)
    [[ -z $pid ]] || [[ $(readlink "/proc/$pid/cwd") != "$RUN/pgdata" ]] ||
        die "the Postgres of a killed make run is still there (process $pid): make run stops it"
    rm -rf "$RUN"
fi
rm -f "$ROOT/.run"
say 'The data of make run are gone; the next one starts afresh'
