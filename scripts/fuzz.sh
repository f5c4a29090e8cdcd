#!/bin/sh
# Builds the fuzz targets and runs each of them.  sh scripts/fuzz.sh [seconds for each target, default 20]
#
# tests/fuzz/corpus has the inputs that every run starts from. New ones go to build/fuzz/corpus; an input that breaks
# something goes to build/fuzz/findings.
set -eu
cd -P "$(dirname "$0")/.."
seconds=${1:-20}
case $seconds in
*[!0-9]* | "")
    echo "fuzz: found '$seconds'; expected a number of seconds" >&2
    exit 1
    ;;
esac
. scripts/environment.sh

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cat >"$scratch/try.cpp" <<'EOF'
#include <cstddef>
#include <string>
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  return std::string(data, data + size).size() == size ? 0 : -1;
}
EOF
has_libfuzzer() {
    command -v "$1" >/dev/null &&
        "$1" -std=c++17 -fsanitize=fuzzer,address,undefined "$scratch/try.cpp" -o "$scratch/try" 2>/dev/null
}

compiler=""
for candidate in "${CXX:-clang++}" clang++ clang++-21 clang++-20 clang++-19 clang++-18 clang++-17 clang++-16 clang++-15 clang++-14; do
    if [ -z "$compiler" ] && has_libfuzzer "$candidate"; then compiler=$candidate; fi
done
if [ -z "$compiler" ]; then
    echo "fuzz: left out, found no clang with libFuzzer (apt-get install clang-14 libclang-rt-14-dev)" >&2
    exit 77
fi

{
    cmake --preset fuzz "-DCMAKE_CXX_COMPILER=$compiler" && cmake --build --preset fuzz --target fuzz_bundle fuzz_look fuzz_pixels
} >"$scratch/log" 2>&1 || {
    cat "$scratch/log"
    exit 1
}

status=0
mkdir -p build/fuzz/findings
for target in build/fuzz/tests/fuzz/fuzz_*; do
    if [ ! -x "$target" ] || [ -d "$target" ]; then continue; fi
    name=${target##*/fuzz_}
    mkdir -p "build/fuzz/corpus/$name"
    set -- -max_total_time="$seconds" -max_len=16384 -timeout=10 -rss_limit_mb=2048 -artifact_prefix="build/fuzz/findings/$name-"
    if [ -f "tests/fuzz/$name.dict" ]; then set -- "$@" "-dict=tests/fuzz/$name.dict"; fi
    if "$target" "$@" "build/fuzz/corpus/$name" "tests/fuzz/corpus/$name" >"$scratch/log" 2>&1; then
        echo "fuzz: $name: $(grep -o 'Done .*' "$scratch/log")"
    else
        cat "$scratch/log"
        status=1
    fi
done
exit "$status"
