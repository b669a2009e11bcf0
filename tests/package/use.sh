# shellcheck shell=bash disable=SC2153 # variables of run.sh, which sources it
# The packages, installed and used, each with a Postgres that has no such extension yet.

# A cluster of that Postgres: bare_cluster FOLDER PORT; sets PG_CONFIG_PATH
bare_cluster() {
    mkdir -p "$1"
    mirror_installation "$PG_CONFIG" "$1"
    start_cluster "$PG_CONFIG_PATH" "$1/cluster" "$(free_port "$2")"
    is 'Postgres knows of no extension auth' "$(available)" 0
}

available() { sql postgres postgres -At -c "SELECT count(*) FROM pg_available_extensions WHERE name = 'auth'"; }

# The blocks of one kind below a heading of INSTALL.md: block HEADING KIND
block() {
    awk -v heading="## $1" -v kind="\`\`\`$2" '
        /^## / { here = ($0 == heading) }
        /^```$/ { inside = 0 }
        here && inside { print }
        here && $0 == kind { inside = 1 }
    ' "$PACKAGE/INSTALL.md"
}

# The same, with the places that a test may write to: folders, the ports, the server's user.
block_here() {
    block "$@" | sed "s#/etc/auth#$HOME_OF_TEST/etc#g; s#/usr/local/bin#$HOME_OF_TEST/bin#g
        s#chown postgres#chown $RUN_USER#; s#@localhost/#@127.0.0.1:$CLUSTER_PORT/#; s#127.0.0.1:3567#${AUTH_URL#http://}#"
}

# A sign-up through SQL, and one through the gateway: sign_up_in DATABASE
sign_up_in() {
    is 'signing up with SQL' \
        "$(sql app "$1" -At -c "SELECT auth.sign_up('ada@example.org', 'correct horse') ->> 'status'")" OK
    like 'and through the gateway' \
        "$(cdi POST /recipe/signup '{"email": "bob@example.org", "password": "correct horse"}')" '"status": ?"OK"'
}

# INSTALL.md of the archive, word for word.
use_archive() {
    printf '\nThe archive, after its INSTALL.md\n'
    HOME_OF_TEST=$AUTH_TEST_DIR/archive
    PACKAGE=$HOME_OF_TEST/$ARCHIVE
    bare_cluster "$HOME_OF_TEST" 15500
    mkdir -p "$HOME_OF_TEST/bin"
    tar -xzf "$DIST/$ARCHIVE.tar.gz" -C "$HOME_OF_TEST"
    AUTH_URL=http://127.0.0.1:$(free_port 15700)

    (cd "$PACKAGE" && PATH=$CLUSTER_BIN:$PATH bash -euc "$(block_here Files sh)")
    is 'the files are where the running Postgres finds them' "$(available)" 1

    bash -euc "$(block_here 'The sealing key' sh)"
    is 'the key is for the server alone' "$(stat -c '%U %a' "$HOME_OF_TEST/etc/sealing.key")" "$RUN_USER 600"
    block_here 'The sealing key' conf | as_run_user tee -a "$CLUSTER/pgdata/postgresql.conf" >/dev/null
    as_run_user "$CLUSTER_BIN/pg_ctl" reload -s -D "$CLUSTER/pgdata"

    sql postgres postgres -c 'CREATE ROLE app LOGIN' -c 'CREATE DATABASE mydb OWNER app'
    is 'the owner of the database makes the extension' "$(block 'The extension' sql | sql app mydb 2>&1)" ''
    is 'the key is the one that was made' "$(sql postgres mydb -At -c "LOAD 'auth'" -c 'SHOW auth.key_file')" \
        "$HOME_OF_TEST/etc/sealing.key"

    block 'The gateway, for HTTP' sql | sql postgres mydb
    (
        cd "$PACKAGE" || exit
        export PATH=$HOME_OF_TEST/bin:$PATH
        exec setsid bash -euc "$(block_here 'The gateway, for HTTP' sh)"
    ) >"$HOME_OF_TEST/gateway.log" 2>&1 &
    GATEWAY_PID=$!
    wait_until_healthy 30 || not_ok 'the gateway becomes healthy' "$(cat "$HOME_OF_TEST/gateway.log")"
    is 'the program is the installed one' \
        "$(find /proc -maxdepth 2 -name exe -lname "$HOME_OF_TEST/bin/auth-gateway" 2>/dev/null | wc -l)" 1
    sign_up_in mydb
    kill -TERM -- "-$GATEWAY_PID" # with the shell that started it
    wait "$GATEWAY_PID" || true
    GATEWAY_PID=
    stop_cluster
}

# What dpkg would put into /usr goes into the places that the Postgres at hand has for it.
use_debs() {
    printf '\nThe Debian packages\n'
    HOME_OF_TEST=$AUTH_TEST_DIR/debian
    local root=$HOME_OF_TEST/root
    bare_cluster "$HOME_OF_TEST" 15500
    mkdir -p "$root"
    dpkg-deb -x "$DIST/$EXTENSION_DEB" "$root"
    dpkg-deb -x "$DIST/$GATEWAY_DEB" "$root"
    cp "$root/usr/lib/postgresql/$MAJOR/lib/"* "$("$PG_CONFIG_PATH" --pkglibdir)/"
    cp "$root/usr/share/postgresql/$MAJOR/extension/"* "$("$PG_CONFIG_PATH" --sharedir)/extension/"
    create_auth_database auth
    start_gateway "$root/usr/bin/auth-gateway" "$(free_port 15700)" auth
    sign_up_in auth
    stop_gateway
    stop_cluster
    check_unit "$root"
}

# The source, as the client of PGXN builds and installs a distribution.
use_source() {
    printf '\nThe source, with pgxn\n'
    HOME_OF_TEST=$AUTH_TEST_DIR/source
    bare_cluster "$HOME_OF_TEST" 15500
    rm -rf "$CACHE/built"
    like 'nothing is installed that was not built' \
        "$(make -s -C "$ROOT" install PG_CONFIG="$PG_CONFIG_PATH" 2>&1)" 'run `make all PG_CONFIG='
    like 'a pg_config that is not there is named' \
        "$(make -s -C "$ROOT" all PG_CONFIG=/nowhere/pg_config 2>&1)" 'there is no ./nowhere/pg_config'
    use_python package
    mkdir -p "$("$PG_CONFIG_PATH" --libdir)" # pgxn asks whether it may write there
    # Not optimised, as all else that is tested.
    AUTH_PROFILE=dev "$VENV/bin/pgxnclient" install --make make --pg_config "$PG_CONFIG_PATH" "$ROOT/" >"$HOME_OF_TEST/pgxn.log" 2>&1 ||
        not_ok 'pgxn installs it' "$(cat "$HOME_OF_TEST/pgxn.log")"
    is 'the files are where the running Postgres finds them' "$(available)" 1
    create_auth_database auth
    is 'signing up with SQL' \
        "$(sql app auth -At -c "SELECT auth.sign_up('ada@example.org', 'correct horse') ->> 'status'")" OK
    make -s -C "$ROOT" install PG_CONFIG="$PG_CONFIG_PATH" DESTDIR="$HOME_OF_TEST/staged" >/dev/null
    is 'and for a package, below another root' "$(find "$HOME_OF_TEST/staged" -name 'auth.so')" \
        "$HOME_OF_TEST/staged$("$PG_CONFIG_PATH" --pkglibdir)/auth.so"
    rm -rf "$CACHE/built" # nobody is to install this one
    stop_cluster
}

# The unit names files that are there, and its settings are ones that the program knows: check_unit ROOT
check_unit() {
    local unit=$1/usr/lib/systemd/system/auth-gateway.service help name
    help=$("$1/usr/bin/auth-gateway" --help)
    while read -r name; do
        is "the unit's $name is in the package" "$(find "$1$name" -type f)" "$1$name"
    done < <(sed -nE 's/^(ExecStart|EnvironmentFile)=//p; s#^Documentation=.*file://##p' "$unit")
    while read -r name; do
        like "the program knows the setting $name" "$help" "(\[env: ${name}[]=]|${name}=)"
    done < <(sed -nE 's/^#?([A-Z][A-Z_]*)=.*/\1/p' "$1/etc/auth-gateway/environment")
}
