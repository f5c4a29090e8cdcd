"""Time of one evaluation of content and style losses with their gradient: our ONNX graph beside PyTorch's autograd.

    PYTHONPATH=tests python -m benchmarks.loss_engine [--network VGG.npz] [--sides 256,512] [--threads 1,2]

The same network (random weights of VGG-19's shapes to conv3_1 without a file), picture and losses, in one run and in
turns, so that whatever else the machine does falls on both. Needs PyTorch.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from fastphoto_native.optimise import LossNetwork, Preset, embedded_network, read_network
from fastphoto_native.optimise.network import CAFFE
from fastphoto_native.optimise.targets import network_terms
from fastphoto_native.runtime.onnx_runtime import OnnxRuntime
from reference import neural_style as twin

STYLE, CONTENT = ("relu1_1", "relu2_1", "relu3_1"), "relu3_1"
SHAPES = {"conv1_1": (3, 64), "conv1_2": (64, 64), "conv2_1": (64, 128), "conv2_2": (128, 128), "conv3_1": (128, 256)}


def random_vgg() -> LossNetwork:
    """VGG-19 to conv3_1 with random weights."""
    rng = np.random.default_rng(0)
    weights = {}
    for name, (before, after) in SHAPES.items():
        kernel = rng.normal(0, np.sqrt(2 / (9 * before)), (after, before, 3, 3))
        weights[f"{name}.weight"], weights[f"{name}.bias"] = kernel.astype(np.float32), np.zeros(after, np.float32)
    return LossNetwork("VGG-19's shapes", weights, CAFFE)


def compare(network: LossNetwork, side: int, threads: int, repeats: int) -> tuple[float, float, float]:
    """Seconds of an evaluation, ours and PyTorch's, and the relative difference of the losses."""
    torch.set_num_threads(threads)
    rng = np.random.default_rng(1)
    size = (side * 2 // 3, side)
    content, style, x = (rng.random((3, *size), np.float32) for _ in range(3))
    preset = Preset(style_layers=STYLE, style_weight=1 / 5, style_factor=1 / 4, gram_divisor="pixels",
                    content_layers=(CONTENT,), content_weight=1e-3, content_factor=1 / 2, content_sum=True)  # fmt: skip
    ours = network_terms(preset, network, content, style, None, OnnxRuntime("cpu", threads))
    kernels = {name: torch.from_numpy(np.array(array)) for name, array in network.weights.items()}
    theirs = _theirs(network, kernels, content, style)

    def one() -> float:
        return float(sum(ours.evaluate(x)[0].values()))

    def other() -> float:
        image = torch.from_numpy(x)[None].requires_grad_(True)
        loss = theirs(image)
        loss.backward()
        return float(loss.detach())

    losses = [one(), other()]
    times: list[list[float]] = [[], []]
    for _ in range(repeats):
        for which, evaluate in enumerate((one, other)):
            start = time.perf_counter()
            evaluate()
            times[which].append(time.perf_counter() - start)
    return min(times[0]), min(times[1]), abs(losses[0] / losses[1] - 1)


def _theirs(
    network: LossNetwork, kernels: dict[str, torch.Tensor], content: np.ndarray, style: np.ndarray
) -> Callable[[torch.Tensor], torch.Tensor]:
    """The loss with its targets computed once, as any program would."""
    p = network.preprocessing
    settings: dict[str, Any] = {"order": p.order, "scale": p.scale, "mean": p.mean, "deviation": p.deviation}
    names = sorted(dict.fromkeys(n.split(".")[0] for n in kernels if n.split(".")[0] <= "conv3_1"))
    arrays = {name: array for name, array in kernels.items() if name.split(".")[0] in names}
    with torch.no_grad():
        wanted = twin.features(arrays, torch.from_numpy(style)[None], STYLE, **settings)
        grams = {layer: twin.gram(f, None, f[0, 0].numel()) for layer, f in wanted.items()}
        there = twin.features(arrays, torch.from_numpy(content)[None], [CONTENT], **settings)[CONTENT]

    def loss(image: torch.Tensor) -> torch.Tensor:
        here = twin.features(arrays, image, STYLE, **settings)
        total = 1e-3 * ((here[CONTENT] - there) ** 2).sum() / 2
        for layer, gram in grams.items():
            f = here[layer]
            difference = twin.gram(f, None, f[0, 0].numel()) - gram
            total = total + (difference**2).sum() / (4 * f.shape[1] ** 2) / 5
        return total

    return loss


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", type=Path, help="VGG weights (.npz or .pth)")
    parser.add_argument("--sides", default="256,512")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--repeats", type=int, default=7)
    args = parser.parse_args()
    wide = read_network(args.network) if args.network else random_vgg()
    print(
        "| network | side | threads | ours, s | PyTorch, s | ratio | losses differ by |\n|---|---|---|---|---|---|---|"
    )
    for network in (wide, embedded_network()):
        for side in map(int, args.sides.split(",")):
            for threads in map(int, args.threads.split(",")):
                ours, theirs, apart = compare(network, side, threads, args.repeats)
                figures = f"{ours:.3f} | {theirs:.3f} | {ours / theirs:.2f} | {apart:.0e}"
                print(f"| {network.name} | {side} | {threads} | {figures} |")


if __name__ == "__main__":
    main()
