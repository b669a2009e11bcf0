#!/usr/bin/env bash
# The OpenAPI document of the CDI against what is served: it is well formed and up to date, describes the router's
# operations, and the server answers as it says to some ten thousand calls that schemathesis makes up.
# OPENAPI_SEED repeats a run, or makes another one; OPENAPI_ONLY="createSession" limits it to one operation.
# AUTH_TEST_CACHE names the folder of the virtual environment; it is filled when requirements.txt has changed.
set -euo pipefail

# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"
here=$ROOT/tests/openapi
document=$ROOT/docs/openapi/cdi.json
VENV=${AUTH_TEST_CACHE:-$CACHE/openapi}
OPENAPI_SEED=${OPENAPI_SEED:-1}

if ! cmp -s "$here/requirements.txt" "$VENV/requirements.txt" ||
    ! "$VENV/bin/python" -c 'import schemathesis' 2>/dev/null; then
    say 'Fetching schemathesis'
    python3 -m venv --clear "$VENV" ||
        die 'Python cannot make virtual environments. On Debian: sudo apt install python3-venv'
    # The list is whole: nothing that it does not name is to be installed.
    "$VENV/bin/pip" install --quiet --disable-pip-version-check --no-deps -r "$here/requirements.txt"
    cp "$here/requirements.txt" "$VENV/requirements.txt"
fi
export PYTHONPATH=$here PYTHONDONTWRITEBYTECODE=1

failed=()
check() {
    local title=$1
    shift
    say "$title"
    "$@" || failed+=("$title")
}

# schemathesis, with an API key in force and users, sessions, tokens ... that it can come across.
fuzz() {
    local only=()
    [[ -z ${OPENAPI_ONLY:-} ]] ||
        only=(--include-operation-id "$OPENAPI_ONLY" --phases "examples,coverage,fuzzing")
    (cd "$AUTH_TEST_DIR" && "$VENV/bin/schemathesis" --config-file "$here/schemathesis.toml" run "$document" \
        --url "$AUTH_URL" --seed "$OPENAPI_SEED" --no-color "${only[@]}")
}

export API_KEY=schemathesis-api-key-0 OPENAPI_FIXTURE=$AUTH_TEST_DIR/fixture.json OPENAPI_SEEN=$AUTH_TEST_DIR/seen.json
check 'cdi.json is what its sources say' "$VENV/bin/python" "$here/build.py" --check
check 'cdi.json is an OpenAPI document' "$VENV/bin/python" -m openapi_spec_validator "$document"
check 'cdi.json describes what the router serves' "$VENV/bin/python" "$here/routes.py" "$document"
"$PGBIN/psql" -X -q -A -t -v ON_ERROR_STOP=1 -d "$DATABASE_URL" \
    -c "SELECT auth.set_setting('api_keys', to_jsonb('$API_KEY'::text))" >/dev/null
"$VENV/bin/python" "$here/fixture.py" >"$OPENAPI_FIXTURE"
check "The server answers as cdi.json says (OPENAPI_SEED=$OPENAPI_SEED)" fuzz
[[ -n ${OPENAPI_ONLY:-} ]] ||
    check 'The calls came through' "$VENV/bin/python" "$here/reached.py" "$document" "$OPENAPI_SEEN"
((${#failed[@]} == 0)) || die "failed: $(printf '%s; ' "${failed[@]}")"
