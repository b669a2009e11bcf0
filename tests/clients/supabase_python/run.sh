#!/usr/bin/env bash
# The published Supabase client for Python, unmodified, against the gateway:  run.sh [test_sessions.py ...]
# AUTH_TEST_CACHE names the folder of the virtual environment; it is filled when requirements.txt has changed.
set -euo pipefail

# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../../scripts/lib.sh"
cd "$(dirname "${BASH_SOURCE[0]}")"

VENV=${AUTH_TEST_CACHE:-$CACHE/supabase-python}

if ! cmp -s requirements.txt "$VENV/requirements.txt" || ! "$VENV/bin/python" -c 'import pytest' 2>/dev/null; then
    say 'Fetching the Supabase client for Python'
    python3 -m venv --clear "$VENV" || die 'Python cannot make virtual environments. On Debian: sudo apt install python3-venv'
    # The list is whole: nothing that it does not name is to be installed.
    "$VENV/bin/pip" install --quiet --disable-pip-version-check --no-compile --no-deps -r requirements.txt
    cp requirements.txt "$VENV/requirements.txt"
fi

# Each client reads all certificates anew. Nothing here speaks TLS: let it find none.
unset SSL_CERT_FILE
export SSL_CERT_DIR=$PWD

exec "$VENV/bin/python" -m pytest "$@"
