"""The classical ways to match colours, from their papers."""

from __future__ import annotations

import numpy as np
import scipy.linalg
from numpy.typing import NDArray
from skimage.exposure import match_histograms

Array = NDArray[np.float64]


def mkl(content: Array, reference: Array) -> Array:
    """The linear Monge-Kantorovich map of Pitie and Kokaram (2007), eq. 10."""
    x, y = content.reshape(-1, 3), reference.reshape(-1, 3)
    a, b = np.cov(x.T, bias=True), np.cov(y.T, bias=True)
    half = np.real(scipy.linalg.sqrtm(a))
    inverse = np.linalg.inv(half)
    matrix = inverse @ np.real(scipy.linalg.sqrtm(half @ b @ half)) @ inverse
    return np.asarray((x - x.mean(0)) @ matrix.T + y.mean(0)).reshape(content.shape)


def hm(content: Array, reference: Array) -> Array:
    """Channel by channel, by scikit-image, which maps each value's rank."""
    return np.asarray(match_histograms(content, reference, channel_axis=2))


def reinhard(content: Array, reference: Array) -> Array:
    """Mean and deviation in l alpha beta, Reinhard et al. (2001), pixel by pixel."""
    lms = np.array([[0.3811, 0.5783, 0.0402], [0.1967, 0.7244, 0.0782], [0.0241, 0.1288, 0.8444]])
    lab = np.array([[1 / np.sqrt(3)] * 3, [1 / np.sqrt(6), 1 / np.sqrt(6), -2 / np.sqrt(6)], [2**-0.5, -(2**-0.5), 0]])

    def forth(photo: Array) -> Array:
        linear = np.where(photo <= 0.04045, photo / 12.92, ((photo + 0.055) / 1.055) ** 2.4).reshape(-1, 3)
        return np.array([lab @ np.log10(np.maximum(lms @ pixel, 1e-4)) for pixel in linear])

    source, goal = forth(content), forth(reference)
    moved = (source - source.mean(0)) / source.std(0) * goal.std(0) + goal.mean(0)
    linear = np.array([np.linalg.solve(lms, 10 ** np.linalg.solve(lab, pixel)) for pixel in moved])
    linear = np.clip(linear, 0, 1).reshape(content.shape)
    return np.asarray(np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055))
