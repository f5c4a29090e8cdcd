"""Statistics between others, slow and obvious: the geodesic of two in closed form, and pooled samples."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def root(matrix: FloatArray) -> FloatArray:
    """The symmetric square root."""
    return np.real(scipy.linalg.sqrtm(matrix))


def geodesic(first: FloatArray, second: FloatArray, t: float) -> FloatArray:
    """The covariance at t on the Bures-Wasserstein geodesic: ((1 - t) I + t T) first ((1 - t) I + t T)^T.

    T is the optimal transport from first to second (McCann 1997; Takatsu 2011).
    """
    half = root(first)
    inverse = np.linalg.inv(half)
    transport = inverse @ root(half @ second @ half) @ inverse
    step = (1 - t) * np.eye(len(first)) + t * transport
    return step @ first @ step.T


def mean_root(covariance: FloatArray, parts: Sequence[FloatArray], weights: Sequence[float]) -> FloatArray:
    """The sum of w_i (S^(1/2) S_i S^(1/2))^(1/2): equal to S at the barycentre, and only there (Agueh, Carlier)."""
    half = root(covariance)
    return np.asarray(sum(w * root(half @ part @ half) for w, part in zip(weights, parts, strict=True)))


def pooled(samples: Sequence[FloatArray]) -> tuple[FloatArray, FloatArray]:
    """Mean and covariance of all samples (each N x C) as one set."""
    together = np.concatenate(samples)
    return together.mean(axis=0), np.cov(together.T, bias=True).reshape(together.shape[1], -1)
