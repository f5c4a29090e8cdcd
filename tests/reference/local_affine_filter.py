"""Local affine filter pixel by pixel: weighted ridge regression as an ordinary least-squares problem."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def local_affine_filter(stylized: Array, content: Array, radius: int, range_sigma: float, ridge: float) -> Array:
    """Minimises sum w |A I + b - Y|^2 + ridge |A|^2 through the rows sqrt(w) (I, 1) and sqrt(ridge) (Id, 0)."""
    height, width, _ = content.shape
    out = np.zeros_like(stylized)
    penalty = np.hstack([np.sqrt(ridge) * np.eye(3), np.zeros((3, 1))])
    for y in range(height):
        for x in range(width):
            box = np.s_[max(0, y - radius) : y + radius + 1, max(0, x - radius) : x + radius + 1]
            colors = content[box].reshape(-1, 3)
            center = content[y, x]
            root = np.exp(-((colors - center) ** 2).sum(axis=1) / (4 * range_sigma**2))[:, None]
            rows = np.vstack([root * np.hstack([colors, np.ones((len(colors), 1))]), penalty])
            values = np.vstack([root * stylized[box].reshape(-1, 3), np.zeros((3, 3))])
            solution = np.linalg.lstsq(rows, values, rcond=None)[0]
            out[y, x] = np.append(center, 1) @ solution
    return out
