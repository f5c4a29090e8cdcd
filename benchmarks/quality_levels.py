r"""What the quality levels of closed-form smoothing change, and what they cost.

    python -m benchmarks.quality_levels --contents FOLDER [--styles FOLDER] [--qualities draft balanced]
    python -m benchmarks.quality_levels --contents FOLDER --commands [--megapixels 1 12 24]
    python -m benchmarks.quality_levels --start

The first form compares results with the exact one, photo by photo, in steps of 1/255: mean, 99 % and 99.9 % of all
samples, the largest, what the report expected, CPU seconds of both and their ratio; and the preview with the reduced
result. The second runs the command as a user does, JPEG to JPEG, and gives its seconds and peak memory, each quality in
turns. The third measures the start of the package. A style of the same name as the content is its partner; otherwise
the next photos of the folder are.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import fastphoto_native as fp
import numpy as np
from fastphoto_native import _core
from fastphoto_native.runtime.names import STATISTICS_MODEL
from numpy.typing import NDArray

from benchmarks.pipeline import run

FloatArray = NDArray[np.float32]
SUFFIXES = {".jpg", ".jpeg", ".png", ".tif", ".webp"}
REPEATS = 5


def photos_of(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES)


def pairs_of(contents: Path, styles: Path | None) -> list[tuple[Path, Path]]:
    ours, theirs = photos_of(contents), photos_of(styles or contents)
    by_name = {p.stem: p for p in theirs} if styles else {}
    return [(p, by_name.get(p.stem, theirs[(i + 4) % len(theirs)])) for i, p in enumerate(ours)]


def at_megapixels(photo: FloatArray, megapixels: float | None) -> NDArray[np.uint8]:
    """8-bit pixels, resized if a size is asked for."""
    height, width = photo.shape[:2]
    if megapixels:
        scale = (megapixels * 1e6 / (height * width)) ** 0.5
        photo = np.clip(_core.resize(photo, round(height * scale), round(width * scale), 0), 0, 1)
    return np.rint(255 * photo).astype(np.uint8)


def cpu_seconds(call: Any) -> tuple[Any, float]:
    start = time.process_time()
    result = call()
    return result, time.process_time() - start


def compare(args: argparse.Namespace) -> None:
    stylizer = fp.Stylizer(args.model, "cpu", args.threads)
    print(
        "| photo | quality | smoothed at | mean | 99 % | 99.9 % | largest | expected | preview | CPU s | exact / this |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    every: dict[str, list[tuple[float, float]]] = {q: [] for q in args.qualities}
    for content, style in pairs_of(args.contents, args.styles):
        photo = at_megapixels(fp.read_photo(content).pixels, args.megapixels[0] if args.megapixels else None)
        look = stylizer.analyze(fp.read_photo(style).pixels)
        exact, slow = cpu_seconds(lambda p=photo, k=look: stylizer.apply(p, k, quality="exact"))
        preview = stylizer.preview(photo, look)
        for quality in args.qualities:
            (found, report), fast = cpu_seconds(
                lambda p=photo, k=look, q=quality: stylizer.apply(p, k, quality=q, return_report=True)
            )
            error = 255 * np.abs(found - exact)
            height, width = preview.shape[:2]
            reduced = np.clip(_core.resize(found, height, width, args.threads), 0, 1)
            beside = 255 * np.abs(reduced - preview).mean()
            middle, q99, q999 = float(error.mean()), float(np.quantile(error, 0.99)), float(np.quantile(error, 0.999))
            every[quality].append((middle, q99))
            height, width = report.smoothing.size
            print(
                f"| {content.stem} | {quality} | {width} x {height} | {middle:.2f} | {q99:.2f} | {q999:.2f} "
                f"| {error.max():.1f} | {255 * report.smoothing.expected_error:.2f} | {beside:.2f} | {fast:.1f} "
                f"| {slow / fast:.1f} |",
                flush=True,
            )
            if args.keep:
                for name, result in (("exact", exact), (quality, found)):
                    fp.write_photo(args.keep / f"{content.stem}_{name}.png", fp.Photo(result))
    for quality, rows in every.items():
        means, ends = zip(*rows, strict=True)
        print(f"\n{quality}, {len(rows)} photos: mean {np.mean(means):.2f}, largest mean {max(means):.2f}, "
              f"mean 99 % {np.mean(ends):.2f}, largest 99 % {max(ends):.2f}")  # fmt: skip


def commands(args: argparse.Namespace) -> None:
    print("| content | quality | seconds | peak GB | stages |\n|---|---|---|---|---|")
    content, style = pairs_of(args.contents, args.styles)[args.photo]
    with tempfile.TemporaryDirectory() as folder:
        for megapixels in args.megapixels or [1, 12, 24]:
            source, result = Path(folder, "content.jpg"), Path(folder, "result.jpg")
            pixels = at_megapixels(fp.read_photo(content).pixels, megapixels)
            fp.write_photo(source, fp.Photo(np.asarray(pixels / 255, np.float32)))
            for quality in (*args.qualities, "exact") * args.rounds:
                command = [
                    sys.executable,
                    "-m",
                    "fastphoto_native",
                    "stylize",
                    str(source),
                    str(style),
                    "-o",
                    str(result),
                ]
                output, seconds, peak = run(
                    [
                        *command,
                        "--overwrite",
                        "--quality",
                        quality,
                        "--threads",
                        str(args.threads),
                        "--json",
                        "--model",
                        args.model,
                    ]
                )
                import msgspec

                stages = msgspec.json.decode(output)["stages"]
                split = ", ".join(f"{s['name']} {s['seconds']:.2f}" for s in stages)
                print(f"| {megapixels:g} MP | {quality} | {seconds:.2f} | {peak:.2f} | {split} |", flush=True)


def start() -> None:
    """Shortest of five, without what the interpreter takes by itself."""

    def seconds(program: list[str]) -> float:
        times = []
        for _ in range(REPEATS):
            begin = time.perf_counter()
            subprocess.run([sys.executable, *program], check=True, stdout=subprocess.DEVNULL)
            times.append(time.perf_counter() - begin)
        return min(times)

    bare = seconds(["-c", "pass"])
    print(f"interpreter alone: {bare:.3f} s")
    print(f"import fastphoto_native: {seconds(['-c', 'import fastphoto_native']) - bare:.3f} s more")
    print(f"fastphoto --help: {seconds(['-m', 'fastphoto_native', '--help']):.3f} s, interpreter included")
    fp.Stylizer(STATISTICS_MODEL, device="cpu")
    begin = time.perf_counter()
    fp.Stylizer(STATISTICS_MODEL, device="cpu")
    print(f"a second Stylizer in one process: {time.perf_counter() - begin:.3f} s")
    opens = "fp.Stylizer('photowct-lite', device='cpu'); "
    program = f"import time; b = time.perf_counter(); import fastphoto_native as fp; {opens}"
    times = [
        float(subprocess.run([sys.executable, "-c", program + "print(time.perf_counter() - b)"],
                             check=True, capture_output=True, text=True).stdout)
        for _ in range(REPEATS)
    ]  # fmt: skip
    print(f"the first Stylizer, imports included: {min(times):.3f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--contents", type=Path, help="folder of photos")
    parser.add_argument("--styles", type=Path, help="folder of their styles [default: the other contents]")
    parser.add_argument("--qualities", nargs="+", default=["balanced"], choices=["draft", "balanced"])
    parser.add_argument("--megapixels", type=float, nargs="+", help="sizes that contents are resized to")
    parser.add_argument("--commands", action="store_true", help="time the command and measure its peak memory")
    parser.add_argument("--photo", type=int, default=0, help="which of the contents the command is timed with")
    parser.add_argument("--rounds", type=int, default=2, help="how often the command is run for each quality")
    parser.add_argument("--start", action="store_true", help="measure imports and the first Stylizer")
    parser.add_argument("--keep", type=Path, help="folder for the results, to look at")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--model", default=STATISTICS_MODEL)
    args = parser.parse_args()
    if args.start:
        start()
    elif args.contents is None:
        parser.error("--contents is missing")
    elif args.commands:
        commands(args)
    else:
        compare(args)


if __name__ == "__main__":
    main()
