#!/usr/bin/env bash
# What happens in a browser, Chromium: the page that a link in a mail may show, and supabase-js across origins.
# CHROMIUM names the program, if it is not on PATH.
set -euo pipefail

# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"

CHROMIUM=${CHROMIUM:-$(command -v chromium || command -v google-chrome || true)}
[[ -x $CHROMIUM ]] || die 'Chromium is missing. On Debian: sudo apt install --no-install-recommends chromium'
export CHROMIUM

# One file after the other: each has a browser of its own.
exec node --test --test-concurrency=1 --test-reporter=spec "$ROOT"/tests/browser/*.test.mjs
