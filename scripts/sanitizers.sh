#!/bin/sh
# Builds and runs the C++ tests under sanitizers.  sh scripts/sanitizers.sh [asan] [tsan]
#
# asan looks for wrong addresses, leaks and undefined behaviour, tsan for races. Examples are left to scripts/valgrind.sh.
# So is component onnxruntime: the library that it loads was built without sanitizers, which see races where there are none.
set -eu
cd -P "$(dirname "$0")/.."
sh scripts/setup.sh test
. scripts/environment.sh
has_doctest || {
    echo "sanitizers: left out, found no doctest (apt-get install doctest-dev)" >&2
    exit 77
}

# Some kernels lay out memory in a way that the runtime of an older compiler does not know: no program starts there.
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
works() {
    echo 'int main() { return 0; }' | "${CXX:-c++}" -x c++ "-fsanitize=$1" - -o "$folder/probe" && "$folder/probe"
}

[ $# -gt 0 ] || set -- asan tsan
status=0
left_out=false
for preset in "$@"; do
    case $preset in
    asan) works address,undefined ;;
    tsan) works thread ;;
    *)
        echo "sanitizers: found '$preset'; expected asan or tsan" >&2
        exit 2
        ;;
    esac || {
        echo "sanitizers: $preset left out, its programs do not start here" >&2
        left_out=true
        continue
    }
    echo "sanitizers: $preset"
    cmake --preset "$preset" -DFASTPHOTO_EXAMPLES=OFF -DFASTPHOTO_ONNXRUNTIME=OFF &&
        cmake --build --preset "$preset" && ctest --preset "$preset" --parallel 2 || status=1
done
if [ "$status" = 0 ] && $left_out; then status=77; fi
exit "$status"
