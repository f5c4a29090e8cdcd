"""The matting Laplacian window by window (Levin, Lischinski, Weiss 2008, eq. 12), dense."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def affinity_and_degree(image: Array, eps: float, radius: int) -> tuple[Array, Array]:
    """W (N x N) and D (N, the number of windows that hold each pixel)."""
    height, width, _ = image.shape
    index = np.arange(height * width).reshape(height, width)
    W = np.zeros((height * width, height * width))
    D = np.zeros(height * width)
    size = (2 * radius + 1) ** 2
    for y in range(radius, height - radius):
        for x in range(radius, width - radius):
            box = np.s_[y - radius : y + radius + 1, x - radius : x + radius + 1]
            members = index[box].ravel()
            colors = image[box].reshape(size, 3)
            centred = colors - colors.mean(axis=0)
            covariance = centred.T @ centred / size
            inverse = np.linalg.inv(covariance + eps / size * np.eye(3))
            W[np.ix_(members, members)] += (1 + centred @ inverse @ centred.T) / size
            D[members] += 1
    return W, D


def matting_laplacian(image: Array, eps: float, radius: int) -> Array:
    W, D = affinity_and_degree(image, eps, radius)
    return np.diag(D) - W
