#!/usr/bin/env bash
# What the SQL functions answer: each *.sql runs as the owner of a new database, an ordinary role, and what psql prints
# is compared with expected/*.out, as pg_regress does. UPDATE=1 writes the expected files anew: read the difference.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/lib.sh
source "$here/../lib.sh"

results=$AUTH_TEST_DIR/results
mkdir -p "$results" "$here/expected"

for file in "$here"/*.sql; do
    name=$(basename "$file" .sql) database=sql_$(basename "$file" .sql)
    value -d postgres "DROP DATABASE IF EXISTS $database" >/dev/null
    value -d postgres "CREATE DATABASE $database OWNER app" >/dev/null
    as app "$database" -c 'SET client_min_messages = warning' -c 'CREATE EXTENSION auth' >/dev/null
    # Terse: context lines show statements of ours, which are nobody's business here.
    PGOPTIONS='-c client_min_messages=warning' "$PGBIN/psql" -X -a -q -v VERBOSITY=terse \
        -d "$(url_of "$database" | sed -E 's/([?&]user=)[^&]*/\1app/')" <"$file" >"$results/$name.out" 2>&1 || true
    [[ -z ${UPDATE:-} ]] || cp "$results/$name.out" "$here/expected/"
    if difference=$(diff -u "$here/expected/$name.out" "$results/$name.out" 2>&1); then
        ok "$name"
        value -d postgres "DROP DATABASE $database" >/dev/null
    else
        not_ok "$name" "$difference"
    fi
done
done_testing
