"""LUT files: .cube written here, every format that OpenColorIO knows read through it, and HaldCLUT pictures."""

from __future__ import annotations

import math
import re
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from fastphoto_native.errors import ArgumentError, DeviceError, PhotoError
from fastphoto_native.files.atomic import write_whole
from fastphoto_native.files.names import PathLike
from fastphoto_native.files.photos import Photo, check_target, read_photo, write_photo
from fastphoto_native.luts.lut import LARGEST_SIZE, Lut

LARGEST_FILE = 1 << 27  # bytes: a .cube of 144 points has about 80 MB
READ_AT = 65  # points a side, of files that hold more than one table
LARGEST_VALUE = 65504  # of a colour: the largest of half precision
HALD_SUFFIXES = (".png", ".tif", ".tiff")
HALD_LEVEL = 8  # 64 points a side, a picture of 512 x 512


def hald_size(level: int) -> int:
    """Points a side of a HaldCLUT: a picture of level^3 x level^3 pixels."""
    return level * level


def check_lut_output(path: Path, size: int, *, overwrite: bool = True) -> int:
    """The points a side that a file of that name gets. Raises now what write_lut would raise after minutes of work.

    Raises:
        PhotoError: a suffix that is not known, no such folder, or a file that is there and not to be replaced.
        ArgumentError: a size that the format cannot hold.
    """
    suffix = path.suffix.lower()
    if suffix not in (".cube", *HALD_SUFFIXES):
        raise PhotoError(f"{path}: found the suffix '{suffix}'; expected .cube, or .png or .tif for a HaldCLUT")
    check_target(path, overwrite)
    if suffix == ".cube":
        if not 2 <= size <= LARGEST_SIZE:
            raise ArgumentError(f"a .cube must have 2 to {LARGEST_SIZE} points a side, got {size}")
        return size
    return hald_size(HALD_LEVEL)


def write_lut(path: PathLike, lut: Lut, *, overwrite: bool = True) -> None:
    """Writes a LUT file, all or nothing: .cube (Adobe Cube LUT Specification 1.0), or a HaldCLUT picture by its suffix.

    Raises:
        PhotoError: the suffix is not known, or the file cannot be written.
    """
    path = Path(path)
    size = check_lut_output(path, lut.size, overwrite=overwrite)
    if path.suffix.lower() != ".cube":
        if lut.size != size:
            raise PhotoError(f"{path}: found a LUT of {lut.size} points a side; expected {size} for a HaldCLUT")
        write_photo(path, Photo(_hald(lut), None, 16), overwrite=overwrite)
        return
    head = [f'TITLE "{_one_line(lut.title)}"'] if lut.title else []
    head += [f"# Colour space: {_one_line(lut.color_space)}", f"LUT_3D_SIZE {lut.size}"]
    rows = lut.table.transpose(2, 1, 0, 3).reshape(-1, 3)  # red varies fastest
    lines = [f"{r:.7g} {g:.7g} {b:.7g}" for r, g, b in rows.tolist()]
    try:
        write_whole(path, ("\n".join([*head, *lines]) + "\n").encode(), overwrite=overwrite)
    except OSError as error:
        raise PhotoError(f"{path}: cannot be written: {error.strerror or error}; nothing was changed") from error


def read_lut(path: PathLike) -> Lut:
    """Reads a LUT: a HaldCLUT picture, or what OpenColorIO reads (.cube, .3dl, .spi3d, .clf, ...). It is not trusted.

    Raises:
        PhotoError: the file cannot be read or is no LUT.
        DeviceError: OpenColorIO is needed and not installed.
    """
    path = Path(path)
    if path.suffix.lower() in HALD_SUFFIXES:
        return _read_hald(path)
    ocio, data = _opencolorio(), _bytes_of(path)
    if path.suffix.lower() == ".cube":
        _check_domain(path, data)
    # OpenColorIO expands variables in names and keeps files in a cache: it gets a copy under a plain name.
    with tempfile.TemporaryDirectory(prefix="fastphoto-") as folder:
        copy = Path(folder, f"lut{path.suffix.lower()}")
        copy.write_bytes(data)
        try:
            ocio.ClearAllCaches()
            interpolation = ocio.INTERP_TETRAHEDRAL
            transform = ocio.FileTransform(src=str(copy), interpolation=interpolation)
            processor = ocio.Config.CreateRaw().getProcessor(transform)
            table = _only_table(ocio, processor)
            if table is None:
                table = _sampled(processor)
        except (ocio.Exception, UnicodeDecodeError) as error:  # its messages may hold bytes of the file
            reason = " ".join(str(error).replace(str(copy), path.name).split())[:200]
            raise PhotoError(
                f"{path}: found no LUT ({reason}); expected a .cube or another that OpenColorIO reads"
            ) from error
    if not (np.abs(table) <= LARGEST_VALUE).all():
        raise PhotoError(f"{path}: found NaN, or numbers beyond {LARGEST_VALUE}, in the LUT; expected colours")
    return Lut(table, path.stem)


def _check_domain(path: Path, data: bytes) -> None:
    """Refuses a .cube whose domain is none: OpenColorIO makes black of it.

    Raises:
        PhotoError: its DOMAIN_MIN is not below its DOMAIN_MAX, or one of them is not three numbers.
    """
    ends = {"DOMAIN_MIN": [0.0] * 3, "DOMAIN_MAX": [1.0] * 3}
    for line in re.findall(rb"^[ \t]*(DOMAIN_M(?:IN|AX)[^\r\n]*)", data, re.MULTILINE):
        word, *numbers = line.decode("latin-1").split()
        try:
            ends[word] = [float(number) for number in numbers]
        except ValueError:
            ends[word] = []
    low, high = ends["DOMAIN_MIN"], ends["DOMAIN_MAX"]
    good = len(low) == len(high) == 3 and all(map(math.isfinite, low + high))
    if not (good and all(a < b for a, b in zip(low, high, strict=True))):
        raise PhotoError(f"{path}: found a domain from {low} to {high}; expected three numbers, each below the other's")


def _bytes_of(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise PhotoError(f"{path}: found no file; expected a LUT such as a .cube")
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise PhotoError(
                f"{path}: found {size / 1e6:.0f} MB; expected a LUT of at most {LARGEST_FILE / 1e6:.0f} MB"
            )
        return path.read_bytes()
    except OSError as error:
        raise PhotoError(
            f"{path}: cannot be read: {error.strerror or error}; expected a LUT such as a .cube"
        ) from error


def _opencolorio() -> Any:
    try:
        ocio = import_module("PyOpenColorIO")
    except ImportError as error:
        raise DeviceError(
            "reading LUT files needs OpenColorIO, which is not installed: pip install 'fastphoto-native[lut]'"
        ) from error
    ocio.SetLoggingLevel(ocio.LOGGING_LEVEL_NONE)
    return ocio


def _only_table(ocio: Any, processor: Any) -> Any | None:
    """The table of a file that holds one 3D LUT and nothing else."""
    parts = list(processor.createGroupTransform())
    if len(parts) != 1 or not isinstance(parts[0], ocio.Lut3DTransform):
        return None
    size = parts[0].getGridSize()
    if size > LARGEST_SIZE:
        return None
    return np.array(parts[0].getData(), np.float32).reshape(size, size, size, 3)  # blue varies fastest


def _sampled(processor: Any) -> Any:
    """The file's map at the nodes of a table."""
    samples = np.ascontiguousarray(Lut.identity(READ_AT).table)
    processor.getDefaultCPUProcessor().applyRGB(samples)
    return samples


def _hald(lut: Lut) -> Any:
    side = round(lut.size**1.5)
    return np.clip(lut.table.transpose(2, 1, 0, 3).reshape(side, side, 3), 0, 1)


def _read_hald(path: Path) -> Lut:
    pixels = read_photo(path).pixels
    height, width = pixels.shape[:2]
    level = round(width ** (1 / 3))
    size = hald_size(level)
    if height != width or level**3 != width or not 2 <= size <= LARGEST_SIZE:
        raise PhotoError(
            f"{path}: found a picture of {width} x {height} pixels; expected a HaldCLUT, which is a square of "
            "64, 125, 216, 343, 512, ... or 1728 pixels a side"
        )
    return Lut(np.ascontiguousarray(pixels.reshape(size, size, size, 3).transpose(2, 1, 0, 3)), path.stem)


def _one_line(text: str) -> str:
    return " ".join(text.replace('"', "'").split())
