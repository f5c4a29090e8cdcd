"""Labels of two photos as masks at a loss network's layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastphoto_native import _core
from fastphoto_native.errors import ArgumentError
from fastphoto_native.optimise.network import LossNetwork, pooled
from fastphoto_native.optimise.presets import MISSING_LABELS, MissingLabels

Float32Array = NDArray[np.float32]


@dataclass(frozen=True)
class LabelPair:
    """Labels that both photos have, and where they are.

    Attributes:
        labels: their numbers.
        content: K x H x W weights, 0..1.
        style: K x h x w.
        missing: labels of the content that the style lacks.
    """

    labels: tuple[int, ...]
    content: Float32Array
    style: Float32Array
    missing: tuple[int, ...]


def pair_labels(
    content_mask: ArrayLike,
    style_mask: ArrayLike,
    content_size: tuple[int, int],
    style_size: tuple[int, int],
    missing: MissingLabels,
) -> LabelPair:
    """The labels that take part, at the size of their photos.

    A label takes part where both photos have more than 10 pixels of it and neither has 100 times the other's, as in
    PhotoWCT (LabelOptions). What the style lacks is skipped or merged.

    Raises:
        ArgumentError: masks that are none, or no label in common.
    """
    if missing not in MISSING_LABELS:
        raise ArgumentError(f"missing_labels must be one of {', '.join(MISSING_LABELS)}, got {missing!r}")
    content = _core.label_weights(content_mask, *content_size, "content_mask")
    style = _core.label_weights(style_mask, *style_size, "style_mask")
    shared = _core.shared_labels(content.areas(), style.areas(), _core.LabelOptions())
    lacking = [label for label in content.labels if label not in shared]
    planes = content.select(shared)[:-1].copy()
    if missing == "merge":
        for label in lacking:
            weights = content.select([label])[0]
            planes[_neighbour(weights, planes)] += weights
    return LabelPair(tuple(shared), planes, style.select(shared)[:-1], tuple(lacking))


def _neighbour(weights: Float32Array, planes: Float32Array) -> int:
    """The plane with which a label shares most of its border; without any border the largest plane."""
    near = np.zeros_like(weights)
    near[1:] += weights[:-1]
    near[:-1] += weights[1:]
    near[:, 1:] += weights[:, :-1]
    near[:, :-1] += weights[:, 1:]
    near *= 1 - weights
    touching = (planes * near).sum(axis=(1, 2))
    return int(np.argmax(touching if touching.any() else planes.sum(axis=(1, 2))))


def masks_at_layers(
    masks: Float32Array, network: LossNetwork, layers: Sequence[str], how: Literal["downsampled", "convolved"]
) -> dict[str, Float32Array]:
    """Masks of a photo (K x H x W) at layers: K x h x w each.

    Args:
        masks: at the photo's size.
        network: the loss network.
        layers: names.
        how: "downsampled": means over 2 x 2 at each pooling. "convolved": before that a mean over 3 x 3 at each
            convolution, zeros around, so that masks fade where the features know of the other side.
    """
    found: dict[str, Float32Array] = {}
    block, x = 1, masks
    for name in network.up_to(layers):
        if int(name[4 : name.index("_")]) > block:
            block += 1
            x = _halve(x, pooled((x.shape[1], x.shape[2]), network.ceil))
        if how == "convolved":
            x = _mean_of_nine(x)
        for layer in layers:
            if layer[4:] == name[4:]:
                found[layer] = x
    return found


def _halve(masks: Float32Array, size: tuple[int, int]) -> Float32Array:
    height, width = size
    rows, columns = 2 * height - masks.shape[1], 2 * width - masks.shape[2]
    padded = np.pad(masks, ((0, 0), (0, max(rows, 0)), (0, max(columns, 0))), mode="edge")
    cut = padded[:, : 2 * height, : 2 * width]
    small: Float32Array = cut.reshape(len(masks), height, 2, width, 2).mean(axis=(2, 4), dtype=np.float32)
    return small


def _mean_of_nine(masks: Float32Array) -> Float32Array:
    _, height, width = masks.shape
    padded = np.pad(masks, ((0, 0), (1, 1), (1, 1)))
    rows = padded[:, :-2] + padded[:, 1:-1] + padded[:, 2:]
    mean: Float32Array = (rows[:, :, :-2] + rows[:, :, 1:-1] + rows[:, :, 2:]) / np.float32(9)
    return mean[:, :height, :width]
