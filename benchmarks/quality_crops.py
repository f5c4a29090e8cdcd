"""Makes docs/pictures/quality.webp: crops at full size of one large photo, smoothed at each quality.

    python -m benchmarks.quality_crops --out docs/pictures/quality.webp

The photo is a mosaic of scikit-image's photos, mirrored in turns, of 8.6 MP, so that anyone can make the picture. Rows
are hair, fur, a sky with thin wires, and print; columns are the photo, exact, balanced and draft.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import fastphoto_native as fp
import numpy as np
from fastphoto_native.runtime.names import STATISTICS_MODEL
from numpy.typing import NDArray
from skimage import data

CELL = (400, 440)
CELLS = 7  # along each side
CROP = 200
GAP = 6
# Top left corners of the crops in their photo.
PARTS: dict[str, tuple[int, int]] = {"astronaut": (0, 90), "chelsea": (20, 60), "rocket": (60, 200), "page": (0, 60)}
OTHERS = ("coffee", "stereo_motorcycle")


def cell(name: str) -> NDArray[np.float32]:
    """One photo, cut or mirrored to the size of a cell."""
    photo: Any = getattr(data, name)()
    photo = np.asarray(photo[0] if isinstance(photo, tuple) else photo)
    if photo.ndim == 2:
        photo = np.repeat(photo[..., None], 3, 2)
    pad = [(0, max(0, want - have)) for want, have in zip(CELL, photo.shape, strict=False)]
    filled = np.pad(photo, [*pad, (0, 0)], mode="symmetric")[: CELL[0], : CELL[1], :3]
    return filled.astype(np.float32) / np.float32(255)


def mosaic() -> NDArray[np.float32]:
    """All photos in turns; a column's every second cell is upside down, so that cells meet without an edge."""
    cells = [cell(name) for name in (*PARTS, *OTHERS)]
    columns = []
    for x in range(CELLS):
        photo = cells[x % len(cells)]
        columns.append(np.concatenate([photo[::-1] if y % 2 else photo for y in range(CELLS)]))
    return np.concatenate(columns, axis=1)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--model", default=STATISTICS_MODEL)
    args = parser.parse_args()
    photo = mosaic()
    stylizer = fp.Stylizer(args.model, "cpu")
    look = stylizer.analyze(data.coffee().astype(np.float32) / 255)
    results = [photo, *(stylizer.apply(photo, look, quality=q) for q in ("exact", "balanced", "draft"))]
    for name, result in zip(("balanced", "draft"), results[2:], strict=True):
        error = 255 * np.abs(result - results[1])
        print(f"{name}: mean {error.mean():.2f}/255, 99 % within {np.quantile(error, 0.99):.2f}/255")
    rows = []
    for index, (top, left) in enumerate(PARTS.values()):
        y, x = 2 * CELL[0] + top, index * CELL[1] + left
        crops = [np.clip(r[y : y + CROP, x : x + CROP], 0, 1) for r in results]
        line = np.ones((CROP, GAP, 3), np.float32)
        rows.append(np.concatenate([part for crop in crops for part in (crop, line)][:-1], axis=1))
        rows.append(np.ones((GAP, rows[0].shape[1], 3), np.float32))
    fp.write_photo(args.out, fp.Photo(np.concatenate(rows[:-1])), fp.Encoding(quality=88))


if __name__ == "__main__":
    main()
