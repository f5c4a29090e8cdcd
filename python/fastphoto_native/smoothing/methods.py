"""The names of what undoes the changes that stylisation made to structure (FastPhotoStyle's second step)."""

from __future__ import annotations

from typing import Literal

Smoothing = Literal["closed-form", "guided", "none"]
SMOOTHINGS: tuple[Smoothing, ...] = ("closed-form", "guided", "none")

# How exactly the closed form is solved for a large photo (docs/smoothing.md).
Quality = Literal["draft", "balanced", "exact"]
QUALITIES: tuple[Quality, ...] = ("draft", "balanced", "exact")
DEFAULT_QUALITY: Quality = "balanced"
