"""A 3D look-up table: a cube of colours between which the core interpolates."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastphoto_native import _core
from fastphoto_native.arrays.images import as_float_image, as_photo
from fastphoto_native.errors import ArgumentError

FloatArray = NDArray[np.float32]

SIZES = (17, 33, 65)  # points a side, as programs that grade know them
LARGEST_SIZE = 144  # of a HaldCLUT of level 12, as collections of film looks have them
COLOR_SPACE = "sRGB (IEC 61966-2-1), encoded values, 0 to 1, in and out"


@dataclass(frozen=True, eq=False)
class Lut:
    """A map of colours as a table.

    Attributes:
        table: N x N x N x 3 float32, indexed by red, green and blue of the input, 0 to 1 in N equal steps.
        title: for people.
        color_space: what the values are.
    """

    table: FloatArray
    title: str = ""
    color_space: str = COLOR_SPACE
    _map: _core.ColourMap = field(init=False, repr=False)

    def __post_init__(self) -> None:
        shape = self.table.shape
        if self.table.dtype != np.float32 or len(shape) != 4 or shape[3] != 3 or len(set(shape[:3])) != 1:
            raise ArgumentError(f"table must be N x N x N x 3 float32, got shape {shape} of {self.table.dtype}")
        if not 2 <= shape[0] <= LARGEST_SIZE:
            raise ArgumentError(f"a LUT must have 2 to {LARGEST_SIZE} points a side, got {shape[0]}")
        if not np.isfinite(self.table).all():
            raise ArgumentError("table holds NaN or infinity; every number must be finite")
        lut = _core.ColourMap(_core.ColourMapKind.LUT, [shape[0]], self.table.ravel())
        object.__setattr__(self, "_map", lut)

    @property
    def size(self) -> int:
        """Points a side."""
        return int(self.table.shape[0])

    @classmethod
    def identity(cls, size: int) -> Lut:
        """The table that changes nothing."""
        steps = np.linspace(0, 1, size, dtype=np.float32)
        return cls(np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1))

    def apply(self, photo: ArrayLike, strength: float = 1.0, *, threads: int = 0) -> FloatArray:
        """The photo with its colours mapped by tetrahedral interpolation.

        Args:
            photo: H x W x 3, float in 0..1 or uint8 or uint16, in the LUT's colour space.
            strength: 0 leaves the photo as it is, 1 maps it.
            threads: CPU threads; 0 takes what the machine has.

        Returns:
            H x W x 3 float32, not clipped.
        """
        return self._map.apply(as_float_image(as_photo(photo, "photo"), "photo"), strength, threads=threads)
