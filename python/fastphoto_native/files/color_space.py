"""RGB and grey colour spaces of photo files, and the way between them and linear sRGB."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyvips
from numpy.typing import NDArray

from fastphoto_native.files.curves import LINEAR, Curve, ParametricCurve, encode_srgb
from fastphoto_native.files.icc import D50, Matrix, MatrixProfile, read_matrix_profile, write_matrix_profile

# A profile that moves no colour by this much (half an 8-bit step) is sRGB by another name.
_SAME_COLOUR = 0.5 / 255
# The sum of a profile's colorants is the white D50, up to rounding. So far off it is brought back to it.
_NEAR_WHITE = 0.01

# Primaries that differ from sRGB's by this are sRGB's, rounded.
_ROUNDING = 5e-4

# Chromaticities of red, green, blue and white.
Primaries = tuple[tuple[float, float], tuple[float, float], tuple[float, float], tuple[float, float]]
D65 = (0.3127, 0.3290)
BT709: Primaries = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06), D65)
BT2020: Primaries = ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), D65)
DISPLAY_P3: Primaries = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), D65)
ADOBE_RGB: Primaries = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06), D65)

# Bradford's cone responses, by which a white is adapted to D50 (ICC.1, annex E).
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


# Linear sRGB to XYZ of D65 (IEC 61966-2-1).
_XYZ_D65 = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


@dataclass(frozen=True, eq=False)
class ColorSpace:
    """How a file's numbers mean colours.

    Attributes:
        curves: stored values to linear light: three, or one of grey.
        to_srgb: 3 x 3, linear light of this space to linear sRGB; None for grey.
        profile: the ICC profile that says so.
    """

    curves: tuple[Curve, ...]
    to_srgb: Matrix | None
    profile: bytes

    @property
    def is_srgb(self) -> bool:
        """Whether every colour means what it means in sRGB."""
        return _is_srgb(self.profile)

    @property
    def is_linear(self) -> bool:
        """Whether stored values are linear light."""
        x = np.linspace(0, 1, 17)
        return all(bool(np.abs(curve.decode(x) - x).max() < 1e-3) for curve in self.curves)

    def linear(self) -> ColorSpace:
        """The same primaries with linear light."""
        if self.is_linear:
            return self
        matrix = np.eye(3) if self.to_srgb is None else self.to_srgb
        return ColorSpace((LINEAR,) * 3, matrix, write_matrix_profile("Linear RGB", _to_xyz(BT709) @ matrix, LINEAR))

    def decode(self, stored: NDArray[np.floating]) -> NDArray[np.floating]:
        """H x W x C stored values to linear sRGB, H x W x 3, which may lie outside 0..1."""
        if self.to_srgb is None:
            return np.repeat(self.curves[0].decode(stored), 3, axis=-1)
        light = np.stack([curve.decode(stored[..., i]) for i, curve in enumerate(self.curves)], axis=-1)
        return light @ self.to_srgb.T.astype(light.dtype)

    def encode(self, linear: NDArray[np.floating]) -> NDArray[np.floating]:
        """Linear sRGB to stored values of an RGB space; what lies outside 0..1 lies outside the space."""
        if self.to_srgb is None:
            raise ValueError("grey cannot hold colours")
        light = linear @ np.linalg.inv(self.to_srgb).T.astype(linear.dtype)
        return np.stack([curve.encode(light[..., i]) for i, curve in enumerate(self.curves)], axis=-1)

    def chromaticities(self) -> tuple[float, ...]:
        """X and y of red, green, blue and white, as OpenEXR's attribute; the white is D65, to which D50 is adapted."""
        matrix = _XYZ_D65 @ (np.eye(3) if self.to_srgb is None else self.to_srgb)
        points = [*matrix.T, matrix.sum(axis=1)]
        return tuple(float(v) for point in points for v in point[:2] / point.sum())

    def table(self, top: int) -> list[NDArray[np.float32]]:
        """For each curve the linear light of all whole numbers up to `top`."""
        x = np.arange(top + 1) / top
        return [curve.decode(x).astype(np.float32) for curve in self.curves]


def space_of_profile(profile: bytes) -> ColorSpace | None:
    """The space of a profile made of a matrix and curves; None for others and for broken ones."""
    read = read_matrix_profile(profile)
    return None if read is None else _space(read, profile)


def space_of_primaries(name: str, primaries: Primaries, curve: Curve) -> ColorSpace:
    """A space by its chromaticities, as PNG, AVIF and OpenEXR state them."""
    to_xyz = _to_xyz(primaries)
    exact = np.linalg.inv(_to_xyz(BT709)) @ to_xyz  # the profile's numbers are rounded
    return ColorSpace((curve,) * 3, exact, write_matrix_profile(name, to_xyz, curve))


@cache
def srgb() -> ColorSpace:
    """sRGB, with libvips's profile of it."""
    return _space_of(bytes(pyvips.Operation.call("profile_load", "srgb")))


@cache
def named_space(name: str) -> ColorSpace:
    """The spaces that `output_profile` knows by name: "srgb", "p3", "adobe"."""
    if name == "srgb":
        return srgb()
    if name == "p3":
        return _space_of(bytes(pyvips.Operation.call("profile_load", "p3")))
    # Adobe's specification of 1998: gamma 2 + 51/256.
    return space_of_primaries("Compatible with Adobe RGB (1998)", ADOBE_RGB, ParametricCurve(2 + 51 / 256))


def linear_srgb() -> ColorSpace:
    """Linear light with sRGB's primaries: what floating-point files hold unless they say otherwise."""
    return space_of_primaries("Linear sRGB", BT709, LINEAR)


def _space_of(profile: bytes) -> ColorSpace:
    space = space_of_profile(profile)
    if space is None:
        raise ValueError("a profile of our own that is none")
    return space


def _space(read: MatrixProfile, profile: bytes) -> ColorSpace:
    if read.to_xyz is None:
        return ColorSpace(read.curves, None, profile)
    matrix = np.linalg.inv(_to_xyz(BT709)) @ read.to_xyz
    white = matrix.sum(axis=1, keepdims=True)
    if np.abs(white - 1).max() < _NEAR_WHITE:
        matrix = matrix / white  # numbers in profiles are rounded; white must come out white
    if np.abs(matrix - np.eye(3)).max() < _ROUNDING:
        matrix = np.eye(3)
    return ColorSpace(read.curves, matrix, profile)


@cache
def _is_srgb(profile: bytes) -> bool:
    read = read_matrix_profile(profile)
    if read is None:
        return False
    space = _space(read, profile)
    step = np.arange(0, 256, 15) / 255
    if space.to_srgb is None:
        step = np.arange(256) / 255
        return bool(np.abs(encode_srgb(space.curves[0].decode(step)) - step).max() < _SAME_COLOUR)
    levels = np.stack(np.meshgrid(step, step, step), axis=-1)
    return bool(np.abs(encode_srgb(space.decode(levels)) - levels).max() < _SAME_COLOUR)


def _to_xyz(primaries: Primaries) -> Matrix:
    """Linear RGB to XYZ relative to D50 (Lindbloom; adaptation by Bradford)."""
    *colours, white = [_xyz_of(xy) for xy in primaries]
    matrix = np.stack(colours, axis=1)
    matrix = matrix * np.linalg.solve(matrix, white)
    gains = (_BRADFORD @ D50) / (_BRADFORD @ white)
    adapted: Matrix = np.linalg.inv(_BRADFORD) @ (gains[:, None] * _BRADFORD) @ matrix
    return adapted


def _xyz_of(xy: Sequence[float]) -> Matrix:
    x, y = xy
    return np.array([x / y, 1.0, (1 - x - y) / y])
