"""Mask files: colour-coded pictures as label maps."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastphoto_native.errors import ArgumentError, PhotoError
from fastphoto_native.files.decoding import decoded, known_format
from fastphoto_native.files.input import Input, open_input
from fastphoto_native.files.mask_colours import labels_from_colours
from fastphoto_native.files.names import PathLike
from fastphoto_native.files.reading import describe, samples
from fastphoto_native.files.vips import require_own_process

# Labels are used at the size that the network sees. A larger mask is read in steps of pixels, so that a file of a few
# bytes cannot take minutes and gigabytes.
MOST_PIXELS = 8_000_000
_EXPECTED = "expected a mask of 8 bits per channel (PNG is best), one colour per label"


def step_of(height: int, width: int) -> int:
    """Of a mask of that size, each so many pixels one is read, along both sides."""
    step = 1
    while -(-width // step) * -(-height // step) > MOST_PIXELS:
        step += 1
    return step


def read_mask(path: PathLike) -> NDArray[np.int32]:
    """Reads a colour-coded mask (palette, grey, RGB) as a label map: H x W int32.

    A label is its colour, 0xRRGGBB (grey v is 0xvvvvvv), so the same colour is the same label in every file. Colours
    are taken as stored, whatever the profile. Smeared borders (anti-aliasing, JPEG) join a neighbouring label, see
    mask_colours.py. Pixels less than half opaque are black, whatever colour hides there. Orientation is applied. A mask
    of more than MOST_PIXELS is read at a half, a third, ... of its size.

    Raises:
        PhotoError: as in read_photo, or the file is no mask: CMYK, 16-bit, floating point, a photo, a gradient.
    """
    require_own_process()
    with open_input(path) as file:
        kind = known_format(file)
        if kind == "OpenEXR":
            raise PhotoError(f"{file.name}: found OpenEXR pixels; {_EXPECTED}")
        stored, alpha = decoded(file, kind, lambda image: _stored(file, image))
    if alpha is not None:
        stored = np.where(alpha < 128, np.uint8(0), stored)
    try:
        return labels_from_colours(np.broadcast_to(stored, (*stored.shape[:2], 3)))
    except ArgumentError as error:
        raise PhotoError(f"{file.name}: found {error}") from error


def _stored(file: Input, image: Any) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None]:
    """Colours, H x W x 1 or 3, and alpha, H x W x 1, if there is any."""
    if image.format != "uchar" or image.interpretation == "cmyk" or image.bands > 4:
        raise PhotoError(f"{file.name}: found {describe(image)} pixels; {_EXPECTED}")
    if (step := step_of(image.height, image.width)) > 1:
        image = image.subsample(step, step)
    pixels = samples(image)
    return pixels[..., : 1 if image.bands < 3 else 3], pixels[..., -1:] if image.hasalpha() else None
