"""Bilateral affine filter pixel by pixel: least squares in every small window, then a weighted mean of the maps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def affine_maps(stylized: Array, content: Array, radius: int, ridge: float) -> Array:
    """H x W x 4 x 3: the map of each window, through the rows (I, 1) and sqrt(ridge) (Id, 0)."""
    height, width, _ = content.shape
    maps = np.zeros((height, width, 4, 3))
    penalty = np.hstack([np.sqrt(ridge) * np.eye(3), np.zeros((3, 1))])
    for y in range(height):
        for x in range(width):
            box = np.s_[max(0, y - radius) : y + radius + 1, max(0, x - radius) : x + radius + 1]
            colors = content[box].reshape(-1, 3)
            rows = np.vstack([np.hstack([colors, np.ones((len(colors), 1))]), penalty])
            values = np.vstack([stylized[box].reshape(-1, 3), np.zeros((3, 3))])
            maps[y, x] = np.linalg.lstsq(rows, values, rcond=None)[0]
    return maps


def bilateral_affine_filter(
    stylized: Array,
    content: Array,
    radius: int,
    spatial_sigma: float,
    range_sigma: float,
    window_radius: int,
    ridge: float,
) -> Array:
    """The content repainted with the mean of the maps around each pixel."""
    height, width, _ = content.shape
    maps = affine_maps(stylized, content, window_radius, ridge)
    out = np.zeros_like(stylized)
    for y in range(height):
        for x in range(width):
            rows = np.arange(max(0, y - radius), min(height, y + radius + 1))
            columns = np.arange(max(0, x - radius), min(width, x + radius + 1))
            box = np.ix_(rows, columns)
            distance = (rows[:, None] - y) ** 2 + (columns - x) ** 2
            colour = ((content[box] - content[y, x]) ** 2).mean(axis=2)
            weight = np.exp(-distance / (2 * spatial_sigma**2) - colour / (2 * range_sigma**2))
            mean = (weight[..., None, None] * maps[box]).sum(axis=(0, 1)) / weight.sum()
            out[y, x] = np.append(content[y, x], 1) @ mean
    return out
