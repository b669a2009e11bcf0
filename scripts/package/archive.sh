# shellcheck shell=bash disable=SC2153 # variables of scripts/package.sh, which sources it
# The archive for any Linux.

# make_archive MAJOR
make_archive() {
    local name
    name=auth-$VERSION-pg$1-linux-$(uname -m)
    local stage=$WORK/$name
    mkdir -p "$stage"/{bin,extension,lib}
    install -m 755 "$WORK/pg$1/auth.so" "$stage/lib/"
    install -m 644 "$WORK/pg$1/auth.control" "$WORK/pg$1"/auth--*.sql "$stage/extension/"
    install -m 755 "$WORK/auth-gateway" "$stage/bin/"
    install -m 644 "$ROOT/LICENSE" "$ROOT/CHANGELOG.md" "$stage/"
    sed "s/@NAME@/$name/; s/@MAJOR@/$1/" "$ROOT/scripts/package/INSTALL.md" >"$stage/INSTALL.md"
    cat "$WORK/pg$1.licences" "$WORK/auth-gateway.licences" >"$stage/THIRD-PARTY-LICENCES"
    tar -C "$WORK" --format=gnu --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner \
        -cf - "$name" | gzip "-${LEVEL:-9}n" >"$DIST/$name.tar.gz"
    rm -rf "$stage"
    packed "$name.tar.gz"
}

packed() { say "${DIST#"$ROOT/"}/$1: $(du -h "$DIST/$1" | cut -f1)"; }
