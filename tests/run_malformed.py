"""Tries all malformed inputs, each as a process with limits of time and memory:  python tests/run_malformed.py [words]

With words, only those cases whose names hold one of them. Exit status 1 if one ends in another way than it should.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from malformed_cases import Case, complaint, lay_out
from malformed_inputs import cases
from tiny_model import make_tiny_bundle

SECONDS = 30


def try_case(case: Case, folder: Path, model: Path) -> tuple[str | None, float, float]:
    """What is wrong, seconds of CPU and megabytes."""
    command = [sys.executable, "-m", "fastphoto_native", *lay_out(case, folder, model)]
    errors = folder / "stderr"
    with errors.open("wb") as stderr:
        process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stderr
        )
        deadline = time.monotonic() + 20 * SECONDS  # of a busy machine; what counts is the CPU's time
        while True:
            number, status, usage = os.wait4(process.pid, os.WNOHANG)
            if number:
                break
            if time.monotonic() > deadline:
                process.send_signal(signal.SIGKILL)
            time.sleep(0.02)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds, megabytes = usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1e3
    text = errors.read_text(errors="replace")
    errors.unlink()
    found = complaint(case, process.returncode, text, folder)
    if found is None and seconds > SECONDS:
        found = f"took {seconds:.0f} s"
    if found is None and megabytes > case.megabytes:
        found = f"took {megabytes:.0f} MB"
    return found, seconds, megabytes


def main() -> None:
    """Tries them and says how they ended."""
    words = sys.argv[1:]
    failed = 0
    longest, largest = ("", 0.0), ("", 0.0)
    with tempfile.TemporaryDirectory() as root:
        model = make_tiny_bundle(Path(root) / "model")
        chosen = [case for case in cases(model) if not words or any(word in case.name for word in words)]
        for number, case in enumerate(chosen):
            folder = Path(root) / str(number)
            folder.mkdir()
            found, seconds, megabytes = try_case(case, folder, model)
            longest = max(longest, (case.name, seconds), key=lambda pair: pair[1])
            largest = max(largest, (case.name, megabytes), key=lambda pair: pair[1])
            if found:
                failed += 1
                sys.stdout.write(f"{case.name}: {found}\n")
                sys.stdout.flush()
    sys.stdout.write(
        f"{len(chosen)} malformed inputs, {failed} ended as they should not; longest {longest[1]:.1f} s of CPU "
        f"({longest[0]}), largest {largest[1]:.0f} MB ({largest[0]})\n"
    )
    sys.exit(bool(failed))


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
