"""Make grade-lite from a trained look estimator: the estimator's graph, a chain that only hands on, bundle.json.

python -m fastphoto_native.making.estimating.export --config models/recipes/grade-lite.export.toml \
        --weights runs/grade-lite/weights.pt --out models/grade-lite
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastphoto_native.errors import ModelError

from ..export.chain import Chain, Point, Segment, statistics_outputs
from ..export.export import write_chain
from ..export.graph import Graph
from ..export.layers import align
from ..export.settings import read_settings
from .graph import Reach, Weights, estimator_graph

COLOURS = Point("colours", 3, 1)


def plain_chain() -> Chain:
    """A chain of the photo itself, with one point where its colours are: what the estimator maps comes out."""
    style = Graph("style")
    image = style.input("image", [1, 3, "height", "width"])
    labels = style.input(f"labels_{COLOURS.name}", ["labels", 1, "label_height", "label_width"])
    statistics_outputs(style, COLOURS, image, labels, f"_{COLOURS.name}")

    first = Graph("segment_0")
    image = first.input("image", [1, 3, "height", "width"])
    labels = first.input("next_labels", ["labels", 1, "label_height", "label_width"])
    first.output("features_out", image, [1, 3, "height", "width"])
    statistics_outputs(first, COLOURS, image, labels)

    last = Graph("segment_1")
    features = last.input("features", [1, 3, "height", "width"])
    labels = last.input("labels", ["labels", 1, "label_height", "label_width"])
    matrix, offset = last.input("matrix", ["labels", 3, 3]), last.input("offset", ["labels", 3])
    last.output("photo", align(last, features, 3, labels, matrix, offset), [1, 3, "height", "width"])
    segments = [Segment(first.to_model(), [], []), Segment(last.to_model(), [], [])]
    return Chain([COLOURS], style.to_model(), segments, 1)


def write_grade_bundle(
    folder: Path,
    name: str,
    settings: dict[str, Any],
    members: Sequence[Weights],
    shares: Sequence[float],
    basis: NDArray[np.float16],
    side: int,
) -> None:
    """Writes the bundle of an ensemble that the recipe trained."""
    points = round((basis.shape[1] // 3) ** (1 / 3))
    entry = {"side": side, "map": "lut", "extents": [points]} | settings.get("estimator", {})
    try:
        reach = Reach(**settings.get("reach", {}))
    except TypeError as error:
        raise ModelError(f"reach is {settings['reach']!r}; expected {', '.join(Reach.__annotations__)}") from error
    graph = estimator_graph(members, shares, basis, side, reach)
    write_chain(folder, name, settings, plain_chain(), estimator=(graph, entry))


def stored(state: dict[str, Any]) -> dict[str, NDArray[Any]]:
    """A PyTorch state dict as the graph stores it: matrices in 8 bits with a scale for each row (NAME.scale), the rest
    in half precision. What normalises the features stays as it is.
    """
    found: dict[str, NDArray[Any]] = {}
    for name, tensor in state.items():
        a = tensor.float().numpy()
        if name in ("mean", "scale"):
            found[name] = a
        elif a.ndim < 2:
            found[name] = a.astype(np.float16)
        else:
            scale = np.maximum(np.abs(a).max(tuple(range(1, a.ndim)), keepdims=True) / 127, 1e-12)
            found[name], found[f"{name}.scale"] = np.rint(a / scale).astype(np.int8), scale.astype(np.float32)
    return found


def restored(weights: Weights) -> dict[str, NDArray[Any]]:
    """What the network computes with, in float32, of what `stored` made."""
    scales = {name: weights.get(f"{name}.scale", np.float32(1)) for name in weights}
    return {name: a.astype(np.float32) * scales[name] for name, a in weights.items() if not name.endswith(".scale")}


def main() -> None:
    import torch  # only the command reads checkpoints: graphs can be built without PyTorch

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, required=True, help="the bundle's settings (TOML)")
    parser.add_argument("--weights", type=Path, required=True, help="weights.pt of the training")
    parser.add_argument("--out", type=Path, required=True, help="the bundle's folder")
    args = parser.parse_args()
    settings = read_settings(args.config)
    saved = torch.load(args.weights, weights_only=True)
    members, basis = [stored(m) for m in saved["members"]], saved["basis"].numpy().astype(np.float16)
    recipe = saved["recipe"]
    shares, side = [m["share"] for m in recipe["members"]], recipe["network"]["side"]
    write_grade_bundle(args.out, settings["name"], settings, members, shares, basis, side)
    size = sum(f.stat().st_size for f in args.out.glob("*.onnx"))
    print(f"{args.out}: {size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
