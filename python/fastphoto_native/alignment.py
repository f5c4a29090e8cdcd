"""From two photos' statistics to the affine maps that a segment applies."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fastphoto_native import _core
from fastphoto_native.knothe_rosenblatt import knothe_rosenblatt, levels_share
from fastphoto_native.runtime.bundle import Alignment

FloatArray = NDArray[np.float32]

METHODS = {"monge-kantorovich": _core.monge_kantorovich, "whitening-coloring": _core.whitening_coloring}


class ChainAlignment:
    """The maps of one photo's way down the chain, for `Engine.run`.

    Where the style's colours are too many for the content's, the colours' alignment holds back a part of the shift
    between the mean chromas (knothe_rosenblatt.py). The levels after it then move their mean features by a share of
    their way only, or they would bring in what it held back.

    Args:
        alignments: the model's.
        style: for each of them, the statistics of each label that takes part.
        strength: 0 (nothing changes) to 1.
        keep_rest: whether there is one more label, of pixels that keep their features.
    """

    def __init__(
        self,
        alignments: Sequence[Alignment],
        style: Sequence[Sequence[_core.Statistics]],
        strength: float = 1.0,
        *,
        keep_rest: bool = False,
    ) -> None:
        self._alignments = alignments
        self._style = style
        self._strength = strength
        self._keep_rest = keep_rest
        self._shares = [1.0] * len(style[0])

    def __call__(self, index: int, content: Sequence[_core.Statistics]) -> tuple[FloatArray, FloatArray]:
        """T and b of alignment `index`, first to last; `content` ends with the statistics of the rest."""
        alignment, style = self._alignments[index], self._style[index]
        content = content[: len(style)] if self._keep_rest else content
        if index > 0:
            style = [_nearer(s, c, share) for s, c, share in zip(style, content, self._shares, strict=True)]
        elif alignment.method == "knothe-rosenblatt":
            self._shares = [
                levels_share(c, s, max_gain=alignment.max_gain, **_ridges(alignment, c, s))
                for c, s in zip(content, style, strict=True)
            ]
        return alignment_maps(alignment, content, style, self._strength, self._keep_rest)


def _nearer(style: _core.Statistics, content: _core.Statistics, share: float) -> _core.Statistics:
    """The style's statistics, its mean moved towards the content's until `share` of the way is left."""
    if share == 1:
        return style
    return _core.Statistics(content.mean + share * (style.mean - content.mean), style.covariance, style.weight)


def alignment_maps(
    alignment: Alignment,
    content: Sequence[_core.Statistics],
    style: Sequence[_core.Statistics],
    strength: float,
    keep_rest: bool,
) -> tuple[FloatArray, FloatArray]:
    """T (K x C x C) and b (K x C) for f' = T f + b, one of the K for each label.

    With `keep_rest` one more map follows, the identity, for pixels of no label that takes part.
    """
    maps = [_alignment_map(alignment, c, s, strength) for c, s in zip(content, style, strict=True)]
    matrices = [m.matrix for m in maps]
    offsets = [m.offset for m in maps]
    if keep_rest:
        matrices.append(np.eye(alignment.channels))
        offsets.append(np.zeros(alignment.channels))
    return np.stack(matrices).astype(np.float32), np.stack(offsets).astype(np.float32)


def _alignment_map(
    alignment: Alignment, content: _core.Statistics, style: _core.Statistics, strength: float
) -> _core.AffineTransform:
    options = _ridges(alignment, content, style) | {"strength": strength * alignment.strength}
    if alignment.method == "knothe-rosenblatt":
        return knothe_rosenblatt(content, style, max_gain=alignment.max_gain, **options)
    return METHODS[alignment.method](content, style, **options)


def _ridges(alignment: Alignment, content: _core.Statistics, style: _core.Statistics) -> dict[str, float]:
    mean_variance = (np.trace(content.covariance) + np.trace(style.covariance)) / (2 * alignment.channels)
    ridge = alignment.relative_ridge * float(mean_variance)
    return {"content_ridge": alignment.content_ridge + ridge, "style_ridge": alignment.style_ridge + ridge}
