"""The proof that a model's chain runs on a device: placement of every node, time, memory, difference to the CPU."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from fastphoto_native import _core
from fastphoto_native.checks.device_memory import memory_in_use
from fastphoto_native.checks.measured_runtime import MeasuredRuntime
from fastphoto_native.checks.placement import Node, strays
from fastphoto_native.runtime.bundle import Bundle
from fastphoto_native.runtime.names import Precision
from fastphoto_native.runtime.onnx_runtime import OnnxRuntime

FloatArray = NDArray[np.float32]

# Two float32 convolutions in another order, and pooling positions that flip on near ties, move single values; a wrong
# kernel or TF32 moves many.
LARGEST_DIFFERENCE = 1.0  # of 99.9 % of the values, in 1/255
# A block of the runtime's arena is a megabyte at least; the driver's own bookkeeping stays below that.
LARGEST_GROWTH = 1 << 20


class SizeCheck(msgspec.Struct):
    """One size of photo. `milliseconds` are medians by graph; `total` is that of whole photos without the style.

    `memory_taken` counts from before the model was opened to the last photo: all that the runtime keeps, and what
    others on the same GPU took in that time. `memory_growth` counts from the second photo.
    """

    side: int
    nodes: int
    nodes_on_device: int
    strays: list[Node]
    features_at: list[str]
    milliseconds: dict[str, float]
    total_milliseconds: float
    memory_taken: int | None
    memory_growth: int | None
    difference_999: float
    difference_max: float

    def complaint(self, device: str) -> str | None:
        """What is wrong first, in one line."""
        size = f"{self.side} x {self.side}"
        if self.strays:
            n = self.strays[0]
            return (
                f"{size}: {len(self.strays)} nodes that handle data did not stay on {device}, first {n.operator} "
                f"'{n.name}' of {n.graph} ({n.provider}, {n.elements} numbers)"
            )
        if self.features_at != [device]:
            return f"{size}: features were on {', '.join(self.features_at)}, expected {device} only"
        if self.difference_999 > LARGEST_DIFFERENCE:
            return f"{size}: 0.1 % of the values differ from the CPU's by more than {self.difference_999:.2f}/255"
        if device == "cuda" and self.memory_growth is not None and self.memory_growth > LARGEST_GROWTH:
            return f"{size}: photos of one size took {self.memory_growth >> 20} MB more, expected none"
        return None


class DeviceCheck(msgspec.Struct):
    """The check of one model on one device."""

    model: str
    device: str
    provider: str
    precision: str
    sizes: list[SizeCheck]
    complaint: str | None


def check_device(
    bundle: Bundle,
    device: Literal["cpu", "cuda"],
    sides: list[int],
    repeats: int = 7,
    threads: int = 0,
    precision: Precision = "auto",
) -> DeviceCheck:
    """Runs the chain on synthetic photos, each size `repeats` times after two runs to warm up.

    Raises:
        DeviceError: the device is not there.
    """
    runtime = MeasuredRuntime(device, threads, precision)
    start = memory_in_use(device)
    chain = _core.Chain(bundle, runtime)
    checks = [_check_size(bundle, chain, runtime, device, side, repeats, threads, start) for side in sides]
    complaint = next((c for check in checks if (c := check.complaint(device))), None)
    choice = runtime.choice
    return DeviceCheck(bundle.name, device, choice.provider, choice.precision, checks, complaint)


def _check_size(
    bundle: Bundle,
    chain: _core.Chain,
    runtime: MeasuredRuntime,
    device: Literal["cpu", "cuda"],
    side: int,
    repeats: int,
    threads: int,
    start: int | None,
) -> SizeCheck:
    content, style = synthetic_photo(side, 1), synthetic_photo(side, 2)
    times: list[dict[str, float]] = []
    memory: list[int | None] = []
    runtime.kept_at.clear()
    for _ in range(2 + repeats):
        runtime.seconds.clear()
        result = chain.restyle(content, style)
        times.append(dict(runtime.seconds))
        memory.append(memory_in_use(device))
    timed = times[2:]
    segments = [entry.file for entry in bundle.manifest.segments]
    before, after = memory[1], memory[-1]

    with tempfile.TemporaryDirectory() as folder:
        profiled = MeasuredRuntime(device, threads, runtime.choice.precision, profiles=Path(folder))
        _core.Chain(bundle, profiled).restyle(content, style)
        nodes = profiled.end_profiling()
    # What is counted as data: anything as large as one channel of the deepest features.
    data_size = (side // max(a.stride for a in bundle.manifest.alignments)) ** 2
    provider = runtime.choice.provider
    expected = _core.Chain(bundle, OnnxRuntime("cpu", threads, "float32")).restyle(content, style)
    difference = 255 * np.abs(np.clip(result, 0, 1) - np.clip(expected, 0, 1))
    return SizeCheck(
        side=side,
        nodes=len(nodes),
        nodes_on_device=sum(n.provider == provider for n in nodes),
        strays=strays(nodes, provider, data_size),
        features_at=sorted(runtime.kept_at),
        milliseconds={file: round(1000 * statistics.median(t[file] for t in timed), 3) for file in timed[0]},
        total_milliseconds=round(1000 * statistics.median(sum(t[f] for f in segments) for t in timed), 3),
        memory_taken=_difference(start, after),
        memory_growth=_difference(before, after),
        difference_999=float(np.quantile(difference, 0.999)),
        difference_max=float(difference.max()),
    )


def _difference(before: int | None, after: int | None) -> int | None:
    return None if before is None or after is None else after - before


def synthetic_photo(side: int, seed: int) -> FloatArray:
    """Side x side x 3 in 0..1: gradients, soft blotches, hard edges and some noise, as photos have them."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:side, 0:side].astype(np.float32) / side
    photo = np.empty((side, side, 3), np.float32)
    for channel in range(3):
        a, b, c, d = rng.uniform(1, 9, 4)
        waves = np.sin(a * x + b * y + c) * np.cos(d * y - a * x)
        edges = (np.sin(4 * d * x) * np.sin(4 * c * y) > 0.4).astype(np.float32)
        photo[..., channel] = 0.45 + 0.3 * waves + 0.2 * edges + 0.03 * rng.standard_normal((side, side), np.float32)
    return np.clip(photo, 0, 1)
