"""Local affine maps pixel by pixel: least squares in every window, and bilinear enlarging from its definition."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def fit(content: Array, result: Array, radius: int, eps: float) -> Array:
    """H x W x 12: at each pixel, for each channel of the result, three factors and an offset."""
    height, width, _ = content.shape

    def box(y: int, x: int) -> tuple[slice, slice]:
        return slice(max(0, y - radius), y + radius + 1), slice(max(0, x - radius), x + radius + 1)

    of_windows = np.zeros((height, width, 3, 3))
    for y in range(height):
        for x in range(width):
            colours = content[box(y, x)].reshape(-1, 3)
            values = result[box(y, x)].reshape(-1, 3)
            centred = colours - colours.mean(axis=0)
            covariance = centred.T @ centred / len(colours)
            cross = (values - values.mean(axis=0)).T @ centred / len(colours)
            of_windows[y, x] = cross @ np.linalg.inv(covariance + eps * np.eye(3))
    maps = np.zeros((height, width, 3, 4))
    for y in range(height):
        for x in range(width):
            factors = of_windows[box(y, x)].mean(axis=(0, 1))
            maps[y, x, :, :3] = factors
            maps[y, x, :, 3] = result[y, x] - factors @ content[y, x]
    return maps.reshape(height, width, 12)


def positions(small: int, large: int) -> Array:
    """Where the centres of an axis' pixels lie among those of its reduced form, within its first and last."""
    return np.clip((np.arange(large) + 0.5) * small / large - 0.5, 0, small - 1)


def enlarge(maps: Array, height: int, width: int) -> Array:
    """Bilinear interpolation between the four pixels around each position."""
    rows, columns = positions(maps.shape[0], height), positions(maps.shape[1], width)
    weights = [
        np.maximum(0, 1 - np.abs(p[:, None] - np.arange(n)))
        for p, n in zip((rows, columns), maps.shape[:2], strict=True)
    ]
    return np.asarray(np.einsum("yh,hwk,xw->yxk", weights[0], maps, weights[1]))


def apply(maps: Array, content: Array) -> Array:
    """The enlarged maps, applied to each pixel's colour."""
    large = enlarge(maps, *content.shape[:2]).reshape(*content.shape[:2], 3, 4)
    return np.asarray(np.einsum("yxcg,yxg->yxc", large[..., :3], content) + large[..., 3])
