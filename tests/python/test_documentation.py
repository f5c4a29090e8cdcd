"""The documentation is run: every command and every Python block of the README, and links of all pages."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import fastphoto_native as fp
import numpy as np
import pytest
from skimage import data

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
NOT_OURS = {".venv", ".deps", ".pytest_cache", "build", "runs"}
PAGES = sorted(p for p in ROOT.glob("**/*.md") if not NOT_OURS & set(p.parts))


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


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


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"
