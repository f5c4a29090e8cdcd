"""Photorealistic smoothing of a restyled photo against its content (FastPhotoStyle's second step)."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from fastphoto_native._core import SmoothingInfo
from fastphoto_native.errors import ArgumentError
from fastphoto_native.runtime.bundle import SmoothingSettings
from fastphoto_native.smoothing.filters import closed_form_smooth, guided_filter

Smoothing = Literal["closed-form", "guided", "none"]
SMOOTHINGS: tuple[Smoothing, ...] = ("closed-form", "guided", "none")

FloatArray = NDArray[np.float32]


def check_smoothing(smoothing: str) -> None:
    """Raises ArgumentError for a method that does not exist."""
    if smoothing not in SMOOTHINGS:
        raise ArgumentError(f"smoothing must be one of {', '.join(SMOOTHINGS)}, got {smoothing!r}")


def smooth(
    smoothing: Smoothing, restyled: FloatArray, content: FloatArray, settings: SmoothingSettings, threads: int
) -> tuple[FloatArray, SmoothingInfo | None]:
    """The smoothed photo, and the solver's report where there is one; `settings` are those of "closed-form"."""
    if smoothing == "closed-form":
        return closed_form_smooth(
            restyled,
            content,
            lam=settings.lam,
            eps=settings.eps,
            threads=threads,
            return_info=True,
        )
    if smoothing == "guided":
        return guided_filter(content, restyled, threads=threads), None
    return restyled, None
