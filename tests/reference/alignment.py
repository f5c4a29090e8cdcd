"""From two photos' statistics to the affine maps of a chain, with the maps of reference.transform."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from reference.transform import knothe_rosenblatt, monge_kantorovich, whitening_coloring

Array = NDArray[np.float64]
Moments = tuple[Array, Array]  # mean and covariance

LUMA = np.full(3, 3**-0.5)
ENOUGH = 64  # features of a style; of fewer, a level is aligned in proportion


class ChainAlignment:
    """The maps of one photo's way down the chain.

    Args:
        alignments: rows of `alignments` in bundle.json.
        style: for each of them, mean and covariance of each label that takes part.
        strength: 0 (nothing changes) to 1.
        keep_rest: whether there is one more label, of pixels that keep their features.
        areas: pixels of each label in the style; none: there are enough.
    """

    def __init__(
        self,
        alignments: Sequence[dict[str, Any]],
        style: Sequence[Sequence[Moments]],
        strength: float = 1.0,
        *,
        keep_rest: bool = False,
        areas: Sequence[float] = (),
    ) -> None:
        self._alignments = alignments
        self._style = style
        self._strength = strength
        self._keep_rest = keep_rest
        self._areas = areas
        self._shares = [1.0] * len(style[0])

    def __call__(self, index: int, content: Sequence[Moments]) -> tuple[Array, Array]:
        """T (K x C x C) and b (K x C) of alignment `index`, first to last."""
        alignment, style = self._alignments[index], self._style[index]
        maps = []
        for label, (s, c) in enumerate(zip(style, content, strict=not self._keep_rest)):
            moved = (c[0] + self._shares[label] * (s[0] - c[0]), s[1]) if index > 0 else s
            evidence = min(1.0, self._areas[label] / alignment["stride"] ** 2 / ENOUGH) if len(self._areas) else 1.0
            maps.append(alignment_map(alignment, c, moved, self._strength * evidence))
            if index == 0 and alignment["method"] == "knothe-rosenblatt":
                self._shares[label] = levels_share(alignment, c, s)
        if self._keep_rest:
            channels = alignment["channels"]
            maps.append((np.eye(channels), np.zeros(channels)))
        return np.stack([matrix for matrix, _ in maps]), np.stack([offset for _, offset in maps])


def alignment_map(alignment: dict[str, Any], content: Moments, style: Moments, strength: float) -> tuple[Array, Array]:
    """One label's map, mixed with the identity."""
    ridges = _ridges(alignment, content, style)
    share = strength * alignment.get("strength", 1.0)
    identity = np.eye(alignment["channels"])
    if alignment["method"] == "knothe-rosenblatt":
        matrix, offset = knothe_rosenblatt(content, style, ridges, alignment.get("max_gain") or np.inf)
    else:
        method = {"monge-kantorovich": monge_kantorovich, "whitening-coloring": whitening_coloring}[alignment["method"]]
        matrix = method(content[1] + ridges[0] * identity, style[1] + ridges[1] * identity)
        if alignment.get("max_gain"):
            gains, directions = np.linalg.eigh(matrix)
            most = alignment["max_gain"]
            matrix = sum(np.clip(g, 1 / most, most) * np.outer(d, d) for g, d in zip(gains, directions.T, strict=True))
        offset = style[0] - matrix @ content[0]
    return share * matrix + (1 - share) * identity, share * offset


def levels_share(alignment: dict[str, Any], content: Moments, style: Moments) -> float:
    """How far of their way the levels may move their means, from how far the colours' map moves the mean chroma."""
    if not alignment.get("max_gain"):
        return 1.0
    matrix, offset = knothe_rosenblatt(content, style, _ridges(alignment, content, style), alignment["max_gain"])
    across = np.eye(3) - np.outer(LUMA, LUMA)
    shift = across @ (style[0] - content[0])
    size = float(shift @ shift)
    if size == 0:
        return 1.0
    left = float(shift @ across @ (matrix @ content[0] + offset - content[0])) / size
    variance = float(np.trace(across @ style[1] @ across))
    return float(1 - (1 - left) * size / (size + alignment.get("least_shift", 0.05) * variance))


def _ridges(alignment: dict[str, Any], content: Moments, style: Moments) -> tuple[float, float]:
    mean_variance = (np.trace(content[1]) + np.trace(style[1])) / (2 * alignment["channels"])
    ridge = alignment.get("relative_ridge", 0.0) * float(mean_variance)
    return alignment.get("content_ridge", 0.0) + ridge, alignment.get("style_ridge", 0.0) + ridge
