#!/bin/sh
# Sets everything up and gives one photo the look of another.  sh scripts/demo.sh [content style]
#
# Without arguments the photos are a pavilion by day (scikit-learn) and a rocket at dusk (scikit-image): files of these
# packages, so nothing is downloaded when the demo runs. The result is demo/result.jpg, beside copies of both photos.
set -eu
case $# in
0) content="" style="" ;;
2) content=$(realpath "$1") style=$(realpath "$2") ;;
*)
    echo "usage: sh scripts/demo.sh [content style]" >&2
    exit 2
    ;;
esac
cd -P "$(dirname "$0")/.."
sh scripts/setup.sh demo

# Where a file of an installed package is, without importing the package.
photo_of() {
    .venv/bin/python -c 'import importlib.util, pathlib, sys
print(pathlib.Path(importlib.util.find_spec(sys.argv[1]).origin).with_name(sys.argv[2]))' "$1" "$2"
}
if [ -z "$content" ]; then
    content="$(photo_of sklearn datasets)/images/china.jpg"
    style="$(photo_of skimage data)/rocket.jpg"
fi

mkdir -p demo
cp "$content" "demo/content.${content##*.}"
cp "$style" "demo/style.${style##*.}"
.venv/bin/fastphoto stylize "$content" "$style" --output demo/result.jpg --overwrite --model photowct-lite
echo "The picture: $PWD/demo/result.jpg  (from demo/content.${content##*.} and demo/style.${style##*.})"
