"""Colour as code points (ITU-T H.273): PNG's cICP chunk and the nclx box of AVIF; and what PNG says in other chunks."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from fastphoto_native.files.color_space import BT709, BT2020, D65, ColorSpace, Primaries, space_of_primaries, srgb
from fastphoto_native.files.curves import LINEAR, SRGB_CURVE, Curve, ParametricCurve

_PRIMARIES: dict[int, Primaries] = {
    1: BT709,
    2: BT709,  # unspecified
    4: ((0.67, 0.33), (0.21, 0.71), (0.14, 0.08), (0.310, 0.316)),
    5: ((0.64, 0.33), (0.29, 0.60), (0.15, 0.06), D65),
    6: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), D65),
    7: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), D65),
    9: BT2020,
    11: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.314, 0.351)),
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), D65),
}
# Video's own curves (1, 6, 14, 15) are those of cameras. What is shown to people of such files is shown as sRGB is.
_CURVES: dict[int, Curve] = {
    1: SRGB_CURVE,
    2: SRGB_CURVE,
    4: ParametricCurve(2.2),
    5: ParametricCurve(2.8),
    6: SRGB_CURVE,
    8: LINEAR,
    13: SRGB_CURVE,
    14: SRGB_CURVE,
    15: SRGB_CURVE,
}
_HDR = {16: "PQ", 18: "HLG"}


class UnsupportedColorError(Exception):
    """What a file says of its colours that is not supported here, and what to do about it."""


def space_of_code_points(primaries: int, transfer: int) -> ColorSpace | None:
    """The space that code points name; None if they name none that is known.

    Raises:
        UnsupportedColorError: HDR.
    """
    if transfer in _HDR:
        raise UnsupportedColorError(
            f"HDR ({_HDR[transfer]}) pixels; expected a photo of ordinary range: map its tones first, or save it as "
            "OpenEXR"
        )
    if primaries not in _PRIMARIES or transfer not in _CURVES:
        return None
    if _PRIMARIES[primaries] == BT709 and _CURVES[transfer] == SRGB_CURVE:
        return srgb()
    name = f"H.273 primaries {primaries}, transfer {transfer}"
    return space_of_primaries(name, _PRIMARIES[primaries], _CURVES[transfer])


# ----------------------------------------------------------------------------------------------------------------- PNG


def png_space(head: bytes) -> ColorSpace | None:
    """The space that a PNG's cICP, sRGB, or gAMA and cHRM say, in this order; None if an ICC profile or nothing does.

    Raises:
        UnsupportedColorError: HDR.
    """
    chunks = dict(_png_chunks(head))
    if (code := chunks.get(b"cICP")) and len(code) == 4 and (space := space_of_code_points(code[0], code[1])):
        return space
    if b"iCCP" in chunks:
        return None
    if b"sRGB" in chunks:
        return srgb()
    gamma = chunks.get(b"gAMA", b"")
    if len(gamma) != 4:
        return None
    (stored,) = struct.unpack(">I", gamma)
    if not 5_000 <= stored <= 500_000:  # 0.05 to 5: others are mistakes
        return None
    primaries = _chromaticities(chunks.get(b"cHRM", b""))
    if abs(stored - 45455) < 500:  # what writes this means sRGB
        return srgb() if primaries == BT709 else space_of_primaries("PNG cHRM", primaries, SRGB_CURVE)
    curve = LINEAR if abs(stored - 100_000) < 500 else ParametricCurve(round(256 * 100_000 / stored) / 256)
    return space_of_primaries("PNG gAMA", primaries, curve)


def _png_chunks(head: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Names and data of the chunks before the pixels; of iCCP, which may be long, the name alone."""
    at = 8
    while at + 8 <= len(head):
        length, name = struct.unpack_from(">I4s", head, at)
        if name in (b"IDAT", b"IEND"):
            return
        yield name, b"" if name == b"iCCP" else head[at + 8 : at + 8 + min(length, 1024)]
        at += 12 + length


def _chromaticities(data: bytes) -> Primaries:
    """Of cHRM; BT.709's if there are none or ones that cannot be."""
    if len(data) != 32:
        return BT709
    white, *colours = [(x / 100_000, y / 100_000) for x, y in struct.iter_unpack(">II", data)]
    points = [*colours, white]
    # Negative chromaticities of wide spaces arrive as huge numbers; a file may say anything.
    if any(not (0 <= x <= 1 and 0.001 <= y <= 1 and x + y <= 1) for x, y in points):
        return BT709
    (xr, yr), (xg, yg), (xb, yb) = colours
    if abs((xg - xr) * (yb - yr) - (xb - xr) * (yg - yr)) < 1e-3:  # they lie on a line
        return BT709
    found: Primaries = (colours[0], colours[1], colours[2], white)
    same = all(abs(p - q) < 2e-3 for a, b in zip(found, BT709, strict=True) for p, q in zip(a, b, strict=True))
    return BT709 if same else found


# ---------------------------------------------------------------------------------------------------------------- AVIF

_CONTAINERS = {b"meta": 4, b"iprp": 0, b"ipco": 0}  # bytes before the boxes inside


def avif_space(head: bytes) -> ColorSpace | None:
    """The space that the nclx box of an AVIF's main picture says; None if there is none.

    Raises:
        UnsupportedColorError: HDR.
    """
    for kind, data in _properties(head):
        if kind == b"colr" and data[:4] == b"nclx" and len(data) >= 10:
            primaries, transfer = struct.unpack_from(">HH", data, 4)
            return space_of_code_points(primaries, transfer)
    return None


def _properties(head: bytes) -> list[tuple[bytes, bytes]]:
    """The properties of the main item; of a file that cannot be followed, all."""
    boxes = dict(_boxes(head, b""))
    every = [(path[-4:], data) for path, data in _boxes(head, b"") if path.startswith(b"metaiprpipco")]
    try:
        main = struct.unpack_from(">H", boxes[b"metapitm"], 4)[0]
        indices = _associations(boxes[b"metaiprpipma"])[main]
        return [every[i - 1] for i in indices if 0 < i <= len(every)]
    except (struct.error, KeyError, IndexError):
        return every


def _boxes(data: bytes, path: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Paths such as b"metaiprpipco" + b"colr", and the contents of the boxes there."""
    at = 0
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if length < 8:  # to the end of the file, or of 64 bits: neither where these boxes are
            return
        inner = data[at + 8 : at + length]
        if kind in _CONTAINERS and len(path) < 12:
            yield from _boxes(inner[_CONTAINERS[kind] :], path + kind)
        else:
            yield path + kind, inner
        at += length


def _associations(data: bytes) -> dict[int, list[int]]:
    """Of ipma: for each item the numbers of its properties, from 1 on."""
    version, flags = data[0], data[3]
    (count,) = struct.unpack_from(">I", data, 4)
    at, found = 8, {}
    for _ in range(min(count, 10_000)):
        item = struct.unpack_from(">H" if version < 1 else ">I", data, at)[0]
        at += 2 if version < 1 else 4
        amount = data[at]
        at += 1
        wide = flags & 1
        values = struct.unpack_from(f">{amount}{'H' if wide else 'B'}", data, at)
        at += amount * (2 if wide else 1)
        found[item] = [v & (0x7FFF if wide else 0x7F) for v in values]
    return found
