"""The published PhotoWCT cascade in PyTorch, written from the paper: convolutions in float32 (PyTorch's are slow in
float64), statistics and transforms in float64.

Li et al., "A Closed-form Solution to Photorealistic Image Stylization", ECCV 2018, section 3.1: an
encoder and a decoder for each level, pooling positions handed to max unpooling, whitening and colouring by eigenvalue
decomposition (with the identity added to the content's covariance), and each level's decoded photo encoded by the
next shallower level.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

SMALLEST_EIGENVALUE = 1e-5
BLOCKS = {1: ["conv1_2"], 2: ["conv2_2"], 3: ["conv3_2", "conv3_3", "conv3_4"]}  # between conv<n>_1 and the pooling

Weights = Mapping[str, Tensor]


def conv(weights: Weights, layer: str, x: Tensor) -> Tensor:
    kernel, bias = weights[f"{layer}.weight"], weights[f"{layer}.bias"]
    border = kernel.shape[-1] // 2
    return F.conv2d(F.pad(x, [border] * 4, mode="reflect") if border else x, kernel, bias)


def encode(weights: Weights, photo: Tensor, level: int) -> tuple[Tensor, list[Tensor]]:
    """relu<level>_1 of encoder e<level>, and the positions of the maxima (shallow first)."""
    e, positions = f"e{level}.", []
    x = F.relu(conv(weights, e + "conv1_1", conv(weights, e + "conv0", photo)))
    for block in range(1, level):
        for layer in BLOCKS[block]:
            x = F.relu(conv(weights, e + layer, x))
        x, where = F.max_pool2d(x, 2, return_indices=True)
        positions.append(where)
        x = F.relu(conv(weights, f"{e}conv{block + 1}_1", x))
    return x, positions


def decode(weights: Weights, x: Tensor, positions: list[Tensor], level: int) -> Tensor:
    d = f"d{level}."
    for block in range(level - 1, 0, -1):
        x = F.relu(conv(weights, f"{d}conv{block + 1}_1", x))
        x = F.max_unpool2d(x, positions[block - 1], 2)
        for layer in reversed(BLOCKS[block]):
            x = F.relu(conv(weights, d + layer, x))
    return conv(weights, d + "conv1_1", x)


def power(covariance: Tensor, exponent: float) -> Tensor:
    values, vectors = torch.linalg.eigh(covariance)
    kept = values > SMALLEST_EIGENVALUE
    return (vectors[:, kept] * values[kept] ** exponent) @ vectors[:, kept].T


def whiten_and_colour(content: Tensor, style: Tensor) -> Tensor:
    """1 x C x h x w features; covariances are means over pixels."""
    c, s = content[0].flatten(1).double(), style[0].flatten(1).double()
    mean_c, mean_s = c.mean(1, keepdim=True), s.mean(1, keepdim=True)
    covariance_c = (c - mean_c) @ (c - mean_c).T / c.shape[1] + torch.eye(len(c), dtype=torch.float64)
    covariance_s = (s - mean_s) @ (s - mean_s).T / s.shape[1]
    result = power(covariance_s, 0.5) @ power(covariance_c, -0.5) @ (c - mean_c) + mean_s
    return result.reshape(content.shape).float()


@torch.no_grad()
def stylize(weights: Weights, content: Any, style: Any) -> Any:
    """H x W x 3 photos in 0..1 (H, W multiples of 8), NumPy; the result is not clipped, and not smoothed."""
    photo, look = (torch.from_numpy(p).float().permute(2, 0, 1)[None] for p in (content, style))
    for level in (4, 3, 2, 1):
        features, positions = encode(weights, photo, level)
        wanted, _ = encode(weights, look, level)
        photo = decode(weights, whiten_and_colour(features, wanted), positions, level)
    return photo[0].permute(1, 2, 0).numpy()
