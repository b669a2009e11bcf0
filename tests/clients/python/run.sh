#!/usr/bin/env bash
# The published SuperTokens SDK for Python, unmodified, against the gateway. Each file runs in a process of its own,
# since the SDK holds its configuration in singletons:  run.sh [test_session.py ...]
set -euo pipefail

# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../../scripts/lib.sh"
# shellcheck source=tests/python.sh
source "$ROOT/tests/python.sh"
cd "$(dirname "${BASH_SOURCE[0]}")"

use_python clients/python

# The SDK reads all certificates anew for each call, most of its time. Nothing here speaks TLS: let it find none.
unset SSL_CERT_FILE
export SSL_CERT_DIR=$PWD

files=("$@")
((${#files[@]})) || files=(test_*.py)
failed=()
for file in "${files[@]}"; do
    "$VENV/bin/python" -m pytest "$file" || failed+=("$file")
done
((${#failed[@]} == 0)) || die "failed: ${failed[*]}"
