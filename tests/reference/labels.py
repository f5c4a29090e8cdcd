"""Masks: hard label maps and soft weights, as weights of labels, in NumPy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from fastphoto_native.errors import ArgumentError
from numpy.typing import NDArray

# A label takes part if both photos have more than this many pixels of it and neither has this many times the other's
# (FastPhotoStyle's rule, at working size).
MIN_AREA = 10
MAX_AREA_RATIO = 100

FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class LabelWeights:
    """Labels of a photo and how much each pixel belongs to them: K x H x W float32, at most 1 in sum per pixel."""

    labels: tuple[int, ...]
    weights: FloatArray

    def areas(self) -> dict[int, float]:
        """Pixels of each label (sums of weights)."""
        sums = self.weights.sum(axis=(1, 2), dtype=np.float64)
        return dict(zip(self.labels, sums.tolist(), strict=True))

    def select(self, labels: list[int]) -> FloatArray:
        """The weights of some labels and, last, what is left of each pixel for none of them."""
        chosen = self.weights[[self.labels.index(k) for k in labels]]
        rest = np.clip(1 - chosen.sum(axis=0, keepdims=True), 0, 1)
        return np.concatenate([chosen, rest])


def label_weights(mask: NDArray[Any], size: tuple[int, int], name: str) -> LabelWeights:
    """Reads a mask at the size of its photo (height, width).

    Args:
        mask: H x W integers (label map; resized by nearest neighbour) or H x W x K floats in 0..1 (soft weights of
            labels 0..K-1, at most 1 in sum; resized bilinearly).
        size: height and width wanted.
        name: the argument's name, for messages.

    Raises:
        ArgumentError: another shape or type, an empty mask, or weights that are not weights.
    """
    mask = np.asarray(mask)
    if mask.dtype == np.bool_:
        mask = mask.astype(np.int64)
    if mask.size and mask.ndim == 2 and np.issubdtype(mask.dtype, np.integer):
        rows, columns = (_nearest(n, m) for n, m in zip(size, mask.shape, strict=True))
        resized = mask[rows[:, None], columns]
        labels = tuple(int(k) for k in np.unique(resized))
        return LabelWeights(labels, np.stack([resized == k for k in labels]).astype(np.float32))
    if mask.size and mask.ndim == 3 and np.issubdtype(mask.dtype, np.floating):
        if not np.all((mask >= 0) & (mask.sum(axis=2, keepdims=True) <= 1 + 1e-3)):
            raise ArgumentError(f"{name}: soft weights must be 0 or more and at most 1 in sum at every pixel")
        weights = _bilinear(_bilinear(mask.transpose(2, 0, 1).astype(np.float32), size[0], 1), size[1], 2)
        return LabelWeights(tuple(range(mask.shape[2])), weights)
    raise ArgumentError(
        f"{name} must be H x W integers (label map) or H x W x K floats (soft weights), "
        f"got shape {mask.shape} of {mask.dtype}"
    )


def _nearest(target: int, source: int) -> NDArray[np.intp]:
    """For each of `target` pixels, the source pixel under its centre."""
    return ((np.arange(target) + 0.5) * source / target).astype(np.intp)


def _bilinear(values: FloatArray, target: int, axis: int) -> FloatArray:
    source = values.shape[axis]
    position = np.clip((np.arange(target) + 0.5) * source / target - 0.5, 0, source - 1)
    low = position.astype(np.intp)
    high = np.minimum(low + 1, source - 1)
    share = (position - low).astype(np.float32).reshape([-1 if a == axis else 1 for a in range(values.ndim)])
    blended: FloatArray = np.take(values, low, axis) * (1 - share) + np.take(values, high, axis) * share
    return blended


def shared_labels(content: dict[int, float], style: dict[int, float]) -> list[int]:
    """The labels that take part, given both photos' areas.

    Raises:
        ArgumentError: there are none.
    """
    taking_part = [
        label
        for label, area in content.items()
        if area > MIN_AREA
        and style.get(label, 0) > MIN_AREA
        and max(area / style[label], style[label] / area) < MAX_AREA_RATIO
    ]
    if not taking_part:
        raise ArgumentError(
            f"the masks have no label in common: content has {_summary(content)}, style has {_summary(style)} "
            f"(a label takes part with more than {MIN_AREA} pixels in both and areas within a factor of "
            f"{MAX_AREA_RATIO})"
        )
    return taking_part


def _summary(areas: dict[int, float]) -> str:
    return ", ".join(f"{label} ({area:.0f} px)" for label, area in areas.items())
