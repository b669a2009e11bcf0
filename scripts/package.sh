#!/usr/bin/env bash
# `make package`: dist/auth-<version>-pg<NN>-linux-<arch>.tar.gz with the extension for the chosen Postgres and the
# gateway, both optimised, and a note on how to install them.
set -euo pipefail

# shellcheck source=scripts/build.sh
source "$(dirname "${BASH_SOURCE[0]}")/build.sh"

prepare_run_dir
want_postgres ""
setup_build
use_postgres "$RUN/postgres"
need_space "$ROOT" 3000 'an optimised build'

name=auth-$(manifest_value version)-pg$PG_MAJOR-linux-$(uname -m)
stage=$ROOT/dist/$name
say "Building $name for $PG_ORIGIN"
rm -rf "$stage" "$stage.build"
mkdir -p "$stage/lib" "$stage/extension" "$stage/bin"
cargo_pgrx package --pg-config "$PG_CONFIG_PATH" --out-dir "$stage.build" || die 'the extension could not be built: see above'
build_gateway release
find "$stage.build" -name auth.so -exec install -m 755 {} "$stage/lib/" \;
find "$stage.build" \( -name auth.control -o -name 'auth--*.sql' \) -exec install -m 644 {} "$stage/extension/" \;
install -m 755 "$GATEWAY" "$stage/bin/"
install -m 644 "$ROOT/LICENSE" "$stage/"
cat >"$stage/INSTALL.md" <<EOF
# Installing $name

For PostgreSQL $PG_MAJOR, whose \`pg_config\` is first on PATH; as a user who may write to its folders:

    install -m 755 lib/auth.so "\$(pg_config --pkglibdir)/"
    install -m 644 extension/* "\$(pg_config --sharedir)/extension/"

Put the key that seals secrets outside the database, readable by the server's user alone, and name it in
postgresql.conf with \`auth.key_file = '/etc/auth/sealing.key'\`:

    head -c 32 /dev/urandom | base64 > /etc/auth/sealing.key

Then, as the owner of the database, who needs not be a superuser:

    CREATE EXTENSION auth;

For the gateway, a role of its own, and the program:

    CREATE ROLE gateway LOGIN PASSWORD '...';
    GRANT auth_gateway TO gateway;

    DATABASE_URL=postgresql://gateway:...@localhost/mydb bin/auth-gateway --listen 127.0.0.1:3567
EOF
rm -rf "$stage.build"
tar -C "$ROOT/dist" --sort=name --owner=0 --group=0 --numeric-owner -czf "$stage.tar.gz" "$name"
rm -rf "$stage"
say "dist/$name.tar.gz: $(du -h "$stage.tar.gz" | cut -f1)"
