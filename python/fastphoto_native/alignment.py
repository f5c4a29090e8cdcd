"""From two photos' statistics to the affine maps that a segment applies."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fastphoto_native import _core
from fastphoto_native.bundle import Alignment
from fastphoto_native.knothe_rosenblatt import knothe_rosenblatt

METHODS = {"monge-kantorovich": _core.monge_kantorovich, "whitening-coloring": _core.whitening_coloring}


def alignment_maps(
    alignment: Alignment,
    content: Sequence[_core.Statistics],
    style: Sequence[_core.Statistics],
    strength: float,
    keep_rest: bool,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
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
    mean_variance = (np.trace(content.covariance) + np.trace(style.covariance)) / (2 * alignment.channels)
    ridge = alignment.relative_ridge * float(mean_variance)
    options = {
        "content_ridge": alignment.content_ridge + ridge,
        "style_ridge": alignment.style_ridge + ridge,
        "strength": strength * alignment.strength,
    }
    if alignment.method == "knothe-rosenblatt":
        return knothe_rosenblatt(content, style, max_gain=alignment.max_gain, **options)
    return METHODS[alignment.method](content, style, **options)
