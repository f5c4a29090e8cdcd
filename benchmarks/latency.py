r"""A stream of photos of one size with a fixed look: photos per second and percentiles of the latency.

    python -m benchmarks.latency [--content PHOTO --style PHOTO] [--megapixels 0.25 1 12] [--threads 1 2] [--photos 12]

Three ways, in turns in one run. A loop over `stylize` opens the model and analyses the style for each photo. The second
is a loop over `Stylizer.apply` after `prepare`. The third is `Stylizer.apply_stream`: its network works on the next
photo while this one is smoothed. The latency of a photo is the time from when its turn comes to its result; in a
stream, the time between two results. Photos of a stream are crops that move over the content.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import fastphoto_native as fp
import numpy as np
from fastphoto_native import _core
from fastphoto_native.runtime.names import STATISTICS_MODEL
from numpy.typing import NDArray

from benchmarks.pipeline import packaged_photos

FloatArray = NDArray[np.float32]
STEP = 8  # pixels that the crop moves from photo to photo


def frames(photo: FloatArray, megapixels: float, count: int) -> list[NDArray[np.uint8]]:
    """Crops of one size, each a little further to the right and down."""
    scale = math.sqrt(megapixels * 1e6 / (photo.shape[0] * photo.shape[1]))
    height, width = (round(scale * side) for side in photo.shape[:2])
    room = STEP * count
    large = np.clip(_core.resize(photo, height + room, width + room, 0), 0, 1)
    pixels = np.asarray(np.rint(255 * large), np.uint8)
    return [pixels[STEP * k : STEP * k + height, STEP * k : STEP * k + width] for k in range(count)]


def seconds_of(results: Iterator[object]) -> list[float]:
    """The time to each result."""
    times, start = [], time.perf_counter()
    for _ in results:
        now = time.perf_counter()
        times.append(now - start)
        start = now
    return times


def row(name: str, times: list[float], beside: float) -> str:
    """Photos per second, its ratio to the loop over `stylize`, and percentiles in milliseconds."""
    rate = len(times) / sum(times)
    p50, p90, p99 = (1e3 * np.quantile(times, q) for q in (0.5, 0.9, 0.99))
    return f"{name} | {rate:.2f} | {rate / beside:.2f} | {p50:.0f} | {p90:.0f} | {p99:.0f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--content", type=Path)
    parser.add_argument("--style", type=Path)
    parser.add_argument("--megapixels", type=float, nargs="+", default=[0.25, 1.0, 12.0])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--photos", type=int, default=12, help="of a stream; a fourth of it for more than 4 MP")
    parser.add_argument("--model", default=STATISTICS_MODEL)
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args()
    photos = (fp.read_photo(p).pixels for p in (args.content, args.style)) if args.content else packaged_photos()
    content, style = photos
    print(
        "| size | threads | way | photos/s | ratio | median ms | 90 % ms | 99 % ms |\n|---|---|---|---|---|---|---|---|"
    )
    for megapixels in args.megapixels:
        stream = frames(content, megapixels, args.photos if megapixels <= 4 else max(3, args.photos // 4))
        height, width = stream[0].shape[:2]
        for threads in args.threads:

            def one_call(stream: list[NDArray[np.uint8]] = stream, threads: int = threads) -> Iterator[object]:
                for photo in stream:
                    yield fp.stylize(photo, style, model=args.model, device=args.device, threads=threads)

            stylizer = fp.Stylizer(args.model, args.device, threads)
            look = stylizer.analyze(style)
            stylizer.prepare(width, height)
            ways: dict[str, Callable[[], Iterator[object]]] = {
                "loop over stylize": one_call,
                "loop over apply": lambda s=stylizer, p=stream, k=look: (s.apply(x, k) for x in p),  # type: ignore[misc]
                "apply_stream": lambda s=stylizer, p=stream, k=look: s.apply_stream(p, k),  # type: ignore[misc]
            }
            beside = 0.0
            for name, way in ways.items():
                times = seconds_of(way())
                beside = beside or len(times) / sum(times)
                print(f"| {width} x {height} | {threads} | {row(name, times, beside)}", flush=True)


if __name__ == "__main__":
    main()
