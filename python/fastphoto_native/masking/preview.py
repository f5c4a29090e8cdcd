"""Shows masks: both photos, each in its labels' colours, so that one sees what meets what."""

from __future__ import annotations

import colorsys

import numpy as np
from numpy.typing import NDArray

from fastphoto_native import _core
from fastphoto_native.masking.mask import Mask

FloatArray = NDArray[np.float32]

HEIGHT = 480  # pixels
OPACITY = 0.55
GAP = 8
STRIPE = 12  # pixels: labels that do not take part are striped


def mask_preview(photos: list[tuple[FloatArray, Mask]], labels: list[int]) -> FloatArray:
    """The photos side by side, their labels laid over them.

    Args:
        photos: pixels (H x W x 3 in 0..1) and masks in the same numbers.
        labels: those that take part: each has a colour. The others are grey stripes.

    Returns:
        H x W x 3 float32 in 0..1.
    """
    colors = {label: _color(k, len(labels)) for k, label in enumerate(sorted(labels))}
    panels = [_panel(pixels, mask, colors) for pixels, mask in photos]
    gap = np.ones((HEIGHT, GAP, 3), np.float32)
    joined = [part for panel in panels for part in (panel, gap)][:-1]
    return np.concatenate(joined, axis=1)


def _color(index: int, count: int) -> FloatArray:
    """Hues in equal steps, so that neighbours in the list differ."""
    return np.array(colorsys.hsv_to_rgb(index / max(count, 1), 0.85, 1.0), np.float32)


def _panel(pixels: FloatArray, mask: Mask, colors: dict[int, FloatArray]) -> FloatArray:
    width = max(1, round(pixels.shape[1] * HEIGHT / pixels.shape[0]))
    photo = np.clip(_core.resize(pixels, HEIGHT, width, threads=0), 0, 1)
    grey = photo.mean(axis=2, keepdims=True)
    rows = ((np.arange(HEIGHT) + 0.5) * mask.array.shape[0] / HEIGHT).astype(int)
    columns = ((np.arange(width) + 0.5) * mask.array.shape[1] / width).astype(int)
    y, x = np.mgrid[:HEIGHT, :width]
    striped = np.where(((x + y) // STRIPE % 2 == 0)[..., None], np.float32(0.75), np.float32(0.35))
    tint, covered = np.zeros((HEIGHT, width, 3), np.float32), np.zeros((HEIGHT, width, 1), np.float32)
    for label in mask.names:
        weight = mask.weight(label)[rows][:, columns][..., None]
        tint += weight * colors.get(label, striped)
        covered += weight
    shown: FloatArray = np.clip((1 - OPACITY * covered) * grey + OPACITY * tint, 0, 1)
    return shown
