#!/bin/sh
# Makes the reference of the C++ and C interfaces, build/api/html/index.html. What doxygen warns of is an error.
set -eu
cd -P "$(dirname "$0")/.."
sh scripts/setup.sh tools
command -v doxygen >/dev/null || {
    echo "api-reference: left out, found no doxygen (apt-get install doxygen)" >&2
    exit 77
}

find cpp/include -name '*.h' | while read -r header; do python3 docs/api/group_of_header.py "$header" >/dev/null; done
rm -rf build/api
mkdir -p build
doxygen docs/api/Doxyfile
echo "api-reference: $PWD/build/api/html/index.html"
