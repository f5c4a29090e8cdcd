"""Mask files -> masks: pictures, NumPy arrays, labelme's JSON; soft ones as TIFF, NPZ or a picture for each label."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastphoto_native.errors import ArgumentError, PhotoError
from fastphoto_native.files.float_tiff import read_float_tiff
from fastphoto_native.files.masks import step_of
from fastphoto_native.files.photos import read_mask, read_photo
from fastphoto_native.masking.labelme import read_labelme
from fastphoto_native.masking.mask import MOST_LABELS, Mask, color_name

LARGEST_ARRAY = 1 << 31  # bytes; of a file's array what is left out is never read
LARGEST_ARCHIVE = 1 << 30  # bytes, unpacked
EXPECTED = "expected H x W whole numbers (labels) or H x W x K numbers from 0 to 1 (weights)"


def read_named_mask(files: Sequence[str | Path]) -> Mask:
    """Reads a mask.

    Args:
        files: one file: a picture with a colour for each label, .npy, .npz, labelme's .json, or a floating-point TIFF
            whose channels are weights. Or several, each NAME=FILE: grey pictures, each the weight of one label.

    Raises:
        PhotoError: a file cannot be read or is no mask.
        ArgumentError: several files without names.
    """
    if not files:
        raise ArgumentError("a mask needs one file or more, got none")
    named = [_name_and_file(file) for file in files]
    if len(named) > 1 or named[0][0]:
        return _from_pictures(named)
    path = named[0][1]
    suffix = path.suffix.lower()
    if suffix == ".json":
        return read_labelme(path)
    if suffix in (".npy", ".npz"):
        return _from_arrays(path)
    samples = read_float_tiff(path) if suffix in (".tif", ".tiff") else None
    if samples is not None:
        return _soft(path, samples, [str(k) for k in range(samples.shape[2])])
    labels = read_mask(path)
    return Mask(labels, {label: color_name(label) for label in np.unique(labels).tolist()})


def _name_and_file(file: str | Path) -> tuple[str, Path]:
    """NAME=FILE, or a file alone; a file whose own name has '=' comes first."""
    if isinstance(file, Path) or "=" not in file or Path(file).exists():
        return "", Path(file)
    name, _, path = file.partition("=")
    return name.strip(), Path(path)


def _from_pictures(named: Sequence[tuple[str, Path]]) -> Mask:
    if not all(name for name, _ in named):
        raise ArgumentError("several files of one mask need names: give each as NAME=FILE")
    planes: list[NDArray[np.float32]] = []
    size: tuple[int, int] | None = None
    for _, path in named:
        plane = read_photo(path).pixels.mean(axis=2)
        height, width = plane.shape
        size = size or (height, width)
        if (height, width) != size:
            raise PhotoError(
                f"{path}: found {width} x {height} pixels; expected {size[1]} x {size[0]} as {named[0][1]} has"
            )
        planes.append(_reduced(plane))
    return _soft(named[0][1], np.stack(planes, axis=-1), [name for name, _ in named])


def _reduced(array: NDArray[Any]) -> NDArray[Any]:
    """A mask as far as it is looked at; as of pictures, of a large one each second, third, ... pixel."""
    step = step_of(*array.shape[:2])
    return array if step == 1 else array[::step, ::step].copy()


def _soft(path: Path, weights: NDArray[Any], names: Sequence[str]) -> Mask:
    """A soft mask; where the weights of a pixel sum to more than 1 they are divided by their sum."""
    if weights.shape[2] > MOST_LABELS:
        raise PhotoError(f"{path}: found {weights.shape[2]} labels; expected at most {MOST_LABELS}")
    values = _reduced(weights).astype(np.float32)
    if not np.isfinite(values).all() or values.min() < 0 or values.max() > 1 + 1e-6:
        raise PhotoError(f"{path}: found weights from {values.min():g} to {values.max():g}; expected 0 to 1")
    total = values.sum(axis=2, keepdims=True)
    values /= np.maximum(total * (1 + np.float32(1e-6)), 1)
    if len(set(names)) != len(names):
        raise PhotoError(f"{path}: found the label names {', '.join(names)}; expected different ones")
    return Mask(values, dict(enumerate(names)))


def _from_arrays(path: Path) -> Mask:
    try:
        arrays = _load(path)
    except PhotoError:
        raise
    except OSError as error:
        raise PhotoError(f"{path}: cannot be read: {error.strerror or error}; {EXPECTED}") from error
    except Exception as error:  # what NumPy, zipfile and zlib raise for damaged files has no common base
        raise PhotoError(f"{path}: found no array ({type(error).__name__}); {EXPECTED}") from error
    if set(arrays) == {""} or len(arrays) == 1:
        name, array = next(iter(arrays.items()))
        if array.ndim == 2 and array.dtype.kind in "iub":
            return _hard(path, array)
        if array.ndim == 3 and array.dtype.kind == "f" and array.shape[2] >= 1:
            return _soft(path, array, [str(k) for k in range(array.shape[2])])
        if not name or array.ndim != 2 or array.dtype.kind != "f":
            raise PhotoError(f"{path}: found shape {array.shape} of {array.dtype}; {EXPECTED}")
    shapes = {array.shape for array in arrays.values()}
    if len(shapes) != 1 or len(next(iter(shapes))) != 2:
        raise PhotoError(
            f"{path}: found arrays of the shapes {', '.join(map(str, sorted(shapes)))}; expected H x W weights of one "
            "size, one array for each label"
        )
    planes = [a / np.float32(np.iinfo(a.dtype).max) if a.dtype.kind in "iu" else a for a in arrays.values()]
    return _soft(path, np.stack([plane.astype(np.float32) for plane in planes], axis=-1), list(arrays))


def _load(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of a file by name, "" for the only one of a .npy; nothing is unpickled."""
    if path.suffix.lower() == ".npy":
        mapped = np.load(path, mmap_mode="r", allow_pickle=False)
        return {"": _checked(path, mapped)}
    with zipfile.ZipFile(path) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
        if size > LARGEST_ARCHIVE or len(archive.infolist()) > MOST_LABELS:
            raise PhotoError(
                f"{path}: found {len(archive.infolist())} arrays of {size / 1e6:.0f} MB; expected at most "
                f"{MOST_LABELS} of {LARGEST_ARCHIVE / 1e6:.0f} MB"
            )
    with np.load(path, allow_pickle=False) as archive:
        return {name: _checked(path, archive[name]) for name in archive.files}


def _checked(path: Path, array: NDArray[Any]) -> NDArray[Any]:
    if array.dtype.kind not in "iufb" or array.size == 0 or array.nbytes > LARGEST_ARRAY:
        raise PhotoError(f"{path}: found shape {array.shape} of {array.dtype}; {EXPECTED}")
    return _reduced(array) if array.ndim in (2, 3) else array


def _hard(path: Path, array: NDArray[Any]) -> Mask:
    labels = np.ascontiguousarray(array).astype(np.int64)
    found = np.unique(labels).tolist()
    if len(found) > MOST_LABELS:
        raise PhotoError(f"{path}: found {len(found)} labels; expected at most {MOST_LABELS}")
    return Mask(labels, {label: str(label) for label in found})
