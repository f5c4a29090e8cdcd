"""Reading weights that come from anywhere: tensors only, never code, and one clear line for what is no such file."""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from fastphoto_native.errors import DeviceError, ModelError

Arrays = dict[str, NDArray[np.float32]]
Shapes = Mapping[str, tuple[int, ...]]

SAFE_TORCH = (2, 6)
_ZIP, _PICKLE, HDF5 = b"PK\x03\x04", b"\x80", b"\x89HDF\r\n\x1a\n"
_PAGE = (b"<!doctype", b"<html", b"<head", b"<?xml")


def first_bytes(path: Path) -> bytes:
    """The beginning of a file that may be weights.

    Raises:
        ModelError: it cannot be read, is empty, a Git-LFS pointer or a web page.
    """
    try:
        with path.open("rb") as file:
            head = file.read(256)
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror}") from error
    if not head:
        raise ModelError(f"{path} is empty; expected weights")
    if head.startswith(b"version https://git-lfs"):
        raise ModelError(f"{path} is a Git-LFS pointer, not the weights; run 'git lfs pull' where it comes from")
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_PAGE):
        raise ModelError(f"{path} is a web page, not weights; download the file itself")
    return head


def read_checkpoint(path: Path) -> Mapping[str, Any]:
    """What torch.save wrote, if it is a table of tensors, numbers and names.

    Raises:
        ModelError: no such file, another kind of file, a damaged one, or one that would run code.
        DeviceError: a PyTorch whose protection against code in files has a known hole (CVE-2025-32434).
    """
    if tuple(map(int, torch.__version__.split(".")[:2])) < SAFE_TORCH:
        raise DeviceError(
            f"found PyTorch {torch.__version__}, expected {'.'.join(map(str, SAFE_TORCH))} or newer: "
            "older ones may run code that a weights file holds"
        )
    head = first_bytes(path)
    if not head.startswith((_ZIP, _PICKLE)):
        raise ModelError(f"{path} is not a PyTorch file: it begins with {head[:8]!r}; expected what torch.save writes")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if "Unsupported" in str(error) or "GLOBAL" in str(error):
            raise ModelError(
                f"{path} holds more than tensors, and loading it would run code; expected a state dict "
                "(torch.save(model.state_dict(), ...))"
            ) from error
        raise ModelError(f"{path} is damaged or cut off; expected what torch.save writes") from error
    except Exception as error:  # zip, storage and unpickling errors have no common base
        raise ModelError(f"{path} is damaged or cut off; expected what torch.save writes") from error
    if not isinstance(content, Mapping):
        raise ModelError(f"{path} holds a {type(content).__name__}, expected a table of named tensors (a state dict)")
    return content


def checked_tensors(path: Path, found: Mapping[str, Any], expected: Shapes, ignored: Sequence[str] = ()) -> Arrays:
    """The expected tensors, float32, each with the right shape and numbers only.

    Args:
        path: for messages.
        found: names and PyTorch tensors.
        expected: names and shapes.
        ignored: beginnings of names that may be there and are not needed.

    Raises:
        ModelError: the first of: names missing, names that are unknown, a wrong shape or type, NaN or infinity.
    """
    if missing := [name for name in expected if name not in found]:
        raise ModelError(f"{path}: {len(missing)} of {len(expected)} tensors are missing: {_some(missing)}")
    if unknown := [name for name in found if name not in expected and not name.startswith(tuple(ignored))]:
        raise ModelError(f"{path}: {len(unknown)} tensors are unknown: {_some(unknown)}")
    arrays: Arrays = {}
    for name, shape in expected.items():
        tensor = found[name]
        if not isinstance(tensor, torch.Tensor) or not tensor.is_floating_point():
            raise ModelError(
                f"{path}: '{name}' is a {getattr(tensor, 'dtype', type(tensor).__name__)}, expected floats"
            )
        if tuple(tensor.shape) != shape:
            raise ModelError(f"{path}: '{name}' has shape {_form(tensor.shape)}, expected {_form(shape)}")
        array = tensor.detach().to(torch.float32).contiguous().numpy()
        if not np.isfinite(array).all():
            raise ModelError(f"{path}: '{name}' has values that are no numbers (NaN or infinity)")
        arrays[name] = array
    return arrays


def stored(arrays: Mapping[str, NDArray[np.float32]], half: bool, path: Path) -> dict[str, Any]:
    """The weights as the bundle stores them, in half precision if that is wanted.

    Raises:
        ModelError: a weight is too large for half precision.
    """
    if not half:
        return dict(arrays)
    limit = float(np.finfo(np.float16).max)
    for name, array in arrays.items():
        if np.abs(array).max(initial=0) > limit:
            raise ModelError(f"{path}: '{name}' has values beyond {limit:.0f}, too large for half precision")
    return {name: array.astype(np.float16) for name, array in arrays.items()}


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:4]) + (", ..." if len(names) > 4 else "")


def _form(shape: Sequence[int]) -> str:
    return " x ".join(map(str, shape)) or "()"
