#!/usr/bin/env bash
# The OpenAPI document of the CDI against what is served: it is well formed and up to date, describes the router's
# operations, and the server answers as it says to some ten thousand calls that schemathesis makes up.
# OPENAPI_SEED repeats a run, or makes another one; OPENAPI_ONLY="createSession" limits it to one operation.
set -euo pipefail

# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"
# shellcheck source=tests/python.sh
source "$ROOT/tests/python.sh"
here=$ROOT/tests/openapi
document=$ROOT/docs/openapi/cdi.json
OPENAPI_SEED=${OPENAPI_SEED:-1}

use_python openapi
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
