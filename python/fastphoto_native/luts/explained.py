"""How much of a change a LUT explains: the colour difference that it leaves."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastphoto_native.arrays.images import as_float_image, as_photo
from fastphoto_native.colors.difference import delta_e2000, lab_of
from fastphoto_native.luts.lut import Lut

MOST_PIXELS = 500_000


class Explained(msgspec.Struct):
    """Colour differences CIEDE2000, over the pixels: of the change as a whole and of what the LUT leaves of it.

    `explained` is the share of the mean difference that the LUT makes.
    """

    color_space: str
    change_mean: float
    left_mean: float
    left_p95: float
    explained: float


def explained_by(lut: Lut, before: ArrayLike, after: ArrayLike, weights: ArrayLike | None = None) -> Explained:
    """Compares `lut` applied to `before` with `after`, at the pixels whose weight is not 0."""
    photo = as_float_image(as_photo(before, "before"), "before").reshape(-1, 3)
    goal = as_float_image(as_photo(after, "after"), "after").reshape(-1, 3)
    taken = np.arange(len(photo)) if weights is None else np.flatnonzero(np.asarray(weights))
    taken = taken[:: max(1, len(taken) // MOST_PIXELS)]
    colors, wanted = np.ascontiguousarray(photo[taken]), lab_of(np.clip(goal[taken], 0, 1))
    made: NDArray[np.float32] = np.clip(lut.apply(colors[None])[0], 0, 1)
    change, left = delta_e2000(lab_of(np.clip(colors, 0, 1)), wanted), delta_e2000(lab_of(made), wanted)
    mean = float(change.mean())
    share = 1 - float(left.mean()) / mean if mean > 0 else 1.0
    return Explained(lut.color_space, mean, float(left.mean()), float(np.percentile(left, 95)), share)
