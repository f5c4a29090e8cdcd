"""Gatys' and Luan's losses in PyTorch, from the papers: features, Gram matrices and sums, with autograd's gradient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

Array = NDArray[Any]
Weights = Mapping[str, Array]


def features(
    weights: Weights,
    image: torch.Tensor,
    layers: Sequence[str],
    pooling: str = "max",
    ceil: bool = False,
    padding: str = "zero",
    order: str = "bgr",
    scale: float = 255.0,
    mean: Sequence[float] = (103.939, 116.779, 123.68),
    deviation: Sequence[float] = (1.0, 1.0, 1.0),
) -> dict[str, torch.Tensor]:
    """Layers conv<block>_<n> and relu<block>_<n> of a VGG, of an RGB image 1 x 3 x H x W in 0..1."""
    x = image.flip(1) if order == "bgr" else image
    column = [1, 3, 1, 1]
    x = (x * scale - torch.tensor(mean, dtype=x.dtype).view(column)) / torch.tensor(deviation, dtype=x.dtype).view(
        column
    )
    found: dict[str, torch.Tensor] = {}
    names = sorted(n.removesuffix(".weight") for n in weights if n.endswith(".weight"))
    block = "1"
    for name in names:
        if name[4] != block:
            block = name[4]
            if pooling == "max":
                x = F.max_pool2d(x, 2, ceil_mode=ceil)
            else:
                x = F.avg_pool2d(x, 2, ceil_mode=ceil, count_include_pad=False)
        kernel, bias = (
            torch.as_tensor(np.asarray(weights[f"{name}.{part}"])).to(x.dtype) for part in ("weight", "bias")
        )
        if padding == "reflect":
            x = F.conv2d(F.pad(x, (1, 1, 1, 1), mode="reflect"), kernel, bias)
        else:
            x = F.conv2d(x, kernel, bias, padding=1)
        found[name] = x
        x = F.relu(x)
        found[f"relu{name[4:]}"] = x
    return {layer: found[layer] for layer in layers}


def gram(f: torch.Tensor, mask: torch.Tensor | None, divisor: float) -> torch.Tensor:
    """F F^T / divisor, of features times a mask."""
    flat = f[0].flatten(1)
    if mask is not None:
        flat = flat * mask.flatten()
    return flat @ flat.T / divisor


def gatys_loss(
    weights: Weights,
    image: torch.Tensor,
    content: torch.Tensor,
    style: torch.Tensor,
    style_layers: Sequence[str],
    content_layer: str,
    alpha: float,
    **network: Any,
) -> torch.Tensor:
    """Alpha * 1/2 sum (F - P)^2 + sum_l w_l / (4 N^2) sum (G / M - A / M)^2, w_l = 1/5 (CVPR 2016, eq. 1, 4, 5, 7)."""
    layers = [*style_layers, content_layer]
    here, there = features(weights, image, layers, **network), features(weights, content, layers, **network)
    wanted = features(weights, style, layers, **network)
    total = alpha * ((here[content_layer] - there[content_layer]) ** 2).sum() / 2
    for layer in style_layers:
        f, s = here[layer], wanted[layer]
        difference = gram(f, None, f[0, 0].numel()) - gram(s, None, s[0, 0].numel())
        total = total + (difference**2).sum() / (4 * f.shape[1] ** 2) / 5
    return total


def lbfgs_trace(loss: Any, start: torch.Tensor, evaluations: int, scale: float) -> list[float]:
    """torch.optim.LBFGS as Gatys' notebook calls it, on the image in 0..scale; the loss at every evaluation."""
    x = (start * scale).detach().clone().requires_grad_(True)
    optimiser = torch.optim.LBFGS([x], history_size=100)
    trace: list[float] = []

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        value = loss(x / scale)
        value.backward()
        trace.append(float(value.detach()))
        return value

    while len(trace) < evaluations:
        optimiser.step(closure)
    return trace[:evaluations]
