"""A photo that is smoothed at a smaller size: direct solves with scaled weights; everything at full size at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from reference import detail, gamut, local_affine_maps, resample
from reference.smoothing import closed_form_smooth_constants

Array = NDArray[np.float64]

LAM_POWER, EPS_POWER = 2.8, 2.4  # of the ratio of the sides
CARRIED_OVER = 0.5  # the part of what half the size gets wrong that the whole size gets wrong as well
RADIUS, EPS = 1, 1e-6  # of the maps


def solve(content: Array, stylized: Array, ratio: float, lam: float, eps: float) -> Array:
    return closed_form_smooth_constants(stylized, content, lam * ratio**LAM_POWER, eps * ratio**EPS_POWER, radius=1)


def smooth_smaller(content: Array, stylized: Array, ratio: float, lam: float, eps: float) -> Array:
    """The solution at this size, less what half the size gets wrong beside it."""
    solution = solve(content, stylized, ratio, lam, eps)
    height, width = content.shape[:2]
    half, half_stylized = (
        resample.resize(p.astype(np.float32), (height + 1) // 2, (width + 1) // 2) for p in (content, stylized)
    )
    maps = local_affine_maps.fit(half, solve(half, half_stylized, 2 * ratio, lam, eps), RADIUS, EPS)
    return solution - CARRIED_OVER * (local_affine_maps.apply(maps, content) - solution)


def guided_maps(guide: Array, src: Array, radius: int, eps: float) -> Array:
    """H x W x 2: the mean factor and offset that the guided filter applies at each pixel, grey guide and source."""
    height, width = guide.shape
    of_windows, found = np.zeros((height, width, 2)), np.zeros((height, width, 2))
    boxes = {
        (y, x): np.s_[max(0, y - radius) : y + radius + 1, max(0, x - radius) : x + radius + 1]
        for y in range(height)
        for x in range(width)
    }
    for place, box in boxes.items():
        colours, values = guide[box].ravel(), src[box].ravel()
        factor = np.mean((colours - colours.mean()) * (values - values.mean())) / (colours.var() + eps)
        of_windows[place] = factor, values.mean() - factor * colours.mean()
    for place, box in boxes.items():
        found[place] = of_windows[box].mean(axis=(0, 1))
    return found


def finish(content: Array, small_content: Array, smoothed: Array) -> Array:
    """The full photo: maps of the small one enlarged and applied, compressed, and the content's detail put back.

    The detail's guided filter is found at the small size, and its maps are enlarged as the maps of colours are.
    """
    maps = local_affine_maps.fit(small_content, smoothed, RADIUS, EPS)
    unbent = local_affine_maps.apply(maps, content)
    full = gamut.compress_to_gamut(unbent)
    bent = _bent_like(unbent, smoothed)
    lumas = [p @ detail.LUMA.astype(np.float64) for p in (small_content, bent)]
    radius = max(1, round(detail.RADIUS * max(lumas[0].shape)))
    luma, own = content @ detail.LUMA.astype(np.float64), full @ detail.LUMA.astype(np.float64)
    details = []
    for before, small in ((luma, lumas[0]), (own, lumas[1])):
        large = local_affine_maps.enlarge(
            guided_maps(lumas[0], small, radius, detail.EDGE_VARIANCE), *content.shape[:2]
        )
        details.append(before - (large[..., 0] * luma + large[..., 1]))
    of_content, of_result = (np.sqrt(np.sum(d**2)) for d in details)
    gain = min(detail.LARGEST_GAIN, of_result / of_content)
    change = detail.AMOUNT * (gain * details[0] - details[1])
    change = detail.LARGEST_CHANGE * np.tanh(change / detail.LARGEST_CHANGE)
    return np.asarray(np.clip(full + change[..., None], 0, 1))


def _bent_like(unbent: Array, small: Array) -> Array:
    """The small photo bent by the curves of the full one."""
    result = small.copy()
    dark = -np.quantile(unbent.reshape(-1, 3), gamut.SHARES, axis=0)
    bright = np.quantile(unbent.reshape(-1, 3), [1 - share for share in gamut.SHARES], axis=0) - 1
    for c in range(3):
        values = result[..., c]
        gamut._lift_shadows(values, float((dark[:, c] * gamut.SHADOWS_COUNTED).max()), gamut.LARGEST_SHADOW_KNEE)
        np.subtract(1, values, out=values)
        gamut._lift_shadows(
            values, float((bright[:, c] * gamut.HIGHLIGHTS_COUNTED).max()), gamut.LARGEST_HIGHLIGHT_KNEE
        )
        np.subtract(1, values, out=values)
    return np.clip(result, 0, 1)
