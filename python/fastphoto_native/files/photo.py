"""A photo as arrays, with all of its file that a result can keep."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from fastphoto_native import _core
from fastphoto_native.arrays.images import as_float_image
from fastphoto_native.files.color_space import ColorSpace
from fastphoto_native.files.excess import Excess
from fastphoto_native.files.metadata import Metadata

Depth = Literal[8, 16, 32]


@dataclass(frozen=True)
class Photo:
    """A photo as arrays.

    Attributes:
        pixels: H x W x 3 float32 in 0..1, sRGB-encoded, not multiplied by alpha, upright. May be uint8 or uint16
            instead, where white is the largest number.
        alpha: H x W float32 in 0..1 (1 is opaque), or None where the file has no transparency.
        depth: bits per channel of the file: 8, 16 (10 and 12 count as 16) or 32 (floating point, linear light).
        space: the file's colour space where that is not sRGB, for a result that keeps it.
        excess: colours beyond sRGB, which `pixels` cannot hold.
        metadata: EXIF, XMP, IPTC and resolution of the file.
        orientation: the file's EXIF orientation, 1 to 8, which has been applied.
        half: whether the file's floating point has 16 bits; a result in OpenEXR has as many.
    """

    pixels: NDArray[Any]
    alpha: NDArray[np.float32] | None = None
    depth: Depth = 8
    space: ColorSpace | None = field(default=None, repr=False)
    excess: Excess | None = field(default=None, repr=False)
    metadata: Metadata = field(default=Metadata(), repr=False)
    orientation: int = 1
    half: bool = False

    def room_for_result(self, *, kept: bool) -> NDArray[Any]:
        """An array for Stylizer.apply_into: H x W x 3, float32 as the pixels are, or uint16 for whole numbers.

        16 bits hold what is dithered to 8.

        Args:
            kept: whether the photo's own pixels are needed afterwards. If not, float32 pixels give their memory.
        """
        if self.pixels.dtype != np.float32:
            return np.empty(self.pixels.shape, np.uint16)
        return np.empty_like(self.pixels) if kept or self.excess is not None else self.pixels

    def restyled(self, result: NDArray[Any]) -> Photo:
        """The photo with a result's pixels. All else is kept; colours beyond sRGB follow.

        Of a result of another size the transparency is resized, and colours beyond sRGB are left out.
        """
        if result.shape != self.pixels.shape:
            alpha = None if self.alpha is None else _resized(self.alpha, result.shape[0], result.shape[1])
            return replace(self, pixels=result, alpha=alpha, excess=None)
        excess = None if self.excess is None else self.excess.follow(self.pixels, result)
        return replace(self, pixels=result, excess=excess)

    def covered(self) -> NDArray[np.float32]:
        """The pixels, float32, but the mean of what is visible where nothing is: hidden colours are chance."""
        pixels = as_float_image(self.pixels, "pixels")
        if self.alpha is None or not self.alpha.any():
            return pixels
        mean = np.average(pixels.reshape(-1, 3), axis=0, weights=self.alpha.reshape(-1))
        return np.where(self.alpha[..., None] == 0, mean.astype(np.float32), pixels)


def _resized(alpha: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    plane = _core.resize(np.ascontiguousarray(alpha[..., None]), height, width, threads=0)
    resized: NDArray[np.float32] = np.clip(plane.reshape(height, width), 0, 1)
    return resized
