r"""Where the time of a photo goes: files, network and smoothing apart, beside two peers in the same run.

    python -m benchmarks.pipeline [--content PHOTO --style PHOTO] [--megapixels 1 4 12 24] [--threads 2]

The content is resampled to each size first; without photos, two of scikit-learn's and scikit-image's. First the whole
command as a user runs it, with its peak memory, its stages and, as a measure of the machine, a PNG of that size read
and written again; then the network alone, model loaded, against the same chain in PyTorch (at the same
working size, with the same weights and alignments) and against color-matcher's "mkl" on the full photo, each if it is
installed.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fastphoto_native as fp
import numpy as np
from fastphoto_native.runtime.names import STATISTICS_MODEL
from numpy.typing import NDArray

from benchmarks.working_size import at_working_size, resized

FloatArray = NDArray[np.float32]
REPEATS = 3


def packaged_photos() -> tuple[FloatArray, FloatArray]:
    from skimage import data
    from sklearn.datasets import load_sample_image

    return load_sample_image("china.jpg").astype(np.float32) / 255, data.rocket().astype(np.float32) / 255


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


def seconds_of(task: Callable[[], Any]) -> float:
    """The shortest of three runs, after one to warm up."""
    task()
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        task()
        times.append(time.perf_counter() - start)
    return min(times)


def whole_command(content: Path, style: Path, result: Path, threads: int, model: str) -> str:
    """One row of the first table."""
    command = [sys.executable, "-m", "fastphoto_native", "stylize", str(content), str(style)]
    output, seconds, memory = run([*command, "-o", str(result), "--threads", str(threads), "--model", model, "--json"])
    start = time.perf_counter()
    fp.write_photo(result, fp.read_photo(content))
    copy = time.perf_counter() - start
    report = json.loads(output)
    stages = {s["name"]: s["seconds"] for s in report["stages"]}
    files = stages.pop("read photos") + stages.pop("write the result")
    network, smoothing = stages.pop("network"), stages.pop("smoothing")
    height, width = report["content_size"]
    return (
        f"| {width} x {height} | {seconds:.2f} | {memory:.2f} | {files:.2f} | {network:.2f} | {smoothing:.2f} "
        f"({report['smoothing']['iterations']}) | {sum(stages.values()):.2f} | {copy:.2f} |"
    )


def network_alone(photo: FloatArray, style: FloatArray, threads: int, model: str) -> str:
    """One row of the second table: milliseconds, and ratios to our own."""
    stylizer = fp.Stylizer(model, threads=threads)
    look = stylizer.analyze(style)
    _, report = stylizer.apply(photo, look, smoothing="none", return_report=True)
    height, width = report.working_size
    small = resized(photo, height // 8 * 8, width // 8 * 8)
    small = np.clip(small, 0, 1)
    ours = seconds_of(lambda: stylizer.apply(small, look, smoothing="none"))
    cells = [f"{photo.shape[1]} x {photo.shape[0]}", f"{small.shape[1]} x {small.shape[0]}", f"{1e3 * ours:.0f}"]
    if importlib.util.find_spec("torch") and importlib.util.find_spec("onnx"):
        import torch

        from benchmarks.pytorch_chain import PyTorchChain

        torch.set_num_threads(threads)
        chain = PyTorchChain(model)
        side = max(small.shape[:2])
        statistics = chain.analyze(_multiple_of_8(at_working_size(style, side)))
        peer = seconds_of(lambda: chain.apply(small, statistics))
        cells.append(f"{1e3 * peer:.0f} ({peer / ours:.1f}x)")
    else:
        cells.append("not installed")
    if importlib.util.find_spec("color_matcher"):
        from color_matcher import ColorMatcher

        bytes_of = [np.asarray(np.rint(255 * p), np.uint8) for p in (photo, style)]
        peer = seconds_of(lambda: ColorMatcher().transfer(src=bytes_of[0], ref=bytes_of[1], method="mkl"))
        cells.append(f"{1e3 * peer:.0f} ({peer / ours:.1f}x)")
    else:
        cells.append("not installed")
    return f"| {' | '.join(cells)} |"


def _multiple_of_8(photo: FloatArray) -> FloatArray:
    return photo[: photo.shape[0] // 8 * 8, : photo.shape[1] // 8 * 8]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--content", type=Path)
    parser.add_argument("--style", type=Path)
    parser.add_argument("--megapixels", type=float, nargs="+", default=[1.0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--model", default=STATISTICS_MODEL)
    args = parser.parse_args()
    if args.content and args.style:
        whole, style = (fp.read_photo(p).pixels for p in (args.content, args.style))
    else:
        whole, style = packaged_photos()
    height, width = whole.shape[:2]
    scales = [math.sqrt(megapixels * 1e6 / (height * width)) for megapixels in args.megapixels]
    photos = [np.clip(resized(whole, round(height * s), round(width * s)), 0, 1) for s in scales]
    print(f"Seconds, {args.threads} threads\n")
    print("| content | whole command | peak GB | files | network | smoothing (iterations) | other stages | PNG copy |")
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, name) for name in ("content.png", "style.png", "result.png")]
        fp.write_photo(paths[1], fp.Photo(style))
        for photo in photos:
            fp.write_photo(paths[0], fp.Photo(photo))
            print(whole_command(paths[0], paths[1], paths[2], args.threads, args.model), flush=True)
    print("\nMilliseconds, model loaded, in brackets how many times ours\n")
    print("| content | network sees | ours | PyTorch, same chain | color-matcher mkl |\n|---|---|---|---|---|")
    for photo in photos:
        print(network_alone(photo, style, args.threads, args.model), flush=True)


if __name__ == "__main__":
    main()
