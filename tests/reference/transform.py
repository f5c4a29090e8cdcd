"""Whitening-colouring and Monge-Kantorovich maps with SciPy's matrix square root."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import sqrtm

Array = NDArray[np.float64]


def whitening_coloring(content: Array, style: Array) -> Array:
    """T = Sigma_s^(1/2) Sigma_c^(-1/2) for covariances of full rank."""
    return np.asarray(sqrtm(style).real @ np.linalg.inv(sqrtm(content).real))


def monge_kantorovich(content: Array, style: Array) -> Array:
    """T = Sigma_c^(-1/2) (Sigma_c^(1/2) Sigma_s Sigma_c^(1/2))^(1/2) Sigma_c^(-1/2) for covariances of full rank."""
    root = sqrtm(content).real
    inverse = np.linalg.inv(root)
    return np.asarray(inverse @ sqrtm(root @ style @ root).real @ inverse)
