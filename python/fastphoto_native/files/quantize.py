"""Numbers of 0..1 as whole numbers of a file, dithered where 8 bits would band."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

# Less than half a step: a value that is a whole number of steps stays it, so that a photo that nobody changed comes
# back as it was.
_AMPLITUDE = np.float32(0.996)


def quantize(values: NDArray[np.floating], top: int, *, dither: bool, first_row: int = 0) -> NDArray[Any]:
    """Rounds h x W x C values of 0..1 (others are clipped) to whole numbers of 0 to `top`.

    With `dither`, a fixed pattern of less than half a step is added first: the mean of a few pixels is then the value
    itself, and slopes do not turn into stairs. The pattern is the same for the same place, so results repeat.

    Source of the pattern: Jimenez, "Next generation post processing in Call of Duty: Advanced Warfare", SIGGRAPH 2014
    (interleaved gradient noise), shifted for each channel.

    Args:
        values: some rows of a photo.
        top: the largest number.
        dither: whether to add the pattern.
        first_row: the number of the first of these rows in the photo.
    """
    scaled = np.clip(values, 0, 1) * np.float32(top)
    if dither:
        height, width, channels = values.shape
        for channel in range(channels):
            scaled[..., channel] += (_noise(height, width, first_row, channel) - np.float32(0.5)) * _AMPLITUDE
        np.clip(scaled, 0, top, out=scaled)
    whole: NDArray[Any] = np.rint(scaled).astype(np.uint8 if top == 255 else np.uint16)
    return whole


def _noise(height: int, width: int, first_row: int, channel: int) -> NDArray[np.float32]:
    """0 to 1, evenly spread in every small neighbourhood."""
    shift = 5.588238 * 23 * channel
    rows = 0.00583715 * (np.arange(first_row, first_row + height) + shift)
    columns = 0.06711056 * (np.arange(width) + shift)
    noise: NDArray[np.float32] = (52.9829189 * ((rows[:, None] + columns) % 1.0) % 1.0).astype(np.float32)
    return noise
