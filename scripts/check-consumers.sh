#!/bin/sh
# Installs the static and the shared package into a temporary folder and builds outside projects against them, each in
# one of the ways that docs/embedding.md names.  sh scripts/check-consumers.sh
#
# Needs what scripts/setup.sh makes. With FASTPHOTO_ONNXRUNTIME (ONNX Runtime's library) the examples stylise a photo.
set -eu
cd -P "$(dirname "$0")/.."
. scripts/environment.sh

here=$PWD
work=$(mktemp -d)
log=$work/log
trap 'rm -rf "$work"' EXIT

say() { printf 'consumers: %s\n' "$*"; }
fail() {
    say "$*" >&2
    exit 1
}
# Runs a command; its output is shown only if it fails.
quietly() {
    "$@" >"$log" 2>&1 </dev/null && return 0
    cat "$log" >&2
    fail "failed: $*"
}

# Eigen's pkg-config file lies where its CMake package does.
eigen_packages=$(printf '%s' "${CMAKE_PREFIX_PATH:-}" | tr ':' '\n' | sed 's|$|/share/pkgconfig|' | tr '\n' ':')

# check_cmake KIND FOLDER PROGRAM...: configures and builds tests/consumer/FOLDER and runs its programs.
check_cmake() {
    kind=$1 folder=$2
    shift 2
    build=$work/build-$kind-$folder
    # As deep as build/release: ccache compares paths as they look from there.
    if [ "$kind" = source ]; then build=build/consumer-$folder && rm -rf "$build"; fi
    # shellcheck disable=SC2086 # a list of options
    quietly cmake -S "tests/consumer/$folder" -B "$build" -DCMAKE_BUILD_TYPE=Release $options
    quietly cmake --build "$build"
    for program in "$@"; do
        case $program in
        engine) quietly "$build/$program" models/photowct-lite ;;
        *) quietly "$build/$program" ;;
        esac
    done
    say "$kind, $folder: $*"
}

# check_pkg_config KIND: one line of the compiler.
check_pkg_config() {
    if ! command -v pkg-config >/dev/null; then
        say "$1, pkg-config: left out, there is no pkg-config (apt-get install pkg-config)"
        return 0
    fi
    PKG_CONFIG_PATH="$prefix/lib/pkgconfig:$eigen_packages"
    export PKG_CONFIG_PATH
    static=""
    if [ "$1" = static ]; then static=--static; fi
    for name in core engine; do
        # shellcheck disable=SC2046 # lists of flags
        quietly "${CXX:-c++}" -std=c++17 "tests/consumer/$name.cpp" -o "$work/$name" \
            $(pkg-config $static --cflags --libs "fastphoto-$name")
        quietly env LD_LIBRARY_PATH="$prefix/lib" "$work/$name" models/photowct-lite
    done
    # shellcheck disable=SC2046
    quietly "${CC:-cc}" -std=c99 tests/consumer/app.c -o "$work/app" $(pkg-config $static --cflags --libs fastphoto-c)
    quietly env LD_LIBRARY_PATH="$prefix/lib" "$work/app"
    say "$1, pkg-config: core engine app"
}

# What a shared library shows: no kernel, and of the C API nothing but its functions.
check_symbols() {
    lib=$prefix/lib
    if [ "$(uname)" != Linux ]; then return 0; fi
    for name in core engine c; do
        file=$lib/libfastphoto_$name.so
        readelf -d "$file" | grep -q "SONAME.*libfastphoto_$name\.so\.[0-9]*\.[0-9]*\]" || fail "$file has no soname"
        if nm -D --defined-only "$file" | grep -q ' i '; then fail "$file shows kernels; add them to cpp/cmake/core.map"; fi
    done
    others=$(nm -D --defined-only "$lib/libfastphoto_c.so" | grep ' T ' | grep -v ' T fastphoto_' || true)
    [ -z "$others" ] || fail "libfastphoto_c.so shows more than the C API: $others"
    strip -o "$work/stripped" "$lib/libfastphoto_core.so"
    size=$(wc -c <"$work/stripped")
    [ "$size" -lt 1500000 ] || fail "libfastphoto_core.so has $size bytes; expected less than 1500000"
    say "shared: libfastphoto_core.so has $size bytes, stripped"
}

# As scripts/setup.sh and scripts/test.sh compile, so that ccache has the objects.
as_elsewhere=-DFASTPHOTO_WARNINGS_AS_ERRORS=${CI:+ON}

for kind in static shared; do
    shared=OFF
    if [ $kind = shared ]; then shared=ON; fi
    # shellcheck disable=SC2086 # a list of options
    quietly cmake -S . -B build/package-$kind -DCMAKE_BUILD_TYPE=Release "-DBUILD_SHARED_LIBS=$shared" \
        -DBUILD_TESTING=OFF -DCMAKE_INSTALL_LIBDIR=lib $as_elsewhere
    quietly cmake --build build/package-$kind
    quietly cmake --install build/package-$kind --prefix "$work/elsewhere"
    prefix=$work/$kind
    mv "$work/elsewhere" "$prefix" # a package may be moved after it was installed
    options="-Dfastphoto_ROOT=$prefix"
    check_cmake $kind find_package core engine
    if [ "$kind" = static ]; then options="$options -DSTATIC=ON"; fi
    check_cmake "$kind" c app
    check_pkg_config "$kind"
    if [ "$kind" = shared ]; then check_symbols; fi

    # shellcheck disable=SC2086
    if cmake -S tests/consumer/missing -B "$work/missing-$kind" $options >"$log" 2>&1; then
        fail "a component that there is not was found"
    fi
    tr -s ' \n' ' ' <"$log" | grep -q 'found no component faces of fastphoto' || {
        cat "$log" >&2
        fail "the message about a missing component is another one"
    }
    quietly cmake -S examples -B "$work/examples-$kind" -DCMAKE_BUILD_TYPE=Release "-Dfastphoto_ROOT=$prefix"
    quietly cmake --build "$work/examples-$kind"
    say "$kind, examples: built"
done

# Each of these compiles the sources anew. Without ccache only for one instruction set, which takes a tenth less.
if ! command -v ccache >/dev/null; then as_elsewhere="$as_elsewhere -DFASTPHOTO_MULTIVERSION=OFF"; fi
options="$as_elsewhere -DFASTPHOTO_SOURCE=$here"
check_cmake source add_subdirectory core
quietly cmake --install build/consumer-add_subdirectory --prefix "$work/own"
found=$(cd "$work/own" && find . -type f)
[ "$found" = ./bin/core ] || fail "the installation of a project that takes the sources in has more than its own: $found"
options="$as_elsewhere -DFETCHCONTENT_SOURCE_DIR_FASTPHOTO=$here"
check_cmake source fetch_content core
say "all passed"
