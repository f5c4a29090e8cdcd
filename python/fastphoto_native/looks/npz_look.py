"""Reads looks of format 1, which earlier versions wrote: NumPy's .npz, a zip archive. The file is not trusted."""

from __future__ import annotations

import io
import json
import math
import os
import zipfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastphoto_native._core import LabelLook, Look, Statistics
from fastphoto_native.errors import ArgumentError, PhotoError

# What is read is bounded before it is unpacked; all looks that were ever written stay far below.
LARGEST_LOOK = 1 << 29  # bytes, unpacked
LARGEST_HEADER = 1 << 20
MOST_LABELS = 256
MOST_ALIGNMENTS = 32
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
ENCRYPTED = 1  # bit of a zip entry's flags


class _NoLookError(Exception):
    """What is wrong with the file, in words."""


def load_npz_look(path: str | os.PathLike[str]) -> Look:
    """Reads a look of format 1.

    Raises:
        PhotoError: the file cannot be read or is not a look.
    """
    try:
        with open(path, "rb") as file, zipfile.ZipFile(file) as archive:  # noqa: PTH123 (names of bytes as well)
            return _read(archive)
    except (_NoLookError, ArgumentError) as error:  # ArgumentError: statistics that are none
        raise PhotoError(f"{_shown(path)} is not a look: {error}") from error
    except OSError as error:
        raise PhotoError(f"cannot read the look {_shown(path)}: {error.strerror or error}") from error
    # What zipfile, zlib, json and NumPy raise for damaged files has no common base: BadZipFile, zlib.error,
    # NotImplementedError, RecursionError, MemoryError and others.
    except Exception as error:
        raise PhotoError(f"{_shown(path)} is not a look: it is damaged ({type(error).__name__})") from error


def _shown(path: str | os.PathLike[str]) -> str:
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _read(archive: zipfile.ZipFile) -> Look:
    members = _members(archive)
    header = _header(archive, members)
    rows = header["labels"]
    if not isinstance(rows, list) or not 1 <= len(rows) <= MOST_LABELS:
        raise _NoLookError(f"found {_count(rows)} labels, expected 1 to {MOST_LABELS}")
    labels: dict[int, LabelLook] = {}
    expected = {"header"}
    for row in rows:
        label, area, points = _row(row)
        if label in labels:
            raise _NoLookError(f"the label {label} stands twice, expected it once")
        statistics = []
        for point in range(points):
            mean, covariance = f"{label}/{point}/mean", f"{label}/{point}/covariance"
            statistics.append(Statistics(_array(archive, members, mean, 1), _array(archive, members, covariance, 2)))
            expected |= {mean, covariance}
        labels[label] = LabelLook(area, statistics)
    if unknown := members.keys() - expected:
        raise _NoLookError(f"the array {min(unknown)[:60]!r} belongs to no label, expected {len(expected)} arrays")
    try:
        return Look(header["model"], header["fingerprint"], header["masked"], labels)
    except TypeError as error:
        raise _NoLookError("model and fingerprint must be texts") from error


def _members(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The archive's entries by the name of their arrays. Their sizes, which bound what is unpacked, are checked."""
    entries = archive.infolist()
    most = 1 + 2 * MOST_LABELS * MOST_ALIGNMENTS
    if len(entries) > most:
        raise _NoLookError(f"found {len(entries)} arrays, expected at most {most}")
    size = sum(entry.file_size for entry in entries)
    if size > LARGEST_LOOK:
        raise _NoLookError(f"its arrays have {size} bytes, expected at most {LARGEST_LOOK}")
    for entry in entries:
        if entry.compress_type not in METHODS or entry.flag_bits & ENCRYPTED:
            raise _NoLookError(f"the array {entry.filename[:60]!r} is packed in a way that NumPy does not write")
    members = {entry.filename.removesuffix(".npy"): entry for entry in entries}
    if len(members) != len(entries):
        raise _NoLookError("an array stands twice, expected each once")
    return members


def _header(archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo]) -> dict[str, Any]:
    if "header" not in members:
        raise _NoLookError("found no header, expected a file written by Look.save")
    if members["header"].file_size > LARGEST_HEADER:
        raise _NoLookError(f"its header has {members['header'].file_size} bytes, expected at most {LARGEST_HEADER}")
    header = json.loads(_content(archive, members["header"], np.dtype(np.uint8), 1)[0])
    if not isinstance(header, dict) or header.get("format") != 1:
        found = header.get("format") if isinstance(header, dict) else type(header).__name__
        raise _NoLookError(f"found format {str(found)[:60]}, expected 1 in a zip archive")
    if missing := {"model", "fingerprint", "masked", "labels"} - header.keys():
        raise _NoLookError(f"its header lacks {', '.join(sorted(missing))}")
    if not isinstance(header["masked"], bool):
        raise _NoLookError(f"masked is {str(header['masked'])[:60]}, expected true or false")
    return header


def _row(row: Any) -> tuple[int, float, int]:
    """Label, area and number of alignments."""
    if not isinstance(row, dict) or {"label", "area", "points"} - row.keys():
        raise _NoLookError("found a label without label, area and points, expected all three")
    label, area, points = row["label"], row["area"], row["points"]
    if not _is_whole(label) or not -(2**63) <= label < 2**63:
        raise _NoLookError(f"found the label {str(label)[:60]}, expected a whole number of 64 bits")
    if not _is_whole(points) or not 1 <= points <= MOST_ALIGNMENTS:
        raise _NoLookError(f"found {str(points)[:60]} alignments, expected 1 to {MOST_ALIGNMENTS}")
    if not isinstance(area, int | float) or isinstance(area, bool) or not 0 < area < 1e300:
        raise _NoLookError(f"found the area {str(area)[:60]}, expected a positive number")
    return label, float(area), points


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _count(rows: Any) -> str:
    return str(len(rows)) if isinstance(rows, list) else "no list of"


def _array(archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo], name: str, axes: int) -> NDArray[np.float32]:
    if name not in members:
        raise _NoLookError(f"the array '{name}' is missing")
    content, shape = _content(archive, members[name], np.dtype(np.float32), axes)
    return np.frombuffer(content, np.float32).reshape(shape)


def _content(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, dtype: np.dtype[Any], axes: int
) -> tuple[bytes, tuple[int, ...]]:
    """The numbers of an array and its shape. NumPy would allocate what the array claims to have before it reads it."""
    with archive.open(entry) as stream:
        file = io.BytesIO(stream.read(entry.file_size))
    if np.lib.format.read_magic(file) != (1, 0):
        raise _NoLookError(f"the array '{entry.filename[:60]}' is of another version than NumPy's 1.0")
    # The other memory order would give the transpose, and matrices here are symmetric.
    shape, _, found = np.lib.format.read_array_header_1_0(file)
    content = file.read()
    if found != dtype or len(shape) != axes or math.prod(shape) * dtype.itemsize != len(content):
        raise _NoLookError(
            f"the array '{entry.filename[:60]}' has {len(content)} bytes, the shape {shape} and the type {found}, "
            f"expected {axes} axes of {dtype}"
        )
    return content, shape
