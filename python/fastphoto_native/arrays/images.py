"""Images at the border: every array a user hands in becomes float32 once, here."""

from __future__ import annotations

from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastphoto_native.errors import ArgumentError

# Integer types are whole scales: their largest value is white.
_WHITE = {np.dtype(np.uint8): 255, np.dtype(np.uint16): 65535}


def as_float_image(array: ArrayLike, name: str) -> NDArray[np.float32]:
    """H x W or H x W x C as float32; uint8 and uint16 are scaled to 0..1, floats keep their values.

    A float32 array is returned as it is, whatever its strides. The shape is left for the caller to check.
    """
    image = np.asarray(array)
    if not image.dtype.isnative:  # of another byte order, as scientific formats store it
        image = image.astype(image.dtype.newbyteorder("="))
    if image.dtype == np.float32:
        return image.astype(np.float32, copy=False)
    if image.dtype in _WHITE:
        scaled: NDArray[np.float32] = np.divide(image, np.float32(_WHITE[image.dtype]), dtype=np.float32)
        return scaled
    if image.dtype in (np.float16, np.float64):
        # Overflow to infinity is reported by the check for finite samples, with the argument's name.
        with np.errstate(over="ignore"):
            return image.astype(np.float32)
    raise ArgumentError(f"{name} must be uint8, uint16 or floating-point, got {image.dtype}")


def as_photo(array: ArrayLike, name: str) -> NDArray[Any]:
    """H x W x 3 as float32, uint8 or uint16, whatever its strides: what the engine takes as a photo.

    The engine checks values: it refuses NaN, infinity and what lies outside 0..1, since a scale is never guessed.

    Raises:
        ArgumentError: another shape or type.
    """
    if isinstance(array, bytes):
        raise ArgumentError(f"{name} must be an array, got {len(array)} bytes")
    if isinstance(array, str | PathLike):
        raise ArgumentError(f"{name} must be an array, got the path {array!r}: read it with read_photo(path).pixels")
    photo: NDArray[Any] = np.asarray(array)
    if not photo.dtype.isnative:
        photo = photo.astype(photo.dtype.newbyteorder("="))
    if photo.dtype not in _WHITE:
        photo = as_float_image(photo, name)
    if photo.ndim != 3 or photo.shape[2] != 3 or photo.size == 0:
        raise ArgumentError(f"{name} must be H x W x 3 and not empty, got shape {photo.shape}")
    return photo


def as_alpha(array: ArrayLike | None, name: str) -> NDArray[np.float32] | None:
    """H x W as float32; None stays None. The engine checks size and values.

    Raises:
        ArgumentError: another shape or type.
    """
    if array is None:
        return None
    alpha = as_float_image(array, name)
    if alpha.ndim != 2:
        raise ArgumentError(f"{name} must be H x W, got shape {alpha.shape}")
    return alpha
