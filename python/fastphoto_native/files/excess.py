"""Colours beyond sRGB: what of a photo the engine cannot see, and how it follows the engine's change.

The engine works in sRGB-encoded values of 0..1. A photo in a wide space has colours outside, and a floating-point one
has lights brighter than white. What the engine is given is clipped; the rest, the *excess*, is kept here and put back
when the result is written in a wide space:

    seen = clip(encode(light / gain));  excess = encode(light / gain) - seen;  gain = max(1, luminance)
    written = gain * decode(result + k * excess)

k says how much of the seen colour's chroma the look has left: the projection of the result's chroma on it. A look that
leaves a colour alone has k = 1, and the colour comes back exactly. A look that makes it grey has k = 0, and no tint is
left over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastphoto_native.arrays.images import as_float_image
from fastphoto_native.files.curves import decode_srgb, encode_srgb

FloatArray = NDArray[np.float32]

# Of linear light: Rec. 709.
_LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)
# Excess below this is rounding. In the shadows of a gamma curve it is 80 of 65535.
_LEAST = 2e-6
# Squared chroma below which a seen colour counts as neutral: its excess stays as it is.
_NEUTRAL = 1e-4
_LARGEST_SHARE = 2.0


@dataclass(frozen=True)
class Excess:
    """The excess of those pixels that have one.

    Attributes:
        index: N numbers of pixels, row by row, ascending.
        delta: N x 3, what is missing of the sRGB-encoded colour.
        gain: N, how much brighter than white the luminance is; 1 for all within the range.
    """

    index: NDArray[np.int64]
    delta: FloatArray
    gain: FloatArray

    def follow(self, seen: NDArray[Any], result: NDArray[Any]) -> Excess:
        """The excess of `result`, given what the engine saw: both H x W x 3, float32 or whole numbers of sRGB."""
        before, after = (
            _chroma(as_float_image(photo.reshape(-1, 3)[self.index], "pixels")) for photo in (seen, result)
        )
        share = ((before * after).sum(axis=1) + _NEUTRAL) / ((before * before).sum(axis=1) + _NEUTRAL)
        share = np.clip(share, 0, _LARGEST_SHARE).astype(np.float32)
        return Excess(self.index, self.delta * share[:, None], self.gain)

    def add_to(self, linear: FloatArray, encoded: FloatArray, first: int) -> None:
        """Puts the excess into rows of linear light.

        Args:
            linear: h x W x 3 linear sRGB of some rows; changed in place.
            encoded: the same rows, sRGB-encoded.
            first: the number of their first pixel.
        """
        flat = linear.reshape(-1, 3)
        low, high = np.searchsorted(self.index, [first, first + len(flat)])
        if low == high:
            return
        here = self.index[low:high] - first
        colour = decode_srgb(encoded.reshape(-1, 3)[here] + self.delta[low:high])
        flat[here] = colour * self.gain[low:high, None]


def split(linear: FloatArray, first: int) -> tuple[FloatArray, Excess | None]:
    """Linear sRGB as what the engine sees, sRGB-encoded in 0..1, and the excess.

    Args:
        linear: h x W x 3 of some rows.
        first: the number of their first pixel.
    """
    luminance = linear @ _LUMINANCE
    gain = np.maximum(luminance, np.float32(1))
    # White that rounding has made a little brighter is white.
    gain[gain < 1 + _LEAST] = 1
    bright = bool((gain > 1).any())
    encoded = encode_srgb(linear / gain[..., None] if bright else linear).astype(np.float32)
    seen = np.clip(encoded, 0, 1)
    delta = encoded - seen
    beyond = (np.abs(delta).max(axis=-1) > _LEAST) | (gain > 1)
    index = np.flatnonzero(beyond)
    if not len(index):
        return seen, None
    return seen, Excess(index + first, delta.reshape(-1, 3)[index], gain.reshape(-1)[index])


def join(parts: list[Excess]) -> Excess | None:
    """The excess of strips from top to bottom."""
    if not parts:
        return None
    return Excess(
        np.concatenate([part.index for part in parts]),
        np.concatenate([part.delta for part in parts]),
        np.concatenate([part.gain for part in parts]),
    )


def _chroma(encoded: FloatArray) -> FloatArray:
    chroma: FloatArray = encoded - encoded.mean(axis=1, keepdims=True)
    return chroma
