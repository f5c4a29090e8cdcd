"""Opens a photo file with libvips, and refuses what is damaged, too large or no photo."""

from __future__ import annotations

import mmap
import os
import threading
from collections.abc import Callable
from typing import Any, TypeVar

import pyvips

from fastphoto_native.errors import PhotoError
from fastphoto_native.files.code_points import UnsupportedColorError
from fastphoto_native.files.formats import LOADERS, Format, identify
from fastphoto_native.files.input import EXPECTED, Input
from fastphoto_native.files.jpeg_holes import has_hole
from fastphoto_native.files.memory import available_memory
from fastphoto_native.files.tiff_directory import Directory, read_directory
from fastphoto_native.files.tiff_exif import upright_tiff
from fastphoto_native.files.vips import (
    HARMLESS,
    clear_errors,
    first_line,
    harmful_warnings,
    has_operation,
    no_collection,
    vips_errors,
)

# A header can promise any size in a few bytes; what it promises is checked before anything is decoded. 200 MP is more
# than any camera's frame and 2.4 GB as float32 RGB.
MAX_PIXELS = 200_000_000
# Decoding takes the file's own samples, the float32 pixels and a little more.
_BYTES_PER_PIXEL = 24
# One photo at a time may be read a second time because of a harmless warning: warnings have no owner.
_second_look = threading.Lock()

Result = TypeVar("Result")


def known_format(file: Input) -> Format:
    """The format of a file that can be read here.

    Raises:
        PhotoError: it is another.
    """
    kind, what = identify(file.head)
    if kind is None:
        raise PhotoError(f"{file.name}: found {what}; {EXPECTED}")
    if kind in LOADERS and not has_operation(LOADERS[kind]):
        raise PhotoError(f"{file.name}: found {kind}, which this build of libvips does not read; {EXPECTED}")
    return kind


# ------------------------------------------------------------------------------------------------------------- decoding


def decoded(file: Input, kind: Format, use: Callable[[Any], Result]) -> Result:
    """Opens a file with libvips and hands it to `use`, which decodes it; damaged files are refused.

    Decoders go on after damage and only warn. So warnings are errors, with exceptions: a JPEG without its end marker
    whose rows are all there, a TIFF with an orientation that is none, and warnings that are known to change no pixel.

    Raises:
        PhotoError: the file is damaged, cut off or cannot be read here.
    """
    whole = file.whole() if file.descriptor is None else None
    if kind == "JPEG" and _has_hole(file, whole):
        raise PhotoError(f"{file.name}: damaged or cut off (a hole of zeros); {EXPECTED}")
    try:
        # Of GIFs decoders warn for many reasons, and none is damage.
        return _attempt(file, kind, whole, "error" if kind == "GIF" else "warning", use)
    except (pyvips.Error, UnicodeDecodeError) as error:
        problem: Exception = error
    if kind == "JPEG" and "premature end of JPEG image" in _text(problem):
        try:
            # A marker too many is nothing; without rows that are missing the decoder then has no more complaints.
            return _attempt(file, kind, (whole or file.whole()) + b"\xff\xd9", "warning", use)
        except (pyvips.Error, UnicodeDecodeError) as error:
            problem = error
    elif kind == "TIFF" and '"Orientation" tag' in _text(problem):
        try:
            return _attempt(file, kind, upright_tiff(whole or file.whole()), "warning", use)
        except (pyvips.Error, UnicodeDecodeError) as error:
            problem = error
    elif _is_harmless(problem):
        with _second_look, harmful_warnings() as harmful, vips_errors(file.name, "damaged or cut off", EXPECTED):
            result = _attempt(file, kind, whole, "error", use)
        if not harmful:
            return result
    raise _refusal(file, kind, whole, problem)


def _has_hole(file: Input, whole: bytes | None) -> bool:
    if whole is not None or file.descriptor is None:
        return has_hole(whole or b"")
    with mmap.mmap(file.descriptor, 0, access=mmap.ACCESS_READ) as data:
        return has_hole(data)


def _attempt(file: Input, kind: Format, whole: bytes | None, fail_on: str, use: Callable[[Any], Result]) -> Result:
    clear_errors()
    try:
        with no_collection():
            return use(open_image(file, kind, whole, fail_on))
    except UnsupportedColorError as error:
        raise PhotoError(f"{file.name}: found {error}") from error
    except MemoryError as error:
        raise MemoryError(f"{file.name} needs more memory than there is") from error


def open_image(file: Input, kind: Format, whole: bytes | None, fail_on: str) -> Any:
    """The file as a lazy libvips image, its header read and judged; of a TIFF the page that is the photo.

    Args:
        file: the file.
        kind: its format.
        whole: its bytes if they are in memory, as those of a pipe are.
        fail_on: what the decoder stops at.
    """
    directory = _judge_tiff(file, whole) if kind == "TIFF" else None
    options: dict[str, Any] = {"access": "sequential", "fail_on": fail_on}
    if directory is not None and directory.page:
        options["page"] = directory.page
    if whole is not None or file.descriptor is None:
        source = pyvips.Source.new_from_memory(whole or b"")
    else:
        os.lseek(file.descriptor, 0, os.SEEK_SET)
        source = pyvips.Source.new_from_descriptor(file.descriptor)
    loaded = pyvips.Operation.call(LOADERS[kind], source, **options)
    image = loaded[0] if isinstance(loaded, list) else loaded
    judge_size(file.name, image.width, image.height)
    bands = None if directory is None else directory.bands()
    if bands is not None and image.bands > len(bands):
        image = image[bands[0]].bandjoin([image[k] for k in bands[1:]]).copy(interpretation=image.interpretation)
    return image


def _text(error: Exception) -> str:
    return str(error)


def _is_harmless(error: Exception) -> bool:
    lines = [line for line in _text(error).splitlines() if line.strip() and not line.startswith("unable to ")]
    return bool(lines) and all(HARMLESS.search(line) for line in lines)


def _refusal(file: Input, kind: Format, whole: bytes | None, error: Exception) -> PhotoError:
    """What to say of a file that could not be decoded."""
    text = _text(error)
    if kind == "TIFF" and (directory := _judge_tiff(file, whole)) and _lacks_codec(text):
        return PhotoError(
            f"{file.name}: found a TIFF with the compression {directory.compression()}, which this build does not "
            "read; expected none, LZW, deflate, PackBits, CCITT or JPEG"
        )
    if kind == "AVIF" and _lacks_codec(text):
        return PhotoError(f"{file.name}: found an AVIF or HEIF file whose codec this build lacks; {EXPECTED}")
    said = "" if isinstance(error, UnicodeDecodeError) else f" ({first_line(error)})"
    return PhotoError(f"{file.name}: damaged or cut off{said}; {EXPECTED}")


def _lacks_codec(text: str) -> bool:
    lower = text.lower()
    return any(word in lower for word in ("not configured", "not implemented", "plugin", "unsupported codec"))


def _judge_tiff(file: Input, whole: bytes | None) -> Directory | None:
    def at(offset: int, length: int) -> bytes:
        if whole is not None or file.descriptor is None:
            return (whole or b"")[offset : offset + length]
        os.lseek(file.descriptor, offset, os.SEEK_SET)
        return os.read(file.descriptor, length)

    try:
        directory = read_directory(at)
    except (OSError, OverflowError):
        return None
    if directory is None:
        return None
    if directory.raw:
        raise PhotoError(
            f"{file.name}: found a camera raw file; expected a photo: develop it first and save it as TIFF"
        )
    if complaint := directory.complaint():
        raise PhotoError(f"{file.name}: found {complaint}; {EXPECTED}")
    return directory


def judge_size(name: str, width: int, height: int) -> None:
    """Refuses a photo by the size in its header, before any of it is decoded.

    Raises:
        PhotoError: it is over MAX_PIXELS, or too large for the memory that is free.
    """
    pixels = width * height
    size = f"{width} x {height} pixels ({pixels / 1e6:.0f} megapixels)"
    if pixels > MAX_PIXELS:
        raise PhotoError(f"{name}: found {size}; expected at most {MAX_PIXELS // 1_000_000} megapixels")
    free = available_memory()
    if free is not None and pixels * _BYTES_PER_PIXEL > free:
        raise PhotoError(
            f"{name}: found {size}, which take {pixels * _BYTES_PER_PIXEL / 1e9:.1f} GB to decode; expected a photo "
            f"for the {free / 1e9:.1f} GB that are free"
        )
