#!/usr/bin/env bash
# `make lint`: formatting, clippy, and, where they are installed, shellcheck and cargo-deny. Needs no network.

# shellcheck source=scripts/build.sh
source "$(dirname "${BASH_SOURCE[0]}")/build.sh"

check_format() { (cd "$ROOT" && cargo fmt --all --check); }

# The extension is checked for the Postgres that `use_postgres` chose.
check_clippy() {
    (
        cd "$ROOT"
        unset PG_CONFIG PG_VERSION
        cargo clippy --package auth --all-targets --no-default-features --features "pg$PG_MAJOR" -- -D warnings
        cargo clippy --package auth-core --package auth-gateway --all-targets -- -D warnings
    )
}

check_shell() { (cd "$ROOT" && git ls-files -z '*.sh' .ci/run | xargs -0 shellcheck --external-sources); }

# Licences, bans and sources. Advisories need a database from the network: cargo deny check advisories.
check_dependencies() { (cd "$ROOT" && cargo deny --offline check licenses bans sources); }

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
    set -euo pipefail
    prepare_run_dir
    want_postgres ""
    setup_build
    use_postgres "$RUN/postgres"
    say 'Formatting' && check_format
    say "Clippy, for Postgres $PG_MAJOR" && check_clippy
    if command -v shellcheck >/dev/null; then
        say 'Shell scripts' && check_shell
    else
        say 'Shell scripts: left out, shellcheck is not installed'
    fi
    if command -v cargo-deny >/dev/null; then
        say 'Licences and sources of the dependencies' && check_dependencies
    else
        say 'Licences and sources of the dependencies: left out, cargo-deny is not installed'
    fi
fi
