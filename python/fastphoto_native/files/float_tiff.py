"""Reads TIFF files whose samples are floating-point numbers, such as soft masks: as they are, without colour."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyvips
from numpy.typing import NDArray

from fastphoto_native.errors import PhotoError

LARGEST_FILE = 1 << 31  # bytes
MOST_SAMPLES = 1 << 29
_TYPES = {"float": np.float32, "double": np.float64}


def read_float_tiff(path: Path) -> NDArray[Any] | None:
    """The samples of a TIFF, H x W x K for its K channels, or for its K pages of one channel.

    Returns:
        None if the file's samples are whole numbers.

    Raises:
        PhotoError: the file cannot be read, or it is damaged or too large.
    """
    try:
        if not path.is_file() or path.stat().st_size > LARGEST_FILE:
            raise PhotoError(f"{path}: found no file, or one over {LARGEST_FILE >> 30} GB; expected a TIFF")
        data = path.read_bytes()
    except OSError as error:
        raise PhotoError(f"{path}: cannot be read: {error.strerror or error}; expected a TIFF") from error
    try:
        image = pyvips.Image.new_from_buffer(data, "", fail_on="error")
        pages = image.get("n-pages") if image.get_typeof("n-pages") else 1
        if image.format not in _TYPES:
            return None
        if pages * image.width * image.height * image.bands > MOST_SAMPLES:
            size = f"{pages} pages of {image.width} x {image.height} x {image.bands} samples"
            raise PhotoError(f"{path}: found {size}; expected at most {MOST_SAMPLES // 10**6} million samples")
        planes = [_page(data, page, image) for page in range(pages)] if image.bands == 1 else [_page(data, 0, image)]
    except (pyvips.Error, UnicodeDecodeError) as error:  # libvips's messages may hold bytes of the file
        reason = str(error).splitlines()[0] if isinstance(error, pyvips.Error) and str(error) else "unknown"
        raise PhotoError(f"{path}: damaged or cut off ({reason}); expected a complete TIFF") from error
    return np.concatenate(planes, axis=2)


def _page(data: bytes, page: int, first: Any) -> NDArray[Any]:
    image = pyvips.Image.new_from_buffer(data, f"[page={page}]", fail_on="error")
    if (image.width, image.height, image.bands, image.format) != (first.width, first.height, first.bands, first.format):
        raise pyvips.Error("its pages differ in size or type")
    samples = np.frombuffer(image.write_to_memory(), _TYPES[image.format])
    return samples.reshape(image.height, image.width, image.bands)
