"""What a look's file says of where it comes from, and how several look files are named on a command line."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastphoto_native import _core
from fastphoto_native.arrays.images import as_float_image
from fastphoto_native.errors import ArgumentError, PhotoError
from fastphoto_native.looks.look import Look

PREVIEW_SIDE = 256  # pixels


def digest_of(path: Path) -> str:
    """The SHA-256 of a file.

    Raises:
        PhotoError: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise PhotoError(f"{path}: cannot be read: {error.strerror or error}") from error


def preview_of(photo: NDArray[Any]) -> NDArray[np.uint8]:
    """A small picture of a style photo (float32, uint8 or uint16): at most PREVIEW_SIDE pixels a side."""
    step = max(1, max(photo.shape[:2]) // (4 * PREVIEW_SIDE))  # a float32 copy of all pixels would be large
    pixels = as_float_image(photo[::step, ::step], "style")
    scale = min(1.0, PREVIEW_SIDE / max(pixels.shape[:2]))
    height, width = (max(1, round(n * scale)) for n in pixels.shape[:2])
    return np.rint(np.clip(_core.resize(pixels, height, width, threads=0), 0, 1) * 255).astype(np.uint8)


def blended_looks(texts: Sequence[str]) -> Look:
    """The look of one file, or a blend of several along the Bures-Wasserstein geodesic.

    Args:
        texts: names of look files, each perhaps with a weight: "a.look:0.7". Weights need not sum to 1; without one it
            is 1.

    Raises:
        ArgumentError: a weight that is none, or looks that do not fit each other.
        PhotoError: a file cannot be read or is no look.
    """
    parts = [file_and_weight(text) for text in texts]
    looks = [Look.load(path) for path, _ in parts]
    if len(looks) == 1:
        if parts[0][1] is not None:
            raise ArgumentError(f"'{texts[0]}' has a weight, which a look alone does not need: use the strength")
        return looks[0]
    return Look.blend(looks, [1.0 if weight is None else weight for _, weight in parts])


def file_and_weight(text: str) -> tuple[Path, float | None]:
    """The parts of "a.look:0.7": a.look and 0.7. A file whose whole name it is comes first.

    Raises:
        ArgumentError: what follows "a.look:" is no weight.
    """
    found = re.fullmatch(r"(.+):([0-9]*\.?[0-9]+(?:e-?[0-9]+)?)", text, re.IGNORECASE)
    if found is None or Path(text).exists():
        wrong = re.fullmatch(r"(.+\.look):([^/\\]*)", text, re.IGNORECASE)
        if wrong is not None and not Path(text).exists():
            raise ArgumentError(f"{wrong[1]}: found the weight '{wrong[2]}'; expected a number, as in a.look:0.7")
        return Path(text), None
    return Path(found[1]), float(found[2])
