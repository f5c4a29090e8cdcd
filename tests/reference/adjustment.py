"""Strengths apart, pixel by pixel: tone, colour and white balance of a change, and what is kept of the content."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from reference.gamut import compress_to_gamut

LUMA = np.array([0.2126, 0.7152, 0.0722])
Array = NDArray[np.float64]


def adjust(
    content: Array,
    result: Array,
    tone: float = 1.0,
    colour: float = 1.0,
    white_balance: float = 1.0,
    luminance: bool = False,
    skin: bool = False,
    neutrals: bool = False,
) -> Array:
    """H x W x 3 photos in 0..1."""
    shift = np.zeros(3)
    for before, after in zip(content.reshape(-1, 3), result.reshape(-1, 3), strict=True):
        shift += (after - LUMA @ after) - (before - LUMA @ before)
    shift /= content.size // 3
    lumas = (content + (0.0 if luminance else tone) * (result - content)) @ LUMA
    if tone > 1 and not luminance:
        lumas = compress_to_gamut(lumas.astype(np.float32)[..., None])[..., 0].astype(float)
    mixed = np.empty_like(content)
    for y, x in np.ndindex(*content.shape[:2]):
        before, after = content[y, x], result[y, x]
        change = (after - LUMA @ after) - (before - LUMA @ before)
        keep = 1.0
        if skin:
            keep *= 1 - is_skin(before)
        if neutrals:
            keep *= 1 - _fade(before.max() - before.min(), 0.02, 0.08)
        dimmed = min(1.0, max(lumas[y, x], 0.0) / (LUMA @ before)) if LUMA @ before > 0 else 1.0
        chroma = (keep + (1 - keep) * dimmed) * (before - LUMA @ before)
        chroma += keep * (colour * (change - shift) + white_balance * shift)
        grey = min(max(lumas[y, x], 0.0), 1.0)
        share = 1.0
        for c in chroma:
            if grey + c > 1:
                share = min(share, (1 - grey) / c)
            if grey + c < 0:
                share = min(share, -grey / c)
        mixed[y, x] = grey + share * chroma
    return np.clip(mixed, 0, 1)


def is_skin(colour: Array) -> float:
    """An ellipse around the ranges of Chai and Ngan (1999): Cb 77 .. 127, Cr 133 .. 173."""
    red, green, blue = 255 * colour
    cb = 128 - 0.168736 * red - 0.331264 * green + 0.5 * blue
    cr = 128 + 0.5 * red - 0.418688 * green - 0.081312 * blue
    return _fade(float(np.hypot((cb - 102) / 25, (cr - 153) / 20)), 1.0, 1.4)


def _fade(value: float, begin: float, end: float) -> float:
    t = min(max((value - begin) / (end - begin), 0.0), 1.0)
    return 1 - t * t * (3 - 2 * t)
