"""Photo files made by hand, byte for byte, so that the tests do not trust the library under test to write them."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6


def png_chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(
    rows: NDArray[Any],
    colour_type: int,
    depth: int,
    extra: Sequence[tuple[bytes, bytes]] = (),
    size: tuple[int, int] | None = None,
) -> bytes:
    """A PNG. rows: H x W x channels (or H x W) integers; extra: chunks before the pixels; size: a lie in the header."""
    rows = rows.reshape(*rows.shape[:2], -1)
    height, width = size or rows.shape[:2]
    lines = rows.reshape(len(rows), -1)
    if depth == 16:
        packed = lines.astype(">u2").view(np.uint8).reshape(len(rows), -1)
    elif depth == 8:
        packed = lines.astype(np.uint8)
    else:
        bits = (lines[..., None] >> np.arange(depth - 1, -1, -1)) & 1
        packed = np.packbits(bits.reshape(len(rows), -1).astype(np.uint8), axis=1)
    pixels = b"".join(b"\0" + line.tobytes() for line in packed)
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0))
        + b"".join(png_chunk(name, data) for name, data in extra)
        + png_chunk(b"IDAT", zlib.compress(pixels))
        + png_chunk(b"IEND", b"")
    )


def tiff(pixels: NDArray[Any], tags: dict[int, int]) -> bytes:
    """An uncompressed little-endian TIFF of H x W x channels (uint8, uint16, uint32, float32), with more tags."""
    height, width, channels = pixels.shape
    data = pixels.astype(pixels.dtype.newbyteorder("<")).tobytes()
    bits = pixels.dtype.itemsize * 8
    entries = {256: width, 257: height, 258: bits, 259: 1, 262: 2 if channels > 2 else 1, 273: 0, 277: channels}
    entries |= {278: height, 279: len(data), 339: 3 if pixels.dtype.kind == "f" else 1} | tags
    table_size = 2 + 12 * len(entries) + 4
    depths = struct.pack(f"<{channels}H", *[bits] * channels)
    formats = struct.pack(f"<{channels}H", *[entries[339]] * channels)
    depths_at, formats_at = 8 + table_size, 8 + table_size + len(depths)
    entries[273] = formats_at + len(formats)
    table = struct.pack("<H", len(entries))
    for tag in sorted(entries):
        if tag in (258, 339) and channels > 1:
            inline = struct.pack("<2H", *[entries[tag]] * 2) if channels == 2 else None
            at = depths_at if tag == 258 else formats_at
            table += struct.pack("<HHI", tag, 3, channels) + (inline or struct.pack("<I", at))
        else:
            table += struct.pack("<HHII", tag, 4, 1, entries[tag])
    return b"II*\0" + struct.pack("<I", 8) + table + b"\0\0\0\0" + depths + formats + data


def icc_profile(space: bytes, tags: dict[bytes, bytes]) -> bytes:
    """An ICC profile of version 2 for a display: space is b"RGB " or b"GRAY"."""
    tags = {b"desc": b"desc" + bytes(4) + struct.pack(">I", 2) + b"x\0" + bytes(78), **tags}
    body, table = b"", struct.pack(">I", len(tags))
    start = 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        table += name + struct.pack(">II", start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    white = struct.pack(">3i", *(round(v * 65536) for v in (0.9642, 1.0, 0.8249)))
    header = struct.pack(">I4sI4s4s4s", start + len(body), b"", 0x02100000, b"mntr", space, b"XYZ ")
    header += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + white
    return header.ljust(128, b"\0") + table + body


def icc_xyz(values: Sequence[float] | NDArray[np.float64]) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(v * 65536) for v in values))


def icc_gamma(gamma: float) -> bytes:
    return b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256))


def icc_table(values: NDArray[np.float64]) -> bytes:
    return b"curv" + bytes(4) + struct.pack(f">I{len(values)}H", len(values), *np.rint(values * 65535).astype(int))


def icc_matrix_profile(colorants: NDArray[np.float64], curve: bytes) -> bytes:
    """An RGB profile; colorants: 3 x 3, columns the XYZ (D50) of red, green and blue."""
    names = (b"rXYZ", b"gXYZ", b"bXYZ")
    tags = {name: icc_xyz(colorants[:, i]) for i, name in enumerate(names)}
    tags |= {b"wtpt": icc_xyz([0.9642, 1.0, 0.8249])} | dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    return icc_profile(b"RGB ", tags)


def icc_grey_profile(curve: bytes) -> bytes:
    return icc_profile(b"GRAY", {b"wtpt": icc_xyz([0.9642, 1.0, 0.8249]), b"kTRC": curve})


def iccp(profile: bytes) -> tuple[bytes, bytes]:
    """A PNG's chunk with a profile."""
    return b"iCCP", b"x\0\0" + zlib.compress(profile)


# ----------------------------------------------------------------------------------------------------------------- EXIF

EXIF_IFD, GPS_IFD, INTEROP_IFD = 0x8769, 0x8825, 0xA005
ASCII, SHORT, LONG, RATIONAL, UNDEFINED = 2, 3, 4, 5, 7
Entries = dict[int, tuple[int, Any]]


def exif_block(
    main: Entries,
    camera: Entries | None = None,
    gps: Entries | None = None,
    interop: Entries | None = None,
    thumbnail: bytes = b"",
    order: str = "<",
) -> bytes:
    """EXIF with its prefix. Entries: tag -> (type, value); an ASCII value is a str, a RATIONAL a list of pairs."""
    body = b""
    start = 8

    def directory(entries: Entries, inner: dict[int, int], following: int = 0) -> tuple[bytes, int]:
        """Data, then the table; where the table begins."""
        nonlocal body
        table = {tag: struct.pack(f"{order}HHII", tag, LONG, 1, at) for tag, at in inner.items()}
        for tag, (kind, value) in entries.items():
            data, count = exif_value(kind, value, order)
            if len(data) <= 4:
                table[tag] = struct.pack(f"{order}HHI", tag, kind, count) + data.ljust(4, b"\0")
            else:
                table[tag] = struct.pack(f"{order}HHII", tag, kind, count, start + len(body))
                body += data + bytes(len(data) % 2)
        packed = struct.pack(f"{order}H", len(table)) + b"".join(table[tag] for tag in sorted(table))
        at = start + len(body)
        body += packed + struct.pack(f"{order}I", following)
        return packed, at

    inner, of_camera = {}, {}
    if interop:
        of_camera[INTEROP_IFD] = directory(interop, {})[1]
    if camera or interop:
        inner[EXIF_IFD] = directory(camera or {}, of_camera)[1]
    if gps:
        inner[GPS_IFD] = directory(gps, {})[1]
    second = 0
    if thumbnail:
        at = start + len(body)
        body += thumbnail + bytes(len(thumbnail) % 2)
        second = directory({0x0201: (LONG, at), 0x0202: (LONG, len(thumbnail)), 0x0103: (SHORT, 6)}, {})[1]
    _, first = directory(main, inner, second)
    mark = b"II*\0" if order == "<" else b"MM\0*"
    return b"Exif\0\0" + mark + struct.pack(f"{order}I", first) + body


def exif_value(kind: int, value: Any, order: str) -> tuple[bytes, int]:
    """Bytes and number of values."""
    if kind == ASCII:
        data = value.encode() + b"\0"
        return data, len(data)
    if kind == UNDEFINED:
        return value, len(value)
    if kind == RATIONAL:
        return b"".join(struct.pack(f"{order}II", *pair) for pair in value), len(value)
    return struct.pack(f"{order}{'H' if kind == SHORT else 'I'}", value), 1


def jpeg_with(jpeg: bytes, *segments: tuple[int, bytes]) -> bytes:
    """A JPEG with more segments, such as (0xE1, EXIF), after its first marker."""
    extra = b"".join(struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data for marker, data in segments)
    return jpeg[:2] + extra + jpeg[2:]
