"""The examples in Python are run as programs on small photos, and what they write is looked at."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import fastphoto_native as fp
import numpy as np
import pytest
from numpy.typing import NDArray
from skimage import data

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def run(program: str, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", str(EXAMPLES / program), *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def read(path: Path) -> NDArray[np.float32]:
    return fp.read_photo(path).pixels


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, photo in (("content", data.coffee()[::5, ::5]), ("style", data.chelsea()[::4, ::4])):
        fp.write_photo(tmp_path / f"{name}.png", fp.Photo(photo.astype(np.float32) / 255))
    return tmp_path


def test_stylize(folder: Path) -> None:
    result = run("01_stylize.py", "content.png", "style.png", "out.png", folder=folder)
    assert result.returncode == 0, result.stderr
    expected = fp.stylize(read(folder / "content.png"), read(folder / "style.png"))
    # Less than a step of 8 bits, since what is written is dithered, and float32's rounding.
    np.testing.assert_allclose(read(folder / "out.png"), expected, atol=1 / 255 + 1e-6)


def test_look_many(folder: Path) -> None:
    fp.write_photo(folder / "other.png", fp.Photo(read(folder / "style.png")[:, ::-1]))
    result = run("02_look_many.py", "style.png", "results", "content.png", "other.png", folder=folder)
    assert result.returncode == 0, result.stderr
    assert len(result.stdout.splitlines()) == 2
    look = fp.Look.load(folder / "results" / "style.look")
    for name in ("content.png", "other.png"):
        expected = fp.Stylizer().apply(read(folder / name), look, strength=0.8)
        # As above, and the look's float32 in its file.
        np.testing.assert_allclose(read(folder / "results" / name), expected, atol=1 / 255 + 1e-4)


def test_parts(folder: Path) -> None:
    result = run("03_parts.py", "content.png", "style.png", "out.png", folder=folder)
    assert result.returncode == 0, result.stderr
    assert "iterations" in result.stdout
    content, style, out = (read(folder / f"{name}.png").reshape(-1, 3) for name in ("content", "style", "out"))
    # Nearer to the style's mean colour than half of the content's way. Clipping takes some of it.
    distance = np.abs(out.mean(0) - style.mean(0))
    assert (distance <= 0.5 * np.abs(content.mean(0) - style.mean(0)) + 0.02).all()


@pytest.mark.parametrize("program", ["01_stylize.py", "02_look_many.py", "03_parts.py"])
def test_what_is_wrong_is_one_line(folder: Path, program: str) -> None:
    result = run(program, folder=folder)
    assert result.returncode == 1
    assert result.stderr.startswith(f"usage: {program} ")
    result = run(program, "none.png", "none.png", "none.png", folder=folder)
    assert result.returncode == 1
    assert result.stderr.startswith(f"{program}: ")
    assert "none.png" in result.stderr
    assert len(result.stderr.splitlines()) == 1
