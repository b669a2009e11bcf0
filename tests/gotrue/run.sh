#!/usr/bin/env bash
# Checks the GoTrue door by plain HTTP. Each test begins with the number of the rule or case that it is about.
set -euo pipefail
exec node --test --test-reporter=spec "$(dirname "${BASH_SOURCE[0]}")"/*.test.mjs
