"""A loss network as ONNX operators: forward, and the gradient of each step written by hand.

ONNX Runtime does not differentiate. The steps of a network of VGG's kind are few, so each of them brings its adjoint:

| step | gradient |
|---|---|
| convolution, zeros around | convolution with the kernel turned by 180 degrees and its channels swapped |
| reflection at the border | the border's gradient is folded back onto the rows that were reflected |
| ReLU | where the result is positive |
| 2 x 2 maximum | to the largest of the four; equal ones share it |
| 2 x 2 average | a quarter to each |
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastphoto_native.optimise.network import LossNetwork, pooled
from fastphoto_native.runtime.onnx_file import OnnxFile

Backward = Callable[[str], str]  # gradient of a step's result -> gradient of what it was given


@dataclass
class Layers:
    """The forward pass: tensors by layer, and how to go back.

    Attributes:
        values: name of the tensor of each wanted layer, 1 x C x h x w.
        shapes: (C, h, w) of each.
    """

    values: dict[str, str] = field(default_factory=dict)
    shapes: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    _steps: list[tuple[Backward, str]] = field(default_factory=list)

    def gradient(self, g: OnnxFile, gradients: Mapping[str, Sequence[str]]) -> str:
        """The photo's gradient, from the gradients of layers, each of them a sum of parts.

        Parts are added one by one, so that no more than one of them has to be kept.
        """
        total: str | None = None
        for backward, layer in reversed(self._steps):
            for part in gradients.get(layer, ()):
                total = part if total is None else g.Add(total, part)
            if total is not None:
                total = backward(total)
        if total is None:
            raise ValueError("no layer has a gradient")
        return total


def build_layers(
    g: OnnxFile, network: LossNetwork, image: str, size: tuple[int, int], wanted: Collection[str]
) -> Layers:
    """Adds the network to a graph, as deep as the wanted layers need it.

    Args:
        g: the graph.
        network: its layers.
        image: 1 x 3 x H x W, RGB, 0..1.
        size: H and W.
        wanted: names of layers.

    Raises:
        ArgumentError: the network lacks a layer.
    """
    layers = Layers()

    def step(value: str, backward: Backward, layer: str, channels: int) -> str:
        layers._steps.append((backward, layer))
        if layer in wanted:
            layers.values[layer], layers.shapes[layer] = value, (channels, *size)
        return value

    matrix, offset = network.preprocessing.matrix_and_offset()
    forward_kernel = g.constant(matrix[:, :, None, None])
    backward_kernel = g.constant(np.ascontiguousarray(matrix.T)[:, :, None, None])
    x = g.Conv(image, forward_kernel, g.constant(offset), kernel_shape=[1, 1])
    step(x, lambda d: g.Conv(d, backward_kernel, kernel_shape=[1, 1]), "", 3)
    block = 1
    for name in network.up_to(wanted):
        if int(name[4 : name.index("_")]) > block:
            block += 1
            small = pooled(size, network.ceil)
            x = _pool(g, network, x, size, partial(step, layer="", channels=0))
            size = small
        weight, bias = network.weights[f"{name}.weight"], network.weights[f"{name}.bias"]
        channels = len(bias)
        x = _convolution(g, network, x, size, weight, bias, partial(step, layer=name, channels=channels))
        x = g.Relu(x)
        step(x, partial(_where_positive, g, x), f"relu{name[4:]}", channels)
    return layers


def _where_positive(g: OnnxFile, result: str, gradient: str) -> str:
    # The runtime compares on the way forward already: a byte a value is kept for it, where signs would take four.
    return g.Where(g.Greater(result, g.scalar(0.0)), gradient, g.scalar(0.0))


def _convolution(
    g: OnnxFile,
    network: LossNetwork,
    x: str,
    size: tuple[int, int],
    weight: NDArray[np.float32],
    bias: NDArray[np.float32],
    step: Callable[[str, Backward], str],
) -> str:
    kernel, shift = g.constant(weight), g.constant(bias)
    turned = g.constant(np.ascontiguousarray(weight.transpose(1, 0, 2, 3)[:, :, ::-1, ::-1]))
    if network.padding == "zero":
        y = g.Conv(x, kernel, shift, kernel_shape=[3, 3], pads=[1] * 4)
        return step(y, lambda d: g.Conv(d, turned, kernel_shape=[3, 3], pads=[1] * 4))
    padded = g.Pad(x, g.ints(0, 0, 1, 1, 0, 0, 1, 1), mode="reflect")
    y = g.Conv(padded, kernel, shift, kernel_shape=[3, 3])
    return step(y, lambda d: _fold(g, g.Conv(d, turned, kernel_shape=[3, 3], pads=[2] * 4), size))


def _fold(g: OnnxFile, padded: str, size: tuple[int, int]) -> str:
    """The adjoint of reflection by one pixel: the outermost row counts for the second one, at every border."""
    for axis, extent in ((2, size[0]), (3, size[1])):
        inner = _slice(g, padded, axis, 1, extent + 1)
        first, last = _slice(g, padded, axis, 0, 1), _slice(g, padded, axis, extent + 1, extent + 2)
        inner = g.Add(inner, _pad(g, first, axis, 1, extent - 2))
        padded = g.Add(inner, _pad(g, last, axis, extent - 2, 1))
    return padded


def _pool(
    g: OnnxFile, network: LossNetwork, x: str, size: tuple[int, int], step: Callable[[str, Backward], str]
) -> str:
    small = pooled(size, network.ceil)
    for axis, extent, half in ((2, size[0], small[0]), (3, size[1], small[1])):
        if 2 * half < extent:
            cut = _slice(g, x, axis, 0, 2 * half)
            x = step(cut, partial(_pad, g, axis=axis, before=0, after=1))
        elif 2 * half > extent:  # the last row or column twice: its windows have the maximum or mean of what is there
            twice = g.Concat(x, _slice(g, x, axis, extent - 1, extent), axis=axis)
            x = step(twice, partial(_fold_last, g, axis=axis, extent=extent))
    window: dict[str, Any] = {"kernel_shape": [2, 2], "strides": [2, 2]}
    if network.pooling == "average":
        return step(g.AveragePool(x, **window), lambda d: g.Mul(_enlarge(g, d), g.scalar(0.25)))
    largest = g.MaxPool(x, **window)

    def backward(d: str) -> str:
        here = g.Cast(g.Equal(x, _enlarge(g, largest)), to=1)
        share = g.Div(d, g.Mul(g.AveragePool(here, **window), g.scalar(4.0)))
        return g.Mul(_enlarge(g, share), here)

    return step(largest, backward)


def _fold_last(g: OnnxFile, gradient: str, axis: int, extent: int) -> str:
    last = _pad(g, _slice(g, gradient, axis, extent, extent + 1), axis, extent - 1, 0)
    return g.Add(_slice(g, gradient, axis, 0, extent), last)


def _enlarge(g: OnnxFile, x: str) -> str:
    scales = g.constant(np.array([1, 1, 2, 2], np.float32))
    return g.Resize(x, "", scales, mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor")


def _slice(g: OnnxFile, x: str, axis: int, begin: int, end: int) -> str:
    return g.Slice(x, g.ints(begin), g.ints(end), g.ints(axis))


def _pad(g: OnnxFile, x: str, axis: int, before: int, after: int) -> str:
    """Zeros around, along one axis."""
    pads = [0] * 8
    pads[axis], pads[4 + axis] = before, after
    return g.Pad(x, g.ints(*pads))
