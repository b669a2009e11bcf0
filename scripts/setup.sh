#!/usr/bin/env bash
# Makes the machine ready to build: Rust, a C compiler, libclang, cargo-pgrx. Quick when all is there.
# As root it installs what is missing with apt, saying why; otherwise it tells the exact command.
# Sourced by the other scripts, which add what they need with `want`; run alone, it makes a build possible.

# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

WANTED=() # Debian packages that are missing

# Notes that a package is missing, and what for.
want() {
    [[ " ${WANTED[*]} " != *" $1 "* ]] || return 0
    printf '    missing: %-26s %s\n' "$1" "$2"
    WANTED+=("$1")
}

# Installs what was noted. A Postgres package would start a server of its own; that one is held back.
install_wanted() {
    ((${#WANTED[@]})) || return 0
    local command="apt-get install -y --no-install-recommends ${WANTED[*]}"
    command -v apt-get >/dev/null ||
        die "install these packages (named as in Debian) with the system's package manager: ${WANTED[*]}"
    is_root || die "run this, then try again: sudo $command"

    say "Running: $command"
    local log=$CACHE/apt.log hold=/etc/postgresql-common/createcluster.d/auth-build.conf
    if [[ " ${WANTED[*]} " == *" postgresql-"* ]]; then
        mkdir -p "${hold%/*}"
        echo 'create_main_cluster = false' >"$hold"
    fi
    local status=0
    { apt-get update && DEBIAN_FRONTEND=noninteractive $command; } >"$log" 2>&1 || status=$?
    rm -f "$hold"
    if ((status)); then
        show_log "$log"
        die "apt-get failed (all of it: $log)"
    fi
    WANTED=()
    hash -r
}

need_rust() {
    if ! command -v cargo >/dev/null && [[ -r ${HOME:-}/.cargo/env ]]; then
        # shellcheck source=/dev/null
        source "$HOME/.cargo/env"
    fi
    local hint="curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y"
    command -v cargo >/dev/null || die "Rust is missing. Install it, then try again: $hint"
    local have least
    have=$(rustc --version | awk '{ print $2 }')
    least=$(manifest_value rust-version)
    [[ $(printf '%s\n' "$least" "$have" | sort -V | head -n 1) == "$least" ]] ||
        die "Rust $least or newer is needed, this is $have. Update it, then try again: rustup update stable"
}

# libclang and the headers that belong to it; bindgen reads Postgres' headers with them.
have_libclang() {
    [[ -n ${LIBCLANG_PATH:-} ]] && return
    compgen -G '/usr/lib/llvm-*/lib/libclang*.so*' >/dev/null ||
        compgen -G '/usr/lib*/libclang.so*' >/dev/null || return 1
    compgen -G '/usr/lib/llvm-*/lib/clang/*/include/stddef.h' >/dev/null ||
        compgen -G '/usr/lib*/clang/*/include/stddef.h' >/dev/null
}

# cargo-pgrx of the version that the workspace pins: what is on PATH, else one of the project's own.
have_cargo_pgrx() {
    export PATH=$CACHE/tools/bin:$PATH
    [[ $(cargo pgrx --version 2>/dev/null) == "cargo-pgrx $(manifest_value pgrx)" ]]
}

build_cargo_pgrx() {
    local version
    version=$(manifest_value pgrx)
    say "Building cargo-pgrx $version in .cache/tools, once; about 3 minutes"
    CARGO_TARGET_DIR=$CACHE/tools-target cargo install cargo-pgrx --version "$version" --locked --debug \
        --quiet --force --root "$CACHE/tools" || die "cargo-pgrx could not be built: see above"
    rm -rf "$CACHE/tools-target"
}

setup_build() {
    mkdir -p "$CACHE"
    need_rust
    command -v cc >/dev/null || want gcc 'C compiler and linker'
    [[ -e /usr/include/stdlib.h ]] || want libc6-dev 'headers of the C library'
    command -v make >/dev/null || want make 'this Makefile'
    have_libclang || want libclang-dev "reads Postgres' headers for the Rust bindings"
    command -v curl >/dev/null || want curl 'asks the gateway whether it is up'
    if ! have_cargo_pgrx; then
        command -v pkg-config >/dev/null || want pkg-config 'how cargo-pgrx finds OpenSSL'
        pkg-config --exists openssl 2>/dev/null || want libssl-dev 'cargo-pgrx is linked with OpenSSL'
    fi
    install_wanted
    have_cargo_pgrx || build_cargo_pgrx
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
    set -euo pipefail
    setup_build
    say "Ready to build: $(rustc --version), $(cargo pgrx --version)"
fi
