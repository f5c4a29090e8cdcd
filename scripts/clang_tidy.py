"""Runs clang-tidy on every C++ file of a configured build, without compiling.  python scripts/clang_tidy.py build/tidy

A file that passed is looked at again only if its text after the preprocessor, its command or the configuration changed.
With the environment variable CI nothing of that is kept: a fresh clone has no use for it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def configuration() -> bytes:
    files = [ROOT / ".clang-tidy", ROOT / "tests/.clang-tidy"]
    version = subprocess.run(["clang-tidy", "--version"], capture_output=True, check=True).stdout
    return version + b"".join(path.read_bytes() for path in files)


def state(entry: dict[str, str]) -> str:
    """A hash of all that clang-tidy's verdict on a file depends on, but for the configuration."""
    command = shlex.split(entry["command"])
    at = command.index("-o")
    preprocess = [*command[:at], *command[at + 2 :], "-E", "-w"]
    text = subprocess.run(preprocess, cwd=entry["directory"], capture_output=True, check=True).stdout
    return hashlib.sha256(entry["command"].encode() + text).hexdigest()


def tidy(build: Path, entry: dict[str, str], settings: bytes, keep: bool) -> str:
    """What clang-tidy complains about, nothing if the file is as it should be."""
    mark = build / "tidied" / hashlib.sha256(entry["file"].encode()).hexdigest()
    now = hashlib.sha256(settings + state(entry).encode()).hexdigest() if keep else ""
    if keep and mark.is_file() and mark.read_text() == now:
        return ""
    run = subprocess.run(
        ["clang-tidy", "--quiet", "--warnings-as-errors=*", "-p", build, entry["file"]], capture_output=True, text=True
    )
    if run.returncode:
        return f"{run.stdout}{run.stderr}"
    if keep:
        mark.parent.mkdir(exist_ok=True)
        mark.write_text(now)
    return ""


def main(build: Path) -> int:
    entries = {entry["file"]: entry for entry in json.loads((build / "compile_commands.json").read_text())}
    files = [entry for file, entry in entries.items() if file.endswith(".cpp") and Path(file).is_relative_to(ROOT)]
    settings, keep = configuration(), "CI" not in os.environ
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        complaints = [text for text in pool.map(lambda entry: tidy(build, entry, settings, keep), files) if text]
    print(*complaints, f"clang-tidy: {len(files)} files, {len(complaints)} with complaints", sep="\n")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
