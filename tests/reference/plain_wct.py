"""Plain WCT (Li et al., NeurIPS 2017) in PyTorch, written from the paper, for the recipe's layers and names.

Convolutions pad with zeros and photos enter as 2 x - 1, as the recipe's encoder was trained. Pooling is by maxima,
decoders repeat values 2 x 2. Statistics and transforms are float64.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

# Between conv<n>_1 and the pooling.
BLOCKS = {1: ["conv1_2"], 2: ["conv2_2"], 3: ["conv3_2", "conv3_3", "conv3_4"], 4: ["conv4_2", "conv4_3", "conv4_4"]}
Weights = Mapping[str, Any]


def conv(weights: Weights, layer: str, x: Tensor) -> Tensor:
    kernel, bias = (torch.from_numpy(weights[f"{layer}.{part}"]).float() for part in ("weight", "bias"))
    return F.conv2d(x, kernel, bias, padding=1)


def encode(weights: Weights, photo: Tensor, level: int) -> Tensor:
    x = F.relu(conv(weights, "encoder.conv1_1", 2 * photo - 1))
    for block in range(1, level):
        for layer in BLOCKS[block]:
            x = F.relu(conv(weights, f"encoder.{layer}", x))
        x = F.relu(conv(weights, f"encoder.conv{block + 1}_1", F.max_pool2d(x, 2)))
    return x


def decode(weights: Weights, x: Tensor, level: int) -> Tensor:
    d = f"decoders.{level - 1}."
    for block in range(level - 1, 0, -1):
        x = F.relu(conv(weights, f"{d}conv{block + 1}_1", x))
        x = F.interpolate(x, scale_factor=2, mode="nearest")
        for layer in reversed(BLOCKS[block]):
            x = F.relu(conv(weights, d + layer, x))
    return conv(weights, d + "conv1_1", x)


def power(covariance: Tensor, exponent: float) -> Tensor:
    values, vectors = torch.linalg.eigh(covariance)
    return (vectors * values.clamp_min(1e-12) ** exponent) @ vectors.T


def whiten_and_colour(content: Tensor, style: Tensor, ridge: float, relative: float = 0.0) -> Tensor:
    """1 x C x h x w features; covariances are means over pixels, with a ridge on both.

    A `relative` ridge counts in shares of the two photos' mean variance.
    """
    c, s = content[0].flatten(1).double(), style[0].flatten(1).double()
    mean_c, mean_s = c.mean(1, keepdim=True), s.mean(1, keepdim=True)
    covariance_c = (c - mean_c) @ (c - mean_c).T / c.shape[1]
    covariance_s = (s - mean_s) @ (s - mean_s).T / s.shape[1]
    variance = float(torch.trace(covariance_c) + torch.trace(covariance_s)) / (2 * len(c))
    more = (ridge + relative * variance) * torch.eye(len(c), dtype=torch.float64)
    covariance_c, covariance_s = covariance_c + more, covariance_s + more
    result = power(covariance_s, 0.5) @ power(covariance_c, -0.5) @ (c - mean_c) + mean_s
    return result.reshape(content.shape).float()


@torch.no_grad()
def stylize(weights: Weights, content: Any, style: Any, levels: tuple[int, ...], ridge: float) -> Any:
    """H x W x 3 photos in 0..1 (H, W multiples of 8), NumPy; the result is not clipped."""
    photo, look = (torch.from_numpy(p).float().permute(2, 0, 1)[None] for p in (content, style))
    for level in levels:
        features, wanted = encode(weights, photo.clamp(0, 1), level), encode(weights, look, level)
        photo = decode(weights, whiten_and_colour(features, wanted, ridge), level)
    return photo[0].permute(1, 2, 0).numpy()


def reflect(weights: Weights, layer: str, x: Tensor) -> Tensor:
    kernel, bias = (torch.from_numpy(weights[f"{layer}.{part}"]) for part in ("weight", "bias"))
    border = kernel.shape[-1] // 2
    return F.conv2d(F.pad(x, [border] * 4, mode="reflect") if border else x, kernel, bias)


def encode_published(weights: Weights, photo: Tensor, level: int) -> Tensor:
    """The encoder of one level, e<level>: a 1x1 layer first, and reflection at the border."""
    e = f"e{level}."
    x = F.relu(reflect(weights, e + "conv1_1", reflect(weights, e + "conv0", photo)))
    for block in range(1, level):
        for layer in BLOCKS[block]:
            x = F.relu(reflect(weights, e + layer, x))
        x = F.relu(reflect(weights, f"{e}conv{block + 1}_1", F.max_pool2d(x, 2)))
    return x


def decode_published(weights: Weights, x: Tensor, level: int) -> Tensor:
    d = f"d{level}."
    for block in range(level - 1, 0, -1):
        x = F.interpolate(F.relu(reflect(weights, f"{d}conv{block + 1}_1", x)), scale_factor=2, mode="nearest")
        for layer in reversed(BLOCKS[block]):
            x = F.relu(reflect(weights, d + layer, x))
    return F.relu(reflect(weights, d + "conv1_1", x))


@torch.no_grad()
def stylize_published(weights: Weights, content: Any, style: Any, levels: tuple[int, ...], relative: float) -> Any:
    """As `stylize`, with an encoder for each level; H, W multiples of 32."""
    photo, look = (torch.from_numpy(p).float().permute(2, 0, 1)[None] for p in (content, style))
    for level in levels:
        features = encode_published(weights, photo.clamp(0, 1), level)
        wanted = encode_published(weights, look, level)
        photo = decode_published(weights, whiten_and_colour(features, wanted, 0.0, relative), level)
    return photo[0].permute(1, 2, 0).numpy()
