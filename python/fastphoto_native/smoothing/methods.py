"""The names of what undoes the changes that stylisation made to structure (FastPhotoStyle's second step)."""

from __future__ import annotations

from typing import Literal

Smoothing = Literal["closed-form", "guided", "none"]
SMOOTHINGS: tuple[Smoothing, ...] = ("closed-form", "guided", "none")
