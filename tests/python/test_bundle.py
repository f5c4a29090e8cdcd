from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import fastphoto_native as fp
import pytest
from fastphoto_native.bundle import bundled_models, find_bundle
from fastphoto_native.engine import Engine
from fastphoto_native.errors import ModelError
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
    with pytest.raises(ModelError, match="lacks the tensors code_7"):
        fp.Stylizer(folder, "cpu")


def test_onnx_that_is_none(folder: Path) -> None:
    import hashlib

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
    import numpy as np

    with pytest.raises(ModelError, match=r"'relu4_1' has 8 channels, bundle\.json says 9"):
        fp.Stylizer(folder, "cpu").analyze(np.zeros((16, 16, 3), np.uint8))
