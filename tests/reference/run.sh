#!/usr/bin/env bash
# docs/reference against what the server and the source tree say: it is up to date, lacks nothing, and its links lead
# somewhere, as do those of all other pages. UPDATE=1 (`make reference`) writes docs/reference anew before.
# shellcheck disable=SC2016 # the marks of code in Markdown
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/lib.sh
source "$here/../lib.sh"
ROOT=$(cd "$here/../.." && pwd)
kept=$ROOT/docs/reference
made=$AUTH_TEST_DIR/reference
export PYTHONDONTWRITEBYTECODE=1

python3 "$ROOT/scripts/reference/generate.py" "$made"
if [[ -n ${UPDATE:-} ]]; then
    rm -rf "$kept"
    cp -r "$made" "$kept"
fi
if difference=$(diff -r -u "$kept" "$made" 2>&1); then
    ok 'docs/reference is what the server and the sources say'
else
    not_ok 'docs/reference is what the server and the sources say: make reference mends it' "$difference"
fi

# everything KIND NAMES PATTERN PAGE...: what the pattern takes from the pages are the names, no more and no fewer.
everything() {
    local kind=$1 names=$2 pattern=$3 told difference
    shift 3
    told=$(sed -nE "s~$pattern~\1~p" "$@" | LC_ALL=C sort)
    names=$(LC_ALL=C sort <<<"$names")
    if [[ -z $names ]]; then
        not_ok "$kind: told are all that there are" 'there are none'
    elif difference=$(diff <(printf '%s\n' "$names") <(printf '%s\n' "$told")); then
        ok "$kind: told are all $(wc -l <<<"$names")"
    else
        not_ok "$kind: told are all that there are (<: not told, >: not there)" "$difference"
    fi
}

cd "$made"
members="FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'auth' AND d.deptype = 'e'"
heading='^## ([a-z_0-9]+)$'
everything functions \
    "$(value "SELECT proname $members JOIN pg_proc p ON p.oid = d.objid AND d.classid = 'pg_proc'::regclass")" \
    "$heading" functions/*.md
for kind in r:tables v:views; do
    everything "${kind#*:}" "$(value "SELECT relname $members JOIN pg_class c ON c.oid = d.objid
        AND d.classid = 'pg_class'::regclass AND c.relkind = '${kind%:*}'")" "$heading" "${kind#*:}.md"
done
everything 'settings of applications' "$(value 'SELECT key FROM auth.settings')" '^\| `([a-z_0-9]+)` \|.*' settings.md
everything 'settings of the server' \
    "$(value "LOAD 'auth'; SELECT name FROM pg_settings WHERE name LIKE 'auth.%'")" \
    '^\| `(auth\.[a-z_]+)` \|.*' settings.md
everything hooks \
    "$(value "SELECT substring(key FROM '^hook_(.*)_enabled$') FROM auth.settings WHERE key ~ '^hook_.*_enabled$'")" \
    "$heading" hooks.md
everything 'HTTP operations' \
    "$(value "SELECT method || ' | \`' || coalesce(nullif(path, ''), '/') || '\`' FROM auth.http_routes()")" \
    '^\| ([A-Z]+ \| `[^`]+`) \|.*' http.md
# Each function that has arguments is there twice, and told once.
everything 'objects of an API schema' \
    "$(value "SELECT auth.api_sql('api')" | sed -nE 's/^CREATE (FUNCTION|VIEW) "api"\.([a-z_]+).*/\2/p' | sort -u)" \
    '^### ([a-z_0-9]+)$' api.md

if difference=$(python3 "$here/links.py" "$ROOT" 2>&1); then
    ok "$difference"
else
    not_ok 'all links lead somewhere' "$difference"
fi
done_testing
