"""The whole command as a user runs it: seconds, peak memory and the stages, for photos of several sizes.

    python benchmarks/command.py --content PHOTO --style PHOTO [--megapixels 1 4 12 24] [--threads 2]

The content is resampled to each size first. As a measure of the machine, the last column is a plain copy of a PNG of
that size through the same library, read and written again, in the same run.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import fastphoto_native as fp
import numpy as np
from fastphoto_native.working_size import resized


def run(command: list[str]) -> tuple[str, float, float]:
    """Standard output, seconds and peak memory in GB of one process."""
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"failed: {' '.join(command)}")
    return output, time.perf_counter() - start, usage.ru_maxrss / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--content", type=Path, required=True)
    parser.add_argument("--style", type=Path, required=True)
    parser.add_argument("--megapixels", type=float, nargs="+", default=[1.0])
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    whole = fp.read_photo(args.content).pixels
    height, width = whole.shape[:2]
    print("| MP | size | seconds | peak GB | network s | smoothing s | iterations | PNG copy s |")
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        content, result = Path(folder, "content.png"), Path(folder, "result.png")
        for megapixels in args.megapixels:
            scale = math.sqrt(megapixels * 1e6 / (height * width))
            photo = np.clip(resized(whole, round(height * scale), round(width * scale)), 0, 1)
            fp.write_photo(content, fp.Photo(photo))
            command = [sys.executable, "-m", "fastphoto_native", "stylize", str(content), str(args.style)]
            output, seconds, memory = run([*command, "-o", str(result), "--threads", str(args.threads), "--json"])
            start = time.perf_counter()
            fp.write_photo(result, fp.read_photo(content))
            copy = time.perf_counter() - start
            report = json.loads(output)
            stages = {s["name"]: s["seconds"] for s in report["stages"]}
            print(
                f"| {megapixels:g} | {photo.shape[1]} x {photo.shape[0]} | {seconds:.1f} | {memory:.2f} "
                f"| {stages['network']:.2f} | {stages['smoothing']:.2f} | {report['smoothing']['iterations']} "
                f"| {copy:.2f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
