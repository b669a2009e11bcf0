#!/usr/bin/env bash
# The published SuperTokens SDK for Go, unmodified, against the gateway. Go builds into its own cache.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
exec go test -p 2 -count=1 ./...
