#!/bin/sh
# Sets everything up and runs all tests.  sh scripts/test.sh [options of pytest]
set -eu
cd -P "$(dirname "$0")/.."
sh scripts/setup.sh test
. scripts/environment.sh

# The C++ tests first, so that pytest's summary is what one sees last. Of Python they need nothing but the library in
# onnxruntime's package. A warning of a compiler that we have never seen is an error where we look after it, not on a
# user's machine.
cpp_tests() {
    cmake --preset release "-DFASTPHOTO_WARNINGS_AS_ERRORS=${CI:+ON}" \
        "-DFASTPHOTO_TEST_ONNXRUNTIME=$(echo "$PWD"/.venv/lib/python3.*/site-packages/onnxruntime/capi)" &&
        cmake --build --preset release &&
        ctest --preset release
}

# The shared library of the C API, which Python tests load. scripts/check-consumers.sh builds the rest of this package.
shared_library() {
    cmake -S . -B build/package-shared -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=ON -DBUILD_TESTING=OFF \
        -DCMAKE_INSTALL_LIBDIR=lib "-DFASTPHOTO_WARNINGS_AS_ERRORS=${CI:+ON}" && cmake --build build/package-shared --target fastphoto_c
}

# The examples and the C API run networks with the library inside the installed package.
if [ -z "${FASTPHOTO_ONNXRUNTIME:-}" ]; then
    FASTPHOTO_ONNXRUNTIME=$(python -c 'import importlib.util as u; print(u.find_spec("onnxruntime").submodule_search_locations[0])')/capi
    export FASTPHOTO_ONNXRUNTIME
fi

status=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if has_doctest; then
    echo "C++ tests"
    cpp_tests >"$log" 2>&1 || status=1
    if [ "$status" = 0 ]; then grep 'tests passed' "$log"; else cat "$log"; fi
    has_runtime_headers || echo "C++ tests of networks left out: there are no headers of ONNX Runtime (libonnxruntime-dev)"
else
    echo "C++ tests left out: there is no doctest (apt-get install doctest-dev)"
fi

shared_library >"$log" 2>&1 || {
    cat "$log"
    status=1
}

echo "Python tests"
python -m pytest "$@" || status=$?
exit "$status"
