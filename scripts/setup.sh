#!/bin/sh
# Makes .venv and installs the project into it, editable.  sh scripts/setup.sh [demo] [test] [lint] [tools]
#
# Needs git, python3 (3.11 or newer) and g++. What else is missing (pip, Python's headers, doctest for the C++ tests) comes
# from Debian's or Ubuntu's packages: installed for root or with passwordless sudo, otherwise unpacked into .deps. The
# headers of ONNX Runtime, for the C++ tests of networks, are always unpacked into .deps, if need be from a newer release.
# "tools" are doxygen, valgrind, ccache, pkg-config and clang's fuzzer: installed for root, else left out.
# Without root nothing is written outside this folder but pip's cache. Running it again is quick: it looks at what changed.
#
# PYTHON=/path/to/python3 chooses another interpreter.
set -eu
cd -P "$(dirname "$0")/.."

python=${PYTHON:-python3}
here=$PWD
log=$(mktemp)
trap 'rm -f "$log"' EXIT

say() { printf 'setup: %s\n' "$*" >&2; }
fail() {
    say "$*"
    exit 1
}
# Runs a command; its output is shown only if it fails.
quietly() {
    "$@" >"$log" 2>&1 </dev/null && return 0
    cat "$log" >&2
    return 1
}

groups=""
extras=""
wants_tests=false
wants_tools=false
for name in "$@"; do
    case $name in
    demo) extras=demo ;;
    test) groups="$groups --group test" wants_tests=true ;;
    lint) groups="$groups --group lint" ;;
    tools) wants_tools=true ;;
    *) fail "found '$name'; expected demo, test, lint or tools" ;;
    esac
done

# --- What is there and what is missing ------------------------------------------------------------------------------

command -v "$python" >/dev/null || fail "found no $python; expected Python 3.11 or newer: apt-get install python3"
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "found Python $version; expected 3.11 or newer: set PYTHON to one"

. scripts/environment.sh # has_doctest, and .venv's tools if there are any yet

has_compiler() { command -v "${CXX:-c++}" || command -v g++ || command -v clang++; } >/dev/null
has_venv() { grep -qsF "$here/.venv" .venv/bin/activate && .venv/bin/python -m pip --version; } >/dev/null 2>&1
has_ensurepip() { "$python" -c 'import ensurepip, venv'; } 2>/dev/null
has_pip_wheel() { ls .deps/usr/share/python-wheels/pip-*.whl; } >/dev/null 2>&1
has_headers() {
    [ -f "$("$python" -c 'import sysconfig; print(sysconfig.get_path("include"))')/Python.h" ] ||
        [ -f ".deps/usr/include/python$version/Python.h" ]
}

to_install="" # packages that make up for what is missing
to_unpack=""  # the least that does so without installation
has_compiler || to_install="$to_install g++"
has_venv || has_ensurepip || has_pip_wheel || {
    to_install="$to_install python$version-venv"
    to_unpack="$to_unpack python3-pip-whl"
}
has_headers || {
    to_install="$to_install python$version-dev"
    to_unpack="$to_unpack libpython$version-dev"
}
optional=""
if $wants_tests && ! has_doctest; then optional="doctest-dev"; fi
wants_runtime_headers=false
if $wants_tests && ! has_runtime_headers; then wants_runtime_headers=true; fi

# --- Debian's and Ubuntu's packages ---------------------------------------------------------------------------------

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

renewed=false # the lists of packages, once
install_packages() {
    say "apt-get install $*"
    $renewed || quietly as_root apt-get -qq update || say "the lists of packages could not be renewed; trying the old ones"
    renewed=true
    quietly as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$@"
}

# apt-get with its state in .deps, for which nobody needs rights. Root's apt-get would fetch as a user who may not see it.
private_apt() {
    apt-get -qq -o Debug::NoLocking=1 -o APT::Sandbox::User=root -o Acquire::http::Timeout=20 \
        -o Dir::State::status=/var/lib/dpkg/status -o "Dir::State=$here/.deps/apt" \
        -o "Dir::State::lists=$here/.deps/apt/lists" -o "Dir::Cache=$here/.deps/apt/cache" "$@"
}

# The system's lists of packages may do; if there are none, or old ones, we fetch our own.
download_packages() {
    if ! $renewed; then
        (cd .deps/packages && apt-get -qq download "$@") >/dev/null 2>&1 && return 0
        say "fetching the lists of packages"
        mkdir -p .deps/apt/lists/partial .deps/apt/cache/archives/partial
        quietly private_apt update || return 1
        renewed=true
    fi
    (cd .deps/packages && quietly private_apt download "$@")
}

unpack_packages() {
    say "no root: unpacking $* into .deps"
    rm -rf .deps/packages
    mkdir -p .deps/packages
    download_packages "$@" || return 1
    for package in .deps/packages/*.deb; do
        dpkg-deb -x "$package" .deps || return 1
    done
}

if [ -n "$to_install$optional" ]; then
    # shellcheck disable=SC2086 # lists of names
    if ! command -v apt-get >/dev/null; then
        [ -z "$to_install" ] || fail "missing:$to_install (Debian's names); expected them to be installed"
    elif as_root true 2>/dev/null; then
        [ -z "$to_install" ] || install_packages $to_install || fail "could not install$to_install"
        [ -z "$optional" ] || install_packages $optional || say "no $optional: the C++ tests will be left out"
    else
        has_compiler || fail "found no C++ compiler; expected one: ask for g++ to be installed (apt-get install g++)"
        [ -z "$to_unpack" ] || unpack_packages $to_unpack ||
            fail "could not fetch them; expected what this installs: apt-get install$to_install"
        [ -z "$optional" ] || unpack_packages $optional || say "no $optional: the C++ tests will be left out"
        rm -rf .deps/packages .deps/apt
    fi
fi

# --- The headers of ONNX Runtime's C API -----------------------------------------------------------------------------

# Only the headers are unpacked, and nothing that their package depends on: no program is linked to its library. Releases
# without the package take it of a newer one, from the mirror that the system's own sources name.
runtime_package=libonnxruntime-dev

# What /etc/os-release says, such as the distribution's ID or its VERSION_CODENAME.
release_says() { sed -n "s/^$1=//p" /etc/os-release | tr -d '"'; }

# Suites that may have the package, and the part of them that it is in.
newer_suites() {
    case $(release_says ID) in
    debian) echo stable testing unstable ;;
    ubuntu) echo devel ;;
    esac
}
newer_component() { if [ "$(release_says ID)" = ubuntu ]; then echo universe; else echo main; fi; }

# A system without lists of packages answers nothing here.
# shellcheck disable=SC2016 # apt's variables
has_lists() { [ -n "$("$1" indextargets --format '$(REPO_URI)' 'Created-By: Packages')" ]; }

# The mirrors of the release itself, not those of its updates or of other people's packages.
own_mirrors() {
    # shellcheck disable=SC2016 # apt's variables
    "$1" indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' |
        awk -v name="$(release_says VERSION_CODENAME)" '$1 == name || $1 ~ /^(oldoldstable|oldstable|stable)$/ { print $2 }' | sort -u
}

newer_apt() {
    private_apt -o "Dir::Etc::sourcelist=$here/.deps/apt/newer.list" -o Dir::Etc::sourceparts=/dev/null "$@"
}

# Leaves the package in .deps/packages.
download_runtime_package() {
    (cd .deps/packages && apt-get -qq download "$runtime_package") && return 0
    lists=apt-get
    if ! has_lists apt-get; then
        lists=private_apt
        private_apt update || return 1
        (cd .deps/packages && private_apt download "$runtime_package") && return 0
    fi
    keyring=/usr/share/keyrings/$(release_says ID)-archive-keyring.gpg
    signed=""
    if [ -f "$keyring" ]; then signed="[signed-by=$keyring]"; fi
    for mirror in $(own_mirrors $lists); do
        for suite in $(newer_suites); do
            echo "deb $signed $mirror $suite $(newer_component)" >.deps/apt/newer.list
            newer_apt update && (cd .deps/packages && newer_apt download "$runtime_package") && return 0
        done
    done
    return 1
}

unpack_runtime_headers() {
    command -v apt-get && command -v dpkg-deb || return 1
    rm -rf .deps/packages .deps/apt
    mkdir -p .deps/packages .deps/apt/lists/partial .deps/apt/cache/archives/partial
    download_runtime_package && dpkg-deb --fsys-tarfile .deps/packages/*.deb | tar -xf - -C .deps ./usr/include/onnxruntime
}

if $wants_runtime_headers; then
    say "fetching the headers of ONNX Runtime into .deps"
    unpack_runtime_headers >/dev/null 2>&1 </dev/null ||
        say "no $runtime_package can be had: the C++ tests of networks will be left out"
    rm -rf .deps/packages .deps/apt
fi

# Tools that some scripts need. Where they can't be had, these scripts say what they leave out.
has_fuzzer() { echo 'extern "C" int LLVMFuzzerTestOneInput(const char *, unsigned long) { return 0; }' |
    clang++ -x c++ -fsanitize=fuzzer - -o /dev/null; } >/dev/null 2>&1
clang_version() { clang++ -dumpversion | cut -d . -f 1; }

if $wants_tools && command -v apt-get >/dev/null && as_root true 2>/dev/null; then
    tools=""
    for tool in ccache doxygen pkg-config valgrind; do
        command -v $tool >/dev/null || tools="$tools $tool"
    done
    command -v clang++ >/dev/null || tools="$tools clang"
    # shellcheck disable=SC2086 # a list of names
    [ -z "$tools" ] || install_packages $tools || say "could not install$tools: what needs them will be left out"
    has_fuzzer || install_packages "libclang-rt-$(clang_version)-dev" || say "no fuzzer of clang: fuzzing will be left out"
fi
[ "$*" != tools ] || exit 0

# --- Python's packages ----------------------------------------------------------------------------------------------

pip() { .venv/bin/python -m pip --quiet --disable-pip-version-check --no-input "$@" </dev/null; }

if ! has_venv; then
    say "making .venv (Python $version)"
    rm -rf .venv
    if has_ensurepip; then
        quietly "$python" -m venv .venv
    else
        quietly "$python" -m venv --without-pip .venv
        for wheel in .deps/usr/share/python-wheels/pip-*.whl; do
            quietly .venv/bin/python "$wheel/pip" --disable-pip-version-check install pip
        done
    fi
fi

# Once more, with what has come since.
. scripts/environment.sh

# Everything that an installation depends on. Python modules count by name: an editable installation knows which there
# are, and reads them where they stand.
state=$({
    echo "$here $version"
    cat pyproject.toml CMakeLists.txt
    find python/fastphoto_native models -name '*.py'
    find cpp python/bindings models/grade-lite models/photowct-lite models/photowct-strong models/wct-artistic -type f -exec cksum {} +
} | LC_ALL=C sort | cksum)

stale=false
for name in base "$@"; do
    [ "$name" != tools ] || continue # nothing of Python's
    [ "$(cat ".venv/setup-$name" 2>/dev/null)" = "$state" ] || stale=true
done
if $stale; then
    say "installing fastphoto-native${*:+ for $*} (minutes the first time)"
    pip install --upgrade "pip>=25.1" # the first that knows dependency groups
    # What builds stays installed and is not fetched for each build anew, so that the next build only compiles what changed.
    .venv/bin/python - "$extras" >.venv/requirements.txt <<'PYTHON'
import sys, tomllib
file = tomllib.load(open("pyproject.toml", "rb"))
extra = file["project"]["optional-dependencies"][sys.argv[1]] if sys.argv[1] else []
print(*file["build-system"]["requires"], *file["project"]["dependencies"], *extra, sep="\n")
PYTHON
    # shellcheck disable=SC2086 # a list of options
    pip install --requirement .venv/requirements.txt "cmake>=3.24" ninja $groups
    # As scripts/test.sh compiles, so that ccache has the objects.
    pip install --no-build-isolation --no-deps --editable . \
        "--config-settings=cmake.define.FASTPHOTO_WARNINGS_AS_ERRORS=${CI:+ON}"
    for name in base "$@"; do
        echo "$state" >".venv/setup-$name"
    done
fi
