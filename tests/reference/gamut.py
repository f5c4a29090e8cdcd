"""Compression of shadows and highlights into the range of colours, in NumPy.

An alignment is affine: where content and style differ much, it sends dark tones below 0 and bright ones above 1, and
cutting those off erases the structure in them. Here the tones next to the end are compressed instead, by no more than
this photo needs; a photo within the range stays as it is.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Float = TypeVar("Float", np.float32, np.float64)

# Shares of the values at one end of a channel whose excess is looked at, and how much of it counts. What lies beyond
# the outermost 5 % may be cut off if it is not far out: a few specks don't change a photo. Burnt highlights disturb
# more than black shadows, so theirs count more, and they get more room.
SHARES = (0.05, 0.01, 0.001)
SHADOWS_COUNTED = (1.0, 0.6, 0.3)
HIGHLIGHTS_COUNTED = (1.0, 1.0, 0.8)
# Tones up to four times the excess give room, but never more than this much of the range.
KNEE_PER_EXCESS = 4.0
LARGEST_SHADOW_KNEE = 0.15
LARGEST_HIGHLIGHT_KNEE = 0.3
# Excess below this is invisible (a quarter of an 8-bit step).
LEAST_EXCESS = 1e-3
# Quantiles are read from about this many pixels.
SAMPLED_PIXELS = 1_000_000


def compress_to_gamut(photo: NDArray[Float]) -> NDArray[Float]:
    """The photo with its values in 0..1: shadows and highlights beyond are compressed, channel by channel.

    Below a knee k, values v in [low, k], low < 0, go to [0, k] by v' = k (1 - u) / (1 + (s - 1) u), where
    u = (k - v) / (k - low) and s = (k - low) / k: increasing, with slope 1 at the knee. Highlights mirror it.

    Args:
        photo: H x W x C float32, any values; not changed.
    """
    step = max(1, int(np.sqrt(photo.shape[0] * photo.shape[1] / SAMPLED_PIXELS)))
    sample = photo[::step, ::step].reshape(-1, photo.shape[2])
    dark = -np.quantile(sample, SHARES, axis=0)
    bright = np.quantile(sample, [1 - share for share in SHARES], axis=0) - 1
    result = photo.copy()
    for channel in range(photo.shape[2]):
        values = result[..., channel]
        _lift_shadows(values, float((dark[:, channel] * SHADOWS_COUNTED).max()), LARGEST_SHADOW_KNEE)
        excess = float((bright[:, channel] * HIGHLIGHTS_COUNTED).max())
        if excess >= LEAST_EXCESS:
            np.subtract(1, values, out=values)
            _lift_shadows(values, excess, LARGEST_HIGHLIGHT_KNEE)
            np.subtract(1, values, out=values)
    return np.clip(result, 0, 1, out=result)


def _lift_shadows(values: NDArray[Float], excess: float, largest_knee: float) -> None:
    """Compresses what lies below the knee so that `-excess` becomes 0, in place."""
    if excess < LEAST_EXCESS:
        return
    knee = min(largest_knee, KNEE_PER_EXCESS * excess)
    slope = (knee + excess) / knee
    below = values < knee
    u = np.minimum((knee - values[below]) / (knee + excess), 1)
    values[below] = knee * (1 - u) / (1 + (slope - 1) * u)
