# shellcheck shell=bash
# What the files that read the catalogue share. Source tests/lib.sh first; DATABASE names the database, else it is `auth`.

# The objects of one catalogue that belong to the extension: members pg_proc
members() {
    printf "SELECT d.objid FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid WHERE d.deptype = 'e' AND
            d.classid = '%s'::regclass AND d.refclassid = 'pg_extension'::regclass AND e.extname = 'auth'" "$1"
}
# shellcheck disable=SC2034 # those who source this read them
functions="(SELECT * FROM pg_proc WHERE oid IN ($(members pg_proc))) p"
# shellcheck disable=SC2034
relations="(SELECT * FROM pg_class WHERE oid IN ($(members pg_class))) c"

# rows SQL...: what the last of the statements gives. Nothing of them stays; where one fails, its error.
rows() {
    local last=${*: -1} before=("${@:1:$#-1}")
    {
        printf 'BEGIN;\n\\o /dev/null\n'
        [[ $# == 1 ]] || printf '%s;\n' "${before[@]}"
        printf '\\o\n%s;\nROLLBACK;\n' "$last"
    } | "$PGBIN/psql" -X -q -A -t -v ON_ERROR_STOP=1 -d "$(url_of "${DATABASE:-auth}")" 2>&1 || true
}

# none NAME QUERY VIOLATION: the query gives no row; and it does once what it looks for is there. A query that finds
# nothing since it looks in the wrong place would find nothing for ever.
none() {
    local found
    found=$(rows "$2")
    if [[ -n $found ]]; then
        not_ok "$1" "$found"
        return
    fi
    found=$(rows "$3" "$2")
    if [[ -z $found || $found == *ERROR:* ]]; then
        not_ok "$1" "not found: $3"$'\n'"$found"
    else
        ok "$1"
    fi
}
