#!/usr/bin/env bash
# The published Supabase client for Python, unmodified, against the gateway:  run.sh [test_sessions.py ...]
set -euo pipefail

# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../../scripts/lib.sh"
# shellcheck source=tests/python.sh
source "$ROOT/tests/python.sh"
cd "$(dirname "${BASH_SOURCE[0]}")"

use_python clients/supabase_python

# Each client reads all certificates anew. Nothing here speaks TLS: let it find none.
unset SSL_CERT_FILE
export SSL_CERT_DIR=$PWD

exec "$VENV/bin/python" -m pytest "$@"
