"""OpenEXR files, by the package of that name (extra "exr"): linear light of 16 or 32 bits, in and out."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastphoto_native.errors import PhotoError
from fastphoto_native.files.color_space import BT709, ColorSpace, linear_srgb, space_of_primaries
from fastphoto_native.files.curves import LINEAR
from fastphoto_native.files.names import printable

_COMPRESSIONS = {
    "zip": "ZIP_COMPRESSION",
    "zips": "ZIPS_COMPRESSION",
    "piz": "PIZ_COMPRESSION",
    "rle": "RLE_COMPRESSION",
    "none": "NO_COMPRESSION",
}


@dataclass(frozen=True)
class ExrPixels:
    """H x W x 3 linear light, H x W alpha or None, the space that the file names, whether its numbers have 16 bits."""

    light: NDArray[np.float32]
    alpha: NDArray[np.float32] | None
    space: ColorSpace
    half: bool


def exr_library(name: str) -> Any:
    """The package.

    Raises:
        PhotoError: it is not installed.
    """
    try:
        return import_module("OpenEXR")
    except ImportError as error:
        raise PhotoError(
            f"{name}: OpenEXR files need the package OpenEXR; expected pip install 'fastphoto-native[exr]'"
        ) from error


def exr_size(data: bytes, name: str) -> tuple[int, int]:
    """Height and width by the header."""
    with _file(data, name) as path, _errors(name):
        (left, top), (right, bottom) = (
            exr_library(name).File(path, header_only=True, num_threads=0).header()["dataWindow"]
        )
        return int(bottom - top + 1), int(right - left + 1)


def decode_exr(data: bytes, name: str) -> ExrPixels:
    """The first part of an OpenEXR file: channels R, G, B (or Y) and A, which colours are multiplied by.

    Raises:
        PhotoError: the package is missing, the file is damaged, or it has no such channels.
    """
    with _file(data, name) as path, _errors(name):
        file = exr_library(name).File(path, separate_channels=True, num_threads=0)
        channels = {key: channel.pixels for key, channel in file.channels().items()}
        header = file.header()
    names = ("Y", "Y", "Y") if "Y" in channels and not {"R", "G", "B"} & channels.keys() else ("R", "G", "B")
    wanted = [channels[key] for key in names if key in channels]
    if len(wanted) < 3 or len({plane.shape for plane in wanted}) > 1:
        found = printable(", ".join(sorted(channels)))[:100]
        raise PhotoError(f"{name}: found an OpenEXR file with the channels {found}; expected R, G and B, or Y")
    half = all(plane.dtype == np.float16 for plane in wanted)
    light = np.stack([np.asarray(plane, np.float32) for plane in wanted], axis=-1)
    alpha = channels.get("A")
    if alpha is not None and alpha.shape == light.shape[:2]:
        alpha = np.clip(np.nan_to_num(np.asarray(alpha, np.float32)), 0, 1)
        light = np.divide(light, alpha[..., None], out=np.zeros_like(light), where=alpha[..., None] > 0)
    else:
        alpha = None
    return ExrPixels(light, alpha, _space(header.get("chromaticities")), half)


def encode_exr(
    light: NDArray[np.float32],
    alpha: NDArray[np.float32] | None,
    *,
    primaries: tuple[float, ...],
    half: bool,
    compression: str,
    name: str,
) -> bytes:
    """An OpenEXR file of H x W x 3 linear light; `primaries`: x and y of red, green, blue, white."""
    library = exr_library(name)
    number = np.float16 if half else np.float32
    shown = light if alpha is None else light * alpha[..., None]
    channels = {key: np.ascontiguousarray(shown[..., i], number) for i, key in enumerate("RGB")}
    if alpha is not None:
        channels["A"] = np.ascontiguousarray(alpha, number)
    header = {
        "compression": getattr(library, _COMPRESSIONS[compression]),
        "type": library.scanlineimage,
        "chromaticities": primaries,
    }
    with _file(b"", name) as path, _errors(name):
        library.File(header, channels).write(path)
        return Path(path).read_bytes()


def _space(chromaticities: Any) -> ColorSpace:
    if chromaticities is None or len(chromaticities) != 8:
        return linear_srgb()
    x = [float(v) for v in chromaticities]
    points = ((x[0], x[1]), (x[2], x[3]), (x[4], x[5]), (x[6], x[7]))
    if any(abs(p - q) > 2e-3 for a, b in zip(points, BT709, strict=True) for p, q in zip(a, b, strict=True)):
        try:
            return space_of_primaries("OpenEXR chromaticities", points, LINEAR)
        except (ValueError, ArithmeticError, np.linalg.LinAlgError):
            pass
    return linear_srgb()


@contextmanager
def _file(data: bytes, name: str) -> Iterator[str]:
    """The library reads and writes files by name only."""
    try:
        descriptor, path = tempfile.mkstemp(suffix=".exr")
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
    except OSError as error:
        raise PhotoError(f"{name}: no room for a temporary file; expected some in {tempfile.gettempdir()}") from error
    try:
        yield path
    finally:
        Path(path).unlink(missing_ok=True)


@contextmanager
def _errors(name: str) -> Iterator[None]:
    try:
        yield
    except (RuntimeError, ValueError, TypeError, KeyError, OverflowError) as error:
        detail = printable(str(error).strip().splitlines()[-1] if str(error).strip() else "no reason given")[:200]
        raise PhotoError(
            f"{name}: damaged, cut off or cannot be encoded ({detail}); expected an OpenEXR file"
        ) from error
