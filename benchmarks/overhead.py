r"""What the engine costs beyond the networks' sessions and the kernels that it calls.

    python -m benchmarks.overhead [--megapixels 0.25 1 4] [--threads 1 2] [--repeats 7]

One `Stylizer.apply` is recorded: what each session was fed. Then, in turns in one run, the whole call is timed, the
sessions alone on what they were fed, and the kernels alone on photos of the same sizes: resizing, closed-form
smoothing, gamut, detail. What is left is the engine's: the alignments' mathematics, checks, conversions, hand-over
between Python and C++.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from fastphoto_native import _core
from fastphoto_native.runtime.bundle import find_bundle
from fastphoto_native.runtime.names import STATISTICS_MODEL
from fastphoto_native.runtime.onnx_runtime import OnnxGraph, OnnxRuntime
from numpy.typing import NDArray

from benchmarks.pipeline import packaged_photos
from benchmarks.working_size import at_working_size, resized

FloatArray = NDArray[np.float32]


class RecordedRuntime(OnnxRuntime):
    """As :class:`OnnxRuntime`; keeps what its graphs were fed while `recording`."""

    def __init__(self, threads: int) -> None:
        super().__init__("cpu", threads)
        self.recording = False
        self.runs: list[Callable[[], Any]] = []

    def open(self, file: str, model: bytes) -> OnnxGraph:
        """As :meth:`OnnxRuntime.open`."""
        return RecordedGraph(file, super().open(file, model).session, self)

    def replay(self) -> None:
        """Runs the sessions alone on what they were fed."""
        for run in self.runs:
            run()


class RecordedGraph(OnnxGraph):
    """As :class:`OnnxGraph`; tells its runtime what it was fed."""

    def __init__(self, file: str, session: Any, runtime: RecordedRuntime) -> None:
        super().__init__(file, session, runtime)
        self._recorder = runtime

    def run(
        self,
        inputs: Mapping[str, Any],
        outputs: Sequence[str],
        on_device: Sequence[bool],
        shrink: bool,
        stop: _core.StopSignal | None,
    ) -> list[Any]:
        """As :meth:`OnnxGraph.run`."""
        if self._recorder.recording:
            # Arrays are borrowed for the call only; the runtime's own values are kept as they are.
            kept = {n: v.copy() if isinstance(v, np.ndarray) else v for n, v in inputs.items()}
            bare = super().run
            self._recorder.runs.append(lambda: bare(kept, outputs, on_device, shrink, None))
        return super().run(inputs, outputs, on_device, shrink, stop)


def kernels(content: FloatArray, restyled: FloatArray, manifest: _core.Manifest, threads: int) -> None:
    """The kernels that a call runs, on photos of its sizes."""
    small = at_working_size(content, manifest.working_side, threads)
    if small.shape != content.shape:
        resized(small, content.shape[0], content.shape[1], threads)
    options = _core.SmoothingOptions(lam=manifest.smoothing.lam, eps=manifest.smoothing.eps)
    smoother = _core.ClosedFormSmoother(content, None, options, threads)
    smoothed, _ = smoother.solve(restyled, options.rtol, None, None, threads)
    fitting = _core.compress_to_gamut(smoothed, manifest.gamut, threads)
    _core.restore_detail(content, fitting, manifest.detail, threads)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megapixels", type=float, nargs="+", default=[0.25, 1.0, 4.0])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--model", default=STATISTICS_MODEL)
    args = parser.parse_args()
    photo, style = packaged_photos()
    print("| size | threads | whole call, ms | sessions | kernels | engine | engine's share |")
    print("|---|---|---|---|---|---|---|")
    for megapixels in args.megapixels:
        scale = math.sqrt(megapixels * 1e6 / (photo.shape[0] * photo.shape[1]))
        content = np.clip(resized(photo, *(round(scale * side) for side in photo.shape[:2])), 0, 1)
        for threads in args.threads:
            runtime = RecordedRuntime(threads)
            bundle = find_bundle(args.model)
            stylizer = _core.Stylizer(bundle, runtime)
            look = stylizer.analyze(style, None, None, threads, None)
            result = np.empty_like(content)

            def whole(
                stylizer: _core.Stylizer = stylizer, look: Any = look, content: FloatArray = content,
                result: FloatArray = result, threads: int = threads,
            ) -> None:  # fmt: skip
                half_way = stylizer.restyle(content, look, None, "closed-form", "exact", 1.0, None, threads, None)
                stylizer.finish(half_way, result, threads, None)

            restyled = np.empty_like(content)
            half_way = stylizer.restyle(content, look, None, "none", "exact", 1.0, None, threads, None)
            stylizer.finish(half_way, restyled, threads, None)
            runtime.recording = True
            whole()
            runtime.recording = False
            ways: list[tuple[str, Callable[[], object]]] = [
                ("whole", whole),
                ("sessions", runtime.replay),
                ("kernels", partial(kernels, content, restyled, bundle.manifest, threads)),
            ]
            times: dict[str, list[float]] = {name: [] for name, _ in ways}
            for _ in range(args.repeats):
                for name, way in ways:
                    start = time.perf_counter()
                    way()
                    times[name].append(time.perf_counter() - start)
            ms = {name: 1e3 * min(values) for name, values in times.items()}
            left = ms["whole"] - ms["sessions"] - ms["kernels"]
            size = f"{content.shape[1]} x {content.shape[0]} | {threads}"
            print(
                f"| {size} | {ms['whole']:.0f} | {ms['sessions']:.0f} | {ms['kernels']:.0f} | {left:.0f} "
                f"| {100 * left / ms['whole']:.1f} % |"
            )


if __name__ == "__main__":
    main()
