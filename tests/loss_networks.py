"""Small random loss networks."""

from __future__ import annotations

import numpy as np
from fastphoto_native.optimise.network import SIGNED, LossNetwork, Preprocessing

LAYERS = ("conv1_1", "conv1_2", "conv2_1", "conv2_2", "conv3_1")


def random_network(
    widths: tuple[int, ...] = (6, 5, 7, 4, 8), preprocessing: Preprocessing = SIGNED, seed: int = 0
) -> LossNetwork:
    """Five convolutions in three blocks, scaled so that activations neither vanish nor explode."""
    rng = np.random.default_rng(seed)
    weights = {}
    channels = 3
    for name, width in zip(LAYERS, widths, strict=True):
        kernel = rng.normal(0, np.sqrt(2 / (9 * channels)), (width, channels, 3, 3))
        weights[f"{name}.weight"] = kernel.astype(np.float32)
        weights[f"{name}.bias"] = rng.normal(0, 0.1, width).astype(np.float32)
        channels = width
    return LossNetwork("random", weights, preprocessing)
