"""What the engine costs beyond the networks' sessions and the kernels that it calls.

    python -m benchmarks.overhead [--megapixels 0.25 1 4] [--threads 1 2] [--repeats 25]

In each call of `Stylizer.apply` the clock runs around each session's run and, by the report's stages, around the
kernels: resizing, closed-form smoothing, gamut, detail. What is left of the call is the engine's: the alignments'
mathematics, checks, conversions, hand-over between Python and C++. All numbers are medians over the calls.
"""

from __future__ import annotations

import argparse
import math
import time
from typing import Any

import numpy as np
from fastphoto_native import _core
from fastphoto_native.runtime.bundle import find_bundle
from fastphoto_native.runtime.names import STATISTICS_MODEL
from fastphoto_native.runtime.onnx_runtime import OnnxGraph, OnnxRuntime
from numpy.typing import NDArray

from benchmarks.pipeline import packaged_photos
from benchmarks.working_size import resized

KERNELS = ("reduce to working size", "enlarge to full size", "smoothing", "compress to gamut", "restore detail")


class TimedRuntime(OnnxRuntime):
    """As :class:`OnnxRuntime`; `seconds` counts what its bare sessions take."""

    def __init__(self, threads: int) -> None:
        super().__init__("cpu", threads)
        self.seconds = 0.0

    def open(self, file: str, model: bytes) -> OnnxGraph:
        """As :meth:`OnnxRuntime.open`."""
        graph = super().open(file, model)
        graph.session = TimedSession(graph.session, self)
        return graph


class TimedSession:
    """A session of onnxruntime whose runs are timed."""

    def __init__(self, session: Any, runtime: TimedRuntime) -> None:
        self._session = session
        self._runtime = runtime

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def run_with_iobinding(self, *args: Any) -> None:
        """As InferenceSession.run_with_iobinding."""
        start = time.perf_counter()
        self._session.run_with_iobinding(*args)
        self._runtime.seconds += time.perf_counter() - start


def measure(content: NDArray[np.float32], style: NDArray[np.float32], threads: int, repeats: int) -> list[float]:
    """Seconds of a call, of its sessions, of its kernels and of the rest."""
    runtime = TimedRuntime(threads)
    stylizer = _core.Stylizer(find_bundle(STATISTICS_MODEL), runtime)
    look = stylizer.analyze(style, None, None, threads, None)
    result = np.empty_like(content)
    rows = []
    for _ in range(repeats + 1):
        runtime.seconds = 0.0
        start = time.perf_counter()
        half_way = stylizer.restyle(content, look, None, "closed-form", "exact", 1.0, None, threads, None)
        report = stylizer.finish(half_way, result, threads, None)
        whole = time.perf_counter() - start
        kernels = sum(stage.seconds for stage in report.stages if stage.name in KERNELS)
        rows.append([whole, runtime.seconds, kernels, whole - runtime.seconds - kernels])
    return [float(value) for value in np.median(rows[1:], axis=0)]  # the first call makes room in memory


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megapixels", type=float, nargs="+", default=[0.25, 1.0, 4.0])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--repeats", type=int, default=25)
    args = parser.parse_args()
    photo, style = packaged_photos()
    print("| size | threads | whole call, ms | sessions | kernels | engine | engine's share |")
    print("|---|---|---|---|---|---|---|")
    for megapixels in args.megapixels:
        scale = math.sqrt(megapixels * 1e6 / (photo.shape[0] * photo.shape[1]))
        content = np.clip(resized(photo, *(round(scale * side) for side in photo.shape[:2])), 0, 1)
        for threads in args.threads:
            whole, sessions, kernels, engine = measure(content, style, threads, args.repeats)
            print(
                f"| {content.shape[1]} x {content.shape[0]} | {threads} | {1e3 * whole:.0f} | {1e3 * sessions:.0f} "
                f"| {1e3 * kernels:.0f} | {1e3 * engine:.1f} | {100 * engine / whole:.1f} % |"
            )


if __name__ == "__main__":
    main()
