"""Tone curves of colour spaces: from stored values to linear light and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating]


class Curve(Protocol):
    """Stored values to linear light, and back. Both are 0 and 1 at 0 and 1, or close to it."""

    def decode(self, stored: FloatArray) -> FloatArray:
        """Stored values, 0..1 and beyond, to linear light."""

    def encode(self, linear: FloatArray) -> FloatArray:
        """Linear light to stored values."""


@dataclass(frozen=True)
class ParametricCurve:
    """linear = (a x + b)^g + e from x = d on, c x + f below; odd around 0.

    That is ICC.1's parametricCurveType 4, of which a gamma and sRGB's curve are cases.
    """

    g: float
    a: float = 1.0
    b: float = 0.0
    c: float = 0.0
    d: float = 0.0
    e: float = 0.0
    f: float = 0.0

    def decode(self, stored: FloatArray) -> FloatArray:
        """See :class:`Curve`."""
        x = np.abs(stored)
        power = np.maximum(self.a * x + self.b, 0) ** self.g + self.e
        return np.copysign(np.where(x >= self.d, power, self.c * x + self.f), stored)

    def encode(self, linear: FloatArray) -> FloatArray:
        """See :class:`Curve`."""
        y = np.abs(linear)
        x = (np.maximum(y - self.e, 0) ** (1 / self.g) - self.b) / self.a
        if self.d > 0:
            bend = max(self.a * self.d + self.b, 0.0) ** self.g + self.e
            straight = (y - self.f) / self.c if self.c > 0 else np.zeros_like(y)
            x = np.where(y >= bend, x, np.clip(straight, 0, self.d))
        return np.copysign(np.maximum(x, 0), linear)


@dataclass(frozen=True)
class SampledCurve:
    """Linear light at evenly spaced stored values; straight lines between them."""

    samples: tuple[float, ...]

    def decode(self, stored: FloatArray) -> FloatArray:
        """See :class:`Curve`; values beyond 0..1 count as its ends."""
        return np.interp(stored, np.linspace(0, 1, len(self.samples)), self.samples).astype(stored.dtype)

    def encode(self, linear: FloatArray) -> FloatArray:
        """See :class:`Curve`."""
        rising = np.maximum.accumulate(self.samples)
        return np.interp(linear, rising, np.linspace(0, 1, len(rising))).astype(linear.dtype)


SRGB_CURVE = ParametricCurve(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
LINEAR = ParametricCurve(1.0)


def decode_srgb(stored: FloatArray) -> FloatArray:
    """sRGB-encoded values to linear light (IEC 61966-2-1), odd around 0 and going on beyond 1."""
    return SRGB_CURVE.decode(stored)


def encode_srgb(linear: FloatArray) -> FloatArray:
    """Linear light to sRGB-encoded values."""
    return SRGB_CURVE.encode(linear)
