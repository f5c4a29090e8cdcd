"""Damage that a look does to a photo, without knowing the right answer; and the distance to it where it is known.

Statistics alone reward what breaks pictures, so these belong beside them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fastphoto_native.scoring.filters import derivatives

Plane = NDArray[np.float64]

BLOCK = 16  # pixels
NEUTRAL, COLOURED = 5.0, 15.0  # chroma in CIELAB
_WHITE = np.array([0.95047, 1.0, 1.08883])
_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


def lab(photo: Plane) -> Plane:
    """SRGB in 0..1 to CIELAB (D65)."""
    linear = np.where(photo > 0.04045, ((np.maximum(photo, 0) + 0.055) / 1.055) ** 2.4, photo / 12.92)
    t = linear @ _XYZ.T / _WHITE
    f = np.where(t > 0.008856, np.cbrt(t), (903.3 * t + 16) / 116)
    lightness = 116 * f[..., 1] - 16
    return np.stack([lightness, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], -1)


def roughness(content: Plane, result: Plane) -> float:
    """How much rougher blocks became that are smooth in the content: 90th percentile of the ratio of gradients.

    Blocks of 16 x 16 pixels; smooth is the calmer half of them. 1 for the content itself.
    """
    before, after = _block_energy(content), _block_energy(result)
    smooth = before <= np.median(before)
    floor = (0.5 / 255) ** 2  # rounding to 8 bits is no roughness
    ratio = np.sqrt((after[smooth] + floor) / (before[smooth] + floor))
    return float(np.percentile(ratio, 90))


def _block_energy(photo: Plane) -> Plane:
    dx, dy = derivatives(photo)
    energy = (dx * dx + dy * dy).sum(axis=2)
    height, width = (max(1, n // BLOCK) for n in energy.shape)
    cut = energy[: height * BLOCK, : width * BLOCK] if min(energy.shape) >= BLOCK else energy[None, None].mean()
    if np.ndim(cut) == 0:
        return np.atleast_1d(cut)
    blocks: Plane = cut.reshape(height, BLOCK, width, BLOCK).mean(axis=(1, 3))
    return blocks.ravel()


def clipping(content: Plane, result: Plane) -> float:
    """Share of pixels that are at an end of a channel (1/255 and less, 254/255 and more) and were not near it."""
    ends = (result <= 1 / 255) | (result >= 254 / 255)
    inside = (content >= 4 / 255) & (content <= 251 / 255)
    return float((ends & inside).any(axis=2).mean())


def invented_chroma(content: Plane, result: Plane) -> float:
    """Share of the content's neutral pixels (chroma below 5) that became coloured (above 15)."""
    before, after = (np.hypot(*np.moveaxis(lab(photo)[..., 1:], -1, 0)) for photo in (content, result))
    neutral = before < NEUTRAL
    return float((after[neutral] > COLOURED).mean()) if neutral.any() else 0.0


def inconsistency(content: Plane, result: Plane) -> float:
    """Root mean square in CIELAB of the result among pixels of one colour of the content (bins of 5 units).

    Near 0.5 for a look that maps colours; above 2 equal colours became different ones.
    """
    quarter = max(1, min(4, min(content.shape[:2]) // 16))
    before, after = (lab(_shrunk(photo, quarter)).reshape(-1, 3) for photo in (content, result))
    bins = np.floor(before / 5).astype(np.int64)
    _, index, counts = np.unique(bins, axis=0, return_inverse=True, return_counts=True)
    index = index.ravel()
    squares, pixels = 0.0, 0
    sums_b = np.stack([np.bincount(index, before[:, k]) for k in range(3)], 1) / counts[:, None]
    sums_a = np.stack([np.bincount(index, after[:, k]) for k in range(3)], 1) / counts[:, None]
    deviation_b, deviation_a = before - sums_b[index], after - sums_a[index]
    many = counts[index] >= 8
    if not many.any():
        return 0.0
    # What changes linearly with the content's colour within the bins is the look itself.
    slope = np.linalg.lstsq(deviation_b[many], deviation_a[many], rcond=None)[0]
    rest = deviation_a[many] - deviation_b[many] @ slope
    squares, pixels = float((rest**2).sum()), int(many.sum())
    return float(np.sqrt(squares / pixels))


def _shrunk(photo: Plane, factor: int) -> Plane:
    height, width = photo.shape[0] // factor, photo.shape[1] // factor
    cut = photo[: height * factor, : width * factor]
    small: Plane = cut.reshape(height, factor, width, factor, 3).mean(axis=(1, 3))
    return small


def damage_scores(content: Plane, result: Plane) -> dict[str, float]:
    """roughness, clipping, invented_chroma, inconsistency: see there; lower is better."""
    return {
        "roughness": roughness(content, result),
        "clipping": clipping(content, result),
        "invented_chroma": invented_chroma(content, result),
        "inconsistency": inconsistency(content, result),
    }


def truth_scores(content: Plane, result: Plane, truth: Plane) -> dict[str, float]:
    """psnr: in dB, on 8 bits, at most 60; gain: psnr less that of the untouched content; along: how much of the change
    from content to truth was made, 1 is all of it; delta_e: mean CIE76 distance in CIELAB.
    """
    psnr, before = (_psnr(photo, truth) for photo in (result, content))
    wanted, made = truth - content, result - content
    along = float((made * wanted).sum() / max(float((wanted**2).sum()), 1e-9))
    distance = np.sqrt(((lab(result) - lab(truth)) ** 2).sum(axis=-1))
    return {"psnr": psnr, "gain": psnr - before, "along": along, "delta_e": float(distance.mean())}


def _psnr(photo: Plane, truth: Plane) -> float:
    rounded = np.round(np.clip(photo, 0, 1) * 255) / 255
    error = float(((rounded - truth) ** 2).mean())
    return min(60.0, float(-10 * np.log10(max(error, 1e-12))))
