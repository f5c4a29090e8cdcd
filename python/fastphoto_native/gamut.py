"""Bringing a restyled photo back into the range of colours without crushing its shadows and highlights.

An alignment is affine: where content and style differ much, it sends dark tones below 0 and bright ones above 1, and
cutting those off erases the structure in them. Here the tones next to the end are compressed instead, by no more than
this photo needs; a photo within the range stays as it is.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

# What lies below the darkest 5 % of a channel's values may still be cut off: film and sensors do the same, and a few
# specks don't pull up all shadows.
CUT_SHARE = 0.05
# Tones up to four times the excess give room, but never more than this much of the range.
KNEE_PER_EXCESS = 4.0
LARGEST_KNEE = 0.4
# Excess below this is invisible (a quarter of an 8-bit step).
LEAST_EXCESS = 1e-3
# Quantiles are read from about this many pixels.
SAMPLED_PIXELS = 1_000_000


def compress_to_gamut(photo: FloatArray) -> FloatArray:
    """The photo with its values in 0..1: shadows and highlights beyond are compressed, channel by channel.

    Below a knee k, values v in [low, k], low < 0, go to [0, k] by v' = k - k s u / (1 + (s - 1) u), where
    u = (k - v) / (k - low) and s = (k - low) / k: increasing, with slope 1 at the knee. Highlights mirror it.

    Args:
        photo: H x W x C float32, any values; not changed.
    """
    step = max(1, int(np.sqrt(photo.shape[0] * photo.shape[1] / SAMPLED_PIXELS)))
    sample = photo[::step, ::step].reshape(-1, photo.shape[2])
    lows, highs = np.quantile(sample, [CUT_SHARE, 1 - CUT_SHARE], axis=0)
    result = photo.copy()
    for channel in range(photo.shape[2]):
        values = result[..., channel]
        _lift_shadows(values, float(lows[channel]))
        if highs[channel] > 1 + LEAST_EXCESS:
            np.subtract(1, values, out=values)
            _lift_shadows(values, 1 - float(highs[channel]))
            np.subtract(1, values, out=values)
    return np.clip(result, 0, 1, out=result)


def _lift_shadows(values: FloatArray, low: float) -> None:
    """Compresses what lies below the knee so that `low` becomes 0, in place."""
    if low > -LEAST_EXCESS:
        return
    knee = min(LARGEST_KNEE, KNEE_PER_EXCESS * -low)
    slope = (knee - low) / knee
    below = values < knee
    u = np.minimum((knee - values[below]) / (knee - low), 1)
    values[below] = knee - knee * slope * u / (1 + (slope - 1) * u)
