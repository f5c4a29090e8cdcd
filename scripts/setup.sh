#!/bin/sh
# Makes .venv and installs the project into it, editable. Usage: sh scripts/setup.sh [demo] [test] [lint]
#
# Needs git, python3 (3.11 or newer) and g++. What else is missing (pip, Python's headers, doctest for the C++ tests) comes
# from Debian's or Ubuntu's packages: installed for root and for passwordless sudo, otherwise unpacked into .deps.
# Without root nothing is written outside this folder but pip's cache. Running it again is quick: it looks at what changed.
#
# PYTHON=/path/to/python3.X chooses another interpreter.
set -eu
cd "$(dirname "$0")/.."

python=${PYTHON:-python3}
wanted="${*:-plain}"

say() { printf 'setup: %s\n' "$*" >&2; }
fail() {
    say "$*"
    exit 1
}

# --- What is there, what is missing ---------------------------------------------------------------------------------

command -v "$python" >/dev/null || fail "found no $python; run: apt-get install python3 (3.11 or newer), or set PYTHON"
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "found Python $version; fastphoto needs 3.11 or newer: set PYTHON to one"

has_compiler() { command -v "${CXX:-c++}" >/dev/null || command -v g++ >/dev/null || command -v clang++ >/dev/null; }
has_pip() { .venv/bin/python -m pip --version >/dev/null 2>&1 || "$python" -c 'import ensurepip' 2>/dev/null; }
has_pip_wheel() { ls .deps/usr/share/python-wheels/pip-*.whl >/dev/null 2>&1; }
has_headers() {
    [ -f "$("$python" -c 'import sysconfig; print(sysconfig.get_path("include"))')/Python.h" ] ||
        [ -f ".deps/usr/include/python$version/Python.h" ]
}
has_doctest() {
    for root in /usr/include /usr/local/include .deps/usr/include; do
        [ -f "$root/doctest/doctest.h" ] && return 0
    done
    return 1
}

installed="" # what root would install
unpacked=""  # what does the same, unpacked
optional=""  # what can be done without
has_compiler || installed="$installed g++"
has_pip || has_pip_wheel || { installed="$installed python$version-venv" && unpacked="$unpacked python3-pip-whl"; }
has_headers || { installed="$installed python$version-dev" && unpacked="$unpacked libpython$version-dev"; }
case " $wanted " in *" test "*) has_doctest || optional="doctest-dev" ;; esac

# --- Debian packages ------------------------------------------------------------------------------------------------

log=$(mktemp)
trap 'rm -f "$log"' EXIT

# Runs a command; its output is shown only if it fails.
quietly() {
    "$@" >"$log" 2>&1 </dev/null && return 0
    cat "$log" >&2
    return 1
}

# apt with its state in .deps: needs no rights, changes nothing.
private_apt() {
    mkdir -p .deps/apt/lists/partial .deps/apt/cache/archives/partial
    apt-get -qq -o Debug::NoLocking=1 -o "Dir::State=$PWD/.deps/apt" -o "Dir::State::lists=$PWD/.deps/apt/lists" \
        -o Dir::State::status=/var/lib/dpkg/status -o "Dir::Cache=$PWD/.deps/apt/cache" "$@"
}

unpack() {
    say "no root: unpacking$* into .deps"
    mkdir -p .deps/packages
    # The system's own lists of packages first; if there are none, or they are out of date, lists of our own.
    # shellcheck disable=SC2068 # package names without blanks
    (cd .deps/packages && apt-get -qq download $@) >"$log" 2>&1 || {
        say "fetching the lists of packages"
        quietly private_apt update && (
            root=$PWD
            cd .deps/packages
            PWD=$root quietly private_download "$root" "$@"
        )
    } || return 1
    for package in .deps/packages/*.deb; do
        dpkg-deb -x "$package" .deps
    done
    rm -rf .deps/apt .deps/packages
}

if [ -n "$installed$optional" ]; then
    if [ "$(id -u)" = 0 ]; then sudo=""; else sudo="sudo -n"; fi
    command -v apt-get >/dev/null || {
        [ -z "$installed" ] || fail "missing:$installed (Debian's names); install what your system calls them"
    }
    if [ -z "$sudo" ] || $sudo true 2>/dev/null; then
        say "installing$installed $optional"
        quietly $sudo apt-get -qq update || say "the lists of packages could not be renewed"
        # shellcheck disable=SC2086 # lists of names
        quietly $sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $installed $optional
    fi
fi
