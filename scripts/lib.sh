# shellcheck shell=bash disable=SC2034 # variables that the sourcing script reads
# What every script shares: where things are, how to speak, how to act as the unprivileged user.
# Source it; it changes nothing on the machine.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
CACHE=$ROOT/.cache
TARGET=${CARGO_TARGET_DIR:-$ROOT/target}
export USER=${USER:-$(id -un)} CARGO_TARGET_DIR=$TARGET

umask 022 # the unprivileged user reads what root makes here

# A client's own settings must not lead our psql and pg_ctl to somebody else's server.
unset PGHOST PGHOSTADDR PGPORT PGUSER PGPASSWORD PGDATABASE PGDATA PGSERVICE PGOPTIONS PGSSLMODE

# Tells what happens next.
say() { printf '==> %s\n' "$*"; }

# Ends the script with one line that says what is wrong and what to do.
die() {
    printf 'auth: %s\n' "$*" >&2
    exit 1
}

is_root() { [[ $(id -u) == 0 ]]; }

# The value of a key in the root Cargo.toml, as `manifest_value version`; the first one counts.
manifest_value() {
    sed -n "s/^$1 = \"=\{0,1\}\([^\"]*\)\".*/\1/p" "$ROOT/Cargo.toml" | head -n 1
}

# A short name for a text, the same every time.
digest() { printf '%s' "$1" | sha256sum | cut -c1-8; }

# The last lines of a log, indented, for the reader of an error.
show_log() { [[ ! -s $1 ]] || tail -n "${2:-8}" "$1" | sed 's/^/    /' >&2; }

# Free space must be at least so many MB where a path lies.
need_space() {
    local free
    free=$(($(df -Pk "$1" | awk 'NR == 2 { print $4 }') / 1024))
    ((free >= $2)) ||
        die "not enough disk space for $3: $free MB are free at $1, $2 MB are needed"
}

# Whether something listens on a port of 127.0.0.1.
port_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# The first free port from the given one on.
free_port() {
    local port=$1
    while port_taken "$port"; do port=$((port + 1)); done
    printf '%s\n' "$port"
}

# Postgres refuses to run as root, so root's clusters belong to RUN_USER: the owner of the data that is there,
# else the system's postgres, else a user made for it.
choose_run_user() {
    local owner
    RUN_USER=$(id -un)
    owner=$(stat -c %U "$ROOT/.run/pgdata" 2>/dev/null || true)
    if is_root; then
        if [[ -n $owner && $owner != root && $owner != UNKNOWN ]]; then
            RUN_USER=$owner
        elif id postgres >/dev/null 2>&1; then
            RUN_USER=postgres
        else
            RUN_USER=auth-run
            id "$RUN_USER" >/dev/null 2>&1 || {
                say "Making the system user $RUN_USER: Postgres does not run as root"
                useradd --system --user-group --no-create-home --home-dir /nonexistent \
                    --shell /usr/sbin/nologin "$RUN_USER"
            }
        fi
    elif [[ -n $owner && $owner != "$RUN_USER" ]]; then
        die "the data in .run belong to $owner: run this as root, or throw the data away with: sudo make reset"
    fi
}

# Runs a command as RUN_USER, from a folder that this user can enter.
as_run_user() { (exec_as_run_user "$@"); }

# The same in place of the shell: for a process that is to bear the subshell's id.
exec_as_run_user() {
    if is_root; then
        cd / && exec setpriv --reuid="$RUN_USER" --regid="$(id -g "$RUN_USER")" --init-groups \
            env -u RUST_BACKTRACE HOME=/nonexistent USER="$RUN_USER" LC_ALL=C "$@"
    else
        exec env -u RUST_BACKTRACE LC_ALL=C "$@"
    fi
}

# Sets RUN, the folder of everything that RUN_USER touches: .run, or, where that user cannot enter the clone
# (one under /root) or the path is too long for a socket (108 bytes), a folder under /var/tmp that .run points to.
# A prepared folder of somebody else's there is refused.
prepare_run_dir() {
    choose_run_user
    RUN=$ROOT/.run
    if ((${#ROOT} > 36)) || ! as_run_user test -x "$ROOT"; then
        RUN=/var/tmp/auth-$(id -u)-$(digest "$ROOT")
        [[ -e $RUN ]] || mkdir -m 755 "$RUN"
        [[ -d $RUN && ! -L $RUN && -O $RUN ]] || die "$RUN belongs to somebody else: remove it"
        [[ ! -d $ROOT/.run || -L $ROOT/.run ]] || die "move $ROOT/.run out of the way: $RUN_USER cannot enter it"
        ln -sfn "$RUN" "$ROOT/.run"
    else
        mkdir -p "$RUN"
    fi
}
