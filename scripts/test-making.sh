#!/bin/sh
# Runs the tests that need PyTorch: training, import and parity of models.  sh scripts/test-making.sh [options of pytest]
#
# PyTorch comes into .venv-torch, an environment that sees all of .venv, so that .venv stays as users have it. Only the
# CPU build is wanted: where a plain installation would bring CUDA, PyTorch's own index of CPU builds is asked.
# TORCH_INDEX=URL names another index.
set -eu
torch=torch==2.13.0 # one version, so that a failure is ours; users may have any that pyproject.toml allows
cd -P "$(dirname "$0")/.."
sh scripts/setup.sh test
. scripts/environment.sh

pip() { .venv/bin/python -m pip --python .venv-torch/bin/python --quiet --disable-pip-version-check --no-input "$@"; }
site_of() { "$1" -c 'import sysconfig; print(sysconfig.get_path("purelib"))'; }
extra() { # the requirement of a package that the extra "train" names
    .venv/bin/python -c 'import sys, tomllib
extras = tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["train"]
print(next(line for line in extras if line.startswith(sys.argv[1])))' "$1"
}

if ! .venv-torch/bin/python -c 'import fastphoto_native, torch' 2>/dev/null; then
    echo "test-making: installing PyTorch into .venv-torch" >&2
    rm -rf .venv-torch
    .venv/bin/python -m venv --without-pip .venv-torch
    # Not the path alone: .venv's own .pth files count as well, which is how editable installations work.
    printf 'import site; site.addsitedir(%s)\n' "'$(site_of .venv/bin/python)'" >"$(site_of .venv-torch/bin/python)/venv.pth"
    index=${TORCH_INDEX:-}
    if [ -z "$index" ] && pip install --dry-run --report - $torch | grep -q '"name": "nvidia'; then
        index=https://download.pytorch.org/whl/cpu
    fi
    pip install ${index:+--index-url "$index"} $torch
    pip install "$(extra onnx)" "$(extra pillow)"
fi

# The tests skip what is not installed; here nothing may be missing.
.venv-torch/bin/python -c 'import h5py, onnx, PIL, torch'
.venv-torch/bin/python -m pytest tests/python/test_import.py tests/python/test_train.py tests/python/test_models_command.py tests/python/test_optimise_twin.py tests/python/test_artistic.py tests/python/test_estimating.py "$@"
