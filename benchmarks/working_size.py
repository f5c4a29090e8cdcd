"""Photos at other sizes, as the pipeline resizes them."""

from __future__ import annotations

import numpy as np
from fastphoto_native import _core
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]


def resized(image: FloatArray, height: int, width: int, threads: int = _core.ALL_THREADS) -> FloatArray:
    """H x W x C at another size: Lanczos where it shrinks, without aliasing; cubic convolution where it grows."""
    return _core.resize(image, height, width, threads)


def at_working_size(image: FloatArray, max_side: int, threads: int = _core.ALL_THREADS) -> FloatArray:
    """The photo with its longer side at most `max_side` pixels (never enlarged), values in 0..1."""
    height, width = image.shape[:2]
    scale = max_side / max(height, width)
    if scale >= 1:
        return image
    small = resized(image, max(1, round(height * scale)), max(1, round(width * scale)), threads)
    return np.clip(small, 0, 1)
