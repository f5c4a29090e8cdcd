"""A real bundle with a tiny random network, made by the real export: everything but the training."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from fastphoto_native.making.export.export import write_bundle

WIDTHS = [4, 4, 6, 8]


def random_weights(seed: int = 0) -> dict[str, np.ndarray]:
    """Weights of the encoder and its four decoders, scaled so that activations neither vanish nor explode."""
    rng = np.random.default_rng(seed)
    w1, w2, w3, w4 = WIDTHS
    trunk = {
        "conv1_2": (w1, w1), "conv2_1": (w1, w2), "conv2_2": (w2, w2), "conv3_1": (w2, w3), "conv3_2": (w3, w3),
        "conv3_3": (w3, w3), "conv3_4": (w3, w3), "conv4_1": (w3, w4),
    }  # fmt: skip
    layers = {"encoder.conv1_1": (3, w1)} | {f"encoder.{name}": io for name, io in trunk.items()}
    for level in (1, 2, 3, 4):
        layers[f"decoders.{level - 1}.conv1_1"] = (w1, 3)
        for name, (i, o) in trunk.items():
            if name < f"conv{level}_2":
                layers[f"decoders.{level - 1}.{name}"] = (o, i)
    weights = {}
    for name, (i, o) in layers.items():
        kernel = rng.normal(0, np.sqrt(2 / (9 * i)), (o, i, 3, 3))
        weights[f"{name}.weight"] = kernel.astype(np.float16)
        weights[f"{name}.bias"] = rng.normal(0, 0.1, o).astype(np.float16)
    return weights


def make_tiny_bundle(
    folder: Path,
    method: str = "monge-kantorovich",
    changes: Mapping[str, Mapping[str, float]] | None = None,
    tables: Mapping[str, Mapping[str, object]] | None = None,
) -> Path:
    """Writes the bundle and returns its folder; `tables` are those of manifest.py."""
    names = ("colours", "relu4_1", "relu3_1", "relu2_1", "relu1_1")
    settings = {
        "version": "0",
        "description": "random weights",
        "licence": "Apache-2.0",
        "provenance": dict.fromkeys(("recipe", "training_photos", "teacher", "method"), "random"),
        "working_side": 256,
        "smoothing": {"lam": 1e-4, "eps": 1e-7},
        "alignments": {name: {"method": method, "content_ridge": 1e-4, "style_ridge": 1e-4} for name in names},
        "changes": changes or {},
        **(tables or {}),
    }
    write_bundle(folder, "tiny", settings, random_weights(), WIDTHS)
    return folder
