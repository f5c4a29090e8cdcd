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

status=0
if has_doctest; then
    echo "C++ tests"
    log=$(mktemp)
    cpp_tests >"$log" 2>&1 || status=1
    if [ "$status" = 0 ]; then grep 'tests passed' "$log"; else cat "$log"; fi
    rm -f "$log"
    has_runtime_headers || echo "C++ tests of networks left out: there are no headers of ONNX Runtime (libonnxruntime-dev)"
else
    echo "C++ tests left out: there is no doctest (apt-get install doctest-dev)"
fi

echo "Python tests"
python -m pytest "$@" || status=$?
exit "$status"
