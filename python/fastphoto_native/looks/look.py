"""A look: what a style photo comes down to for one model, its feature statistics at every alignment. It is C++."""

from __future__ import annotations

from fastphoto_native._core import LabelLook, Look

__all__ = ["WHOLE", "LabelLook", "Look"]

WHOLE = 0  # the label of a photo without a mask
