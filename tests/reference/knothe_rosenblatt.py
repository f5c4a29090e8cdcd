"""The map of colours that moves tones first, and then the colour that each tone has, in NumPy.

Knothe (1957) and Rosenblatt (1952) rearrange one distribution into another a coordinate at a time, each given those
before. For normal distributions the map is affine and reaches the other's mean and covariance, as the Monge-Kantorovich
map does; but what it does to the tones, and so to the structure of a photo, depends on the tones alone, and the two
halves of what it does to colours can be kept in bounds one by one.
"""

from __future__ import annotations

import numpy as np
from fastphoto_native import _core
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

# Orthonormal coordinates of R, G, B: luma (along grey), then chroma (red to blue, magenta to green).
LUMA_CHROMA = np.array([[1, 1, 1], [1, 0, -1], [-1, 2, -1]]) / np.sqrt([[3], [2], [6]])

# In shares of the style's variance of chroma: a shift between mean chromas whose square is below it is none to be held
# back from by the levels.
LEAST_SHIFT = 0.05


def knothe_rosenblatt(
    content: _core.Statistics,
    style: _core.Statistics,
    *,
    content_ridge: float,
    style_ridge: float,
    max_gain: float | None,
    strength: float,
) -> _core.AffineTransform:
    """The affine map of R, G, B that gives the content the style's luma, and its chroma given luma.

    With standard deviations s, regressions B of chroma on luma and G the Monge-Kantorovich map of what chroma varies by
    at equal luma,

        luma' - mean_s = s_s / s_c (luma - mean_c)
        chroma' - mean_s = B_s (luma' - mean_s) + G (chroma - mean_c - B_c (luma - mean_c)).

    Args:
        content: mean and covariance of R, G, B.
        style: the same of the other photo.
        content_ridge: added to the diagonal of the content's covariance. Without one a content that varies in fewer
            than three directions, such as a grey one, has no such map.
        style_ridge: the same for the style's.
        max_gain: at least 1; singular values of G above it are set to it; none: no limit. If the largest, g, is above
            it, the style's colours are too many for the content's, and their mean is no colour for whatever fills the
            content, such as that of a meadow for a pale sky: of the shift d between the mean chromas
            |d|^2 / (|d|^2 + (g / max_gain - 1) v) is left, where v is the style's variance of chroma. A cast all over
            the style comes through. (Means of scattered samples are better estimated nearer to a common point: James
            and Stein, 1961.)
        strength: 0 (the identity) to 1.
    """
    mean_c, mean_s = LUMA_CHROMA @ content.mean, LUMA_CHROMA @ style.mean
    variance_c, slope_c, rest_c = _given_luma(content, content_ridge)
    variance_s, slope_s, rest_s = _given_luma(style, style_ridge)
    contrast = np.sqrt(variance_s / variance_c) if variance_c > 0 else 0.0
    gain, excess = _gain(rest_c, rest_s, max_gain)

    matrix = np.zeros((3, 3))
    matrix[0, 0] = contrast
    matrix[1:, 0] = slope_s * contrast - gain @ slope_c
    matrix[1:, 1:] = gain
    shift = mean_s - mean_c
    shift[1:] *= _kept(shift[1:], style, excess)

    matrix, offset = LUMA_CHROMA.T @ matrix @ LUMA_CHROMA, LUMA_CHROMA.T @ (mean_c + shift - matrix @ mean_c)
    return _core.AffineTransform(strength * matrix + (1 - strength) * np.eye(3), strength * offset)


def levels_share(
    content: _core.Statistics,
    style: _core.Statistics,
    *,
    content_ridge: float,
    style_ridge: float,
    max_gain: float | None,
) -> float:
    """How far of their way the levels after the colours may move their mean features, 0 to 1.

    Of the shift d between the mean chromas :func:`knothe_rosenblatt` leaves a share k. With all of their way the levels
    would bring in the rest, the more it is, the more; so they have 1 - (1 - k) |d|^2 / (|d|^2 + LEAST_SHIFT v), where
    v is the style's variance of chroma: nearly k, and 1 where d is next to nothing and so is what was held back.

    Args: those of :func:`knothe_rosenblatt`.
    """
    _, excess = _gain(_given_luma(content, content_ridge)[2], _given_luma(style, style_ridge)[2], max_gain)
    shift = LUMA_CHROMA[1:] @ (style.mean - content.mean)
    size, variance = float(shift @ shift), _chroma_variance(style)
    held_back = 1 - _kept(shift, style, excess)
    return 1 - held_back * size / (size + LEAST_SHIFT * variance) if held_back > 0 else 1.0


def _given_luma(statistics: _core.Statistics, ridge: float) -> tuple[float, FloatArray, FloatArray]:
    """The variance of luma, the regression of chroma on it, and the covariance of chroma at equal luma."""
    covariance: FloatArray = LUMA_CHROMA @ statistics.covariance @ LUMA_CHROMA.T + ridge * np.eye(3)
    variance = float(covariance[0, 0])
    slope: FloatArray = covariance[1:, 0] / variance if variance > 0 else np.zeros(2)
    return variance, slope, covariance[1:, 1:] - variance * np.outer(slope, slope)


def _gain(content: FloatArray, style: FloatArray, most: float | None) -> tuple[FloatArray, float]:
    """The Monge-Kantorovich map of two covariances, of limited gain, and by what share its largest gain was above."""
    centred = [_core.Statistics(np.zeros(2), covariance) for covariance in (content, style)]
    gain = _core.monge_kantorovich(*centred, content_ridge=0, style_ridge=0, eigenvalue_cut=0).matrix
    if most is None:
        return gain, 0.0
    left, values, right = np.linalg.svd(gain)
    return (left * np.minimum(values, most)) @ right, max(0.0, float(values[0]) / most - 1)


def _kept(shift: FloatArray, style: _core.Statistics, excess: float) -> float:
    """How much of the shift between the mean chromas is left."""
    size = float(shift @ shift)
    return size / (size + excess * _chroma_variance(style)) if size > 0 else 1.0


def _chroma_variance(statistics: _core.Statistics) -> float:
    chroma = LUMA_CHROMA[1:]
    return float(np.trace(chroma @ statistics.covariance @ chroma.T))
