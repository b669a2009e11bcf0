#!/usr/bin/env bash
# `make test`: everything that must hold, on Postgres 15 and 18, each step timed; a table at the end.
#   TEST_VERSIONS="15 18"       the versions that the suites run on
#   TEST_SUITES="sql restore"   only these suites, without the Rust steps
# Each suite gets a cluster, a database and a gateway of its own: see CONTRIBUTING.md.
set -euo pipefail

# shellcheck source=scripts/lint.sh
source "$(dirname "${BASH_SOURCE[0]}")/lint.sh"
# shellcheck source=scripts/cluster.sh
source "$ROOT/scripts/cluster.sh"

unset PG_CONFIG PG_VERSION # the tests choose their versions themselves
SUITES=(sql cdi gotrue postgrest rls docs reference restore security faults)
# The longest of these is tested on the first version alone.
LONG_SUITES=' cdi '
# What does not depend on the version of Postgres is tested on the first one alone, beside the others.
SUITES_ONCE=(races clients/node clients/python clients/go clients/supabase clients/supabase_python mail browser plans package)
# Likewise, but on the last version, when the others are through: so that both are done at about the same time.
SUITES_LAST=(upgrade openapi)
VERSIONS=${TEST_VERSIONS:-15 18}
SUITE_SECONDS=900 # the longest that a suite may take
# Keeps what runs at the same time from choosing the same ports. All lie below those that the system gives to outgoing
# connections, which would take them between the look and the use.
PORT_OFFSET=0
PASSED=0
FAILED=0
TABLE=()

# Runs one step, a function that may fail, and notes how it went: step TITLE COMMAND...
step() {
    local title=$1 begin=$SECONDS status=0 word=passed log=$RUN/test/step-$PORT_OFFSET.log
    shift
    printf '\n=== %s\n' "$title"
    set +e
    (
        set -e
        "$@"
    ) 2>&1 | tee "$log"
    status=${PIPESTATUS[0]}
    set -e
    if ((status)); then
        word=FAILED
        FAILED=$((FAILED + 1))
        mv "$log" "$RUN/test/failed-${title//[^[:alnum:]]/-}.log"
    else
        PASSED=$((PASSED + 1))
    fi
    TABLE+=("$(printf '%-7s %5d s  %s' "$word" $((SECONDS - begin)) "$title")")
    printf -- '--- %s: %s, %d s\n' "$title" "$word" $((SECONDS - begin))
    return "$status"
}

# What failed is told again, below everything else: the end of a long log is what is read, or kept.
summary() {
    local log
    for log in "$RUN"/test/failed-*.log; do
        [[ -e $log ]] || continue
        printf '\n=== Once more: the end of %s\n' "${log#"$ROOT/"}"
        tail -n 60 "$log"
    done
    printf '\nResult, after %d min %02d s\n' $((SECONDS / 60)) $((SECONDS % 60))
    printf '  %s\n' "${TABLE[@]}"
    printf '\n%d passed, %d failed\n' "$PASSED" "$FAILED"
    ((FAILED == 0))
}

# What the tests need beyond a build.
setup_tests() {
    mkdir -p "$CACHE"
    need_rust
    { cargo fmt --version && cargo clippy --version; } >/dev/null 2>&1 ||
        die 'rustfmt and clippy are missing. Add them, then try again: rustup component add rustfmt clippy'
    ! command -v dpkg-deb >/dev/null || command -v dpkg-shlibdeps >/dev/null ||
        want dpkg-dev 'tells which libraries a Debian package needs'
    if is_root; then
        command -v sudo >/dev/null || want sudo 'cargo-pgrx runs its Postgres as another user with it'
        # Elsewhere, and without root, the relocatable Postgres 15 stands in for Debian's.
        if [[ " $VERSIONS " == *' 15 '* ]] && ! find_installed 15 >/dev/null && grep -qs bookworm /etc/os-release; then
            want postgresql-15 "Debian's Postgres, to test on"
            want postgresql-server-dev-15 'its headers'
        fi
    fi
    if [[ -e $ROOT/tests/clients/node ]]; then
        command -v node >/dev/null || want nodejs 'runs the SDK in tests/clients/node'
        command -v npm >/dev/null || want npm 'fetches the SDK'
    fi
    if [[ -z ${TEST_SUITES:-} || $TEST_SUITES == *python* || $TEST_SUITES == *openapi* || $TEST_SUITES == *mail* || $TEST_SUITES == *security* ]]; then
        python3 -c 'import ensurepip, venv' 2>/dev/null || want python3-venv 'runs the SDKs for Python, a mail server, schemathesis and pgspot'
    fi
    if [[ -z ${TEST_SUITES:-} || $TEST_SUITES == *browser* ]]; then
        command -v chromium google-chrome >/dev/null || want chromium 'the browser of tests/browser'
    fi
    if [[ -z ${TEST_SUITES:-} || $TEST_SUITES == *rls* ]]; then
        PATH=$PATH:/usr/sbin command -v pgbouncer >/dev/null || want pgbouncer 'pools connections in tests/rls'
    fi
    if [[ -z ${TEST_SUITES:-} || $TEST_SUITES == *clients/go* ]]; then
        command -v go >/dev/null || want golang-go 'runs the SDK in tests/clients/go'
    fi
    local version
    for version in $VERSIONS; do
        [[ " ${WANTED[*]} " == *" postgresql-$version "* ]] || want_postgres "$version"
    done
    setup_build
}

core_tests() { (cd "$ROOT" && cargo test --package auth-core); }

# Unit tests, and the program against a Postgres of its own.
gateway_tests() {
    use_postgres "$RUN/test/postgres" "$1"
    (cd "$ROOT" && PG_CONFIG=$PG_CONFIG_PATH AUTH_RUN_USER=$RUN_USER cargo test --package auth-gateway)
}

# The tests that run inside a backend.
extension_tests() {
    local data=$RUN/test/pgrx arguments=()
    use_postgres "$RUN/test/postgres" "$1"
    install -d -m 700 -o "$RUN_USER" -g "$(id -g "$RUN_USER")" "$data"
    ! is_root || arguments=(--runas "$RUN_USER")
    cargo_pgrx test "pg$1" --pgdata "$data" "${arguments[@]}"
}

clippy_tests() {
    use_postgres "$RUN/test/postgres" "$1"
    check_clippy
}

build_for() {
    use_postgres "$RUN/test/postgres" "$1"
    say "$PG_ORIGIN"
    install_extension dev
    build_gateway dev
}

# Runs tests/NAME/run.sh, or run.mjs, against a new cluster with a gateway: run_suite NAME MAJOR
run_suite() {
    local suite=$1 home=$ROOT/tests/$1 dir=$RUN/test/${1//\//-}-pg$2 command
    use_postgres "$RUN/test/postgres" "$2"
    rm -rf "$dir"
    mkdir -p "$dir"
    if [[ -e $home/package-lock.json && ! $home/node_modules/.package-lock.json -nt $home/package-lock.json ]]; then
        (cd "$home" && npm ci --no-audit --no-fund --loglevel=error)
        touch "$home/node_modules/.package-lock.json"
    fi
    if [[ -e $home/run.mjs ]]; then command=(node "$home/run.mjs"); else command=("$home/run.sh"); fi

    trap 'stop_gateway; stop_cluster' EXIT
    # shellcheck disable=SC2034 # start_cluster reads it
    [[ ! -e $home/postgresql.conf ]] || EXTRA_SETTINGS=$(cat "$home/postgresql.conf")
    start_cluster "$PG_CONFIG_PATH" "$dir/main" "$(free_port $((15400 + PORT_OFFSET)))"
    create_auth_database auth
    export AUTH_COURIER_INTERVAL=100ms        # tests wait for mails
    export AUTH_ALLOW_PRIVATE_ADDRESSES=true # and receive webhooks
    start_gateway "$TARGET/debug/auth-gateway" "$(free_port $((15600 + PORT_OFFSET)))" auth

    export AUTH_URL PGBIN AUTH_TEST_DIR=$dir AUTH_CLUSTER=$CLUSTER AUTH_GATEWAY=$CLUSTER/bin/auth-gateway
    export AUTH_GATEWAY_PID=$GATEWAY_PID RUN_USER FIRST_PG_CONFIG
    DATABASE_URL=$(database_url postgres auth) PG_CONFIG=$PG_CONFIG_PATH \
        timeout --kill-after=10 "$SUITE_SECONDS" "${command[@]}" || {
        local status=$?
        say "Failed with status $status; the logs are in $dir"
        return "$status"
    }
    stop_gateway
    stop_cluster
    rm -rf "$dir"
}

# Runs suites in the background; what they print is kept until they are done.
begin_aside() {
    ASIDE=$RUN/test/aside
    rm -f "$ASIDE.outcome"
    # shellcheck disable=SC2030 # they are counted by themselves, and told through a file
    (
        PORT_OFFSET=40 PASSED=0 FAILED=0 TABLE=()
        for suite in "$@"; do
            step "Suite $suite on Postgres $first" run_suite "$suite" "$first" || true
        done
        {
            # shellcheck disable=SC2016 # for the shell that reads it
            printf 'PASSED=$((PASSED + %d)) FAILED=$((FAILED + %d))\n' "$PASSED" "$FAILED"
            printf 'TABLE+=(%q)\n' "${TABLE[@]}"
        } >"$ASIDE.outcome"
    ) >"$ASIDE.log" 2>&1 &
    ASIDE_PID=$!
}

# Waits for them, and adds their outcome to that of the others.
end_aside() {
    wait "$ASIDE_PID" || true
    cat "$ASIDE.log"
    # shellcheck source=/dev/null # written by begin_aside
    source "$ASIDE.outcome"
}

prepare_run_dir
[[ -d $TARGET/debug ]] && needed=2000 || needed=6000
need_space "$ROOT" "$needed" 'building and testing'
mkdir -p "$RUN/test"
rm -f "$RUN"/test/failed-*.log
setup_tests

first=${VERSIONS%% *}
if [[ -z ${TEST_SUITES:-} ]]; then
    step 'Formatting' check_format || true
    step 'Clippy' clippy_tests "$first" || true
    step 'Core: unit tests' core_tests || true
    step "Extension: tests inside Postgres $first" extension_tests "$first" || true
    step 'Gateway: tests with a stand-in for the extension' gateway_tests "$first" || true
else
    read -ra wanted <<<"$TEST_SUITES"
    last=" ${SUITES_LAST[*]} " SUITES=() SUITES_ONCE=() SUITES_LAST=()
    for suite in "${wanted[@]}"; do
        if [[ $last == *" $suite "* ]]; then SUITES_LAST+=("$suite"); else SUITES+=("$suite"); fi
    done
fi
for version in $VERSIONS; do
    step "Build for Postgres $version" build_for "$version" || continue
    if [[ $version == "$first" ]]; then
        use_postgres "$RUN/test/postgres" "$version"
        FIRST_PG_CONFIG=$PG_CONFIG_PATH # to upgrade from
        if ((${#SUITES_ONCE[@]})); then begin_aside "${SUITES_ONCE[@]}"; fi
    fi
    for suite in "${SUITES[@]}"; do
        [[ $version == "$first" || -n ${TEST_SUITES:-} || $LONG_SUITES != *" $suite "* ]] || continue
        step "Suite $suite on Postgres $version" run_suite "$suite" "$version" || true
    done
done
for suite in "${SUITES_LAST[@]}"; do
    step "Suite $suite on Postgres $version" run_suite "$suite" "$version" || true
done
[[ -z ${ASIDE_PID:-} ]] || end_aside
summary
