"""Arrays to photo files: the profile asked for, the metadata of the content, all or nothing."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pyvips
from numpy.typing import NDArray

from fastphoto_native.arrays.images import as_float_image
from fastphoto_native.errors import ArgumentError, PhotoError
from fastphoto_native.files.atomic import real_target, write_whole
from fastphoto_native.files.color_space import ColorSpace
from fastphoto_native.files.curves import decode_srgb
from fastphoto_native.files.encoding import USUAL_QUALITY, Encoding
from fastphoto_native.files.exif import upright_exif
from fastphoto_native.files.exr import encode_exr, exr_library
from fastphoto_native.files.formats import WRITABLE, Writable
from fastphoto_native.files.metadata import Metadata, attach
from fastphoto_native.files.names import STDIN_OR_STDOUT, PathLike, reason, shown
from fastphoto_native.files.output_space import output_space
from fastphoto_native.files.photo import Photo
from fastphoto_native.files.quantize import quantize
from fastphoto_native.files.tiff_exif import tiff_with_metadata
from fastphoto_native.files.vips import has_operation, require_own_process, vips_errors

_STRIP = 64  # rows that are at work at once: few enough for a core's cache
_USUAL = Encoding()


def writable_suffixes() -> list[str]:
    """The suffixes that can be written here."""
    return [suffix for suffix, form in WRITABLE.items() if not form.saver or has_operation(form.saver)]


def check_output(
    path: PathLike,
    photo: Photo,
    encoding: Encoding = _USUAL,
    *,
    output_profile: PathLike = "keep",
    overwrite: bool = True,
    suffix: str | None = None,
) -> None:
    """Raises now what write_photo would raise after minutes of work.

    Args:
        path: as in :func:`write_photo`.
        photo: the result, or any photo of its size that agrees in having alpha or not.
        encoding: as in :func:`write_photo`.
        output_profile: as in :func:`write_photo`.
        overwrite: as in :func:`write_photo`.
        suffix: as in :func:`write_photo`.

    Raises:
        PhotoError: unknown suffix; a format without transparency for a photo that has it, or too small for it; no such
            directory; no permission; a file that is there already and not to be replaced; something that is not a file
            in the way.
        ArgumentError: an encoding that the format does not have; a profile that is none.
    """
    name = shown(path)
    form = _form(path, suffix)
    if complaint := encoding.complaint(form):
        raise ArgumentError(f"{name}: {complaint}")
    if photo.alpha is not None and not form.alpha:
        raise PhotoError(
            f"{name}: the photo has transparency, which {form.format} cannot hold; expected .png, .tif, .webp or .avif"
        )
    height, width = photo.pixels.shape[:2]
    if max(height, width) > form.longest:
        raise PhotoError(f"{name}: found {width} x {height} pixels; {form.format} holds at most {form.longest} a side")
    output_space(photo, output_profile, encoding.bits_for(form, photo), form)
    if not form.saver:
        exr_library(name)
    if os.fspath(path) != STDIN_OR_STDOUT:
        check_target(path, overwrite)


def _form(path: PathLike, suffix: str | None) -> Writable:
    to_stdout = os.fspath(path) == STDIN_OR_STDOUT
    if suffix is None and to_stdout:
        raise ArgumentError("standard output has no suffix: give the format, for instance --format png")
    found = suffix if suffix is not None else Path(path).suffix.lower()
    known = writable_suffixes()
    if found not in known:
        raise PhotoError(
            f"{shown(path)}: found the suffix '{shown(found)}'; expected one that can be written: {', '.join(known)}"
        )
    return WRITABLE[found]


def check_target(path: PathLike, overwrite: bool) -> None:
    """Raises now what writing a file of that name would raise after minutes of work.

    Raises:
        PhotoError: standard output; no such directory; no permission; a file that is there already and not to be
            replaced; something that is not a file in the way.
    """
    name = shown(path)
    if os.fspath(path) == STDIN_OR_STDOUT:
        raise PhotoError(f"{name}: found standard output; expected the name of a file")
    try:
        target = real_target(Path(path))
        if not target.parent.is_dir():
            raise PhotoError(f"{name}: found no directory {shown(target.parent)}; expected one that exists")
        is_file = stat.S_ISREG(target.stat().st_mode)
        writable = os.access(target, os.W_OK)
        exists = True
    except FileNotFoundError:
        is_file = writable = True
        exists = False
    except (OSError, ValueError) as error:
        raise PhotoError(f"{name}: cannot be written: {reason(error)}; expected a file name") from error
    if not is_file:
        raise PhotoError(f"{name}: found something that is not a file; expected a file name")
    if exists and not overwrite:
        raise PhotoError(f"{name}: found a file of that name; expected --overwrite, or another name")
    if not (writable and os.access(target.parent, os.W_OK | os.X_OK)):
        raise PhotoError(f"{name}: cannot be written: no permission; expected a place that can be written to")


def write_photo(
    path: PathLike,
    photo: Photo,
    encoding: Encoding = _USUAL,
    *,
    output_profile: PathLike = "keep",
    strip: bool = False,
    overwrite: bool = True,
    suffix: str | None = None,
) -> None:
    """Writes a photo file, all or nothing: to a temporary name beside it, then renamed.

    The suffix decides the format: .png, .jpg, .jpeg, .tif, .tiff, .webp, .avif, .jxl where libvips has it, and .exr
    with the extra "exr". The file carries the profile that its numbers are in, and the photo's EXIF, XMP, IPTC and
    resolution without what no longer holds: orientation (its pixels are upright) and thumbnails.

    Args:
        path: the file; "-" writes to standard output.
        photo: values outside 0..1 are clipped.
        encoding: quality, bits and compression.
        output_profile: "keep" (the photo's own where it is RGB made of a matrix and curves, else sRGB), "srgb", "p3"
            (Display P3), "adobe" (Adobe RGB), or the path of an ICC profile of RGB.
        strip: leave out EXIF, XMP, IPTC and resolution. The ICC profile stays: without it the numbers mean nothing.
        overwrite: whether a file that is there already is replaced. It stays as it was if anything fails.
        suffix: the format, such as ".png", whatever the name says.

    Raises:
        ArgumentError: arrays of other shapes or types than Photo's, values that are no numbers, an encoding that the
            format does not have.
        PhotoError: as in check_output; no room; an input/output error.
    """
    require_own_process()
    _check_photo(photo)
    check_output(path, photo, encoding, output_profile=output_profile, overwrite=overwrite, suffix=suffix)
    form = _form(path, suffix)
    name = shown(path)
    bits = encoding.bits_for(form, photo)
    space = output_space(photo, output_profile, bits, form)
    metadata = None if strip else photo.metadata
    with vips_errors(name, "cannot be encoded", f"expected a photo that {form.format} can hold"):
        if not form.saver:
            data = _encode_exr(photo, space, encoding, bits, name)
        else:
            data = _encode(photo, space, form, encoding, bits, metadata)
    try:
        if os.fspath(path) == STDIN_OR_STDOUT:
            _to_stdout(data)
        else:
            write_whole(Path(path), data, overwrite=overwrite)
    except OSError as error:
        raise PhotoError(f"{name}: cannot be written: {reason(error)}; nothing was changed") from error


def _to_stdout(data: bytes) -> None:
    if sys.stdout is None:
        raise OSError("there is no standard output")
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def _check_photo(photo: Photo) -> None:
    if not isinstance(photo, Photo):
        raise ArgumentError(f"photo must be a Photo, got {type(photo).__name__}: wrap an array as Photo(pixels)")
    pixels, alpha = photo.pixels, photo.alpha
    known = pixels.dtype in (np.float32, np.uint8, np.uint16)
    if not known or pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.size == 0:
        kinds = "float32, uint8 or uint16"
        raise ArgumentError(f"pixels must be H x W x 3 {kinds}, got shape {pixels.shape} of {pixels.dtype}")
    if alpha is not None and (alpha.dtype != np.float32 or alpha.shape != pixels.shape[:2]):
        raise ArgumentError(f"alpha must be H x W float32 like the pixels, got shape {alpha.shape} of {alpha.dtype}")
    for name, values in (("pixels", pixels), ("alpha", alpha)):
        # The sum of numbers is a number: cheaper than a look at each, and values in or near 0..1 cannot overflow.
        if values is not None and values.dtype == np.float32 and not np.isfinite(values.sum(dtype=np.float64)):
            raise ArgumentError(f"{name} must be numbers, found NaN or infinity")


# ------------------------------------------------------------------------------------------------------------- encoding


def _in_space(photo: Photo, space: ColorSpace, rows: slice) -> NDArray[Any]:
    """Rows of the photo as numbers of a space: in 0..1, or whole numbers of sRGB as they are."""
    stored = photo.pixels[rows]
    if space.is_srgb and stored.dtype != np.float32:
        return stored
    encoded = np.clip(as_float_image(stored, "pixels"), 0, 1)
    if space.is_srgb:
        return encoded
    linear = decode_srgb(encoded).astype(np.float32)
    if photo.excess is not None:
        photo.excess.add_to(linear, encoded, rows.start * photo.pixels.shape[1])
    return space.encode(linear)


def _encode(
    photo: Photo, space: ColorSpace, form: Writable, encoding: Encoding, bits: int, metadata: Metadata | None
) -> bytes:
    """The file's bytes, by libvips; without metadata there is the profile alone."""
    image = _image(photo, space, bits, encoding.dither)
    image = attach(image, metadata or Metadata(), space.is_srgb, form.format)
    image.set_type(pyvips.GValue.blob_type, "icc-profile-data", space.profile)
    options = _options(form, encoding, bits)
    if metadata is None:
        options["keep"] = "icc"  # else libvips makes an EXIF block of its own
    data: bytes = pyvips.Operation.call(form.saver, image, **options)
    if form.format == "TIFF" and metadata is not None and (metadata.exif is not None or metadata.iptc is not None):
        height, width = photo.pixels.shape[:2]
        exif = None if metadata.exif is None else upright_exif(metadata.exif, width, height, space.is_srgb)
        with suppress(ValueError):  # what cannot be followed is left out
            data = tiff_with_metadata(data, exif, metadata.iptc)
    return data


def _image(photo: Photo, space: ColorSpace, bits: int, dither: bool) -> Any:
    height, width = photo.pixels.shape[:2]
    kind, top = (np.float32, 1) if bits == 32 else (np.uint8, 255) if bits == 8 else (np.uint16, 65535)
    stored = np.empty((height, width, 3 if photo.alpha is None else 4), kind)
    for row in range(0, height, _STRIP):  # in strips: float copies of a whole photo are large
        rows = slice(row, row + _STRIP)
        numbers = _in_space(photo, space, rows)
        if bits != 32:
            numbers = quantize(numbers, top, dither=dither and bits == 8, first_row=row)
        stored[rows, :, :3] = numbers
        if photo.alpha is not None:
            alpha = photo.alpha[rows, :, None]
            stored[rows, :, 3:] = np.clip(alpha, 0, 1) if bits == 32 else quantize(alpha, top, dither=False)
    layout, meaning = {8: ("uchar", "srgb"), 32: ("float", "scrgb")}.get(bits, ("ushort", "rgb16"))
    image = pyvips.Image.new_from_memory(stored.data, width, height, stored.shape[2], layout)
    return image.copy(interpretation=meaning)


def _options(form: Writable, encoding: Encoding, bits: int) -> dict[str, Any]:
    quality = USUAL_QUALITY if encoding.quality is None else encoding.quality
    options: dict[str, Any] = {"Q": quality} if form.quality else {}
    if form.format == "JPEG":
        options["subsample_mode"] = "off"
    elif form.format == "TIFF":
        compression = encoding.compression or "deflate"
        options["compression"] = compression
        if compression in ("deflate", "lzw"):  # few programs read the predictor of floating point
            options["predictor"] = "none" if bits == 32 else "horizontal"
    elif form.format == "PNG" and encoding.compression is not None:
        options["compression"] = int(encoding.compression)
    elif form.format == "AVIF":
        options |= {"bitdepth": bits, "compression": "av1", "subsample_mode": "off"}
    if form.lossless:
        options["lossless"] = encoding.lossless
        if encoding.effort is not None:
            options["effort"] = min(encoding.effort, 6) if form.format == "WebP" else encoding.effort
    return options


def _encode_exr(photo: Photo, space: ColorSpace, encoding: Encoding, bits: int, name: str) -> bytes:
    height = photo.pixels.shape[0]
    light = np.concatenate([_in_space(photo, space, slice(row, row + _STRIP)) for row in range(0, height, _STRIP)])
    return encode_exr(
        light.astype(np.float32, copy=False),
        photo.alpha,
        primaries=space.chromaticities(),
        half=bits == 16,
        compression=encoding.compression or "zip",
        name=name,
    )
