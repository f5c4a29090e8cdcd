"""A real segmentation network, small enough to write by hand: a linear classifier of colours."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

# Names of ADE20K, and a colour that is each label's own. Scores are linear in R, G and B: -|x - c|^2 without |x|^2.
LABELS = ["sky", "tree", "grass", "sea", "building"]
COLORS = np.array([[0.4, 0.6, 1.0], [0.1, 0.5, 0.1], [0.2, 0.7, 0.2], [0.0, 0.2, 0.6], [0.6, 0.4, 0.3]], np.float32)
SHARPNESS = 40.0


def write_network(
    path: Path,
    *,
    labels: list[str] | None = None,
    last: bool = False,
    classes: bool = False,
    side: int | None = None,
    metadata: dict[str, str] | None = None,
) -> Path:
    """The network as a file.

    Args:
        path: of the file.
        labels: names in the metadata; None takes LABELS, an empty list writes none.
        last: channels are the last axis of input and output.
        classes: the output is class numbers.
        side: the only height and width that it takes; None takes any.
        metadata: instead of what is written usually.
    """
    kernel = (2 * SHARPNESS * COLORS)[:, :, None, None]
    bias = -SHARPNESS * (COLORS**2).sum(axis=1)
    weights = [numpy_helper.from_array(kernel, "kernel"), numpy_helper.from_array(bias.astype("f4"), "bias")]
    extent = [side, side] if side else ["h", "w"]
    nodes, source, found = [], "image", "scores"
    if last:
        nodes.append(helper.make_node("Transpose", ["image"], ["planes"], perm=[0, 3, 1, 2]))
        source = "planes"
    nodes.append(helper.make_node("Conv", [source, "kernel", "bias"], ["scores"]))
    if classes:
        nodes.append(helper.make_node("ArgMax", ["scores"], ["classes"], axis=1, keepdims=0))
        found = "classes"
    elif last:
        nodes.append(helper.make_node("Transpose", ["scores"], ["last"], perm=[0, 2, 3, 1]))
        found = "last"
    shape = [1, *extent, 3] if last else [1, 3, *extent]
    kind = TensorProto.INT64 if classes else TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "segmentation",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(found, kind, None)],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    names = LABELS if labels is None else labels
    usual = {"mean": "[0, 0, 0]", "std": "[1, 1, 1]"} | ({"labels": json.dumps(names)} if names else {})
    helper.set_model_props(model, usual if metadata is None else metadata)
    onnx.save(model, str(path))
    return path
