"""Which colour space a result is written in."""

from __future__ import annotations

import os
from pathlib import Path

from fastphoto_native.errors import ArgumentError, PhotoError
from fastphoto_native.files.color_space import ColorSpace, linear_srgb, named_space, space_of_profile, srgb
from fastphoto_native.files.formats import Writable
from fastphoto_native.files.input import open_input
from fastphoto_native.files.names import PathLike, shown
from fastphoto_native.files.photo import Photo

NAMED_PROFILES = ("srgb", "p3", "adobe")
_LARGEST_PROFILE = 1 << 20
_EXPECTED = f"expected keep, {', '.join(NAMED_PROFILES)}, or the file of an RGB profile made of a matrix and curves"


def output_space(photo: Photo, output_profile: PathLike, bits: int, form: Writable) -> ColorSpace:
    """The space of a file: what `output_profile` of write_photo asks for, as far as the format can be right in it.

    Floating-point files hold linear light, with the primaries of the space asked for. Whole numbers of 8 bits are too
    few for linear light: sRGB takes its place.

    Raises:
        ArgumentError: a file that is no profile that can be used.
        PhotoError: the profile's file cannot be read.
    """
    text = os.fspath(output_profile)
    floating = bits == 32 or form.format == "OpenEXR"
    if text == "keep":
        space = photo.space or (linear_srgb() if floating else srgb())
        # A linear space is for floating point, or for a content that had it in 16 bits.
        if space.is_linear and not floating and (bits <= 8 or photo.depth == 32):
            return srgb()
    elif text in NAMED_PROFILES:
        space = named_space(text)
    else:
        space = _from_file(output_profile)
    return space.linear() if floating else space


def _from_file(path: PathLike) -> ColorSpace:
    if not Path(path).exists():
        raise PhotoError(f"{shown(path)}: found no such file; {_EXPECTED}")
    with open_input(path) as file:
        if file.size is not None and file.size > _LARGEST_PROFILE:
            raise ArgumentError(f"{shown(path)}: found {file.size} bytes; expected an ICC profile of RGB")
        space = space_of_profile(file.head)
    if space is None or space.to_srgb is None:
        raise ArgumentError(f"{shown(path)}: found no ICC profile that results can be written in; {_EXPECTED}")
    return space
