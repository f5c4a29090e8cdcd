"""The compressed WCT of Collaborative-Distillation (Wang et al., CVPR 2020): five encoders and five decoders in files.

Files hold a state dict, or one under "model". Layers are named without an underscore (`conv11.weight` is conv1_1's); an
encoder begins with `conv0` (1x1, RGB in 0..1 to what VGG expects). `conv11_aux` and the like bridged widths in training
and are not needed. Which level a file is for shows in its deepest layer, so that file names do not matter. Only names
and shapes of the public files are used here; their licence is MIT.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fastphoto_native.errors import ModelError

from .weights_file import Arrays, checked_tensors, read_checkpoint

LEVELS = (1, 2, 3, 4, 5)
WIDTHS = (16, 32, 64, 128, 128)
FIRST_WIDTH = 24  # of the networks of level 1, which have one layer each
DEPTHS = (2, 2, 4, 4)  # convolutions of the blocks before the last one


def layers(level: int) -> dict[str, tuple[int, int]]:
    """Channels in and out of an encoder's convolutions, conv1_1 to conv<level>_1; a decoder has them in reverse."""
    widths = (FIRST_WIDTH,) if level == 1 else WIDTHS
    found: dict[str, tuple[int, int]] = {}
    before = 3
    for block in range(1, level + 1):
        for number in range(1, 2 if block == level else DEPTHS[block - 1] + 1):
            found[f"conv{block}_{number}"] = (before, widths[block - 1])
            before = widths[block - 1]
    return found


def expected_shapes(level: int, decoder: bool) -> dict[str, tuple[int, ...]]:
    """Every tensor of a file that is needed, by the file's names."""
    shapes: dict[str, tuple[int, ...]] = {}
    if not decoder:
        shapes |= {"conv0.weight": (3, 3, 1, 1), "conv0.bias": (3,)}
    for name, (i, o) in layers(level).items():
        short = name.replace("_", "")
        channels = (i, o) if decoder else (o, i)
        shapes |= {f"{short}.weight": (*channels, 3, 3), f"{short}.bias": channels[:1]}
    return shapes


def read_folders(encoders: Path, decoders: Path) -> Arrays:
    """All ten networks: `e5.conv0.weight`, `e5.conv1_1.weight`, ..., `d1.conv1_1.bias`.

    Raises:
        ModelError: a level is missing or there twice, or a file is not what it should be.
    """
    weights: Arrays = {}
    for folder, prefix in ((encoders, "e"), (decoders, "d")):
        for level, (path, content) in _by_level(folder).items():
            expected = expected_shapes(level, prefix == "d")
            known = {name: t for name, t in content.items() if not re.fullmatch(r"conv\d\d_aux\.\w+", name)}
            for name, array in checked_tensors(path, known, expected).items():
                weights[f"{prefix}{level}.{_long(name)}"] = array
    return weights


def _by_level(folder: Path) -> dict[int, tuple[Path, Mapping[str, Any]]]:
    files = sorted(p for p in folder.iterdir() if p.suffix in (".pth", ".pt"))
    found: dict[int, tuple[Path, Mapping[str, Any]]] = {}
    for path in files:
        content = read_checkpoint(path)
        inner = content.get("model", content)
        blocks = [int(m[1]) for name in inner if (m := re.fullmatch(r"conv([1-5])1\.weight", str(name)))]
        if not isinstance(inner, Mapping) or not blocks:
            names = ", ".join(map(str, list(content)[:3])) or "nothing"
            raise ModelError(f"{path} holds {names}; expected conv11.weight to conv51.weight")
        level = max(blocks)
        if level in found:
            raise ModelError(
                f"{found[level][0]} and {path} are both for level {level}; expected one file for each level"
            )
        found[level] = path, inner
    if missing := [level for level in LEVELS if level not in found]:
        raise ModelError(f"{folder} lacks levels {', '.join(map(str, missing))}; expected five files, levels 1 to 5")
    return found


def _long(name: str) -> str:
    """conv11.weight -> conv1_1.weight; conv0.weight stays."""
    return re.sub(r"^conv(\d)(\d)\.", r"conv\1_\2.", name)


def settings() -> dict[str, Any]:
    """The bundle's description of itself. Five levels, no identity added to a covariance."""
    alignment = {"method": "whitening-coloring", "relative_ridge": 1e-3}
    return {
        "version": "1.0.0",
        "description": "WCT with compressed networks (Collaborative-Distillation), levels 5 to 1; not photorealistic",
        "licence": "MIT",
        "working_side": 768,
        "smoothing": {"lam": 1e4, "eps": 1e-6},
        "detail": {"amount": 0.0},
        "provenance": {
            "recipe": "imported by fastphoto models import",
            "training_photos": "as published by Wang et al.: MS COCO according to the paper",
            "teacher": "VGG-19 (Simonyan and Zisserman), normalised",
            "method": "WCT (Li et al., NeurIPS 2017), networks of Collaborative-Distillation (Wang et al., CVPR 2020)",
        },
        "alignments": {f"relu{level}_1": dict(alignment) for level in LEVELS},
    }
