"""The command as a user runs it: real processes, real files."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import termios
from pathlib import Path

import fastphoto_native as fp
import numpy as np
import pytest
from skimage import data
from tiny_model import make_tiny_bundle

COMMAND = [sys.executable, "-m", "fastphoto_native"]


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    fp.write_photo(folder / "content.jpg", fp.Photo(data.coffee()[::4, ::4].astype(np.float32) / 255))
    fp.write_photo(folder / "style.png", fp.Photo(data.chelsea()[::4, ::4].astype(np.float32) / 255))
    make_tiny_bundle(folder / "tiny")
    return folder


def run(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, "stylize", *map(str, arguments)], cwd=cwd, capture_output=True, text=True, timeout=120, check=False
    )


def test_it_writes_the_result_and_is_silent_in_a_pipe(photos: Path, tmp_path: Path) -> None:
    done = run("content.jpg", "style.png", "-o", tmp_path / "result.png", cwd=photos)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    result = fp.read_photo(tmp_path / "result.png")
    content = fp.read_photo(photos / "content.jpg")
    assert result.pixels.shape == content.pixels.shape
    expected = fp.stylize(content.pixels, fp.read_photo(photos / "style.png").pixels)
    assert np.abs(result.pixels - expected).max() <= 0.5 / 255 + 2e-3  # 8-bit rounding, and threads (see test_stylizer)
    assert [p.name for p in tmp_path.iterdir()] == ["result.png"]


def test_json_report(photos: Path, tmp_path: Path) -> None:
    arguments = ("content.jpg", "style.png", "-o", tmp_path / "r.png", "--json", "--device", "cpu")
    done = run(*arguments, "--model", "photowct-lite", cwd=photos)
    report = json.loads(done.stdout)
    assert done.stderr == ""
    assert report["model"] == "photowct-lite"
    assert report["content_size"] == [100, 150]
    assert report["device"]["provider"] == "CPUExecutionProvider"
    assert report["smoothing"]["method"] == "closed-form"
    assert report["smoothing"]["converged"] is True
    assert 0 < report["smoothing"]["residual"] <= 1e-3
    assert report["smoothing"]["iterations"] > 0
    stages = {s["name"]: s["seconds"] for s in report["stages"]}
    assert {"read photos", "load the model", "network", "smoothing", "write the result"} <= set(stages)
    assert sum(stages.values()) <= report["seconds"]


def test_the_default_takes_looks_and_says_how_well_the_style_tells_one(photos: Path, tmp_path: Path) -> None:
    done = run("content.jpg", "style.png", "-o", tmp_path / "r.png", "--json", cwd=photos)
    report = json.loads(done.stdout)
    assert report["model"] == "grade-lite"
    assert 0 <= report["look_fit"]["fit"] <= 1


def test_progress_on_a_terminal(photos: Path, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    process = subprocess.Popen(
        [*COMMAND, "stylize", "content.jpg", "style.png", "-o", str(tmp_path / "r.png"), "--model", "photowct-lite"],
        cwd=photos, stdout=theirs, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    screen = b""
    while chunk := _read(ours):
        screen += chunk
    assert process.wait() == 0
    assert b"relu4_1" in screen
    assert b"smoothing" in screen
    assert b"r.png" in screen.splitlines()[-1]
    assert b"s on cpu: " in screen or b"s on cuda: " in screen


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 4096)
    except OSError:  # Linux reports the other side's end as an error
        return b""


def test_masks(photos: Path, tmp_path: Path) -> None:
    on_content = np.zeros((100, 150, 3), np.float32)
    on_content[50:] = (1, 0, 0)
    fp.write_photo(tmp_path / "content_mask.png", fp.Photo(on_content))
    fp.write_photo(tmp_path / "style_mask.png", fp.Photo(np.zeros((10, 10, 3), np.float32)))  # another size
    done = run(
        "content.jpg", "style.png", "-o", tmp_path / "r.png", "--json", "--smoothing", "none",
        "--content-mask", tmp_path / "content_mask.png", "--style-mask", tmp_path / "style_mask.png", cwd=photos,
    )  # fmt: skip
    report = json.loads(done.stdout)
    assert report["labels"] == [0]
    assert report["kept_labels"] == [0xFF0000]


@pytest.mark.parametrize("option", ["--strength=0", "--smoothing=guided", "--max-side=64", "--threads=1"])
def test_options(photos: Path, tmp_path: Path, option: str) -> None:
    done = run("content.jpg", "style.png", "-o", tmp_path / "r.png", option, cwd=photos)
    assert (done.returncode, done.stderr) == (0, "")
    result, content = fp.read_photo(tmp_path / "r.png"), fp.read_photo(photos / "content.jpg")
    assert np.array_equal(result.pixels, content.pixels) == (option == "--strength=0")


def test_a_model_from_a_folder(photos: Path, tmp_path: Path) -> None:
    done = run("content.jpg", "style.png", "-o", tmp_path / "r.png", "--model", "tiny", "--json", cwd=photos)
    assert json.loads(done.stdout)["model"] == "tiny"


def test_alpha_and_depth_are_kept(photos: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    photo = fp.Photo(rng.random((20, 30, 3), np.float32), rng.random((20, 30), np.float32), 16)
    fp.write_photo(tmp_path / "in.png", photo)
    assert run(tmp_path / "in.png", "style.png", "-o", tmp_path / "out.png", cwd=photos).returncode == 0
    before, after = fp.read_photo(tmp_path / "in.png"), fp.read_photo(tmp_path / "out.png")
    assert after.depth == 16
    assert before.alpha is not None
    assert after.alpha is not None
    assert np.array_equal(before.alpha, after.alpha)


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["none.jpg", "style.png", "-o", "out/r.png"], 1, "none.jpg"),
        (["content.jpg", "none.png", "-o", "out/r.png"], 1, "none.png"),
        (["content.jpg", "tiny/bundle.json", "-o", "out/r.png"], 1, "bundle.json"),
        (["content.jpg", "style.png", "-o", "nowhere/r.png"], 1, "nowhere"),
        (["content.jpg", "style.png", "-o", "out/r.xyz"], 1, ".xyz"),
        (["content.jpg", "style.png", "-o", "out/r.png", "--model", "none"], 1, "no model 'none'"),
        (["content.jpg", "style.png", "-o", "out/r.png", "--content-mask", "style.png"], 1, "both or neither"),
        (
            ["content.jpg", "style.png", "-o", "out/r.png", "--content-mask", "no.png", "--style-mask", "style.png"],
            1,
            "no.png",
        ),
        (["content.jpg", "style.png", "-o", "out/r.png", "--strength", "2"], 2, "--strength"),
        (["content.jpg", "style.png"], 2, "--output"),
        (["content.jpg", "style.png", "-o", "out/r.png", "--smoothing", "blur"], 2, "closed-form"),
    ],
)
def test_errors_are_one_line_and_leave_nothing(photos: Path, arguments: list[str], status: int, message: str) -> None:
    (photos / "out").mkdir(exist_ok=True)
    done = run(*arguments, cwd=photos)
    assert done.returncode == status
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    if status == 1:
        assert done.stderr.startswith("fastphoto: error: ")
        assert done.stderr.count("\n") == 1
    assert list((photos / "out").iterdir()) == []


def test_version_and_help() -> None:
    version = subprocess.run([*COMMAND, "--version"], capture_output=True, text=True, check=True)
    assert fp.__version__ in version.stdout
    text = subprocess.run([*COMMAND, "stylize", "--help"], capture_output=True, text=True, check=True).stdout
    for option in ("--smoothing", "--strength", "--content-mask", "--style-mask", "--model", "--device", "--threads"):
        assert option in text
