#!/bin/sh
# Sets everything up and runs the linters, formatters and type checkers, all of them even if one complains.
# Their versions are pinned in pyproject.toml (group "lint"). To format:  ruff format && git ls-files '*.c' '*.cpp' '*.h' | xargs clang-format -i
# shellcheck disable=SC2317,SC2329 # functions are called by name
set -eu
cd -P "$(dirname "$0")/.."
sh scripts/setup.sh test lint # mypy reads the tests, and with them what they import
. scripts/environment.sh

status=0
check() {
    echo "lint: $*"
    "$@" || status=1
}

cpp_files() { git ls-files --cached --others --exclude-standard '*.c' '*.cpp' '*.h'; }
clang_format() { cpp_files | xargs clang-format --dry-run -Werror; }

# What configuring and clang-tidy print is of interest only if they fail.
clang_tidy() {
    testing=OFF
    if has_doctest; then testing=ON; fi
    # shellcheck disable=SC2086 # CMAKE_ARGS is a list
    {
        cmake --preset tidy -DFASTPHOTO_PYTHON=ON "-DBUILD_TESTING=$testing" "-DPython_EXECUTABLE=$PWD/.venv/bin/python" \
            ${CMAKE_ARGS:-} && python scripts/clang_tidy.py build/tidy
    } >"$log" 2>&1 || {
        cat "$log"
        return 1
    }
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
check ruff check
check ruff format --check
check mypy
check clang_format
check clang_tidy
check shellcheck scripts/*.sh .ci/run
exit "$status"
