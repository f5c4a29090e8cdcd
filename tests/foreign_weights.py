"""Random weights with exactly the names and shapes of files that others published."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

ENCODER = {
    "conv1_1": (3, 64), "conv1_2": (64, 64), "conv2_1": (64, 128), "conv2_2": (128, 128), "conv3_1": (128, 256),
    "conv3_2": (256, 256), "conv3_3": (256, 256), "conv3_4": (256, 256), "conv4_1": (256, 512),
}  # fmt: skip
TORCHVISION = {0: "conv1_1", 2: "conv1_2", 5: "conv2_1", 7: "conv2_2", 10: "conv3_1", 12: "conv3_2", 14: "conv3_3",
               16: "conv3_4", 19: "conv4_1"}  # fmt: skip


def layer(rng: np.random.Generator, channels_in: int, channels_out: int, kernel: int = 3) -> tuple[Any, Any]:
    """A kernel (out x in x k x k) and a bias that keep activations near their size."""
    deviation = np.sqrt(2 / (channels_in * kernel**2))
    shape = (channels_out, channels_in, kernel, kernel)
    weight = rng.standard_normal(shape, np.float32) * np.float32(deviation)
    return torch.from_numpy(weight), torch.from_numpy(0.1 * rng.standard_normal(channels_out, np.float32))


def photo_wct(seed: int = 0) -> dict[str, Any]:
    """As FastPhotoStyle's photo_wct.pth. e2 is the beginning of e4, as in the published file; e1 and e3 are not."""
    rng = np.random.default_rng(seed)
    state: dict[str, Any] = {}
    for level in (4, 3, 2, 1):
        # Signed and spread, as VGG-19 wants its input.
        mix = torch.eye(3).flip(0) * 4 + 0.1 * torch.from_numpy(rng.standard_normal((3, 3), np.float32))
        state[f"e{level}.conv0.weight"], state[f"e{level}.conv0.bias"] = mix[:, :, None, None], torch.full((3,), -2.0)
        for name, (i, o) in ENCODER.items():
            if name <= f"conv{level}_1":
                state[f"e{level}.{name}.weight"], state[f"e{level}.{name}.bias"] = layer(rng, i, o)
                state[f"d{level}.{name}.weight"], state[f"d{level}.{name}.bias"] = layer(rng, o, i)
    for name in state:
        if name.startswith("e2."):
            state[name] = state["e4" + name[2:]].clone()
    return state


def torchvision_vgg19(seed: int = 0) -> dict[str, Any]:
    """As torchvision's vgg19, its later convolutions and classifier cut down: they are not looked at."""
    rng = np.random.default_rng(seed)
    state: dict[str, Any] = {}
    for number, name in TORCHVISION.items():
        state[f"features.{number}.weight"], state[f"features.{number}.bias"] = layer(rng, *ENCODER[name])
    for number in (21, 23, 25, 28, 30, 32, 34):
        state[f"features.{number}.weight"], state[f"features.{number}.bias"] = layer(rng, 2, 2)
    state["classifier.0.weight"] = torch.zeros(2, 2)
    return state
