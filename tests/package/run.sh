#!/usr/bin/env bash
# What `make package` makes, from the build that is there: what is in it, who owns it, what it depends on; then each
# package is installed beside a Postgres that has no such extension, and used. So is what the client of PGXN builds.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/lib.sh
source "$here/../lib.sh"
# shellcheck source=scripts/postgres.sh
source "$here/../../scripts/postgres.sh"
# shellcheck source=scripts/cluster.sh
source "$ROOT/scripts/cluster.sh"
# shellcheck source=tests/python.sh
source "$ROOT/tests/python.sh"
# shellcheck source=tests/package/contents.sh
source "$here/contents.sh"
# shellcheck source=tests/package/use.sh
source "$here/use.sh"

MAJOR=$(major_of "$PG_CONFIG")
VERSION=$(manifest_value version)
ARCH=$(dpkg --print-architecture)
ARCHIVE=auth-$VERSION-pg$MAJOR-linux-$(uname -m)
EXTENSION_DEB=postgresql-$MAJOR-auth_$VERSION-1_$ARCH.deb
GATEWAY_DEB=auth-gateway_$VERSION-1_$ARCH.deb
DIST=$AUTH_TEST_DIR/dist
export SOURCE_DATE_EPOCH=1700000000 # else that of the last commit, and there may be one while this runs

trap 'stop_gateway; stop_cluster' EXIT

is 'META.json is as PGXN wants it, and of the version in Cargo.toml' \
    "$(python3 "$here/meta.py" "$ROOT" "$VERSION" 2>&1)" ''

AUTH_PREBUILT=yes AUTH_DIST=$DIST "$ROOT/scripts/package.sh"
is 'there are an archive, a package of the extension and one of the gateway' "$(ls "$DIST")" \
    "$(printf '%s\n' "$ARCHIVE.tar.gz" "$GATEWAY_DEB" "$EXTENSION_DEB" | sort)"

(umask 077 && TZ=Pacific/Auckland AUTH_PREBUILT=yes AUTH_DIST=$AUTH_TEST_DIR/again "$ROOT/scripts/package.sh" >/dev/null)
is 'made once more, at another time and in another zone, they are the same to the byte' \
    "$(cd "$AUTH_TEST_DIR/again" && sha256sum -- *)" "$(cd "$DIST" && sha256sum -- *)"

check_archive
check_extension_deb
check_gateway_deb
use_archive
use_debs
use_source
done_testing
