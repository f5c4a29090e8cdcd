"""Numbers of 0..1 as whole numbers of a file, dithered where 8 bits would band."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Less than half a step: a value that is a whole number of steps stays it, so that a photo that nobody changed comes
# back as it was.
_AMPLITUDE = 0.996
_TILE = 256  # of the pattern, pixels a side


def quantize(values: NDArray[Any], top: int, *, dither: bool, first_row: int = 0) -> NDArray[Any]:
    """Rounds h x W x C values of 0..1 (others are clipped) to whole numbers of 0 to `top`.

    Values that are whole numbers already count from 0 to the largest of their type.

    With `dither`, a fixed pattern of less than half a step is added first: the mean of a few pixels is then the value
    itself, and slopes do not turn into stairs. The pattern is the same for the same place, so results repeat.

    Args:
        values: some rows of a photo.
        top: the largest number.
        dither: whether to add the pattern.
        first_row: the number of the first of these rows in the photo.
    """
    kind = np.uint8 if top == 255 else np.uint16
    if values.dtype == kind:
        return values
    white = 1 if values.dtype.kind == "f" else np.iinfo(values.dtype).max
    scaled = values * np.float32(top / white)
    if dither:
        pattern = _pattern(values.shape[2])[np.arange(first_row, first_row + len(values)) % _TILE]
        for column in range(0, values.shape[1], _TILE):
            part = scaled[:, column : column + _TILE]
            part += pattern[:, : part.shape[1]]
    else:
        scaled += np.float32(0.5)
    np.clip(scaled, 0, top, out=scaled)
    return scaled.astype(kind)  # cuts off what follows the point


@cache
def _pattern(channels: int) -> NDArray[np.float32]:
    """256 x 256 x channels numbers of 0.002 to 0.998, evenly spread in every small neighbourhood.

    Source: Jimenez, "Next generation post processing in Call of Duty: Advanced Warfare", SIGGRAPH 2014 (interleaved
    gradient noise), shifted for each channel.
    """
    place = np.arange(_TILE)[:, None] + 5.588238 * 23 * np.arange(channels)
    rows, columns = 0.00583715 * place[:, None], 0.06711056 * place[None]
    noise = 52.9829189 * ((rows + columns) % 1.0) % 1.0
    pattern: NDArray[np.float32] = (0.5 + (noise - 0.5) * _AMPLITUDE).astype(np.float32)
    return pattern
