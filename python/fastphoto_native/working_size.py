"""The size at which the network looks at a photo, and the way back to full size."""

from __future__ import annotations

import numpy as np
import pyvips
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]


def resized(image: FloatArray, height: int, width: int) -> FloatArray:
    """H x W x C resampled (Lanczos, antialiased when it shrinks) to exactly height x width."""
    source = pyvips.Image.new_from_array(np.ascontiguousarray(image))
    scaled = source.resize(width / image.shape[1], vscale=height / image.shape[0], kernel="lanczos3")
    result: FloatArray = scaled.numpy().reshape(height, width, -1)
    return result


def at_working_size(image: FloatArray, max_side: int) -> FloatArray:
    """The photo with its longer side at most `max_side` pixels (never enlarged), values in 0..1."""
    height, width = image.shape[:2]
    scale = max_side / max(height, width)
    if scale >= 1:
        return image
    small = resized(image, max(1, round(height * scale)), max(1, round(width * scale)))
    return np.clip(small, 0, 1)


def at_full_size(restyled: FloatArray, small: FloatArray, content: FloatArray) -> FloatArray:
    """The full-size photo, changed as its reduced copy `small` was changed into `restyled`.

    Only the change is enlarged, so the content's own detail is never resampled.
    """
    if restyled.shape == content.shape:
        return restyled
    return content + resized(restyled - small, *content.shape[:2])
