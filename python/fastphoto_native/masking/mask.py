"""A mask in memory: the labels of a photo, hard or soft, and their names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastphoto_native.errors import ArgumentError

MOST_LABELS = 256


@dataclass(frozen=True, eq=False)
class Mask:
    """The labels of a photo.

    Attributes:
        array: H x W whole numbers, a label for each pixel; or H x W x K float32, weights of the labels 0 .. K - 1.
        names: of every label that occurs, such as "sky", or "#0000ff" where a mask is painted in colours.
    """

    array: NDArray[Any]
    names: dict[int, str]

    def __post_init__(self) -> None:
        if self.array.ndim not in (2, 3) or self.array.size == 0:
            raise ArgumentError(f"a mask must be H x W labels or H x W x K weights, got shape {self.array.shape}")
        if not 1 <= len(self.names) <= MOST_LABELS:
            raise ArgumentError(f"a mask must have 1 to {MOST_LABELS} labels, got {len(self.names)}")
        twice = [name for name in self.names.values() if list(self.names.values()).count(name) > 1]
        if twice:
            raise ArgumentError(f"two labels of a mask have the name '{twice[0]}'; expected different names")

    @property
    def soft(self) -> bool:
        """Whether the mask holds weights."""
        return self.array.ndim == 3

    @property
    def covers_all(self) -> bool:
        """Whether no pixel is left without a label; weights of nearly 1 count as 1."""
        return not self.soft or bool(self.array.sum(axis=2).min() > 0.99)

    def shares(self) -> dict[int, float]:
        """How much of the photo each label has, 0..1."""
        if self.soft:
            means = self.array.reshape(-1, self.array.shape[2]).mean(axis=0, dtype=np.float64)
            return {label: float(means[label]) for label in self.names}
        labels, counts = np.unique(self.array, return_counts=True)
        found = dict(zip(labels.tolist(), (counts / self.array.size).tolist(), strict=True))
        return {label: found.get(label, 0.0) for label in self.names}

    def weight(self, label: int) -> NDArray[np.float32]:
        """H x W: how much each pixel belongs to a label."""
        if self.soft:
            return np.ascontiguousarray(self.array[..., label], np.float32)
        weight: NDArray[np.float32] = (self.array == label).astype(np.float32)
        return weight

    def renumbered(self, numbers: Mapping[int, int], names: Mapping[int, str] | None = None) -> Mask:
        """The same mask with other numbers for its labels.

        Args:
            numbers: of every label its new number; labels that share one become one. Of a soft mask they are small,
                since K is one more than the largest.
            names: of the new labels, where they are not those of the old ones.
        """
        named = names or {numbers[label]: name for label, name in self.names.items()}
        if self.soft:
            weights = np.zeros((*self.array.shape[:2], max(named) + 1), np.float32)
            for label in self.names:
                weights[..., numbers[label]] += self.array[..., label]
            return Mask(weights, dict(named))
        labels = np.array(sorted(self.names))
        to = np.array([numbers[label] for label in labels.tolist()], np.int64)
        return Mask(to[np.searchsorted(labels, self.array)], dict(named))


def color_name(label: int) -> str:
    """The name of a label that is a colour, 0xRRGGBB."""
    return f"#{label:06x}"
