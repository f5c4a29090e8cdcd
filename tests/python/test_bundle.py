from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fastphoto_native as fp
import onnx
import pytest
from fastphoto_native.errors import ModelError
from fastphoto_native.runtime.bundle import bundled_models, find_bundle
from fastphoto_native.runtime.engine import Engine
from tiny_model import make_tiny_bundle


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_tiny_bundle(tmp_path / "tiny")


def edit(folder: Path, **changes: Any) -> None:
    path = folder / "bundle.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_every_embedded_bundle_is_whole_and_small() -> None:
    folders = [p.parent for p in bundled_models().glob("*/bundle.json")]
    assert "photowct-lite" in {f.name for f in folders}
    for folder in folders:
        bundle = find_bundle(folder)
        assert bundle.name == folder.name
        assert bundle.manifest.licence == "Apache-2.0"
        Engine(bundle, "cpu", 1)
        assert sum(f.stat().st_size for f in folder.iterdir()) <= 5e6


def test_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ModelError, match=r"no model 'photowct-big': .*photowct-lite"):
        find_bundle("photowct-big")


def test_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"folder with a bundle\.json"):
        find_bundle(tmp_path)


def test_another_format_is_refused(folder: Path) -> None:
    edit(folder, format=2)
    with pytest.raises(ModelError, match="bundle format 2, this version of fastphoto-native reads 1"):
        find_bundle(folder)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"surprise": 1}, "surprise"),
        ({"size_multiple": 0}, r"\$\.size_multiple"),
        ({"size_multiple": 12}, "stride 8"),
        ({"alignments": []}, "7 segments for 0|6 segments for 0"),
        ({"style": {"file": "../style.onnx", "sha256": "0" * 64}}, r"\$\.style\.file"),
    ],
)
def test_what_is_wrong_in_the_manifest_is_named(folder: Path, changes: dict[str, Any], message: str) -> None:
    edit(folder, **changes)
    with pytest.raises(ModelError, match=message):
        find_bundle(folder)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("max_gain", 0.9, r"\$\.alignments\[[0-9]\]\.max_gain"),
        ("max_gain", 2, "has a max_gain and the method monge-kantorovich, expected knothe-rosenblatt"),
        ("method", "knothe-rosenblatt", "'relu.*' has [0-9]+ channels and a relative_ridge of 0, expected 3 and more"),
    ],
)
def test_unsuitable_alignments_are_named(folder: Path, field: str, value: Any, message: str) -> None:
    alignments = json.loads((folder / "bundle.json").read_text())["alignments"]
    alignments[-1][field] = value
    edit(folder, alignments=alignments)
    with pytest.raises(ModelError, match=message):
        find_bundle(folder)


def test_a_manifest_that_is_no_json(folder: Path) -> None:
    (folder / "bundle.json").write_bytes(b"\xff<html>")
    with pytest.raises(ModelError, match="not a valid bundle"):
        find_bundle(folder)


def test_wrong_hash(folder: Path) -> None:
    path = folder / "segment_1.onnx"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"segment_1\.onnx has SHA-256 .*, expected .*damaged"):
        fp.Stylizer(folder, "cpu")


def test_missing_file(folder: Path) -> None:
    (folder / "style.onnx").unlink()
    with pytest.raises(ModelError, match=r"cannot read .*style\.onnx: No such file"):
        fp.Stylizer(folder, "cpu")


def test_lfs_pointer(folder: Path) -> None:
    (folder / "style.onnx").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    with pytest.raises(ModelError, match="Git-LFS pointer"):
        fp.Stylizer(folder, "cpu")


def test_a_segment_in_the_wrong_place_lacks_tensors(folder: Path) -> None:
    manifest = json.loads((folder / "bundle.json").read_text())
    manifest["segments"][4]["carry"] = ["image", "code_7"]
    edit(folder, segments=manifest["segments"])
    with pytest.raises(ModelError, match="lack the tensors code_7"):
        fp.Stylizer(folder, "cpu")


def test_onnx_that_is_none(folder: Path) -> None:
    (folder / "style.onnx").write_bytes(b"not a graph")
    manifest = json.loads((folder / "bundle.json").read_text())
    manifest["style"]["sha256"] = hashlib.sha256(b"not a graph").hexdigest()
    edit(folder, style=manifest["style"])
    with pytest.raises(ModelError, match=r"style\.onnx is not a usable ONNX file"):
        fp.Stylizer(folder, "cpu")


def test_wrong_number_of_channels(folder: Path) -> None:
    manifest = json.loads((folder / "bundle.json").read_text())
    manifest["alignments"][1]["channels"] = 9
    edit(folder, alignments=manifest["alignments"])
    with pytest.raises(ModelError, match=r"'mean_relu4_1' has shape labels x 8, bundle\.json says \? x 9"):
        fp.Stylizer(folder, "cpu")


def test_of_two_models_of_one_name_the_embedded_one_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASTPHOTO_MODELS", str(tmp_path))
    make_tiny_bundle(tmp_path / "photowct-lite")
    make_tiny_bundle(tmp_path / "mine")
    assert find_bundle("photowct-lite").folder.parent == bundled_models()
    assert find_bundle("mine").folder == tmp_path / "mine"
    with pytest.raises(ModelError, match=r"no model 'other': expected a name \(mine, photowct-lite"):
        find_bundle("other")


def rewrite(folder: Path, file: str, change: Callable[[onnx.GraphProto], None]) -> None:
    """Changes a graph and its hash, as somebody would whose export is wrong."""
    model = onnx.load(folder / file)
    change(model.graph)
    content = model.SerializeToString()
    (folder / file).write_bytes(content)
    path = folder / "bundle.json"
    manifest = json.loads(path.read_text())
    for entry in (manifest["style"], *manifest["segments"]):
        if entry["file"] == file:
            entry["sha256"] = hashlib.sha256(content).hexdigest()
    path.write_text(json.dumps(manifest))


def without_output(name: str) -> Callable[[onnx.GraphProto], None]:
    def change(graph: onnx.GraphProto) -> None:
        graph.output.remove(next(o for o in graph.output if o.name == name))

    return change


def renamed_input(old: str, new: str) -> Callable[[onnx.GraphProto], None]:
    def change(graph: onnx.GraphProto) -> None:
        next(i for i in graph.input if i.name == old).name = new
        nodes = [*graph.node, *(n for node in graph.node for a in node.attribute for n in a.g.node)]
        for node in nodes:
            node.input[:] = [new if name == old else name for name in node.input]

    return change


def additional_input(graph: onnx.GraphProto) -> None:
    graph.input.append(onnx.helper.make_tensor_value_info("surprise", onnx.TensorProto.FLOAT, [1]))


def narrower_photo(graph: onnx.GraphProto) -> None:
    graph.input[0].type.tensor_type.shape.dim[1].dim_value = 4


def bytes_for_features(graph: onnx.GraphProto) -> None:
    output = next(o for o in graph.output if o.name == "features_out")
    producer = next(n for n in graph.node if "features_out" in n.output)
    producer.CopyFrom(onnx.helper.make_node("Cast", producer.input, producer.output, to=onnx.TensorProto.FLOAT16))
    output.type.tensor_type.elem_type = onnx.TensorProto.FLOAT16


@pytest.mark.parametrize(
    ("file", "change", "message"),
    [
        ("style.onnx", without_output("mean_relu2_1"), r"style\.onnx: outputs lack the tensors mean_relu2_1; found"),
        ("style.onnx", renamed_input("labels_relu3_1", "x"), r"style\.onnx: inputs lack the tensors labels_relu3_1;"),
        ("segment_1.onnx", without_output("covariance"), r"segment_1\.onnx: outputs lack the tensors covariance;"),
        ("segment_1.onnx", without_output("code_2_out"), r"segment_1\.onnx: outputs lack the tensors code_2_out;"),
        ("segment_2.onnx", renamed_input("matrix", "map"), r"segment_2\.onnx: inputs lack the tensors matrix;"),
        ("segment_5.onnx", without_output("photo"), r"segment_5\.onnx.*(lack the tensors photo|not a usable)"),
        ("segment_0.onnx", additional_input, r"segment_0\.onnx: inputs surprise are unknown; expected image"),
        ("segment_0.onnx", narrower_photo, r"segment_0\.onnx.*(has shape 1 x 4 x|not a usable ONNX file)"),
        ("segment_1.onnx", bytes_for_features, r"segment_2\.onnx: input 'features' is a .*before gives .*float16"),
    ],
)  # fmt: skip
def test_tensors_that_do_not_fit_are_named(
    folder: Path, file: str, change: Callable[[onnx.GraphProto], None], message: str
) -> None:
    rewrite(folder, file, change)
    with pytest.raises(ModelError, match=message) as caught:
        Engine(find_bundle(folder), "cpu", 1)
    assert "\n" not in str(caught.value).removesuffix("\n")
