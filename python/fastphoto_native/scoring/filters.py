"""Small filters of float64 planes: Gaussians, derivatives, samples between pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float64]


def gaussian(image: Plane, sigma: float, radius: int | None = None) -> Plane:
    """Blurs the first two axes; beyond the border the image is mirrored, its last row included."""
    reach = round(4 * sigma) if radius is None else radius
    offsets = np.arange(-reach, reach + 1)
    kernel = np.exp(-(offsets**2) / (2 * sigma**2))
    kernel /= kernel.sum()
    return _along(_along(image, kernel, 0, "symmetric"), kernel, 1, "symmetric")


def derivatives(image: Plane) -> tuple[Plane, Plane]:
    """d/dx and d/dy by Sobel's kernels / 8; beyond the border the image is mirrored without its last row."""
    smooth, difference = np.array([0.25, 0.5, 0.25]), np.array([-0.5, 0, 0.5])
    along_x = _along(_along(image, smooth, 0, "reflect"), difference, 1, "reflect")
    along_y = _along(_along(image, difference, 0, "reflect"), smooth, 1, "reflect")
    return along_x, along_y


def _along(image: Plane, kernel: Plane, axis: int, mode: str) -> Plane:
    """Correlation with a kernel of odd length along an axis."""
    reach = len(kernel) // 2
    pads = [(0, 0)] * image.ndim
    pads[axis] = (reach, reach)
    # Lines shorter than the kernel are mirrored more than once.
    padded = np.pad(image, pads, mode=mode if image.shape[axis] > 1 else "edge")  # type: ignore[call-overload]
    extent = image.shape[axis]
    total = np.zeros_like(image)
    for offset, weight in enumerate(kernel):
        window = [slice(None)] * image.ndim
        window[axis] = slice(offset, offset + extent)
        total += weight * padded[tuple(window)]
    return total


def colour_gradient(image: Plane, sigma: float) -> tuple[Plane, Plane]:
    """Strength and angle (radians) of the steepest change of colour (Di Zenzo's structure tensor), after a blur.

    Args:
        image: H x W x 3.
        sigma: of the Gaussian.
    """
    dx, dy = derivatives(gaussian(image, sigma))
    xx, yy, xy = (dx * dx).sum(2), (dy * dy).sum(2), (dx * dy).sum(2)
    largest = 0.5 * (xx + yy + np.sqrt((xx - yy) ** 2 + 4 * xy**2))
    return np.sqrt(largest), 0.5 * np.arctan2(2 * xy, xx - yy)


def sample(plane: Plane, rows: Plane, columns: Plane) -> Plane:
    """Bilinear samples; beyond the border the nearest pixel."""
    height, width = plane.shape
    y, x = np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)
    top, left = np.floor(y).astype(int), np.floor(x).astype(int)
    below, right = np.minimum(top + 1, height - 1), np.minimum(left + 1, width - 1)
    dy, dx = y - top, x - left
    upper = plane[top, left] * (1 - dx) + plane[top, right] * dx
    lower = plane[below, left] * (1 - dx) + plane[below, right] * dx
    sampled: Plane = upper * (1 - dy) + lower * dy
    return sampled
