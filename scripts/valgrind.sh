#!/bin/sh
# Runs the examples under valgrind: no wrong address, no uninitialised value, no leak.  sh scripts/valgrind.sh
set -eu
cd -P "$(dirname "$0")/.."
sh scripts/setup.sh test tools
. scripts/environment.sh
command -v valgrind >/dev/null || {
    echo "valgrind: left out, found no valgrind (apt-get install valgrind)" >&2
    exit 77
}

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python - "$folder" <<'PYTHON'
import pathlib, sys
width, height = 64, 48  # a run under valgrind takes some fifty times as long
for name, blue in (("content", 60), ("style", 200)):
    pixels = bytes(value for y in range(height) for x in range(width) for value in (4 * x % 256, 5 * y % 256, blue))
    pathlib.Path(sys.argv[1], f"{name}.ppm").write_bytes(b"P6\n%d %d\n255\n" % (width, height) + pixels)
PYTHON

cmake --preset release "-DFASTPHOTO_WARNINGS_AS_ERRORS=${CI:+ON}" -DFASTPHOTO_EXAMPLES=ON
cmake --build --preset release --target examples/all
examples=build/release/examples

status=0
check() {
    name=$(basename "$1")
    echo "valgrind: $name"
    valgrind --quiet --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite \
        --suppressions=scripts/valgrind.supp "$@" || status=1
}

content=$folder/content.ppm style=$folder/style.ppm
check $examples/smooth "$content" "$style" "$folder/smooth.ppm"
library=$(find .venv/lib/python3.*/site-packages/onnxruntime/capi -name 'libonnxruntime.so.*' 2>/dev/null | head -n 1)
if [ -x $examples/stylize ] && [ -n "$library" ]; then
    model=models/photowct-lite
    check $examples/stylize $model "$content" "$style" "$folder/stylize.ppm" "$library"
    check $examples/stylize_c $model "$content" "$style" "$folder/stylize_c.ppm" "$library"
    check $examples/camera_loop $model "$style" "$content" 2 "$library"
else
    echo "valgrind: only smooth; the other examples need component onnxruntime and ONNX Runtime's library"
fi
exit "$status"
