# shellcheck shell=bash
# What the suites share. Each check prints a line; `done_testing` says how many failed.
# They get from scripts/test.sh: DATABASE_URL (superuser), AUTH_URL, PGBIN, PG_CONFIG, AUTH_TEST_DIR, AUTH_CLUSTER (the
# folder of the cluster: postgres.log, gateway.log, sealing.key), AUTH_GATEWAY, RUN_USER.

# A command outside of a check must not fail.
trap 'printf "FAILED  %s stopped at line %s: %s\n" "$0" "$LINENO" "$BASH_COMMAND" >&2' ERR

FAILURES=0
CHECKS=0

ok() {
    CHECKS=$((CHECKS + 1))
    printf 'ok      %s\n' "$1"
}

not_ok() {
    CHECKS=$((CHECKS + 1)) FAILURES=$((FAILURES + 1))
    printf 'FAILED  %s\n' "$1"
    # shellcheck disable=SC2001 # each line is indented
    [[ -z ${2:-} ]] || sed 's/^/            /' <<<"$2"
}

# is NAME GOT EXPECTED
is() { if [[ $2 == "$3" ]]; then ok "$1"; else not_ok "$1" "expected: $3"$'\n'"got:      $2"; fi; }

# like NAME TEXT PATTERN: an extended regular expression
like() { if grep -qE -- "$3" <<<"$2"; then ok "$1"; else not_ok "$1" "expected to match: $3"$'\n'"got: $2"; fi; }

# lacks NAME FILE TEXT: the file does not hold the text
lacks() { if grep -qF -- "$3" "$2"; then not_ok "$1" "$(grep -nF -- "$3" "$2" | head -n 3 | cut -c1-300)"; else ok "$1"; fi; }

done_testing() {
    printf '%d checks, %d failed\n' "$CHECKS" "$FAILURES"
    ((FAILURES == 0 && CHECKS > 0)) || exit 1
}

# One value from the database: value SQL, or value -d NAME SQL. Errors come out as text.
value() {
    local url
    url=$DATABASE_URL
    if [[ $1 == -d ]]; then url=$(url_of "$2") && shift 2; fi
    "$PGBIN/psql" -X -q -A -t -d "$url" -c "$1" 2>&1
}

# The same server's URL for another database.
url_of() { sed -E "s#^(postgresql://[^/]*/)[^?]*#\1$1#" <<<"$DATABASE_URL"; }

# psql as another role in another database: as ROLE DATABASE [arguments]
as() {
    local role=$1 database=$2
    shift 2
    "$PGBIN/psql" -X -q -A -t -d "$(url_of "$database" | sed -E "s/([?&]user=)[^&]*/\1$role/")" "$@" 2>&1
}

# A JSON member of standard input: json session.handle
json() {
    python3 -c 'import json, sys
value = json.load(sys.stdin)
for name in sys.argv[1].split("."): value = value[name]
print(value if isinstance(value, str) else json.dumps(value))' "$1"
}

# A CDI call: cdi METHOD PATH [BODY] [VERSION]
cdi() {
    local body=()
    [[ -z ${3:-} ]] || body=(-d "$3")
    curl -s -X "$1" -H "cdi-version: ${4:-5.4}" "${body[@]}" "$AUTH_URL$2"
}
