"""Weights that the recipe made (weights.pt of `fastphoto models train`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastphoto_native.errors import ModelError

from .vgg_shapes import decoder_layers, encoder_layers, tensor_shapes
from .weights_file import Arrays, checked_tensors

LEVELS = (1, 2, 3, 4)


@dataclass(frozen=True)
class Trained:
    """Weights, widths of the four levels, and the recipe that made them."""

    weights: Arrays
    widths: list[int]
    recipe: Mapping[str, Any]


def is_recipe(content: Mapping[str, Any]) -> bool:
    return {"weights", "widths", "recipe"} <= content.keys()


def read_trained(path: Path, content: Mapping[str, Any]) -> Trained:
    """Checks the contents of a weights.pt.

    Raises:
        ModelError: something is missing or has another shape than the widths say.
    """
    widths, tensors, recipe = content["widths"], content["weights"], content["recipe"]
    if not isinstance(widths, list) or len(widths) != 4 or not all(isinstance(w, int) and w > 0 for w in widths):
        raise ModelError(f"{path}: widths are {widths!r}, expected four numbers of channels")
    if not isinstance(tensors, Mapping) or not isinstance(recipe, Mapping):
        raise ModelError(f"{path}: weights and recipe must be tables, got {type(tensors)} and {type(recipe)}")
    expected = tensor_shapes("encoder", encoder_layers(widths))
    for level in LEVELS:
        expected |= tensor_shapes(f"decoders.{level - 1}", decoder_layers(widths, level))
    return Trained(checked_tensors(path, tensors, expected), widths, recipe)
