"""Contact sheets and tables as pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyvips
from numpy.typing import NDArray

from fastphoto_native import _core
from fastphoto_native.errors import ArgumentError

Float32Array = NDArray[np.float32]
WHITE, GAP = 1.0, 8
MARGIN = 12


def contact_sheet(rows: Sequence[Mapping[str, Float32Array]], height: int = 220) -> Float32Array:
    """Photos side by side, a row for each mapping, with their names on top.

    Args:
        rows: name of a column -> photo (h x w x 3 in 0..1); every row has the same names.
        height: of the photos on the sheet, pixels.

    Raises:
        ArgumentError: no rows, or rows of other names.
    """
    if not rows or any(list(row) != list(rows[0]) for row in rows):
        raise ArgumentError("a contact sheet needs one row or more, all with the same names")
    cells = [[_scaled(photo, height) for photo in row.values()] for row in rows]
    widths = [max(row[i].shape[1] for row in cells) for i in range(len(cells[0]))]
    titles = [_text(name, 14) for name in rows[0]]
    top = max(title.shape[0] for title in titles) + GAP
    sheet = np.full(
        (top + (height + GAP) * len(rows) + GAP, sum(widths) + GAP * (len(widths) + 1), 3), WHITE, np.float32
    )
    x = GAP
    for i, width in enumerate(widths):
        title = titles[i][:, :width]
        sheet[GAP // 2 : GAP // 2 + title.shape[0], x : x + title.shape[1]] = title
        for row, line in enumerate(cells):
            y = top + row * (height + GAP)
            sheet[y : y + height, x : x + line[i].shape[1]] = line[i]
        x += width + GAP
    return sheet


def table_picture(text: str) -> Float32Array:
    """A table of aligned columns as black on white."""
    picture = _text(text, 12, "monospace")
    return np.pad(picture, ((MARGIN, MARGIN), (MARGIN, MARGIN), (0, 0)), constant_values=WHITE)


def _scaled(photo: Float32Array, height: int) -> Float32Array:
    width = max(1, round(photo.shape[1] * height / photo.shape[0]))
    resized = _core.resize(np.ascontiguousarray(photo, np.float32), height, width, _core.ALL_THREADS)
    return np.clip(resized, 0, 1)


def _text(text: str, size: int, family: str = "sans") -> Float32Array:
    markup = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") or " "
    drawn: NDArray[np.uint8] = pyvips.Image.text(markup, font=f"{family} {size}", dpi=96).numpy()
    grey = 1 - drawn.reshape(drawn.shape[0], drawn.shape[1], -1)[..., :1].astype(np.float32) / 255
    return np.repeat(grey, 3, axis=2)
