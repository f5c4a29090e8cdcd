"""Large files through the command: what it takes of memory grows with the file's own samples."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import fastphoto_native as fp
import numpy as np
import pytest

SIZE = (3000, 6000)  # 18 megapixels
MEGAPIXELS = SIZE[0] * SIZE[1] / 1e6


def peak_of(arguments: list[str], folder: Path) -> float:
    """Megabytes that a command took at most."""
    process = subprocess.Popen([sys.executable, "-m", "fastphoto_native", *arguments], cwd=folder)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_maxrss / 1e3


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss counts in other units elsewhere")
@pytest.mark.parametrize(
    ("model", "depth", "most"),
    # Bytes a pixel: the samples, the result in 16 bits, what is about to be encoded, and the encoder's own.
    [("grade-lite", 8, 3 + 6 + 3), ("grade-lite", 16, 6 + 6 + 6), ("photowct-lite", 8, 3 + 6 + 3)],
)
def test_memory_grows_with_the_samples(tmp_path: Path, model: str, depth: int, most: int) -> None:
    row = np.linspace(0, 65535 if depth == 16 else 255, SIZE[1])
    pixels = np.empty((*SIZE, 3), np.uint16 if depth == 16 else np.uint8)
    pixels[:] = row[None, :, None]
    fp.write_photo(tmp_path / "large.png", fp.Photo(pixels, depth=16 if depth == 16 else 8))
    fp.write_photo(tmp_path / "small.png", fp.Photo(pixels[::8, ::8]))
    peaks = []
    for name in ("small", "large"):
        arguments = ["stylize", f"{name}.png", "small.png", "-o", f"{name}_out.png", "--model", model]
        peaks.append(peak_of(arguments, tmp_path))
    small = 64 if model == "grade-lite" else 500  # photowct-lite smooths the large photo at 2 megapixels
    assert peaks[1] - peaks[0] < most * MEGAPIXELS + small
