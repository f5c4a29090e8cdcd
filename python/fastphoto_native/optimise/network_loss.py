"""Content and style losses of a picture with their gradient: one ONNX graph for a size, made when it is needed.

    content  c * sum (F - P)^2                                  at each content layer
    style    s_k * sum (G_k - A_k)^2,  G_k = (F m_k) (F m_k)^T / d_k      at each style layer, for each label k

F are the picture's features, P the content's, A the style's Gram matrices, m the labels' masks at the layer. With
several labels this is Luan et al.'s augmented style loss; the masks are in the gradient twice, as they are in G.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastphoto_native.errors import ArgumentError
from fastphoto_native.optimise.layer_graph import Layers, build_layers
from fastphoto_native.optimise.network import LossNetwork, layer_size
from fastphoto_native.optimise.terms import Values
from fastphoto_native.runtime.onnx_file import OnnxFile
from fastphoto_native.runtime.onnx_runtime import OnnxRuntime

Float32Array = NDArray[np.float32]
MaskOfLayer = Mapping[str, Float32Array]  # layer -> h x w


@dataclass(frozen=True)
class StyleTarget:
    """One style layer and one label.

    Attributes:
        layer: name.
        label: name for reports.
        gram: C x C, what the picture's Gram matrix should be.
        divisor: of the picture's Gram matrix.
        factor: of the squared difference, summed over the matrix.
        mask: h x w at the layer, or None for a picture of one label.
    """

    layer: str
    label: str
    gram: Float32Array
    divisor: float
    factor: float
    mask: Float32Array | None = None


@dataclass(frozen=True)
class ContentTarget:
    """One content layer: features (C x h x w) and the factor of the squared difference, summed over them."""

    layer: str
    features: Float32Array
    factor: float


class NetworkLoss:
    """A term of the objective that a loss network measures.

    Args:
        network: the loss network.
        size: height and width of the pictures.
        style: what the style should be.
        content: what the content should be.
        runtime: where the graph runs.

    Raises:
        ArgumentError: a layer that the network lacks, a target of another shape, or a picture too small for the layers.
    """

    def __init__(
        self,
        network: LossNetwork,
        size: tuple[int, int],
        style: Sequence[StyleTarget],
        content: Sequence[ContentTarget],
        runtime: OnnxRuntime,
    ) -> None:
        layers = dict.fromkeys([t.layer for t in style] + [t.layer for t in content])
        require_room(network, size, layers)
        self._names = [f"content {t.layer}" for t in content]
        self._names += [f"style {t.layer}{f' {t.label}' if t.label else ''}" for t in style]
        self._inputs: dict[str, Any] = {}
        self._runtime = runtime
        g = OnnxFile("loss")
        image = g.input("image", [1, 3, *size])
        built = build_layers(g, network, image, size, layers)
        losses: list[str] = []
        gradients: dict[str, list[str]] = {}
        for number, target in enumerate(content):
            found = self._content(g, built, target, number)
            losses.append(found[0])
            gradients.setdefault(target.layer, []).append(found[1])
        for number, wanted in enumerate(style):
            found = self._style(g, built, wanted, number)
            losses.append(found[0])
            gradients.setdefault(wanted.layer, []).append(found[1])
        g.output("losses", g.Concat(*losses, axis=0), [len(losses)])
        g.output("gradient", built.gradient(g, gradients), [1, 3, *size])
        self._graph = runtime.open("the loss graph", g.to_bytes())

    def evaluate(self, picture: Float32Array) -> tuple[Values, Float32Array]:
        """See terms.Term."""
        inputs = self._inputs | {"image": np.ascontiguousarray(picture[None])}
        losses, gradient = self._graph.run(inputs, ["losses", "gradient"], [False, False], False, None)
        return dict(zip(self._names, map(float, losses), strict=True)), gradient[0]

    def _content(self, g: OnnxFile, built: Layers, target: ContentTarget, number: int) -> tuple[str, str]:
        channels, height, width = built.shapes[target.layer]
        self._give(g, f"content_{number}", target.features, (1, channels, height, width))
        difference = g.Sub(built.values[target.layer], f"content_{number}")
        loss = g.Mul(g.ReduceSumSquare(difference, axes=[0, 1, 2, 3], keepdims=0), g.scalar(target.factor))
        return g.Reshape(loss, g.ints(1)), g.Mul(difference, g.scalar(2 * target.factor))

    def _style(self, g: OnnxFile, built: Layers, target: StyleTarget, number: int) -> tuple[str, str]:
        channels, height, width = built.shapes[target.layer]
        features = g.Reshape(built.values[target.layer], g.ints(channels, -1))
        if target.mask is not None:
            self._give(g, f"mask_{number}", target.mask, (1, height * width))
            features = g.Mul(features, f"mask_{number}")
        self._give(g, f"gram_{number}", target.gram, (channels, channels))
        gram = g.Gemm(features, features, transB=1, alpha=1 / target.divisor)
        difference = g.Sub(gram, f"gram_{number}")
        loss = g.Mul(g.ReduceSumSquare(difference, axes=[0, 1], keepdims=0), g.scalar(target.factor))
        gradient = g.Gemm(difference, features, alpha=4 * target.factor / target.divisor)
        if target.mask is not None:
            gradient = g.Mul(gradient, f"mask_{number}")
        shaped = g.Reshape(gradient, g.ints(1, channels, height, width))
        return g.Reshape(loss, g.ints(1)), shaped

    def _give(self, g: OnnxFile, name: str, array: Float32Array, shape: tuple[int, ...]) -> None:
        """An input that stays what it is from one evaluation to the next; it lies on the device."""
        if array.size != np.prod(shape):
            raise ArgumentError(f"target {name} has shape {array.shape}, expected {shape}")
        g.input(name, shape)
        self._inputs[name] = self._runtime.to_device(np.ascontiguousarray(array.reshape(shape), np.float32))


class Features:
    """Features of photos, as they are without any loss.

    Args:
        network: the loss network.
        size: height and width of the photo.
        layers: which.
        runtime: where the graph runs.

    Raises:
        ArgumentError: a layer that the network lacks, or a photo too small for the layers.
    """

    def __init__(
        self, network: LossNetwork, size: tuple[int, int], layers: Sequence[str], runtime: OnnxRuntime
    ) -> None:
        require_room(network, size, layers)
        g = OnnxFile("features")
        built = build_layers(g, network, g.input("image", [1, 3, *size]), size, layers)
        self._layers = list(built.values)
        for layer, value in built.values.items():
            g.output(f"features_{layer}", value, [1, *built.shapes[layer]])
        self._graph = runtime.open("the features' graph", g.to_bytes())

    def of(self, photo: Float32Array) -> dict[str, Float32Array]:
        """C x h x w for each layer, of a photo of 3 x H x W in 0..1."""
        names = [f"features_{layer}" for layer in self._layers]
        inputs = {"image": np.ascontiguousarray(photo[None])}
        found = self._graph.run(inputs, names, [False] * len(names), False, None)
        return {layer: array[0] for layer, array in zip(self._layers, found, strict=True)}


def gram_matrix(features: Float32Array, mask: Float32Array | None, divisor: float) -> Float32Array:
    """(F m) (F m)^T / divisor of features C x h x w, C x C."""
    flat = features.reshape(len(features), -1)
    if mask is not None:
        flat = flat * mask.reshape(1, -1)
    gram: Float32Array = (flat @ flat.T) / np.float32(divisor)
    return gram


def require_room(network: LossNetwork, size: tuple[int, int], layers: Sequence[str] | Mapping[str, Any]) -> None:
    """Raises ArgumentError unless a photo has features of one pixel (two, where borders are reflected) everywhere."""
    least = 2 if network.padding == "reflect" else 1
    for layer in network.up_to(layers):
        if min(layer_size(network, layer, size)) < least:
            raise ArgumentError(
                f"photos of {size[0]} x {size[1]} pixels are too small for layer {layer} of {network.name}; "
                f"expected {least * network.stride(layer)} or more along each side"
            )
