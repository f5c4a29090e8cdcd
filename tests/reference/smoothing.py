"""Closed-form smoothing by a direct solve of the paper's own equation (Li et al. 2018, eq. 9)."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from reference.matting import affinity_and_degree
from scipy.sparse.linalg import splu

Array = NDArray[np.float64]


def closed_form_smooth(stylized: Array, content: Array, lam: float, eps: float, radius: int) -> Array:
    """R = (1 - alpha) (I - alpha S)^-1 Y, S = D^-1/2 W D^-1/2; without windows R = Y."""
    W, D = affinity_and_degree(content, eps, radius)
    if not D.any():
        return stylized
    alpha = 1 / (1 + lam)
    root = 1 / np.sqrt(D)
    S = root[:, None] * W * root[None, :]
    Y = stylized.reshape(len(D), -1)
    R = np.linalg.solve(np.eye(len(D)) - alpha * S, (1 - alpha) * Y)
    return np.asarray(R, np.float64).reshape(stylized.shape)


def closed_form_smooth_sparse(stylized: Array, laplacian: sp.csr_array, degree: Array, lam: float) -> Array:
    """The same for photos: sparse, from a Laplacian that was tested by itself."""
    alpha = 1 / (1 + lam)
    root = sp.diags_array(1 / np.sqrt(degree))
    S = root @ (sp.diags_array(degree) - laplacian) @ root
    factors = splu((sp.eye_array(len(degree)) - alpha * S).tocsc())
    Y = np.ascontiguousarray(stylized.reshape(len(degree), -1))
    R: Array = (1 - alpha) * factors.solve(Y)
    return R.reshape(stylized.shape)


def closed_form_smooth_constants(stylized: Array, content: Array, lam: float, eps: float, radius: int) -> Array:
    """The form that keeps constants: ((1 - alpha) D + alpha L) R = (1 - alpha) D Y; without windows R = Y."""
    W, D = affinity_and_degree(content.astype(np.float64), eps, radius)
    if not D.any():
        return stylized
    alpha = 1 / (1 + lam)
    Y = stylized.reshape(len(D), -1).astype(np.float64)
    system = sp.csc_array((1 - alpha) * np.diag(D) + alpha * (np.diag(D) - W))
    R: Array = splu(system).solve((1 - alpha) * D[:, None] * Y)
    return R.reshape(stylized.shape)


def window_count(height: int, width: int, radius: int) -> Array:
    """D by counting windows, for any image size."""
    D = np.zeros((height, width))
    for y in range(radius, height - radius):
        for x in range(radius, width - radius):
            D[y - radius : y + radius + 1, x - radius : x + radius + 1] += 1
    return D.ravel()
