# shellcheck shell=bash disable=SC2153 # variables of run.sh, which sources it
# What is in the packages.

# The extension's SQL files, as built: the one of this version, and those that lead to it.
scripts_of_extension() {
    (cd "$("$PG_CONFIG" --sharedir)/extension" && printf '%s\n' auth--*.sql)
}

# prefix TEXT: before each line
prefix() { sed "s#^#$1#"; }

check_archive() {
    is 'the archive: its files, their modes, all of root' \
        "$(tar --numeric-owner -tvzf "$DIST/$ARCHIVE.tar.gz" | awk '{ print $1, $2, $6 }' | LC_ALL=C sort -k 3)" \
        "$(
            prefix '' <<END | LC_ALL=C sort -k 3
drwxr-xr-x 0/0 $ARCHIVE/
drwxr-xr-x 0/0 $ARCHIVE/bin/
drwxr-xr-x 0/0 $ARCHIVE/extension/
drwxr-xr-x 0/0 $ARCHIVE/lib/
-rw-r--r-- 0/0 $ARCHIVE/CHANGELOG.md
-rw-r--r-- 0/0 $ARCHIVE/INSTALL.md
-rw-r--r-- 0/0 $ARCHIVE/LICENSE
-rw-r--r-- 0/0 $ARCHIVE/THIRD-PARTY-LICENCES
-rwxr-xr-x 0/0 $ARCHIVE/bin/auth-gateway
-rwxr-xr-x 0/0 $ARCHIVE/lib/auth.so
-rw-r--r-- 0/0 $ARCHIVE/extension/auth.control
$(scripts_of_extension | prefix "-rw-r--r-- 0/0 $ARCHIVE/extension/")
END
        )"
    local licences
    licences=$(tar -xOzf "$DIST/$ARCHIVE.tar.gz" "$ARCHIVE/THIRD-PARTY-LICENCES")
    like 'the crates that are linked in are named with their licences' "$licences" '^  serde_json [0-9.]+ +MIT OR Apache-2.0$'
    like 'and the notices of their authors are there' "$licences" '^Copyright \(c\) .*Tokio Contributors'
}

# The files of a package, without folders: files_of DEB
files_of() { dpkg-deb -c "$1" | awk '!/^d/ { print $1, $2, substr($6, 2) }' | LC_ALL=C sort -k 3; }

folders_of() { dpkg-deb -c "$1" | awk '/^d/ { print $1, $2 }' | sort -u; }

field() { dpkg-deb -f "$1" "$2"; }

# Names of the members of a package's control part: control_of DEB
control_of() { dpkg-deb --ctrl-tarfile "$1" | tar -t | sed -n 's#^\./##p' | grep . | LC_ALL=C sort | paste -s -d ' '; }

check_extension_deb() {
    local deb=$DIST/$EXTENSION_DEB documents=/usr/share/doc/postgresql-$MAJOR-auth
    is 'the package of the extension: its files, their modes, all of root' "$(files_of "$deb")" \
        "$(
            LC_ALL=C sort -k 3 <<END
-rw-r--r-- root/root /usr/lib/postgresql/$MAJOR/lib/auth.so
-rw-r--r-- root/root /usr/share/postgresql/$MAJOR/extension/auth.control
$(scripts_of_extension | prefix "-rw-r--r-- root/root /usr/share/postgresql/$MAJOR/extension/")
-rw-r--r-- root/root $documents/changelog.Debian.gz
-rw-r--r-- root/root $documents/changelog.gz
-rw-r--r-- root/root $documents/copyright
-rw-r--r-- root/root $documents/third-party-licences.gz
-rw-r--r-- root/root $documents/README.md
$(cd "$ROOT" && find docs -type f | prefix "-rw-r--r-- root/root $documents/")
END
        )"
    is 'its folders' "$(folders_of "$deb")" 'drwxr-xr-x root/root'
    is 'it runs nothing when it is installed' "$(control_of "$deb")" 'control md5sums'
    check_fields "$deb" "postgresql-$MAJOR-auth"
    like 'it depends on the Postgres that it is for' "$(field "$deb" Depends)" "(^|, )postgresql-$MAJOR(,|$)"
}

check_gateway_deb() {
    local deb=$DIST/$GATEWAY_DEB documents=/usr/share/doc/auth-gateway
    is 'the package of the gateway: its files, their modes, all of root' "$(files_of "$deb")" \
        "$(
            LC_ALL=C sort -k 3 <<END
-rw------- root/root /etc/auth-gateway/environment
-rwxr-xr-x root/root /usr/bin/auth-gateway
-rw-r--r-- root/root /usr/lib/systemd/system/auth-gateway.service
-rw-r--r-- root/root /usr/share/man/man1/auth-gateway.1.gz
-rw-r--r-- root/root $documents/changelog.Debian.gz
-rw-r--r-- root/root $documents/changelog.gz
-rw-r--r-- root/root $documents/copyright
-rw-r--r-- root/root $documents/gateway.md
-rw-r--r-- root/root $documents/third-party-licences.gz
END
        )"
    is 'its folders' "$(folders_of "$deb")" 'drwxr-xr-x root/root'
    is 'its control part' "$(control_of "$deb")" 'conffiles control md5sums postinst postrm prerm'
    is 'an upgrade keeps the settings that were made' "$(dpkg-deb -I "$deb" conffiles)" /etc/auth-gateway/environment
    check_fields "$deb" auth-gateway
}

# What every package says of itself: check_fields DEB PACKAGE
check_fields() {
    local deb=$1 root=$AUTH_TEST_DIR/unpacked
    is "$2: its name" "$(field "$deb" Package)" "$2"
    is "$2: its version" "$(field "$deb" Version)" "$VERSION-1"
    is "$2: its architecture" "$(field "$deb" Architecture)" "$ARCH"
    like "$2: the C library that it needs at least" "$(field "$deb" Depends)" '(^|, )libc6 \(>= 2\.[0-9]+\)'
    like "$2: whom to ask" "$(field "$deb" Maintainer)" '^[^<>]+ <[^ <>@]+@[^ <>@]+>$'
    rm -rf "$root"
    dpkg-deb -R "$deb" "$root"
    is "$2: the sums of all its files" "$(
        cd "$root" && md5sum --check --quiet DEBIAN/md5sums 2>&1
        diff <(cut -c 35- DEBIAN/md5sums | sort) <(find etc usr -type f 2>/dev/null | sort)
    )" ''
    like "$2: when it was made" "$(zcat "$root/usr/share/doc/$2/changelog.Debian.gz")" \
        '^ -- .+>  Tue, 14 Nov 2023 22:13:20 [+]0000$'
    is "$2: what each file bears as its date" \
        "$(dpkg-deb --fsys-tarfile "$deb" | TZ=UTC tar --full-time -tv | awk '{ print $4, $5 }' | sort -u)" \
        '2023-11-14 22:13:20'
    rm -rf "$root"
}
