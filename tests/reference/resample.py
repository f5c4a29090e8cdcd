"""Resizing from its definition: every new pixel is a weighted mean of the pixels around its centre."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def lanczos3(x: Array) -> Array:
    return np.where(np.abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0)


def keys_cubic(x: Array, a: float = -0.5) -> Array:
    """Keys, "Cubic convolution interpolation for digital image processing", IEEE TASSP 1981, eq. 15."""
    d = np.abs(x)
    inner = (a + 2) * d**3 - (a + 3) * d**2 + 1
    outer = a * d**3 - 5 * a * d**2 + 8 * a * d - 4 * a
    return np.where(d < 1, inner, np.where(d < 2, outer, 0))


def weights(source: int, target: int) -> Array:
    """Target x source: the share of each pixel in each new one."""
    ratio = source / target
    centres = (np.arange(target) + 0.5) * ratio - 0.5
    distances = np.arange(source)[None, :] - centres[:, None]
    shares = lanczos3(distances / ratio) if target < source else keys_cubic(distances)
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))


def resize(image: NDArray[np.float32], height: int, width: int) -> Array:
    """H x W x C as height x width x C."""
    down, along = weights(image.shape[0], height), weights(image.shape[1], width)
    return np.asarray(np.einsum("yh,hwc,xw->yxc", down, image.astype(np.float64), along, optimize=True))
