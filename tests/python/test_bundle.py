"""Bundles: what is read of both formats, and that what is wrong is one error that names it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fastphoto_native as fp
import onnx
import pytest
from fastphoto_native import _core
from fastphoto_native.errors import ModelError
from fastphoto_native.runtime.bundle import bundled_models, find_bundle
from fastphoto_native.runtime.onnx_runtime import OnnxRuntime
from hypothesis import given, settings
from hypothesis import strategies as st
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
        _core.Chain(bundle, OnnxRuntime("cpu", 1))
        assert sum(f.stat().st_size for f in folder.iterdir()) <= 5e6


def test_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ModelError, match=r"no model 'photowct-big': .*photowct-lite"):
        find_bundle("photowct-big")


def test_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"folder with a bundle\.json"):
        find_bundle(tmp_path)


def test_another_format_is_refused(folder: Path) -> None:
    edit(folder, format=3)
    with pytest.raises(ModelError, match="bundle format 3, this version of fastphoto-native reads 1 and 2"):
        find_bundle(folder)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"surprise": 1}, "surprise"),
        ({"size_multiple": 0}, r"\$\.size_multiple"),
        ({"size_multiple": 12}, "stride 8"),
        ({"margin": -1}, r"\$\.margin"),
        ({"margin": 257}, r"\$\.margin"),
        ({"margin": 1.5}, r"\$\.margin"),
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
        ("least_shift", 2, "has a least_shift and the method monge-kantorovich, expected knothe-rosenblatt or learned"),
        ("method", "knothe-rosenblatt", "'relu.*' has [0-9]+ channels and a relative_ridge of 0, expected 3 and more"),
    ],
)
def test_unsuitable_alignments_are_named(folder: Path, field: str, value: Any, message: str) -> None:
    alignments = json.loads((folder / "bundle.json").read_text())["alignments"]
    alignments[-1][field] = value
    edit(folder, alignments=alignments)
    with pytest.raises(ModelError, match=message):
        find_bundle(folder)


def as_format_1(manifest: dict[str, Any]) -> dict[str, Any]:
    """The same bundle.json as earlier versions wrote it."""
    old = {k: v for k, v in manifest.items() if k not in ("gamut", "detail", "labels", "memory")}
    alignments = [{k: v for k, v in a.items() if k != "least_shift"} for a in manifest["alignments"]]
    return old | {"format": 1, "alignments": alignments}


def test_format_1_still_opens_and_gives_the_same(folder: Path) -> None:
    new = find_bundle(folder).manifest
    old = as_format_1(json.loads((folder / "bundle.json").read_text()))
    (folder / "bundle.json").write_text(json.dumps(old))
    found = find_bundle(folder).manifest
    assert (new.format, found.format) == (2, 1)
    assert found.to_dict() == as_format_1(new.to_dict())
    for name in ("gamut", "detail", "labels"):
        assert repr(getattr(found, name)) == repr(getattr(new, name))
    _core.Chain(find_bundle(folder), OnnxRuntime("cpu", 1))


@pytest.mark.parametrize("name", ["gamut", "detail", "labels", "memory"])
def test_tables_of_format_2_are_unknown_in_format_1(folder: Path, name: str) -> None:
    manifest = json.loads((folder / "bundle.json").read_text())
    (folder / "bundle.json").write_text(json.dumps(as_format_1(manifest) | {name: manifest[name]}))
    with pytest.raises(ModelError, match=rf"\$\.{name} is unknown here"):
        find_bundle(folder)


@pytest.mark.parametrize("name", ["photowct-lite", "photowct-strong"])
def test_embedded_bundles_state_all_numbers(name: str) -> None:
    """What is read, with all defaults written out, is what stands there."""
    folder = bundled_models() / name
    written = json.loads((folder / "bundle.json").read_text())
    assert json.loads(json.dumps(find_bundle(folder).manifest.to_dict())) == written
    assert written["format"] == 2


def test_an_export_states_all_numbers(folder: Path) -> None:
    written = json.loads((folder / "bundle.json").read_text())
    assert json.loads(json.dumps(find_bundle(folder).manifest.to_dict())) == written
    assert written["detail"]["radius"] == _core.DetailOptions().radius
    assert written["memory"] == _core.MemoryNeeds().to_dict()


def test_an_export_takes_the_tables_of_its_settings(tmp_path: Path) -> None:
    folder = make_tiny_bundle(tmp_path / "tiny", tables={"detail": {"amount": 0.25}, "memory": {"fixed_bytes": 7.0}})
    manifest = find_bundle(folder).manifest
    assert manifest.detail.amount == 0.25
    assert manifest.detail.largest_gain == _core.DetailOptions().largest_gain
    assert manifest.memory.fixed_bytes == 7
    with pytest.raises(ModelError, match=r"\$\.gamut\.shadow is unknown here; expected only shares, "):
        make_tiny_bundle(tmp_path / "bad", tables={"gamut": {"shadow": 1}})
    assert not (tmp_path / "bad" / "bundle.json").exists()


def test_a_learned_alignment_has_an_estimator(folder: Path) -> None:
    manifest = json.loads((folder / "bundle.json").read_text())
    first = {"name": "colours", "channels": 3, "stride": 1, "method": "learned", "relative_ridge": 0.03}
    estimator = {"file": "estimator.onnx", "sha256": "0" * 64, "side": 256, "map": "grid", "extents": [16, 16, 8],
                 "least_fit": 0.25}  # fmt: skip
    edit(folder, alignments=[first, *manifest["alignments"][1:]], estimator=estimator)
    (folder / "estimator.onnx").write_bytes(b"123")
    before = sum((folder / e["file"]).stat().st_size for e in (manifest["style"], *manifest["segments"]))
    bundle = find_bundle(folder)
    found = bundle.manifest.estimator
    assert found is not None
    assert (found.side, found.map, found.extents) == (256, "grid", (16, 16, 8))
    assert bundle.entries[-1].file == "estimator.onnx"
    assert bundle.size == before + 3
    assert bundle.manifest.to_dict()["estimator"] == estimator
    edit(folder, alignments=manifest["alignments"])
    with pytest.raises(ModelError, match=r"\$\.estimator is there, .* monge-kantorovich, expected learned"):
        find_bundle(folder)


def test_members_outlive_their_bundle(folder: Path) -> None:
    alignments, entries = find_bundle(folder).manifest.alignments, find_bundle(folder).entries
    assert [a.name for a in alignments] == ["colours", "relu4_1", "relu3_1", "relu2_1", "relu1_1"]
    assert [e.file for e in entries] == ["style.onnx", *(f"segment_{i}.onnx" for i in range(6))]


def test_nested_without_end(folder: Path) -> None:
    (folder / "bundle.json").write_text("[" * 200_000)
    with pytest.raises(ModelError, match="nested deeper than 16"):
        find_bundle(folder)


def test_a_file_name_that_is_no_text_is_named_all_the_same(folder: Path) -> None:
    target = Path(os.fsdecode(os.fsencode(folder) + b"-\xe9"))
    folder.rename(target)
    edit(target, size_multiple=0)
    with pytest.raises(ModelError, match=r"-\\xe9/bundle\.json: not a valid bundle: \$\.size_multiple is 0"):
        find_bundle(target)


GOOD = (bundled_models() / "photowct-lite" / "bundle.json").read_bytes()
PIECES = st.sampled_from(
    [b"", b"-", b"0", b"1e400", b"null", b"true", b'"', b"[", b"]", b"{", b"}", b",", b":", b"\\u0000", b"\xff"]
) | st.binary(max_size=8)  # fmt: skip


def manifest_or_message(content: str | bytes) -> _core.Manifest | str:
    """Any other exception than ModelError goes to the test."""
    try:
        return _core.Manifest.parse(content, "here")
    except ModelError as error:
        return str(error)


def check_manifest_or_message(found: _core.Manifest | str) -> None:
    if isinstance(found, str):
        assert found.startswith("here: ")
        assert "\n" not in found
        assert len(found) < 600
    else:
        again = _core.Manifest.parse(json.dumps(found.to_dict()), "here")
        assert again.to_dict() == found.to_dict()


@given(st.lists(st.tuples(st.integers(0, len(GOOD)), st.integers(0, 40), PIECES), min_size=1, max_size=4))
@settings(max_examples=600, deadline=None)
def test_a_changed_manifest_is_a_valid_one_or_one_error(changes: list[tuple[int, int, bytes]]) -> None:
    content = GOOD
    for at, length, piece in changes:
        content = content[:at] + piece + content[at + length :]
    check_manifest_or_message(manifest_or_message(content))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just("learned"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)


@given(st.data())
@settings(max_examples=400, deadline=None)
def test_another_value_is_valid_or_one_error(data: st.DataObject) -> None:
    manifest = json.loads(GOOD)
    owner: Any = manifest
    while isinstance(owner, dict | list) and owner:
        key = data.draw(st.sampled_from(sorted(owner) if isinstance(owner, dict) else range(len(owner))))
        if not isinstance(owner[key], dict | list) or not owner[key] or data.draw(st.booleans()):
            owner[key] = data.draw(VALUES)
            break
        owner = owner[key]
    check_manifest_or_message(manifest_or_message(json.dumps(manifest)))


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
    with pytest.raises(ModelError, match=r"'mean_relu4_1' has shape \? x 8, bundle\.json says \? x 9"):
        fp.Stylizer(folder, "cpu")


def test_of_two_models_of_one_name_the_embedded_one_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASTPHOTO_MODELS", str(tmp_path))
    make_tiny_bundle(tmp_path / "photowct-lite")
    make_tiny_bundle(tmp_path / "mine")
    assert find_bundle("photowct-lite").folder.parent == bundled_models()
    assert find_bundle("mine").folder == tmp_path / "mine"
    with pytest.raises(ModelError, match=r"no model 'other': expected a name \(grade-lite, mine, photowct-lite"):
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
        _core.Chain(find_bundle(folder), OnnxRuntime("cpu", 1))
    assert "\n" not in str(caught.value).removesuffix("\n")
