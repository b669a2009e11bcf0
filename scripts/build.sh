# shellcheck shell=bash disable=SC2034 # variables that the sourcing script reads
# Builds the extension for the Postgres that `use_postgres` chose, and the gateway.
#   install_extension [PROFILE]  into that tree
#   build_gateway [PROFILE]      sets GATEWAY, the path of the program
#   package_extension FOLDER [PROFILE]   into FOLDER, below which everything has the path that it has in that tree
#   collect_files FROM TO        the extension's own files, wherever they lie below FROM
# PROFILE is `dev` (the default: four times quicker to build) or `release`.

# shellcheck source=scripts/postgres.sh
source "$(dirname "${BASH_SOURCE[0]}")/postgres.sh"

# cargo-pgrx keeps the linker from dropping the schema that it reads from the library. On x86_64 the linker keeps it
# anyway, and without that flag all commands share one build of every dependency.
[[ $(uname -m) != x86_64 ]] || export CARGO_PGRX_DISABLE_GC_SECTIONS_WORKAROUND=1

# cargo-pgrx reads PG_VERSION and PG_CONFIG too, with meanings of its own.
cargo_pgrx() { (cd "$ROOT" && env -u PG_VERSION -u PG_CONFIG cargo pgrx "$@"); }

install_extension() {
    local log=$CACHE/install.log
    cargo_pgrx install --profile "${1:-dev}" --pg-config "$PG_CONFIG_PATH" >"$log" ||
        { show_log "$log"; die "the extension could not be built: see above"; }
    chmod a+r "$("$PG_CONFIG_PATH" --pkglibdir)/auth.so" "$("$PG_CONFIG_PATH" --sharedir)"/extension/auth[.-]*
}

build_gateway() {
    local profile=${1:-dev}
    (cd "$ROOT" && cargo build --package auth-gateway --profile "$profile") ||
        die "the gateway could not be built: see above"
    GATEWAY=$TARGET/${profile/#dev/debug}/auth-gateway
}

package_extension() {
    cargo_pgrx package --profile "${2:-release}" --pg-config "$PG_CONFIG_PATH" --out-dir "$1" ||
        die 'the extension could not be built: see above'
}

collect_files() {
    local version
    version=$(manifest_value version)
    mkdir -p "$2"
    find -L "$1" \( -name auth.so -o -name auth.control -o -name 'auth--*.sql' \) -type f -exec cp -L {} "$2/" \;
    [[ -s $2/auth.so && -s $2/auth.control && -s $2/auth--$version.sql ]] || die "the extension $version is not complete in $1"
}
