"""VGG-19's layers up to conv4_1 and their mirror image (Simonyan and Zisserman, 2015, table 1, column E)."""

from __future__ import annotations

from collections.abc import Sequence

WIDTHS = (64, 128, 256, 512)
Channels = dict[str, tuple[int, int]]  # layer: channels in, channels out


def encoder_layers(widths: Sequence[int] = WIDTHS, level: int = 4) -> Channels:
    """conv1_1 to conv<level>_1."""
    w1, w2, w3, w4 = widths
    layers = {
        "conv1_1": (3, w1), "conv1_2": (w1, w1), "conv2_1": (w1, w2), "conv2_2": (w2, w2), "conv3_1": (w2, w3),
        "conv3_2": (w3, w3), "conv3_3": (w3, w3), "conv3_4": (w3, w3), "conv4_1": (w3, w4),
    }  # fmt: skip
    return {name: channels for name, channels in layers.items() if name <= f"conv{level}_1"}


def decoder_layers(widths: Sequence[int] = WIDTHS, level: int = 4) -> Channels:
    """The same layers from features to photo."""
    return {name: (o, i) for name, (i, o) in reversed(encoder_layers(widths, level).items())}


def tensor_shapes(prefix: str, layers: Channels, kernel: int = 3) -> dict[str, tuple[int, ...]]:
    """Names and shapes of weights (out x in x kernel x kernel) and biases."""
    shapes: dict[str, tuple[int, ...]] = {}
    for name, (i, o) in layers.items():
        shapes |= {f"{prefix}.{name}.weight": (o, i, kernel, kernel), f"{prefix}.{name}.bias": (o,)}
    return shapes
