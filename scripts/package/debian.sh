# shellcheck shell=bash disable=SC2153 # variables of scripts/package.sh, which sources it
# Debian packages, made by dpkg-deb from a folder that looks as they will lie on the disk.

export DPKG_DEB_THREADS_MAX=1 # the compressed bytes depend on how many there are

# make_extension_deb MAJOR
make_extension_deb() {
    local package=postgresql-$1-auth root=$WORK/deb
    local lib=$root/usr/lib/postgresql/$1/lib share=$root/usr/share/postgresql/$1/extension
    install -d "$lib" "$share"
    install -m 644 "$WORK/pg$1/auth.so" "$lib/"
    install -m 644 "$WORK/pg$1/auth.control" "$WORK/pg$1"/auth--*.sql "$share/"
    add_documents "$package" <"$WORK/pg$1.licences"
    cp -r --no-preserve=all "$ROOT/docs/." "$root/usr/share/doc/$package/docs"
    install -m 644 "$ROOT/README.md" "$root/usr/share/doc/$package/"
    local libraries
    libraries=$(libraries_of "$WORK/pg$1/auth.so") || exit
    write_control "$package" <<END
Section: database
Depends: postgresql-$1, $libraries
Suggests: auth-gateway
Description: authentication server inside PostgreSQL $1
 An extension that makes a database its own authentication server: sign-up,
 sign-in, sessions with rotating refresh tokens, users, apps and tenants are
 SQL functions over Postgres tables.
 .
 The package auth-gateway serves it over HTTP, for the SDKs of SuperTokens and
 the clients of Supabase Auth.
END
    build_deb "$package"
}

make_gateway_deb() {
    local package=auth-gateway root=$WORK/deb parts=$ROOT/scripts/package/gateway
    install -D -m 755 "$WORK/auth-gateway" "$root/usr/bin/auth-gateway"
    install -D -m 644 "$parts/auth-gateway.service" "$root/usr/lib/systemd/system/auth-gateway.service"
    install -D -m 600 "$parts/environment" "$root/etc/auth-gateway/environment" # a password comes into it
    install -d "$root/usr/share/man/man1"
    sed "s/@VERSION@/$VERSION/" "$parts/auth-gateway.1" | gzip -9n >"$root/usr/share/man/man1/auth-gateway.1.gz"
    add_documents "$package" <"$WORK/auth-gateway.licences"
    install -m 644 "$ROOT/docs/gateway.md" "$root/usr/share/doc/$package/"
    local libraries
    libraries=$(libraries_of "$WORK/auth-gateway") || exit
    write_control "$package" <<END
Section: net
Depends: $libraries
Recommends: ca-certificates
Suggests: $(printf 'postgresql-%s-auth | ' "${MAJORS[@]}" | sed 's/ | $//')
Description: HTTP interface of the auth extension for PostgreSQL
 Carries HTTP requests into a database that has the extension auth, and the
 answers back, so that the SDKs of SuperTokens and the clients of Supabase Auth
 work against it. It also delivers mails, text messages and webhooks.
 .
 It may run on the database's machine or on others.
END
    printf '/etc/auth-gateway/environment\n' >"$root/DEBIAN/conffiles"
    install -m 755 "$parts/postinst" "$parts/prerm" "$parts/postrm" "$root/DEBIAN/"
    build_deb "$package"
}

# What every package must have in its folder of documents: add_documents PACKAGE <LICENCES
add_documents() {
    local documents=$WORK/deb/usr/share/doc/$1
    install -d "$documents"
    install -m 644 "$ROOT/scripts/package/copyright" "$documents/copyright"
    gzip -9n >"$documents/third-party-licences.gz"
    gzip -9n <"$ROOT/CHANGELOG.md" >"$documents/changelog.gz"
    gzip -9n >"$documents/changelog.Debian.gz" <<END
auth ($(debian_version)) unstable; urgency=medium

  * Packaged by the project itself; changelog.gz says what is new.

 -- $(maintainer)  $(date -u -R -d "@$SOURCE_DATE_EPOCH")
END
}

# A version with a suffix, such as 1.0.0-rc.1, comes before the one without.
debian_version() { printf '%s-1\n' "${VERSION//-/\~}"; }

maintainer() {
    if [[ -n ${DEBEMAIL:-} ]]; then
        printf '%s <%s>\n' "${DEBFULLNAME:-$DEBEMAIL}" "$DEBEMAIL"
    else
        sed -n 's/.*"maintainer": *"\([^"]*\)".*/\1/p' "$ROOT/META.json"
    fi
}

# The packages, with their least versions, that a binary's libraries are in.
libraries_of() {
    local here=$WORK/shlibs log=$WORK/shlibs.log
    mkdir -p "$here/debian"
    printf 'Source: auth\n\nPackage: auth\nArchitecture: any\n' >"$here/debian/control"
    (cd "$here" && dpkg-shlibdeps -O -e"$1" 2>"$log") | sed -n 's/^shlibs:Depends=//p'
    [[ ${PIPESTATUS[0]} == 0 ]] || { show_log "$log"; die "the libraries that $1 needs are of no Debian package"; }
}

# write_control PACKAGE <FIELDS
write_control() {
    local control=$WORK/deb/DEBIAN
    install -d "$control"
    {
        printf 'Package: %s\nSource: auth\nVersion: %s\n' "$1" "$(debian_version)"
        printf 'Architecture: %s\nMaintainer: %s\n' "$(dpkg --print-architecture)" "$(maintainer)"
        printf 'Installed-Size: %s\nPriority: optional\n' "$(kilobytes)"
        cat
    } >"$control/control"
}

# As dpkg counts: what any file system needs at least.
kilobytes() {
    find "$WORK/deb" -path "$WORK/deb/DEBIAN" -prune -o -type f -printf '%s\n' -o -printf '1\n' |
        awk '{ sum += int(($1 + 1023) / 1024) } END { print sum }'
}

build_deb() {
    local root=$WORK/deb file
    file=$1_$(debian_version)_$(dpkg --print-architecture).deb
    (cd "$root" && find . -path ./DEBIAN -prune -o -type f -printf '%P\0' | LC_ALL=C sort -z | xargs -0 md5sum) \
        >"$WORK/md5sums"
    install -m 644 "$WORK/md5sums" "$root/DEBIAN/md5sums"
    find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
    # xz: what every dpkg can read.
    dpkg-deb --root-owner-group -Zxz -z"${LEVEL:-6}" --build "$root" "$DIST/$file" >/dev/null ||
        die "dpkg-deb could not build $file"
    rm -rf "$root"
    packed "$file"
}
