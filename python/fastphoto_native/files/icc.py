"""ICC profiles made of a matrix and tone curves: read to the last bit, and written.

libvips (by littleCMS) converts by way of 16-bit connection values, which clip colours outside sRGB and leave saturated
ones off by up to 60 of 255. A matrix and three curves are exact, and nearly all photos' profiles are that. Profiles
made of tables, and those of CMYK, stay with libvips.

Source: ICC.1:2022 (curveType 10.6, parametricCurveType 10.18, three-component matrix-based profiles F.3).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fastphoto_native.files.curves import LINEAR, Curve, ParametricCurve, SampledCurve

Matrix = NDArray[np.float64]

D50 = np.array([0.9642, 1.0, 0.8249])
_HEADER = 128
_MOST_TAGS = 200
_MOST_SAMPLES = 65536
_TABLES = {b"A2B0", b"A2B1", b"A2B2", b"D2B0", b"D2B1"}
# How many of g, a, b, c, d, e, f each function type of a parametricCurveType gives.
_PARAMETERS = (1, 3, 4, 5, 7)


@dataclass(frozen=True)
class MatrixProfile:
    """A profile of RGB (three curves and a matrix) or of grey (one curve, no matrix).

    Attributes:
        curves: stored values to linear light.
        to_xyz: 3 x 3, linear RGB to XYZ relative to D50; None for grey.
    """

    curves: tuple[Curve, ...]
    to_xyz: Matrix | None


def read_matrix_profile(data: bytes) -> MatrixProfile | None:
    """What a profile says, if it is made of a matrix and curves; None for others and for broken ones."""
    try:
        tags = _tags(data)
        if tags is None or _TABLES & tags.keys():
            return None
        space, connection = data[16:20], data[20:24]
        if space == b"GRAY" and connection == b"XYZ ":
            return MatrixProfile((_curve(tags[b"kTRC"]),), None)
        if space == b"RGB " and connection == b"XYZ ":
            matrix = np.stack([_xyz(tags[name]) for name in (b"rXYZ", b"gXYZ", b"bXYZ")], axis=1)
            if np.linalg.cond(matrix) > 1e6:
                return None
            curves = tuple(_curve(tags[name]) for name in (b"rTRC", b"gTRC", b"bTRC"))
            return MatrixProfile(curves, matrix)
    except (struct.error, KeyError, ValueError, IndexError, np.linalg.LinAlgError):
        pass
    return None


def _tags(data: bytes) -> dict[bytes, bytes] | None:
    if len(data) < _HEADER + 4 or data[36:40] != b"acsp":
        return None
    (count,) = struct.unpack_from(">I", data, _HEADER)
    if not 0 < count <= _MOST_TAGS:
        return None
    tags = {}
    for i in range(count):
        name, start, length = struct.unpack_from(">4sII", data, _HEADER + 4 + 12 * i)
        if start + length > len(data):
            return None
        tags[name] = data[start : start + length]
    return tags


def _fixed(data: bytes, at: int, count: int) -> list[float]:
    return [v / 65536 for v in struct.unpack_from(f">{count}i", data, at)]


def _xyz(tag: bytes) -> Matrix:
    if tag[:4] != b"XYZ ":
        raise ValueError("no XYZType")
    return np.array(_fixed(tag, 8, 3))


def _curve(tag: bytes) -> Curve:
    """A tone curve.

    Raises:
        ValueError: it is none, or one that cannot be turned round.
    """
    if tag[:4] == b"curv":
        (count,) = struct.unpack_from(">I", tag, 8)
        if count == 0:
            return LINEAR
        if count == 1:
            return _sound(ParametricCurve(struct.unpack_from(">H", tag, 12)[0] / 256))
        if count > _MOST_SAMPLES:
            raise ValueError("too many samples")
        samples = np.array(struct.unpack_from(f">{count}H", tag, 12)) / 65535
        if samples[-1] <= samples[0]:
            raise ValueError("a falling curve")
        return SampledCurve(tuple(samples.tolist()))
    if tag[:4] != b"para":
        raise ValueError("no curve")
    (kind,) = struct.unpack_from(">H", tag, 8)
    values = _fixed(tag, 12, _PARAMETERS[kind])
    g, a, b, *rest = [*values, 1.0, 0.0] if kind == 0 else values
    if kind == 0:
        return _sound(ParametricCurve(g))
    if kind in (1, 2):  # constant below -b / a
        offset = rest[0] if kind == 2 else 0.0
        return _sound(ParametricCurve(g, a, b, 0.0, max(-b / a, 0.0), offset, offset))
    c, d, *offsets = rest
    e, f = offsets or (0.0, 0.0)
    return _sound(ParametricCurve(g, a, b, c, d, e, f))


def _sound(curve: ParametricCurve) -> ParametricCurve:
    if not (0.05 <= curve.g <= 20 and curve.a > 0 and curve.c >= 0 and 0.5 < float(curve.decode(np.ones(1))[0]) < 2):
        raise ValueError("no curve of a display or a photo")
    return curve


# -------------------------------------------------------------------------------------------------------------- writing


def write_matrix_profile(description: str, to_xyz: Matrix, curve: Curve) -> bytes:
    """A profile of version 2 for RGB with one curve for the three channels.

    Args:
        description: ASCII.
        to_xyz: as in :class:`MatrixProfile`.
        curve: a gamma (rounded to 1/256), the straight line, or another, which becomes a table.
    """
    name = description.encode("ascii") + b"\0"
    tags = {
        b"desc": b"desc" + bytes(4) + struct.pack(">I", len(name)) + name + bytes(78),
        b"cprt": b"text" + bytes(4) + b"CC0\0",
        b"wtpt": _xyz_tag(D50),
    }
    for i, channel in enumerate((b"rXYZ", b"gXYZ", b"bXYZ")):
        tags[channel] = _xyz_tag(to_xyz[:, i])
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), _curve_tag(curve))
    return _assemble(tags)


def _xyz_tag(values: Sequence[float] | Matrix) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(float(v) * 65536) for v in values))


def _curve_tag(curve: Curve) -> bytes:
    if curve == LINEAR:
        return b"curv" + bytes(8)
    if isinstance(curve, ParametricCurve) and curve == ParametricCurve(curve.g):
        return b"curv" + bytes(4) + struct.pack(">IH", 1, round(curve.g * 256))
    samples = np.rint(np.clip(curve.decode(np.linspace(0, 1, 4096)), 0, 1) * 65535).astype(">u2")
    return b"curv" + bytes(4) + struct.pack(">I", len(samples)) + samples.tobytes()


def _assemble(tags: dict[bytes, bytes]) -> bytes:
    """Header, table and the tags' data; equal data stand once."""
    start = _HEADER + 4 + 12 * len(tags)
    places: dict[bytes, int] = {}
    body = b""
    table = struct.pack(">I", len(tags))
    for name, data in tags.items():
        if data not in places:
            places[data] = start + len(body)
            body += data + bytes(-len(data) % 4)
        table += name + struct.pack(">II", places[data], len(data))
    header = struct.pack(">I4sI4s4s4s", start + len(body), b"", 0x02400000, b"mntr", b"RGB ", b"XYZ ")
    header += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28)
    header += struct.pack(">3i", *(round(float(v) * 65536) for v in D50))
    return header.ljust(_HEADER, b"\0") + table + body
