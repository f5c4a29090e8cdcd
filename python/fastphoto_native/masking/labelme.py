"""Masks drawn with labelme (https://github.com/wkentaro/labelme): a JSON file of named shapes. It is not trusted."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from fastphoto_native.errors import PhotoError
from fastphoto_native.files.masks import step_of
from fastphoto_native.masking.mask import MOST_LABELS, Mask

LARGEST_FILE = 1 << 28  # bytes; labelme may keep the photo itself in the file
LARGEST_SIDE = 1 << 16
MOST_PIXELS = 200_000_000
MOST_SHAPES = 10_000
REST = "_background_"  # labelme's own name for what no shape covers
SHAPES = ("polygon", "rectangle", "circle")


class _Shape(msgspec.Struct):
    label: str
    points: list[tuple[float, float]]
    shape_type: str = "polygon"


class _File(msgspec.Struct):
    shapes: list[_Shape]
    imageHeight: int  # noqa: N815 (labelme's names)
    imageWidth: int  # noqa: N815


def read_labelme(path: Path) -> Mask:
    """The shapes of a labelme file; later ones lie above earlier ones, and what none covers is `_background_`.

    Raises:
        PhotoError: the file cannot be read, is not labelme's, or has shapes that cover no area.
    """
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise PhotoError(f"{path}: found {path.stat().st_size / 1e6:.0f} MB; expected at most 268 MB")
        file = msgspec.json.decode(path.read_bytes(), type=_File)
    except OSError as error:
        raise PhotoError(f"{path}: cannot be read: {error.strerror or error}; expected a file of labelme") from error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise PhotoError(f"{path}: found no mask of labelme ({error}); expected its JSON") from error
    height, width = file.imageHeight, file.imageWidth
    if not (0 < height <= LARGEST_SIDE and 0 < width <= LARGEST_SIDE and height * width <= MOST_PIXELS):
        raise PhotoError(f"{path}: found {width} x {height} pixels; expected at most {MOST_PIXELS // 10**6} megapixels")
    names = list(dict.fromkeys(shape.label for shape in file.shapes))
    if not names or len(names) >= MOST_LABELS or len(file.shapes) > MOST_SHAPES:
        raise PhotoError(
            f"{path}: found {len(file.shapes)} shapes of {len(names)} labels; expected 1 to {MOST_SHAPES} shapes of at "
            f"most {MOST_LABELS - 1} labels"
        )
    numbers = {name: label for label, name in enumerate(names, 1)} | ({} if REST in names else {REST: 0})
    # As pictures are read: the centres of each second, third, ... pixel of a large mask.
    step = step_of(height, width)
    labels = np.full((-(-height // step), -(-width // step)), numbers[REST], np.int32)
    for shape in file.shapes:
        labels[_inside(path, shape, step, *labels.shape)] = numbers[shape.label]
    present = set(np.unique(labels).tolist())
    return Mask(labels, {label: name for name, label in numbers.items() if label in present})


def _inside(path: Path, shape: _Shape, step: int, height: int, width: int) -> Any:
    points = np.array(shape.points, np.float64).reshape(-1, 2)
    if shape.shape_type not in SHAPES:
        raise PhotoError(
            f"{path}: found the shape '{shape.shape_type[:40]}'; expected {', '.join(SHAPES)}, which cover areas"
        )
    fewest = 3 if shape.shape_type == "polygon" else 2
    if len(points) < fewest or not np.isfinite(points).all() or np.abs(points).max() > 10 * LARGEST_SIDE:
        raise PhotoError(f"{path}: found a {shape.shape_type} of {len(points)} points; expected {fewest} or more")
    points = (points - 0.5) / step + 0.5
    if shape.shape_type == "polygon":
        return polygon(points, height, width)
    x, y = np.arange(width) + 0.5, (np.arange(height) + 0.5)[:, None]
    (x0, y0), (x1, y1) = points[0], points[1]
    if shape.shape_type == "circle":  # its centre and a point on it
        return (x - x0) ** 2 + (y - y0) ** 2 <= (x1 - x0) ** 2 + (y1 - y0) ** 2
    return (min(x0, x1) <= x) & (x < max(x0, x1)) & (min(y0, y1) <= y) & (y < max(y0, y1))


def polygon(points: NDArray[np.float64], height: int, width: int) -> NDArray[np.bool_]:
    """The pixels whose centres lie inside a polygon, by the even-odd rule.

    Args:
        points: n x 2, x and y in pixels; the last one is joined to the first.
        height: of the picture.
        width: of the picture.
    """
    # An edge that crosses a row flips all pixels of the row whose centres lie right of the crossing.
    flips = np.zeros((height, width + 1), np.int32)
    for (x0, y0), (x1, y1) in zip(points, np.roll(points, -1, axis=0), strict=True):
        low, high = min(y0, y1), max(y0, y1)
        rows = np.arange(max(0, math.ceil(low - 0.5)), min(height, math.ceil(high - 0.5)))
        if len(rows):
            crossing = x0 + (rows + 0.5 - y0) * (x1 - x0) / (y1 - y0)
            first = np.clip(np.ceil(crossing - 0.5), 0, width).astype(np.int64)
            flips[rows, first] += 1
    inside: NDArray[np.bool_] = np.cumsum(flips[:, :width], axis=1) % 2 == 1
    return inside
