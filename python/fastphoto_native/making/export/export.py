"""Make a bundle from trained weights: style graph, segments and bundle.json, weights in half precision.

python -m fastphoto_native.making.export.export --config models/recipes/photowct-lite.export.toml \
        --weights runs/photowct-lite/weights.pt --out models/photowct-lite
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from fastphoto_native import _core

from .artistic import artistic_chain
from .chain import Chain
from .graphs import change_chain
from .layers import Weights
from .manifest import FORMAT, alignment_table, option_tables
from .settings import ARTISTIC, read_settings


def half_precision(state: dict[str, Any]) -> dict[str, NDArray[np.float16]]:
    """A PyTorch state dict as NumPy half-precision arrays."""
    return {name: tensor.contiguous().numpy().astype(np.float16) for name, tensor in state.items()}


def write_bundle(folder: Path, name: str, settings: dict[str, Any], weights: Weights, widths: Sequence[int]) -> None:
    """Writes the bundle of a model that the recipe trained; its levels are those that `settings` aligns.

    `changes` in `settings` weigh luma and chroma of what the levels change (graphs.py). For files see settings.py.
    With `half_precision` in `settings` the program may run the last segments in it: for models for which
    benchmarks/half_precision.py has shown that they bear it.
    """
    levels = [int(name[4]) for name in settings["alignments"] if name != "colours"]  # relu4_1: level 4
    if settings.get("chain") == ARTISTIC:
        chain = artistic_chain(weights, widths, levels)
    else:
        chain = change_chain(weights, widths, levels, settings.get("changes"), settings.get("half_precision", False))
    write_chain(folder, name, settings, chain)


def write_chain(
    folder: Path,
    name: str,
    settings: dict[str, Any],
    chain: Chain,
    estimator: tuple[onnx.ModelProto, dict[str, Any]] | None = None,
) -> None:
    """Writes the ONNX files and, last, the bundle.json that names and hashes them.

    Args:
        folder: made if need be; ONNX files in it are removed.
        name: of the model; the folder's, if it is to be found by name.
        settings: version, description, licence, provenance, working_side, smoothing, and `alignments`: a table
            for each point. Those of manifest.py's tables and numbers that are missing get their defaults.
        chain: the graphs.
        estimator: its graph, and what bundle.json says of it beside the file: side, map and extents.

    Raises:
        ModelError: the settings make no valid bundle.json.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.onnx"):
        old.unlink()

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
        **({"margin": settings["margin"]} if settings.get("margin") else {}),
        "smoothing": settings["smoothing"],
        **option_tables(settings),
        "style": save(chain.style, "style"),
        "alignments": [alignment_table(point, settings["alignments"][point.name]) for point in chain.points],
        "segments": segments,
    }
    if estimator:
        manifest["estimator"] = save(estimator[0], "estimator") | estimator[1]
    path, text = folder / "bundle.json", json.dumps(manifest, indent=2) + "\n"
    _core.Manifest.parse(text, str(path))  # what could not be read again is not written
    path.write_text(text)


def main() -> None:
    import torch  # only the command reads checkpoints: graphs can be built without PyTorch

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, required=True, help="the bundle's settings (TOML)")
    parser.add_argument("--weights", type=Path, required=True, help="weights.pt of `fastphoto models train`")
    parser.add_argument("--out", type=Path, required=True, help="the bundle's folder")
    args = parser.parse_args()
    settings = read_settings(args.config)
    saved = torch.load(args.weights, weights_only=True)
    write_bundle(args.out, settings["name"], settings, half_precision(saved["weights"]), saved["widths"])
    size = sum(f.stat().st_size for f in args.out.iterdir())
    print(f"{args.out}: {size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
