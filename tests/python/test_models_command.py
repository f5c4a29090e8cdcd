"""`fastphoto models`, as a user runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import fastphoto_native as fp
import numpy as np
import pytest
from fastphoto_native.runtime.bundle import bundled_models, find_bundle
from tiny_model import make_tiny_bundle


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """The user's own folder, with one model."""
    make_tiny_bundle(tmp_path / "mine" / "tiny")
    return tmp_path / "mine"


def run(*arguments: str | Path, models: Path, group: str = "models") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fastphoto_native", group, *map(str, arguments)],
        env=os.environ | {"FASTPHOTO_MODELS": str(models)}, cwd=models.parent,
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


def assert_one_line(done: subprocess.CompletedProcess[str], message: str) -> None:
    assert done.returncode == 1
    assert done.stderr.startswith("fastphoto: error: ")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def test_list(mine: Path) -> None:
    (mine / "broken").mkdir()
    (mine / "broken" / "bundle.json").write_text('{"format": 7}')
    done = run("list", models=mine)
    assert (done.returncode, done.stderr) == (0, "")
    rows = {line.split()[0]: line for line in done.stdout.splitlines()}
    assert "Apache-2.0" in rows["photowct-lite"]
    assert "1.5 MB" in rows["photowct-lite"]
    assert rows["tiny"].endswith("random weights  (yours)")
    assert "cannot be used: " in rows["broken"]
    assert "bundle format 7" in rows["broken"]

    found = json.loads(run("list", "--json", models=mine).stdout)
    assert found["user_folder"] == str(mine)
    models = {row["name"]: row for row in found["models"]}
    assert models["tiny"]["embedded"] is False
    assert models["photowct-lite"]["embedded"] is True
    assert models["tiny"]["bytes"] == sum(f.stat().st_size for f in (mine / "tiny").glob("*.onnx"))


def test_show(mine: Path) -> None:
    text = run("show", "photowct-lite", models=mine).stdout
    manifest = find_bundle("photowct-lite").manifest
    for part in (manifest.licence, manifest.provenance.training_photos, "MODEL_CARD.md", "relu4_1: 128 channels"):
        assert part in text
    shown = json.loads(run("show", mine / "tiny", "--json", models=mine).stdout)
    assert shown["manifest"] == json.loads((mine / "tiny" / "bundle.json").read_text()) | {
        "alignments": shown["manifest"]["alignments"]  # with their defaults
    }
    assert shown["model_card"] is None


def test_path(mine: Path) -> None:
    assert run("path", models=mine).stdout.strip() == str(mine)
    assert run("path", "tiny", models=mine).stdout.strip() == str(mine / "tiny")
    assert Path(run("path", "photowct-lite", models=mine).stdout.strip()).parent == bundled_models()
    assert_one_line(run("path", "none", models=mine), "no model 'none'")


def test_verify(mine: Path) -> None:
    done = run("verify", "tiny", models=mine)
    assert (done.returncode, done.stderr) == (0, "")
    assert "tiny 0 is whole: 7 files" in done.stdout
    report = json.loads(run("verify", mine / "tiny", "--json", models=mine).stdout)
    assert len(report["files"]) == 7


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: (f / "segment_2.onnx").unlink(), "segment_2.onnx: No such file"),
        (lambda f: (f / "style.onnx").write_bytes(b"x"), "style.onnx has SHA-256 "),
        (lambda f: change(f, format=3), "bundle format 3, this version of fastphoto-native reads 1 and 2"),
        (lambda f: change(f, surprise=1), "surprise"),
        (lambda f: change(f, size_multiple=16), None),
    ],
)
def test_verify_refuses(mine: Path, damage: object, message: str | None) -> None:
    assert callable(damage)
    damage(mine / "tiny")
    done = run("verify", "tiny", models=mine)
    if message is None:  # a larger multiple is as good
        assert done.returncode == 0
    else:
        assert_one_line(done, message)


def change(folder: Path, **changes: object) -> None:
    path = folder / "bundle.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_verify_notices_weights_that_are_no_numbers(tmp_path: Path) -> None:
    from fastphoto_native.making.export.export import write_bundle
    from tiny_model import WIDTHS, random_weights

    weights = random_weights()
    weights["decoders.0.conv1_1.weight"][0, 0, 0, 0] = np.nan
    settings = json.loads((make_tiny_bundle(tmp_path / "tiny") / "bundle.json").read_text())
    settings["alignments"] = {a["name"]: {"method": a["method"], "content_ridge": 1e-4} for a in settings["alignments"]}
    write_bundle(tmp_path / "nan", "nan", settings, weights, WIDTHS)
    assert_one_line(run("verify", tmp_path / "nan", models=tmp_path), "expected the same size and numbers only")


def test_the_recipes_are_installed() -> None:
    recipes = Path(__file__).parents[2] / "models" / "recipes"
    installed = bundled_models() / "recipes"
    assert {p.name: p.read_text() for p in installed.iterdir()} == {p.name: p.read_text() for p in recipes.iterdir()}


def test_import_prints_the_licence_and_the_model_has_a_name(mine: Path) -> None:
    torch = pytest.importorskip("torch")
    import foreign_weights

    torch.save(foreign_weights.photo_wct(), mine.parent / "photo_wct.pth")
    done = run("import", "photo_wct.pth", "--half", models=mine)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("CC BY-NC-SA 4.0") == 1
    assert find_bundle(mine / "photo_wct").manifest.licence == "CC BY-NC-SA 4.0"
    assert sorted(p.name for p in mine.iterdir()) == ["photo_wct", "tiny"]
    assert "CC BY-NC-SA 4.0" in run("list", models=mine).stdout
    assert_one_line(run("import", "photo_wct.pth", models=mine), "there is a model 'photo_wct' already")

    photo = np.random.default_rng(0).random((40, 33, 3), np.float32)
    fp.write_photo(mine.parent / "a.png", fp.Photo(photo))
    done = run("a.png", "a.png", "-o", "r.png", "--model", "photo_wct", models=mine, group="stylize")
    assert done.returncode == 0, done.stderr
    assert fp.read_photo(mine.parent / "r.png").pixels.shape == photo.shape


def test_import_of_nothing(mine: Path) -> None:
    pytest.importorskip("torch")
    assert_one_line(run("import", "none.pth", models=mine), "cannot read none.pth: No such file")


@pytest.mark.parametrize("name", ["../x", "a b", ""])
def test_import_of_a_model_without_a_proper_name(mine: Path, name: str) -> None:
    pytest.importorskip("torch")
    (mine.parent / "a b.pth").write_bytes(b"")
    assert_one_line(run("import", "a b.pth", "--name", name, models=mine), "expected letters, digits")


def test_a_folder_that_cannot_be_made_is_one_line(mine: Path) -> None:
    torch = pytest.importorskip("torch")
    import foreign_weights

    torch.save(foreign_weights.photo_wct(), mine.parent / "photo_wct.pth")
    (mine.parent / "file").write_text("")
    assert_one_line(run("import", "photo_wct.pth", "-o", "file/x", models=mine), "file: ")


@pytest.mark.parametrize("command", [("import", "w.pth"), ("train", "--config=c", "--photos=p", "--out=o")])
def test_without_pytorch_the_extra_is_named(tmp_path: Path, command: tuple[str, ...]) -> None:
    script = "import sys; sys.modules['torch'] = None; from fastphoto_native.commands.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", script, "models", *command], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert_one_line(
        done, f"making models needs torch, which is not installed: pip install 'fastphoto-native[{command[0]}]'"
    )
