"""What a run did: sizes, stages, seconds, the solver's figures and the device really used."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec

# Called with the name of a step that begins and the share of the steps already done (0..1).
Progress = Callable[[str, float], None]


class Stage(msgspec.Struct):
    """One step and how long it took."""

    name: str
    seconds: float


class SmoothingReport(msgspec.Struct):
    """The solver's figures: residual is relative, ||b - A x|| / ||b||, the largest over the channels."""

    method: str
    iterations: int | None = None
    residual: float | None = None
    converged: bool | None = None


class DeviceReport(msgspec.Struct):
    """Where the network ran, why there, and the precision of the convolutions that may run in less than float32."""

    requested: str
    used: str
    provider: str
    reason: str
    precision: str


class Report(msgspec.Struct):
    """A machine-readable account of one :meth:`Stylizer.apply`.

    Sizes are (height, width) in pixels. `labels` are those that took part, `kept_labels` those of the content that
    kept their look because the style has too little of them.
    """

    model: str
    model_version: str
    device: DeviceReport
    strength: float
    content_size: tuple[int, int] = (0, 0)
    working_size: tuple[int, int] = (0, 0)
    labels: list[int] = []
    kept_labels: list[int] = []
    smoothing: SmoothingReport | None = None
    stages: list[Stage] = []


class Stopwatch:
    """Notes how long each stage took."""

    def __init__(self) -> None:
        self.stages: list[Stage] = []

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Times a block."""
        start = time.perf_counter()
        yield
        self.stages.append(Stage(name, time.perf_counter() - start))
