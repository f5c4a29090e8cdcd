"""Detail given back to a restyled photo, in NumPy over the pixel-by-pixel guided filter.

Alignments, smoothing and compression of shadows and highlights bend tones, and where they flatten them, fine structure
fades: leaves in a night, tiles in a highlight. The detail of the content's brightness is known, so it is laid over the
result, as strong as the result's own detail is on the whole.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from reference.guided_filter import guided_filter

FloatArray = NDArray[np.float32]

# Brightness: the luma of Rec. 709, on sRGB-encoded values.
LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
# Detail is what a guided filter (by the content's own luma) smooths away: its radius as a share of the longer side, and
# its eps, the variance of what counts as an edge rather than as detail.
RADIUS = 12 / 700
EDGE_VARIANCE = 0.02
# How much of the result's detail is replaced. 1 leaves nothing of what the style did to texture.
AMOUNT = 0.8
# No pixel is changed by more: larger differences are strong edges with other contrasts, and would get halos.
LARGEST_CHANGE = 0.05
# The content's detail is not made stronger than this: in a flat content it is rounding and noise.
LARGEST_GAIN = 3.0


def restore_detail(result: FloatArray, content: FloatArray) -> FloatArray:
    """The result with most of its luma detail d_r replaced by the content's: adds a limited AMOUNT (k d_c - d_r) to
    all channels, where k <= LARGEST_GAIN makes both details equally strong over the photo. But k is not below the
    ratio of the tones' contrasts, or 1: a style out of focus says nothing of the content's detail.

    Hues stay the result's, but for what then lies beyond the range and is cut off. A result that equals the content
    stays as it is.

    Args:
        result: H x W x 3 float32 in 0..1; not changed.
        content: the same shape, same range.

    Source: detail layers of the guided filter: He, Sun, Tang 2013, section 4.
    """
    # Products of strided arrays round in another way on some machines.
    lumas = np.stack([np.ascontiguousarray(photo) @ LUMA for photo in (content, result)], axis=-1)
    radius = max(1, round(RADIUS * max(lumas.shape[:2])))
    exact = lumas.astype(np.float64)
    tones = guided_filter(exact[..., :1], exact, radius, EDGE_VARIANCE).astype(np.float32)
    lumas -= tones
    content_detail, own_detail = lumas[..., 0], lumas[..., 1]
    of_content, own = (float(rms) for rms in np.sqrt(np.mean(np.square(lumas), axis=(0, 1), dtype=np.float64)))
    gain = own / of_content if own < LARGEST_GAIN * of_content else LARGEST_GAIN
    content_contrast, own_contrast = tones.std(axis=(0, 1), dtype=np.float64)
    gain = min(LARGEST_GAIN, max(gain, own_contrast / content_contrast if own_contrast < content_contrast else 1.0))
    change = AMOUNT * (np.float32(gain) * content_detail - own_detail)
    change = LARGEST_CHANGE * np.tanh(change / LARGEST_CHANGE)
    restored: FloatArray = result + change[..., None]
    return np.clip(restored, 0, 1, out=restored)
