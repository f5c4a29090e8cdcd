#!/bin/sh
# Sets everything up and runs all tests.  sh scripts/test.sh [options of pytest]
set -eu
cd -P "$(dirname "$0")/.."
sh scripts/setup.sh test
. scripts/environment.sh

# The C++ tests first, so that pytest's summary is what one sees last. They need nothing of Python.
status=0
if has_doctest; then
    log=$(mktemp)
    if cmake --workflow --preset release >"$log" 2>&1; then
        tail -n 3 "$log"
    else
        status=1
        cat "$log"
    fi
    rm -f "$log"
else
    echo "C++ tests left out: there is no doctest (apt-get install doctest-dev)"
fi

python -m pytest "$@" || status=$?
exit "$status"
