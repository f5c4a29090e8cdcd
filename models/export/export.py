"""Writing a bundle: the graphs of a chain and the bundle.json that names and hashes them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import onnx

from fastphoto_native.bundle import FORMAT

from .chain import Chain
from .graphs import change_chain
from .layers import Weights


def write_bundle(folder: Path, name: str, settings: dict[str, Any], weights: Weights, widths: Sequence[int]) -> None:
    """Writes the bundle of a model that the recipe trained; `settings` is the recipe's [bundle] table."""
    write_chain(folder, name, settings, change_chain(weights, widths))


def write_chain(folder: Path, name: str, settings: dict[str, Any], chain: Chain) -> None:
    """Writes the ONNX files and, last, the bundle.json that names and hashes them.

    Args:
        folder: made if need be.
        name: of the model; the folder's, if it is to be found by name.
        settings: version, description, licence, provenance, working_side, and `alignments`: a table for each point.
        chain: the graphs.
    """
    folder.mkdir(parents=True, exist_ok=True)

    def save(model: onnx.ModelProto, stem: str) -> dict[str, Any]:
        content = model.SerializeToString()
        (folder / f"{stem}.onnx").write_bytes(content)
        return {"file": f"{stem}.onnx", "sha256": hashlib.sha256(content).hexdigest()}

    segments = []
    for index, segment in enumerate(chain.segments):
        segments.append(save(segment.model, f"segment_{index}") | {"carry": segment.carry_in})
    manifest = {
        "format": FORMAT,
        "name": name,
        "version": settings["version"],
        "description": settings["description"],
        "licence": settings["licence"],
        "provenance": settings["provenance"],
        "size_multiple": chain.size_multiple,
        "working_side": settings["working_side"],
        "style": save(chain.style, "style"),
        "alignments": [asdict(point) | settings["alignments"][point.name] for point in chain.points],
        "segments": segments,
    }
    (folder / "bundle.json").write_text(json.dumps(manifest, indent=2) + "\n")
