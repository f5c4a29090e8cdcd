#!/bin/sh
# Sends more than 800 malformed inputs through the command, each as a process with limits of time and memory (minutes).
#   sh scripts/malformed.sh [words]      with words, only the inputs whose names hold one of them
set -eu
cd -P "$(dirname "$0")/.."
sh scripts/setup.sh test
PYTHONPATH=tests .venv/bin/python tests/run_malformed.py "$@"
