"""What a run did: sizes, stages, seconds, the solver's figures and the device really used."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from fastphoto_native import _core

# Called with the name of the step at work and the share of the work done (0..1); False cancels.
Progress = Callable[[str, float], bool | None]


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
    kept their look because the style has too little of them. `doubt` is one line of a model that noticed that the style
    lacks what the content is full of: what is missing, and what was done about it.
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
    doubt: str | None = None

    @classmethod
    def of(cls, report: _core.Report) -> Report:
        """The engine's report."""
        device, solver = report.device, report.solver
        smoothing = None
        if report.smoothing:
            figures = (solver.iterations, solver.residual, solver.converged) if solver else (None, None, None)
            smoothing = SmoothingReport(report.smoothing, *figures)
        return cls(
            report.model,
            report.model_version,
            DeviceReport(device.requested, device.used, device.provider, device.reason, device.precision),
            report.strength,
            report.content_size,
            report.working_size,
            report.labels,
            report.kept_labels,
            smoothing,
            [Stage(stage.name, stage.seconds) for stage in report.stages],
        )
