"""The smoother's solver as L-BFGS's first guess of the inverse Hessian.

The matting term's Hessian is 2 weight L, whose eigenvalues span many powers of ten: what makes Deep Photo Style
Transfer slow. (lam D + L)^-1 undoes that; lam D stands for the other terms. A solve takes a few iterations of
conjugate gradients with multigrid, far less than an evaluation of the loss network.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fastphoto_native.smoothing.smoother import Smoother

Float32Array = NDArray[np.float32]

RTOL = 1e-2  # a guess need not be exact


def windows_of(extent: int) -> Float32Array:
    """How many windows of three hold each pixel of a line."""
    counts = np.convolve(np.ones(max(extent - 2, 0), np.float32), np.ones(3, np.float32))
    return counts if extent >= 3 else np.ones(extent, np.float32)


class MattingPreconditioner:
    """(lam D + L)^-1 for pictures of 3 x H x W; the smoother was set up with this lam."""

    def __init__(self, smoother: Smoother, size: tuple[int, int]) -> None:
        self._smoother = smoother
        self._degree = np.outer(windows_of(size[0]), windows_of(size[1]))[..., None]

    def __call__(self, gradient: Float32Array) -> Float32Array:
        """Up to a factor (1 / lam)."""
        # The smoother solves (lam D + L) R = lam D Y.
        right = gradient.transpose(1, 2, 0) / self._degree
        norm = float(np.abs(right).max())
        if norm == 0:
            return gradient.copy()
        solved = self._smoother.solve(right / np.float32(norm), rtol=RTOL)
        return np.ascontiguousarray(solved.transpose(2, 0, 1)) * np.float32(norm)
