"""How much of the content's structure a result keeps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fastphoto_native.scoring.filters import colour_gradient, gaussian

Plane = NDArray[np.float64]

LUMA = np.array([0.299, 0.587, 0.114])  # BT.601, as in the SSIM literature


def luma(photo: Plane) -> Plane:
    """Of H x W x 3 in 0..1, in 0..255."""
    weighed: Plane = 255 * (photo @ LUMA)
    return weighed


def ssim(a: Plane, b: Plane, span: float) -> float:
    """Mean structural similarity (Wang et al. 2004): Gaussian window of sigma 1.5 and 11 x 11, K 0.01 and 0.03.

    Args:
        a: H x W, 11 pixels or more along each side.
        b: of the same size.
        span: of the values.
    """

    def blur(x: Plane) -> Plane:
        return gaussian(x, 1.5, 5)

    c1, c2 = (0.01 * span) ** 2, (0.03 * span) ** 2
    mean_a, mean_b = blur(a), blur(b)
    var_a, var_b = blur(a * a) - mean_a**2, blur(b * b) - mean_b**2
    covariance = blur(a * b) - mean_a * mean_b
    above = (2 * mean_a * mean_b + c1) * (2 * covariance + c2)
    below = (mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2)
    return float((above / below)[5:-5, 5:-5].mean())


def edge_map(photo: Plane) -> Plane:
    """Strength of edges at two scales, in units of its 99th percentile: a change of all tones leaves it alone."""
    strength = sum(colour_gradient(255 * photo, sigma)[0] * sigma for sigma in (1.0, 2.0))
    return np.asarray(np.clip(strength / (np.percentile(strength, 99) + 1e-9), 0, 1))


def structure_scores(content: Plane, result: Plane) -> dict[str, float]:
    """Scores that are 1 for the content itself.

    ssim_y: SSIM of luma. ssim_norm: the same after the result's luma was given the content's mean and deviation.
    ssim_edge: SSIM of the edge maps, which legitimate changes of tone leave alone.
    """
    before, after = luma(content), luma(result)
    matched = (after - after.mean()) / (after.std() + 1e-6) * before.std() + before.mean()
    return {
        "ssim_y": ssim(before, after, 255.0),
        "ssim_norm": ssim(before, matched, 255.0),
        "ssim_edge": ssim(edge_map(content), edge_map(result), 1.0),
    }
