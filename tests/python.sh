# shellcheck shell=bash
# What the suites in Python share. Source scripts/lib.sh first.

# A virtual environment with what a suite's requirements.txt names, and nothing else; filled anew when that has changed.
# Sets VENV: use_python SUITE
use_python() {
    local list=$ROOT/tests/$1/requirements.txt
    VENV=$CACHE/python/${1//\//-}
    ! { cmp -s "$list" "$VENV/requirements.txt" && "$VENV/bin/python" --version >/dev/null 2>&1; } || return 0
    say "Fetching the Python packages of tests/$1"
    python3 -m venv --clear "$VENV" ||
        die 'Python cannot make virtual environments. On Debian: sudo apt install python3-venv'
    # The list is whole: nothing that it does not name is to be installed.
    "$VENV/bin/pip" install --quiet --disable-pip-version-check --no-compile --no-deps -r "$list"
    cp "$list" "$VENV/requirements.txt"
}
