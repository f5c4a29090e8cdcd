"""The loss of neural style at 100, 300 and 500 evaluations, ours beside PyTorch's L-BFGS with autograd.

    PYTHONPATH=tests python -m benchmarks.gatys_trace --content PHOTO --style PHOTO [--network VGG.npz] [--side 192]
        [--evaluations 500]

Gatys et al.'s losses on relu1_1 to relu3_1 (content: relu3_1), average pooling, start: the content. Both take steps of
length one without a line search, and both compute in float32: rounding parts their ways, so the third column is our own
run from a start that differs by 1e-6. Needs PyTorch.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

import fastphoto_native as fp
import numpy as np
import torch
from fastphoto_native.optimise import LbfgsSettings, Stage, embedded_network, find_preset, read_network
from fastphoto_native.optimise.transfer import photo_at
from numpy.typing import NDArray
from reference import neural_style as twin

LAYERS = ("relu1_1", "relu2_1", "relu3_1")


def photo(path: Path, side: int) -> NDArray[np.float32]:
    """A file at a longest side."""
    pixels = fp.read_photo(path).pixels
    factor = min(1.0, side / max(pixels.shape[:2]))
    return photo_at(pixels, (round(pixels.shape[0] * factor), round(pixels.shape[1] * factor)), 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--content", type=Path, required=True)
    parser.add_argument("--style", type=Path, required=True)
    parser.add_argument("--network", type=Path)
    parser.add_argument("--side", type=int, default=192)
    parser.add_argument("--evaluations", type=int, default=500)
    args = parser.parse_args()
    torch.set_num_threads(1)
    network = read_network(args.network) if args.network else embedded_network()
    network = replace(network, pooling="average", scale="caffe")
    content, style = photo(args.content, args.side), photo(args.style, args.side)
    alpha = 1e-3
    preset = replace(
        find_preset("gatys", "paper"), style_layers=LAYERS, content_layers=("relu3_1",), content_weight=alpha,
        activations="caffe", start="content", stages=(Stage(args.evaluations, LbfgsSettings(history=100)),),
    )  # fmt: skip
    traces = []
    for start in (content, np.clip(content + np.float32(1e-6), 0, 1)):
        options: dict[str, Any] = {"network": network, "start": start, "threads": 1, "device": "cpu"}
        _, report = fp.optimise.neural_style(content, style, preset=preset, return_report=True, **options)
        traces.append([entry.loss for entry in report.trace])
    p = network.preprocessing
    settings: dict[str, Any] = {"pooling": "average", "order": p.order, "scale": p.scale, "mean": p.mean}
    there, wanted = (torch.from_numpy(a.transpose(2, 0, 1).copy())[None] for a in (content, style))
    arrays = {name: a for name, a in network.weights.items() if name.split(".")[0] <= "conv3_1"}
    theirs = twin.lbfgs_trace(
        lambda x: twin.gatys_loss(arrays, x, there, wanted, LAYERS, "relu3_1", alpha, **settings),
        there, args.evaluations, 255.0,
    )  # fmt: skip
    print("| evaluation | ours | PyTorch | ours / PyTorch | ours, other start / ours |\n|---|---|---|---|---|")
    for number in (1, 2, 10, 50, 100, 200, 300, 400, 500):
        if number <= args.evaluations:
            ours, other, torchs = traces[0][number - 1], traces[1][number - 1], theirs[number - 1]
            print(f"| {number} | {ours:.5g} | {torchs:.5g} | {ours / torchs:.4f} | {other / ours:.4f} |")


if __name__ == "__main__":
    main()
