#!/bin/sh
# Checks requirements-cpu.txt: a fresh environment made from it has one runtime, the small one, and stylizes a photo.
# Run by hand; it installs a wheel into a temporary environment and removes both afterwards.
set -eu
cd -P "$(dirname "$0")/.."
sh scripts/setup.sh # for what a build needs
. scripts/environment.sh

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
.venv/bin/python -m venv --without-pip "$folder/venv"
pip() { .venv/bin/python -m pip --quiet --disable-pip-version-check --python "$folder/venv/bin/python" "$@"; }
pip install --requirement requirements-cpu.txt
pip install --no-deps .
if pip list --format freeze | grep -i '^onnxruntime-gpu'; then
    echo "found onnxruntime-gpu; expected onnxruntime alone" >&2
    exit 1
fi

cd "$folder" # not the sources: what was installed
venv/bin/python - <<'PYTHON'
import numpy as np
from fastphoto_native.files.photos import Photo, write_photo

y, x = np.mgrid[0:96, 0:128].astype(np.float32)
write_photo("content.png", Photo(np.stack([x / 128, y / 96, 0.5 + 0.4 * np.sin(x / 9)], axis=-1)))
write_photo("style.png", Photo(np.stack([0.9 - y / 200, 0.4 + x / 400, 0.2 + y / 300], axis=-1)))
PYTHON
venv/bin/fastphoto stylize content.png style.png --output result.png --device cpu
venv/bin/fastphoto doctor
venv/bin/python -c 'from fastphoto_native.files.photos import read_photo; assert read_photo("result.png").pixels.shape == (96, 128, 3)'
du -sh venv | sed 's/\t.*/ in the environment, result written: requirements-cpu.txt works/'
