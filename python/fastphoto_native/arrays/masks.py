"""Masks at the border: hard label maps and soft weights become what the engine takes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastphoto_native.errors import ArgumentError

_LABELS = (np.dtype(np.uint8), np.dtype(np.int32), np.dtype(np.int64))


def as_mask(mask: ArrayLike | None, name: str) -> NDArray[Any] | None:
    """H x W uint8, int32 or int64 labels, or H x W x K float32 weights; None stays None.

    Raises:
        ArgumentError: another shape or type, an empty mask, or labels beyond 64 bits.
    """
    if mask is None:
        return None
    array = np.asarray(mask)
    if array.dtype == np.bool_:
        array = array.astype(np.uint8)
    if array.size and array.ndim == 2 and np.issubdtype(array.dtype, np.integer):
        if array.dtype in _LABELS:
            return array
        if int(array.max()) > np.iinfo(np.int64).max:
            raise ArgumentError(f"{name}: labels must fit in 64 bits with a sign, got {array.max()}")
        return array.astype(np.int64)
    if array.size and array.ndim == 3 and np.issubdtype(array.dtype, np.floating):
        return array.astype(np.float32, copy=False)
    raise ArgumentError(
        f"{name} must be H x W integers (label map) or H x W x K floats (soft weights), "
        f"got shape {array.shape} of {array.dtype}"
    )
