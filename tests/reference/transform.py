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


def knothe_rosenblatt(
    content: tuple[Array, Array], style: tuple[Array, Array], ridges: tuple[float, float], max_gain: float
) -> tuple[Array, Array]:
    """Matrix and offset of the map that moves luma first, then chroma given luma, step by step in plain terms."""
    grey = np.full(3, 3**-0.5)
    to_chroma = np.eye(3) - np.outer(grey, grey)  # all in R, G, B: chroma as a vector across grey

    def conditional(statistics: tuple[Array, Array], ridge: float) -> tuple[float, Array, Array]:
        covariance = statistics[1] + ridge * np.eye(3)
        luma_variance = float(grey @ covariance @ grey)
        slope = to_chroma @ covariance @ grey / luma_variance
        rest = to_chroma @ covariance @ to_chroma - luma_variance * np.outer(slope, slope)
        return luma_variance, slope, rest

    variance_c, slope_c, rest_c = conditional(content, ridges[0])
    variance_s, slope_s, rest_s = conditional(style, ridges[1])
    # What is across grey has rank two: one on the grey axis keeps the roots and inverses what they are there.
    along = np.outer(grey, grey)
    gain = to_chroma @ monge_kantorovich(rest_c + along, rest_s + along) @ to_chroma
    gains, directions = np.linalg.eigh(gain)
    excess = max(0.0, gains.max() / max_gain - 1)
    gain = sum(min(g, max_gain) * np.outer(d, d) for g, d in zip(gains, directions.T, strict=True))

    def mapped(color: Array) -> Array:
        luma, chroma = grey @ color, to_chroma @ color
        mean_luma_c, mean_luma_s = grey @ content[0], grey @ style[0]
        new_luma = mean_luma_s + (variance_s / variance_c) ** 0.5 * (luma - mean_luma_c)
        shift = to_chroma @ (style[0] - content[0])
        left = shift @ shift / (shift @ shift + excess * np.trace(to_chroma @ style[1] @ to_chroma))
        beside_line = chroma - to_chroma @ content[0] - slope_c * (luma - mean_luma_c)
        new_chroma = to_chroma @ content[0] + left * shift + slope_s * (new_luma - mean_luma_s) + gain @ beside_line
        return np.asarray(new_luma * grey + new_chroma)

    offset = mapped(np.zeros(3))
    return np.stack([mapped(axis) - offset for axis in np.eye(3)], axis=1), offset
