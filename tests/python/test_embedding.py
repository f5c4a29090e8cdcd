"""docs/embedding.md is run: its files are written and its commands executed in an empty folder, as they stand."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "embedding.md").read_text()

# A block, and the line before it, which may name a file.
BLOCK = re.compile(r"(?:^`([\w./]+)`:\n\n)?^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

# The environment of the tests has done this already.
DONE = "(cd fastphoto-native && sh scripts/setup.sh"


def has_runtime_headers() -> bool:
    """As cpp/cmake/onnxruntime_headers.cmake looks for them."""
    roots = [os.environ.get("ONNXRUNTIME_ROOT"), ROOT / ".deps" / "usr", "/usr", "/usr/local"]
    return any(next(Path(root).glob("include/**/onnxruntime_c_api.h"), None) for root in roots if root)


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("cmake"), reason="there is no CMake")
@pytest.mark.skipif(not shutil.which("pkg-config"), reason="there is no pkg-config")
@pytest.mark.skipif(not has_runtime_headers(), reason="there are no headers of ONNX Runtime")
@pytest.mark.skipif(not find_spec("onnxruntime"), reason="there is no ONNX Runtime")
def test_the_page_leads_to_a_picture(tmp_path: Path) -> None:
    (tmp_path / "fastphoto-native").symlink_to(ROOT)
    script = ["set -eu", f'PKG_CONFIG_PATH="{eigen_packages()}"']
    files = 0
    for name, language, text in BLOCK.findall(PAGE):
        if name:
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(text)
            files += 1
        elif language == "sh":
            script += [line for line in text.splitlines() if not line.startswith(DONE)]
    assert files == 2
    result = subprocess.run(
        ["sh", "-c", "\n".join(script)],
        cwd=tmp_path,
        env={
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "CXXFLAGS": "-DFASTPHOTO_ONE_VERSION",  # kernels for one instruction set: half of the time
        },
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "photowct-lite on " in result.stdout
    assert "100 % " in result.stdout
    picture = (tmp_path / "result.ppm").read_bytes()
    content = (tmp_path / "content.ppm").read_bytes()
    assert len(picture) == len(content)
    assert picture != content


def eigen_packages() -> str:
    """Where Eigen's file for pkg-config lies, if it came from PyPI."""
    prefixes = os.environ.get("CMAKE_PREFIX_PATH", "").split(":")
    return ":".join(f"{prefix}/share/pkgconfig" for prefix in prefixes if prefix)
