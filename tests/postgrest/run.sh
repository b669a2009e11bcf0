#!/usr/bin/env bash
# The API schema as PostgREST drives it: its transactions, its settings, its statements.
set -euo pipefail
exec node --test --test-reporter=spec "$(dirname "${BASH_SOURCE[0]}")"/*.test.mjs
