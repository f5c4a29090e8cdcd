"""Weighted mean and covariance, in NumPy's own words."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def mean_and_covariance(features: Array, weights: Array) -> tuple[Array, Array]:
    """Features are C x N, weights N."""
    mean = np.average(features, axis=1, weights=weights)
    centred = features - mean[:, None]
    return mean, (weights * centred) @ centred.T / weights.sum()
