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
