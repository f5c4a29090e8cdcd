"""Weights in another file are outside the hashes of a bundle: such graphs are refused, wherever the tensor hides."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import fastphoto_native as fp
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from tiny_model import make_tiny_bundle


def elsewhere() -> TensorProto:
    """A tensor that says that its data lie in another file."""
    tensor = numpy_helper.from_array(np.zeros(4, np.float32), "weights")
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="w.bin")
    return tensor


def with_change(bundle: Path, kind: str) -> None:
    """Puts such a tensor into the first segment, and the new hash into bundle.json."""
    manifest = json.loads((bundle / "bundle.json").read_text())
    segment = manifest["segments"][0]
    model = onnx.load(bundle / segment["file"])
    inner = helper.make_graph([], "inner", [], [], [elsewhere()])
    if kind == "initializer":
        model.graph.initializer.append(elsewhere())
    elif kind == "attribute":
        model.graph.node.append(helper.make_node("Constant", [], ["c"], value=elsewhere()))
    elif kind == "inner graph":
        model.graph.node.append(helper.make_node("If", ["x"], ["y"], then_branch=inner, else_branch=inner))
    elif kind == "function":
        node = helper.make_node("Constant", [], ["c"], value=elsewhere())
        model.functions.append(helper.make_function("own", "f", [], ["c"], [node], [helper.make_opsetid("", 17)]))
    data = model.SerializeToString()
    (bundle / segment["file"]).write_bytes(data)
    segment["sha256"] = hashlib.sha256(data).hexdigest()
    (bundle / "bundle.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize("kind", ["initializer", "attribute", "inner graph", "function"])
def test_graphs_with_data_elsewhere_are_refused(tmp_path: Path, kind: str) -> None:
    bundle = make_tiny_bundle(tmp_path / "tiny")
    with_change(bundle, kind)
    with pytest.raises(fp.ModelError, match="keeps weights in another file, which no hash covers"):
        fp.Stylizer(bundle, "cpu")


def test_graphs_that_hold_their_weights_are_not(tmp_path: Path) -> None:
    bundle = make_tiny_bundle(tmp_path / "tiny")
    with_change(bundle, "none")
    fp.Stylizer(bundle, "cpu")
