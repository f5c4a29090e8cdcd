"""What both optimisations can be told beside photos and preset, and how that changes a preset."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any, TypedDict

import numpy as np
from numpy.typing import ArrayLike

from fastphoto_native.errors import ArgumentError
from fastphoto_native.optimise.network import LossNetwork, convolution_of
from fastphoto_native.optimise.presets import MissingLabels, Preset, Stage
from fastphoto_native.optimise.run import Pictures
from fastphoto_native.optimise.transfer import Request
from fastphoto_native.optimise.weights import Input
from fastphoto_native.report import Progress
from fastphoto_native.runtime.device import Device


class Options(TypedDict, total=False):
    """Keyword arguments of `neural_style` and `deep_photo`; see there."""

    content_mask: ArrayLike | None
    style_mask: ArrayLike | None
    network: LossNetwork | str | os.PathLike[str]
    network_input: Input | None
    start: str | ArrayLike | None
    max_side: int | None
    seed: int
    device: Device
    threads: int
    progress: Progress | None
    pictures: Pictures | None
    picture_every: int
    checkpoint: str | os.PathLike[str] | None
    style_layers: Sequence[str] | None
    content_layers: Sequence[str] | None
    style_weight: float
    content_weight: float
    matting_weight: float
    evaluations: int | None
    missing_labels: MissingLabels | None


_OF_REQUEST = {field.name for field in fields(Request)}
_OF_PRESET = set(Options.__annotations__) - _OF_REQUEST


def split_options(preset: Preset, options: dict[str, Any]) -> tuple[Preset, dict[str, Any]]:
    """The preset with what changes it, and the options of the request.

    Raises:
        TypeError: an option that there is not.
        ArgumentError: an option of a wrong value.
    """
    if unknown := options.keys() - _OF_REQUEST - _OF_PRESET:
        raise TypeError(f"unknown option {sorted(unknown)[0]!r}; expected {', '.join(Options.__annotations__)}")
    changed = {name: options[name] for name in _OF_PRESET if options.get(name) is not None}
    layers = {name: tuple(changed[name]) for name in ("style_layers", "content_layers") if name in changed}
    for names in layers.values():
        for layer in names:
            convolution_of(layer)
    for name in ("style_weight", "content_weight", "matting_weight"):
        factor = changed.get(name, 1.0)
        if not (np.isfinite(factor) and factor >= 0):
            raise ArgumentError(f"{name} must be 0 or more, got {factor}")
    preset = replace(
        preset,
        style_layers=layers.get("style_layers", preset.style_layers),
        content_layers=layers.get("content_layers", preset.content_layers),
        style_weight=preset.style_weight * changed.get("style_weight", 1.0),
        content_weight=preset.content_weight * changed.get("content_weight", 1.0),
        missing_labels=changed.get("missing_labels", preset.missing_labels),
        stages=tuple(_weighed(stage, changed.get("matting_weight", 1.0)) for stage in preset.stages),
    )
    if "evaluations" in changed:
        preset = with_evaluations(preset, changed["evaluations"])
    return preset, {name: value for name, value in options.items() if name in _OF_REQUEST}


def with_evaluations(preset: Preset, evaluations: int) -> Preset:
    """The preset with so many evaluations in all, shared among its stages as before."""
    if evaluations < len(preset.stages):
        raise ArgumentError(f"evaluations must be {len(preset.stages)} or more, got {evaluations}")
    total = sum(stage.evaluations for stage in preset.stages)
    counts = [max(1, round(evaluations * stage.evaluations / total)) for stage in preset.stages]
    counts[-1] = max(1, evaluations - sum(counts[:-1]))
    stages = tuple(replace(s, evaluations=n) for s, n in zip(preset.stages, counts, strict=True))
    return replace(preset, stages=stages)


def _weighed(stage: Stage, factor: float) -> Stage:
    """A stage whose matting weight is multiplied; without one nothing can be preconditioned by it."""
    weight = stage.matting_weight * factor
    return replace(stage, matting_weight=weight, preconditioned=stage.preconditioned and weight > 0)
