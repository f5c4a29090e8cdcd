"""Rescaling a loss network so that its activations have the size that a preset's weights were chosen for.

ReLUs pass factors through. So each layer can be divided by its mean activation, and multiplied by another, without a
change to what the network sees (Gatys et al., CVPR 2016, section 2, for each filter; here for each layer, since two
photos do not use every filter).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from fastphoto_native import _core
from fastphoto_native.optimise.network import LossNetwork, layer_size
from fastphoto_native.optimise.network_loss import Features
from fastphoto_native.runtime.onnx_runtime import OnnxRuntime

Float32Array = NDArray[np.float32]

SIDE = 256  # pixels of the longest side at which activations are measured
LEAST = 1e-6  # a mean activation below this is no scale

# Mean activations of VGG-19 with Caffe's weights on 24 photos at 256 pixels. Those from conv4_1 on are guesses, which
# fall as depth makes features rarer: these weights were not at hand.
CAFFE_MEANS = {
    "conv1_1": 21.0, "conv1_2": 89.0,
    "conv2_1": 104.0, "conv2_2": 86.0,
    "conv3_1": 98.0, "conv3_2": 131.0, "conv3_3": 280.0, "conv3_4": 366.0,
    "conv4_1": 200.0, "conv4_2": 150.0, "conv4_3": 120.0, "conv4_4": 80.0,
    "conv5_1": 30.0, "conv5_2": 20.0, "conv5_3": 20.0, "conv5_4": 20.0,
}  # fmt: skip


NEAR = 3.0  # factor of Caffe's means within which a network counts as Caffe's own


def like_caffe(network: LossNetwork, photos: Sequence[Float32Array], runtime: OnnxRuntime) -> LossNetwork:
    """The network at the scale of Caffe's VGG-19; one that is near it (conv1_1 to conv3_1) stays as it is."""
    if network.scale == "caffe":
        return network
    means = mean_activations(network, photos, runtime)
    shallow = {name: mean for name, mean in means.items() if name <= "conv3_1"}
    if all(1 / NEAR < mean / CAFFE_MEANS[name] < NEAR for name, mean in shallow.items()):
        return replace(network, scale="caffe")
    return rescaled(network, photos, CAFFE_MEANS, runtime)


def rescaled(
    network: LossNetwork, photos: Sequence[Float32Array], targets: Mapping[str, float] | None, runtime: OnnxRuntime
) -> LossNetwork:
    """The network with other mean activations.

    Args:
        network: whose weights are rescaled.
        photos: H x W x 3, that the mean activations are measured on.
        targets: mean activations by convolution; None: 1 everywhere.
        runtime: where the network runs.
    """
    means = mean_activations(network, photos, runtime)
    weights = dict(network.weights)
    before = 1.0
    for name, mean in means.items():
        factor = (1.0 if targets is None else targets[name]) / mean if mean > LEAST else before
        weights[f"{name}.weight"] = network.weights[f"{name}.weight"] * np.float32(factor / before)
        weights[f"{name}.bias"] = network.weights[f"{name}.bias"] * np.float32(factor)
        before = factor
    return replace(network, weights=weights, scale="own" if targets is None else "caffe")


def mean_activations(network: LossNetwork, photos: Sequence[Float32Array], runtime: OnnxRuntime) -> dict[str, float]:
    """The mean of each convolution's features after the ReLU, over photos of at most SIDE pixels."""
    sums: dict[str, list[float]] = {}
    for photo in photos:
        height, width, _ = photo.shape
        scale = min(1.0, SIDE / max(height, width))
        size = (max(1, round(height * scale)), max(1, round(width * scale)))
        layers = [f"relu{c[4:]}" for c in network.convolutions]
        room = 2 if network.padding == "reflect" else 1
        layers = [layer for layer in layers if min(layer_size(network, layer, size)) >= room]
        small = _core.resize(photo, *size, _core.ALL_THREADS).transpose(2, 0, 1)
        for layer, features in Features(network, size, layers, runtime).of(small).items():
            sums.setdefault(f"conv{layer[4:]}", []).append(float(features.mean()))
    return {name: float(np.mean(values)) for name, values in sums.items()}
