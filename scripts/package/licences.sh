# shellcheck shell=bash
# What is linked into a binary, with the notices that go along with it.

extension_licences() { third_party auth --no-default-features --features "pg$1"; }
gateway_licences() { third_party auth-gateway; }

# third_party PACKAGE [cargo arguments]: the crates that it is made of, then each licence text with those that bear it.
third_party() {
    local sources=${CARGO_HOME:-$HOME/.cargo}/registry/src name version licence folder file sum
    local -A bearers=() texts=()
    local folders=() order=()
    printf 'Linked into %s, besides the Rust standard library (MIT OR Apache-2.0):\n\n' "$1"
    while read -r name version licence; do
        printf '  %-32s %s\n' "$name $version" "$licence"
        for folder in "$sources"/*/"$name-$version"; do break; done
        [[ -d $folder ]] || die "the source of $name $version, with its licence, is not in $sources"
        folders+=("$folder")
    done < <(crates_of "$@")
    ((${#folders[@]})) || die "cargo tree names no crate that $1 is made of"

    while read -r sum file; do
        folder=${file%/*}
        [[ -n ${bearers[$sum]:-} ]] || order+=("$sum")
        bearers[$sum]+=" ${folder##*/}"
        texts[$sum]=$file
    done < <(find "${folders[@]}" -maxdepth 1 -type f -regextype posix-extended \
        -iregex '.*/(un)?(licen[cs]e|copying|notice|copyright)[^/]*' -exec sha256sum {} + | LC_ALL=C sort -k 2)
    for sum in "${order[@]}"; do
        printf '\n----------------------------------------------------------------\n'
        fold -s -w 110 <<<"${bearers[$sum]# }"
        printf '\n'
        cat "${texts[$sum]}"
    done
    printf '\n'
}

# Name, version and licence of each, for this machine's kind; none of our own, and none that only runs in the compiler.
crates_of() {
    (
        cd "$ROOT" &&
            cargo tree --offline --locked --package "$1" "${@:2}" --edges normal --prefix none --no-dedupe \
                --format '{p}|{l}'
    ) | sed -nE '/ \(\/|\(proc-macro\)/d; s/^([^ ]+) v([^ |]+)[^|]*\|(.*)$/\1 \2 \3/p' | LC_ALL=C sort -u
}
