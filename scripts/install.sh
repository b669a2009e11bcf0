#!/usr/bin/env bash
# `make all` and `make install`: the extension from source into a Postgres that is there, in two steps, as `pgxn install`
# takes them: the first as whoever may compile, the second as whoever may write to the folders of Postgres.
#   install.sh build     compiles it, and keeps the files
#   install.sh install   copies them, below DESTDIR where that is set
#   PG_CONFIG=path       the Postgres; else the one whose pg_config is on PATH
#   AUTH_PROFILE=dev     compiles without optimising; quicker, for trying
set -euo pipefail

# shellcheck source=scripts/build.sh
source "$(dirname "${BASH_SOURCE[0]}")/build.sh"

wanted=${PG_CONFIG:-pg_config}
PG_CONFIG=$(command -v "$wanted") ||
    die "there is no \`$wanted\`: name the Postgres to install into, as in \`make all PG_CONFIG=/usr/lib/postgresql/15/bin/pg_config\`"
FILES=$CACHE/built/pg$(major_of "$PG_CONFIG")

build() {
    prepare_run_dir
    setup_build
    need_space "$ROOT" 3000 'an optimised build'
    use_postgres "$RUN/postgres"
    package_extension "$FILES.tree" "${AUTH_PROFILE:-release}"
    rm -rf "$FILES"
    collect_files "$FILES.tree" "$FILES"
    rm -rf "$FILES.tree"
    say "Built; to install it: make install PG_CONFIG=$PG_CONFIG"
}

install_built() {
    [[ -d $FILES ]] || die "nothing is built for Postgres $(major_of "$PG_CONFIG"): run \`make all PG_CONFIG=$PG_CONFIG\` first"
    local library extension
    library=${DESTDIR:-}$("$PG_CONFIG" --pkglibdir)
    extension=${DESTDIR:-}$("$PG_CONFIG" --sharedir)/extension
    install -d "$library" "$extension"
    install -m 755 "$FILES/auth.so" "$library/"
    install -m 644 "$FILES"/auth.control "$FILES"/auth--*.sql "$extension/"
    say "Installed in $library and $extension; next, as the owner of a database: CREATE EXTENSION auth"
}

case ${1:-} in
build) build ;;
install) install_built ;;
*) die 'say what to do: install.sh build, or install.sh install' ;;
esac
