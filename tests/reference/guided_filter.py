"""Guided filter pixel by pixel (He, Sun, Tang 2013, eqs. 14-16)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def guided_filter(guide: Array, src: Array, radius: int, eps: float) -> Array:
    """Guide is H x W x G, src H x W x C."""
    height, width, depth = guide.shape

    def box(y: int, x: int) -> tuple[slice, slice]:
        return slice(max(0, y - radius), y + radius + 1), slice(max(0, x - radius), x + radius + 1)

    a = np.zeros((height, width, depth, src.shape[2]))
    b = np.zeros_like(src)
    for y in range(height):
        for x in range(width):
            colors = guide[box(y, x)].reshape(-1, depth)
            values = src[box(y, x)].reshape(-1, src.shape[2])
            centred = colors - colors.mean(axis=0)
            covariance = centred.T @ centred / len(colors)
            cross = centred.T @ (values - values.mean(axis=0)) / len(colors)
            a[y, x] = np.linalg.solve(covariance + eps * np.eye(depth), cross)
            b[y, x] = values.mean(axis=0) - colors.mean(axis=0) @ a[y, x]
    out = np.zeros_like(src)
    for y in range(height):
        for x in range(width):
            out[y, x] = guide[y, x] @ a[box(y, x)].mean(axis=(0, 1)) + b[box(y, x)].mean(axis=(0, 1))
    return out
