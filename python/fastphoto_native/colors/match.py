"""The classical ways to give a photo another one's colours: fast, global, without a network."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastphoto_native import _core
from fastphoto_native.arrays.images import as_float_image, as_photo
from fastphoto_native.errors import ArgumentError

FloatArray = NDArray[np.float32]
Method = Literal["mkl", "reinhard", "hm", "hm-mkl-hm"]
METHODS: tuple[Method, ...] = get_args(Method)

# Reinhard et al., eqs. 4 and 6: linear RGB to the cone responses LMS, and their logarithms to l alpha beta.
_TO_LMS = np.array([[0.3811, 0.5783, 0.0402], [0.1967, 0.7244, 0.0782], [0.0241, 0.1288, 0.8444]])
_TO_LAB = np.diag([3**-0.5, 6**-0.5, 2**-0.5]) @ np.array([[1.0, 1, 1], [1, 1, -2], [1, -1, 0]])
_DARKEST = 1e-4  # logarithms need a floor: a thirtieth of an 8-bit step in linear light

# Histograms are matched at so many levels, more than 8 bits have and fewer than would be noise.
_LEVELS = 4096


def match_colors(
    content: ArrayLike, reference: ArrayLike, method: Method = "mkl", *, strength: float = 1.0
) -> FloatArray:
    """The content in the reference's colours, by statistics of colours alone.

    Args:
        content: H x W x 3, float in 0..1 or uint8 or uint16, sRGB-encoded.
        reference: the same, of any other size.
        method: "mkl" (mean and covariance of RGB by the linear Monge-Kantorovich map; Pitie and Kokaram, CVMP 2007),
            "reinhard" (mean and deviation in l alpha beta; Reinhard et al., "Color transfer between images", IEEE
            CG&A 2001), "hm" (the histogram of each channel; Gonzalez and Woods) or "hm-mkl-hm" (the three in a row).
        strength: 0 returns the content as it is, 1 the full match.

    Returns:
        H x W x 3 float32 in 0..1; colours beyond the range are cut off.

    Raises:
        ArgumentError: not a photo, an unknown method, or a strength beyond 0..1.
    """
    if method not in METHODS:
        raise ArgumentError(f"method must be one of {', '.join(METHODS)}, got {method!r}")
    if not 0 <= strength <= 1:
        raise ArgumentError(f"strength must lie between 0 and 1, got {strength}")
    photo = as_float_image(as_photo(content, "content"), "content")
    wanted = as_float_image(as_photo(reference, "reference"), "reference")
    for name, values in (("content", photo), ("reference", wanted)):
        if not (values.min() >= 0 and values.max() <= 1):  # false for NaN as well
            raise ArgumentError(f"{name} must lie in 0..1, got values from {values.min():g} to {values.max():g}")
    result = photo
    for step in method.split("-"):
        result = _STEPS[step](result, wanted)
    mixed: FloatArray = np.clip(photo + np.float32(strength) * (result - photo), 0, 1).astype(np.float32)
    return mixed


def _planes(photo: FloatArray) -> FloatArray:
    """3 x N."""
    return np.ascontiguousarray(photo.reshape(-1, 3).T)


def _mkl(photo: FloatArray, wanted: FloatArray) -> FloatArray:
    features = _planes(photo)
    statistics = (_core.mean_and_covariance(features), _core.mean_and_covariance(_planes(wanted)))
    # The cut is far below what 8 bits resolve: a direction in which the content does not vary has nothing to match.
    matched = _core.monge_kantorovich(*statistics, content_ridge=0.0, style_ridge=0.0, eigenvalue_cut=1e-9)
    return np.ascontiguousarray(matched.apply(features).T).reshape(photo.shape)


def _reinhard(photo: FloatArray, wanted: FloatArray) -> FloatArray:
    lab, goal = _l_alpha_beta(photo), _l_alpha_beta(wanted)
    deviation = lab.std(axis=(0, 1))
    gain = np.divide(goal.std(axis=(0, 1)), deviation, out=np.ones(3), where=deviation > 1e-9)
    moved = (lab - lab.mean(axis=(0, 1))) * gain + goal.mean(axis=(0, 1))
    cones = np.power(10.0, moved @ np.linalg.inv(_TO_LAB).T)
    return _encoded(cones @ np.linalg.inv(_TO_LMS).T)


def _l_alpha_beta(photo: FloatArray) -> NDArray[np.float64]:
    values = photo.astype(np.float64)
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    logarithms: NDArray[np.float64] = np.log10(np.maximum(linear @ _TO_LMS.T, _DARKEST)) @ _TO_LAB.T
    return logarithms


def _encoded(linear: NDArray[np.float64]) -> FloatArray:
    inside = np.clip(linear, 0, 1)
    encoded = np.where(inside <= 0.0031308, 12.92 * inside, 1.055 * inside ** (1 / 2.4) - 0.055)
    return encoded.astype(np.float32)


def _histograms(photo: FloatArray, wanted: FloatArray) -> FloatArray:
    """Each channel through the map between the two cumulative histograms, half of a level's pixels below it."""
    result = np.empty_like(photo)
    for channel in range(3):
        levels, shares = _cumulative(photo[..., channel])
        goal_levels, goal_shares = _cumulative(wanted[..., channel])
        to = np.interp(shares, goal_shares, goal_levels)
        result[..., channel] = np.interp(photo[..., channel], levels, to)
    return result


def _cumulative(values: FloatArray) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The levels that occur, and the share of the pixels below each, counting half of its own."""
    index = np.rint(np.clip(values, 0, 1).ravel() * np.float32(_LEVELS - 1)).astype(np.int64)
    counts = np.bincount(index, minlength=_LEVELS)
    sums = np.bincount(index, weights=np.clip(values, 0, 1).ravel(), minlength=_LEVELS)
    found = counts > 0
    shares = (np.cumsum(counts) - counts / 2)[found] / index.size
    return sums[found] / counts[found], shares


_STEPS = {"mkl": _mkl, "reinhard": _reinhard, "hm": _histograms}
