"""Makes the pictures of docs/tour.md: runs the page's blocks and lays what they wrote side by side.

    python -m benchmarks.tour_pictures --out docs/pictures

The photos come with scikit-image and scikit-learn (docs/pictures/README.md).
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import fastphoto_native as fp
import numpy as np
from fastphoto_native import _core
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
HEIGHT, GAP = 260, 6
PICTURES = {
    "tour_evening": ["day.jpg", "dusk.jpg", "evening.jpg"],
    "tour_skin": ["face.jpg", "all.jpg", "skin.jpg"],
    "tour_blend": ["evening.jpg", "between.jpg", "warm-day.jpg"],
    "tour_masks": ["masks.jpg", "masked.jpg"],
}


def run_page(folder: Path) -> None:
    """Runs all blocks of the page in a folder, and the other end of the blend, which the page does not make."""
    page = (ROOT / "docs" / "tour.md").read_text()
    script = "import subprocess\n"
    blocks = re.findall(r"^```(\w+)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    for language, text in [
        *blocks,
        ("sh", "fastphoto stylize day.jpg --look warm.look -o warm-day.jpg --model photowct-lite\n"),
    ]:
        if language == "python":
            script += text
            continue
        for line in text.splitlines():
            arguments = shlex.split(line)[1:]
            script += f"subprocess.run({[sys.executable, '-m', 'fastphoto_native', *arguments]!r}, check=True)\n"
    subprocess.run([sys.executable, "-c", script], cwd=folder, check=True, env=os.environ)


def joined(files: list[Path]) -> NDArray[np.float32]:
    """Photos side by side, all of one height."""
    parts: list[NDArray[np.float32]] = []
    for file in files:
        photo = fp.read_photo(file).pixels
        width = round(photo.shape[1] * HEIGHT / photo.shape[0])
        parts += [np.clip(_core.resize(photo, HEIGHT, width, threads=0), 0, 1), np.ones((HEIGHT, GAP, 3), np.float32)]
    return np.concatenate(parts[:-1], axis=1)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder of the pictures")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run_page(Path(folder))
        for name, files in PICTURES.items():
            picture = fp.Photo(joined([Path(folder, file) for file in files]))
            fp.write_photo(arguments.out / f"{name}.webp", picture, fp.Encoding(quality=80))


if __name__ == "__main__":
    main()
