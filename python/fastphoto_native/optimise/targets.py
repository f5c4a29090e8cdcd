"""From two photos and a preset to the terms that are minimised at one size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fastphoto_native.errors import ArgumentError
from fastphoto_native.optimise.label_masks import LabelPair, masks_at_layers
from fastphoto_native.optimise.network import LossNetwork, layer_size
from fastphoto_native.optimise.network_loss import ContentTarget, Features, NetworkLoss, StyleTarget, gram_matrix
from fastphoto_native.optimise.presets import Preset
from fastphoto_native.runtime.onnx_runtime import OnnxRuntime

Float32Array = NDArray[np.float32]


@dataclass(frozen=True)
class ChosenLayers:
    """The layers of a preset that a network has, and those that it lacks."""

    style: tuple[str, ...]
    content: tuple[str, ...]
    lacking: tuple[str, ...]


def choose_layers(preset: Preset, network: LossNetwork) -> ChosenLayers:
    """A preset's layers that the network has; without a content layer the deepest style layer takes its place.

    Raises:
        ArgumentError: no style layer is left.
    """
    style = tuple(layer for layer in preset.style_layers if network.has(layer))
    content = tuple(layer for layer in preset.content_layers if network.has(layer))
    if not style:
        raise ArgumentError(
            f"{network.name} has none of the style layers {', '.join(preset.style_layers)}; "
            f"it ends with {network.convolutions[-1]}"
        )
    wanted = (*preset.style_layers, *preset.content_layers)
    return ChosenLayers(
        style, content if content or not preset.content_layers else style[-1:],
        tuple(layer for layer in wanted if not network.has(layer)),
    )  # fmt: skip


def network_terms(
    preset: Preset,
    network: LossNetwork,
    content: Float32Array,
    style: Float32Array,
    labels: LabelPair | None,
    runtime: OnnxRuntime,
) -> NetworkLoss:
    """The style's and the content's losses at the content's size.

    Args:
        preset: weights and layers.
        network: the loss network.
        content: 3 x H x W, RGB, 0..1.
        style: 3 x h x w.
        labels: at these sizes; None: one label.
        runtime: where the network runs.

    Raises:
        ArgumentError: a photo too small for the layers.
    """
    layers = choose_layers(preset, network)
    size = (content.shape[1], content.shape[2])
    contents: list[ContentTarget] = []
    if layers.content and preset.content_weight > 0:
        for layer, features in Features(network, size, layers.content, runtime).of(content).items():
            factor = preset.content_weight * preset.content_factor / (1 if preset.content_sum else features.size)
            contents.append(ContentTarget(layer, features, factor))
    style_size = (style.shape[1], style.shape[2])
    style_features = Features(network, style_size, layers.style, runtime).of(style)
    own_masks = masks_at_layers(labels.content, network, layers.style, preset.masks) if labels else {}
    style_masks = masks_at_layers(labels.style, network, layers.style, preset.masks) if labels else {}
    styles: list[StyleTarget] = []
    for layer in layers.style:
        features = style_features[layer]
        channels = len(features)
        pixels = own_masks[layer][0].size if labels else _pixels(network, layer, size)
        factor = preset.style_weight * preset.style_factor / channels**2
        if preset.style_per_channel:
            factor /= channels**2
        per_pixel = channels if preset.gram_divisor == "channels * pixels" else 1
        if labels is None:
            gram = gram_matrix(features, None, per_pixel * features[0].size)
            styles.append(StyleTarget(layer, "", gram, per_pixel * pixels, factor))
            continue
        for number, label in enumerate(labels.labels):
            own, others = own_masks[layer][number], style_masks[layer][number]
            gram = gram_matrix(features, others, per_pixel * float(others.sum()))
            divisor = per_pixel * float(own.sum())
            share = float(own.mean())
            styles.append(StyleTarget(layer, label_name(label), gram, divisor, factor * share, own))
    return NetworkLoss(network, size, styles, contents, runtime)


def label_name(label: int) -> str:
    """A label for reports: masks that were read from files have colours as labels."""
    return f"#{label:06x}" if label > 255 else str(label)


def _pixels(network: LossNetwork, layer: str, size: tuple[int, int]) -> int:
    height, width = layer_size(network, layer, size)
    return height * width
