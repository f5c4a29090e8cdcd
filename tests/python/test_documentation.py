"""The documentation is run: commands and Python of README and tutorial; C++ is compiled; links lead somewhere."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import fastphoto_native as fp
import numpy as np
import pytest
from skimage import data

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text()
TOUR = (ROOT / "docs" / "tour.md").read_text()
NOT_OURS = {".venv", ".venv-torch", ".deps", ".pytest_cache", "build", "runs"}
PAGES = sorted(p for p in ROOT.glob("**/*.md") if not NOT_OURS & set(p.parts))


def blocks(language: str) -> list[str]:
    return [text for found, text in all_blocks(README) if found == language]


def all_blocks(page: str) -> list[tuple[str, str]]:
    """Languages and texts of a page's blocks, from top to bottom."""
    return re.findall(r"^```(\w[\w-]*)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


def as_call(command: str) -> str:
    """A line of a block of commands, as a line of Python that runs it."""
    program, *arguments = shlex.split(command)
    assert program == "fastphoto"
    return f"subprocess.run({[sys.executable, '-m', 'fastphoto_native', *arguments]!r}, check=True)\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("readme")
    for name, photo in (("content", data.coffee()[::4, ::4]), ("style", data.chelsea()[::4, ::4])):
        fp.write_photo(folder / f"{name}.jpg", fp.Photo(photo.astype(np.float32) / 255))
        mask = np.zeros((*photo.shape[:2], 3), np.float32)
        mask[: len(mask) // 2] = (0, 0, 1)
        fp.write_photo(folder / f"{name}_mask.png", fp.Photo(mask))
    return folder


def test_there_is_something_to_run() -> None:
    assert len(blocks("sh")) >= 3
    assert len(blocks("python")) >= 4


@pytest.mark.parametrize("command", [line for block in blocks("sh") for line in block.splitlines()])
def test_commands(folder: Path, command: str) -> None:
    program, *arguments = shlex.split(command)
    assert program == "fastphoto"
    subprocess.run([sys.executable, "-m", "fastphoto_native", *arguments], cwd=folder, check=True, timeout=120)
    if arguments[0] == "stylize":
        assert (folder / arguments[arguments.index("-o") + 1]).is_file()


def test_python_blocks_run_one_after_another(folder: Path) -> None:
    script = "\n".join(blocks("python"))
    subprocess.run([sys.executable, "-W", "error", "-c", script], cwd=folder, check=True, timeout=240)


def test_the_tutorial_runs_from_top_to_bottom(tmp_path: Path) -> None:
    script = "import subprocess\n"
    for language, text in all_blocks(TUTORIAL):
        script += text if language == "python" else "".join(as_call(line) for line in text.splitlines())
    run = [sys.executable, "-W", "error", "-c", script]
    result = subprocess.run(run, cwd=tmp_path, check=True, timeout=480, capture_output=True, text=True)
    assert "closed-form" in result.stdout  # the report
    written = {"result.jpg", "half.jpg", "strong.jpg", "half.png", "coffee.look", "left.jpg", "down.jpg", "masked.jpg"}
    assert written <= {path.name for path in tmp_path.iterdir()}


def test_the_tour_runs_from_top_to_bottom(tmp_path: Path) -> None:
    """With its photos at a third of their size."""
    script, loop = "import subprocess\n", "for name, pixels in photos"
    for language, text in all_blocks(TOUR):
        if language == "python":
            script += text.replace(loop, f"photos = {{k: v[::3, ::3] for k, v in photos.items()}}\n{loop}")
        else:
            script += "".join(as_call(line) for line in text.splitlines())
    run = [sys.executable, "-W", "error", "-c", script]
    subprocess.run(run, cwd=tmp_path, check=True, timeout=480, capture_output=True, text=True)
    written = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")}
    named = {word for _, text in all_blocks(TOUR) for line in text.splitlines() for word in line.split()}
    assert {word for word in named if word.endswith((".jpg", ".cube", ".look", ".png")) and "," not in word} <= written
    assert {"out/day.jpg", "out/face.jpg", "out/warm.jpg", "pairs/a.png", "pairs/b.png"} <= written


def test_cpp_blocks_compile(tmp_path: Path) -> None:
    compiler = shutil.which(os.environ.get("CXX", "c++")) or shutil.which("g++")
    places = [Path(folder, "cmeel.prefix") for folder in sys.path] + [Path("/usr/local"), Path("/usr")]
    eigen = [place / "include/eigen3" for place in places if (place / "include/eigen3").is_dir()]
    if compiler is None or not eigen:
        pytest.skip("needs a C++ compiler and Eigen's headers")
    (block,) = blocks("cpp")
    includes = "\n".join(line for line in block.splitlines() if line.startswith("#include"))
    rest = "\n".join(line for line in block.splitlines() if not line.startswith("#include"))
    # What the block's comments say that the reader has.
    given = "const float *style, *content; float* result; fastphoto::Index style_height, style_width, height, width;"
    (tmp_path / "block.cpp").write_text(f"{includes}\nextern {given}\nvoid block() {{\n{rest}\n}}\n")
    command = [compiler, "-std=c++17", "-fsyntax-only", f"-I{ROOT / 'cpp/include'}", f"-isystem{eigen[0]}", "block.cpp"]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=240)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    prose = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)#:]+)\)", prose):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"
