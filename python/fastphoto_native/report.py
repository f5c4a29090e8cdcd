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
    """The solver's figures: residual is relative, ||b - A x|| / ||b||, the largest over the channels.

    `size` is (height, width) in pixels, at which the photo was smoothed. `expected_error` is the mean difference to
    exact smoothing that is to be expected, on the scale 0..1; 0 where smoothing is exact.
    """

    method: str
    size: tuple[int, int]
    expected_error: float = 0.0
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


class LookFit(msgspec.Struct):
    """How well the style tells what the content should look like, as the model's estimator expects it.

    Errors are roots of mean squares over R, G and B in 0..1, against the picture that the look's maker would have made:
    `untouched_error` of the content as it is, `expected_error` of the result at full strength. `fit` is the share that
    is explained, 1 - (expected_error / untouched_error)^2, 0 to 1. `applied_strength` is what the map of colours was
    applied with: less than `strength` where the fit is poor, more where the caller insists.
    """

    untouched_error: float
    expected_error: float
    fit: float
    applied_strength: float


LITTLE_FIT = 0.3  # below it lie pairs whose style is another light or season; film looks lie above


def doubt_of(fit: LookFit | None, strength: float) -> str | None:
    """One line for a look that was held back or that the style hardly has; None for others."""
    if fit is None or (fit.applied_strength >= strength and (fit.fit >= LITTLE_FIT or fit.applied_strength > strength)):
        return None
    held = ""
    if fit.applied_strength < strength:
        held = f", which was applied with strength {fit.applied_strength:.2f} (--insist takes all of it)"
    return (
        f"the style tells little of a look for this photo (fit {fit.fit:.2f}){held}; "
        "--model photowct-lite takes the style's light and colours"
    )


class Report(msgspec.Struct):
    """A machine-readable account of one :meth:`Stylizer.apply`.

    Sizes are (height, width) in pixels. `labels` are those that took part, `kept_labels` those of the content that
    kept their look because the style has too little of them. `doubt` is one line of a model that noticed that the style
    lacks what the content is full of: what is missing, and what was done about it.
    `look_fit` is there for models whose estimator knows its own error.
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
    look_fit: LookFit | None = None

    @classmethod
    def of(cls, report: _core.Report) -> Report:
        """The engine's report."""
        device, solver = report.device, report.solver
        smoothing, look_fit = None, None
        if (fit := report.look_fit) is not None:
            look_fit = LookFit(fit.untouched_error, fit.expected_error, fit.fit, fit.applied_strength)
        if report.smoothing:
            figures = (solver.iterations, solver.residual, solver.converged) if solver else (None, None, None)
            smoothing = SmoothingReport(report.smoothing, report.smoothing_size, report.expected_error, *figures)
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
            look_fit=look_fit,
            doubt=doubt_of(look_fit, report.strength),
        )
