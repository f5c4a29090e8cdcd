"""What a loss network is: convolutions in blocks with pooling between, and how a photo is prepared for them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from fastphoto_native.errors import ArgumentError

Pooling = Literal["max", "average"]
Padding = Literal["zero", "reflect"]
Order = Literal["rgb", "bgr"]
Scale = Literal["own", "caffe"]
Float32Array = NDArray[np.float32]

_LAYER = re.compile(r"(conv|relu)(\d+)_(\d+)")


@dataclass(frozen=True)
class Preprocessing:
    """From RGB in 0..1 to what the first convolution expects: (scale * colours in `order` - mean) / deviation."""

    order: Order
    scale: float
    mean: tuple[float, float, float]
    deviation: tuple[float, float, float] = (1.0, 1.0, 1.0)

    def matrix_and_offset(self) -> tuple[Float32Array, Float32Array]:
        """The same as an affine map of RGB: 3 x 3, and 3."""
        order = np.eye(3)[:: -1 if self.order == "bgr" else 1]
        deviation = np.array(self.deviation)
        matrix = self.scale * order / deviation[:, None]
        return matrix.astype(np.float32), (-np.array(self.mean) / deviation).astype(np.float32)


CAFFE = Preprocessing("bgr", 255.0, (103.939, 116.779, 123.68))
TORCHVISION = Preprocessing("rgb", 1.0, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
SIGNED = Preprocessing("rgb", 2.0, (1.0, 1.0, 1.0))


@dataclass(frozen=True)
class LossNetwork:
    """A network of VGG's kind whose features measure content and style.

    Layers are named as in the papers: `conv<block>_<number>` before, `relu<block>_<number>` after the ReLU. Blocks are
    separated by 2 x 2 pooling.

    Attributes:
        name: for reports.
        weights: `conv<block>_<number>.weight` (C x C' x 3 x 3) and `.bias` (C), float32.
        preprocessing: what the first convolution expects.
        pooling: "max" (as VGG was trained) or "average" (as Gatys et al. prefer).
        ceil: odd sizes are rounded up (Caffe, Torch) instead of down when pooled.
        padding: at the borders of the convolutions.
        scale: "caffe" if the activations have the size that Caffe's VGG-19 gives them, else "own".
    """

    name: str
    weights: Mapping[str, Float32Array]
    preprocessing: Preprocessing
    pooling: Pooling = "max"
    ceil: bool = False
    padding: Padding = "zero"
    scale: Scale = "own"

    def __post_init__(self) -> None:
        if self.pooling not in ("max", "average") or self.padding not in ("zero", "reflect"):
            raise ArgumentError(
                f"pooling must be max or average and padding zero or reflect, got {self.pooling!r}, {self.padding!r}"
            )
        channels = 3
        if not self.convolutions:
            raise ArgumentError(f"{self.name} has no convolutions, expected conv1_1 and what follows it")
        for number, layer in enumerate(self.convolutions):
            weight, bias = self.weights[f"{layer}.weight"], self.weights.get(f"{layer}.bias")
            if weight.ndim != 4 or weight.shape[1:] != (channels, 3, 3):
                expected = f"channels x {channels} x 3 x 3"
                raise ArgumentError(f"{self.name}: {layer}.weight has shape {weight.shape}, expected {expected}")
            if bias is None or bias.shape != weight.shape[:1]:
                found = "none" if bias is None else str(bias.shape)
                raise ArgumentError(f"{self.name}: {layer}.bias is {found}, expected {weight.shape[0]} numbers")
            if number == 0 and layer != "conv1_1":
                raise ArgumentError(f"{self.name} begins with {layer}, expected conv1_1")
            channels = weight.shape[0]

    @property
    def convolutions(self) -> tuple[str, ...]:
        """The names of the convolutions, in order."""
        found = [name.removesuffix(".weight") for name in self.weights if name.endswith(".weight")]
        return tuple(sorted(found, key=_position))

    def channels(self, layer: str) -> int:
        """Of a layer's features."""
        return int(self.weights[f"{convolution_of(layer)}.weight"].shape[0])

    def has(self, layer: str) -> bool:
        """Whether the network reaches a layer."""
        return f"{convolution_of(layer)}.weight" in self.weights

    def up_to(self, layers: Iterable[str]) -> tuple[str, ...]:
        """The convolutions that are needed for these layers, in order.

        Raises:
            ArgumentError: the network lacks one of the layers, or none is named.
        """
        wanted = list(layers)
        if lacking := [layer for layer in wanted if not self.has(layer)]:
            raise ArgumentError(
                f"{self.name} has no {', '.join(lacking)}; expected layers up to {self.convolutions[-1]}"
            )
        if not wanted:
            raise ArgumentError("no layers are named, expected one or more, such as relu1_1")
        deepest = max(_position(convolution_of(layer)) for layer in wanted)
        return tuple(c for c in self.convolutions if _position(c) <= deepest)

    def stride(self, layer: str) -> int:
        """Photo pixels for each feature pixel along an axis."""
        return 1 << (_position(convolution_of(layer))[0] - 1)

    def with_pixel_scale(self, scale: float) -> LossNetwork:
        """White as another number, for networks that count to 255: Torch's codes multiply by 256 instead."""
        if self.preprocessing.scale not in (255.0, 256.0):
            return self
        return replace(self, preprocessing=replace(self.preprocessing, scale=scale))


def convolution_of(layer: str) -> str:
    """relu3_1 or conv3_1 -> conv3_1.

    Raises:
        ArgumentError: another kind of name.
    """
    found = _LAYER.fullmatch(layer)
    if not found:
        raise ArgumentError(f"layer {layer!r} is unknown, expected a name such as relu3_1 or conv3_1")
    return f"conv{found[2]}_{found[3]}"


def _position(convolution: str) -> tuple[int, int]:
    found = _LAYER.fullmatch(convolution)
    if not found:
        raise ArgumentError(f"convolution {convolution!r} is unknown, expected a name such as conv3_1")
    return int(found[2]), int(found[3])


def pooled(size: tuple[int, int], ceil: bool) -> tuple[int, int]:
    """Height and width after one 2 x 2 pooling."""
    height, width = size
    return ((height + 1) // 2, (width + 1) // 2) if ceil else (height // 2, width // 2)


def layer_size(network: LossNetwork, layer: str, size: tuple[int, int]) -> tuple[int, int]:
    """Height and width of a layer's features for a photo of the given size."""
    for _ in range(_position(convolution_of(layer))[0] - 1):
        size = pooled(size, network.ceil)
    return size
