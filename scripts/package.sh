#!/usr/bin/env bash
# `make package`: what can be installed, in dist/, optimised, for the chosen Postgres:
#   auth-<version>-pg<N>-linux-<arch>.tar.gz     the extension and the gateway, for any Linux
#   postgresql-<N>-auth_<version>-1_<arch>.deb   the extension, for Debian and what descends from it
#   auth-gateway_<version>-1_<arch>.deb          the gateway, likewise
# Where dpkg-deb is missing, the archive alone. With the same compiler the same commit gives the same bytes.
#   PG_VERSIONS="14 15 16 17 18"   for each of these: as it is installed on this machine, else the relocatable one
#   PG_CONFIG=path, PG_VERSION=18  for another one (see scripts/postgres.sh)
#   AUTH_DIST=folder               there instead of in dist/
#   DEBFULLNAME, DEBEMAIL          who maintains the Debian packages; else the maintainer in META.json
#   AUTH_PREBUILT=yes              builds nothing: packs, loosely, the extension that is installed in the Postgres of
#                                  PG_CONFIG, and the program that AUTH_GATEWAY names
set -euo pipefail

# shellcheck source=scripts/build.sh
source "$(dirname "${BASH_SOURCE[0]}")/build.sh"
# shellcheck source=scripts/package/licences.sh
source "$ROOT/scripts/package/licences.sh"
# shellcheck source=scripts/package/archive.sh
source "$ROOT/scripts/package/archive.sh"
# shellcheck source=scripts/package/debian.sh
source "$ROOT/scripts/package/debian.sh"

VERSION=$(manifest_value version)
DIST=${AUTH_DIST:-$ROOT/dist}
LEVEL=${AUTH_PREBUILT:+1} # of compression; otherwise the usual one
WORK=$DIST/work # pg<N>/ and auth-gateway, what was built; *.licences; and what is being packed

# PGXN reads the version from META.json.
check_meta() {
    local version
    while read -r version; do
        [[ $version == "$VERSION" ]] || die "META.json has version $version, Cargo.toml $VERSION"
    done < <(sed '/"meta-spec"/,$d' "$ROOT/META.json" | sed -n 's/.*"version": *"\([^"]*\)".*/\1/p')
}

# Every date in a package is that of the last commit, or of the source where that is no clone.
set_date() {
    export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(
        git -C "$ROOT" log -1 --format=%ct 2>/dev/null || stat -c %Y "$ROOT/Cargo.toml"
    )}
}

# The extension's files, from wherever they were built: gather FOLDER
gather() {
    local files=$WORK/pg$PG_MAJOR
    collect_files "$1" "$files"
    strip_symbols "$files/auth.so"
    extension_licences "$PG_MAJOR" >"$files.licences"
}

gather_gateway() {
    cp "$1" "$WORK/auth-gateway"
    strip_symbols "$WORK/auth-gateway"
    gateway_licences >"$WORK/auth-gateway.licences"
}

# As Debian's dh_strip does it.
strip_symbols() { strip --strip-unneeded --remove-section=.comment --remove-section=.note "$1"; }

build_all() {
    local versions=("") version
    if [[ -n ${PG_VERSIONS:-} ]]; then
        read -ra versions <<<"$PG_VERSIONS"
        unset PG_CONFIG PG_VERSION
    fi
    prepare_run_dir
    for version in "${versions[@]}"; do want_postgres "$version"; done
    command -v strip >/dev/null || want binutils 'strips what was built'
    ! command -v dpkg-deb >/dev/null || command -v dpkg-shlibdeps >/dev/null ||
        want dpkg-dev 'tells which libraries a Debian package needs'
    setup_build
    need_space "$ROOT" $((3000 + 500 * ${#versions[@]})) 'an optimised build'
    for version in "${versions[@]}"; do
        use_postgres "$RUN/postgres" "$version"
        say "Building for $PG_ORIGIN"
        package_extension "$WORK/build"
        gather "$WORK/build"
        rm -rf "$WORK/build"
        MAJORS+=("$PG_MAJOR")
    done
    build_gateway release
    gather_gateway "$GATEWAY"
}

take_prebuilt() {
    [[ -n ${PG_CONFIG:-} && -n ${AUTH_GATEWAY:-} ]] || die 'AUTH_PREBUILT needs PG_CONFIG and AUTH_GATEWAY'
    PG_MAJOR=$(major_of "$PG_CONFIG")
    mkdir -p "$WORK/build"
    cp -L "$("$PG_CONFIG" --pkglibdir)/auth.so" "$("$PG_CONFIG" --sharedir)"/extension/auth[.-]* "$WORK/build/"
    gather "$WORK/build"
    MAJORS+=("$PG_MAJOR")
    gather_gateway "$AUTH_GATEWAY"
}

MAJORS=()
check_meta
set_date
rm -rf "$WORK"
mkdir -p "$WORK"
trap 'rm -rf "$WORK"' EXIT
if [[ -n ${AUTH_PREBUILT:-} ]]; then take_prebuilt; else build_all; fi

for major in "${MAJORS[@]}"; do make_archive "$major"; done
if command -v dpkg-deb >/dev/null && command -v dpkg-shlibdeps >/dev/null; then
    for major in "${MAJORS[@]}"; do make_extension_deb "$major"; done
    make_gateway_deb
else
    say 'No Debian packages: dpkg-deb or dpkg-shlibdeps is not installed'
fi
