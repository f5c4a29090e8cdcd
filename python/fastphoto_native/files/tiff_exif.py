"""EXIF and IPTC in TIFF files, whose directories hold them: libvips passes over EXIF and cuts IPTC off.

Source: TIFF 6.0, CIPA DC-008 (Exif 2.32).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from mmap import mmap

from fastphoto_native.files.exif import EXIF_IFD, GPS_IFD, INTEROP_IFD, ORIENTATION, PREFIX, Exif, block_of

# Of the first directory, what says something of the photo and nothing of how its pixels are stored.
_ABOUT = {270, 271, 272, 305, 306, 315, 316, 18246, 18249, 33432, 40091, 40092, 40093, 40094, 40095}
# Notes of camera makers hold offsets that nobody else knows; in another file they would lead astray.
_MAKER_NOTE = 0x927C
_POINTERS = {EXIF_IFD, GPS_IFD, INTEROP_IFD}
# Bytes of one value, and of the units that byte order turns, by type.
_SIZES = {1: (1, 1), 2: (1, 1), 3: (2, 2), 4: (4, 4), 5: (8, 4), 6: (1, 1), 7: (1, 1), 8: (2, 2), 9: (4, 4),
          10: (8, 4), 11: (4, 4), 12: (8, 8), 13: (4, 4)}  # fmt: skip
_LONG, _UNDEFINED = 4, 7
_IPTC = 33723
_LARGEST_VALUE = 1 << 20


@dataclass
class _Directory:
    """Types and little-endian values of entries by tag, and the directories that entries point to."""

    values: dict[int, tuple[int, bytes]] = field(default_factory=dict)
    inner: dict[int, _Directory] = field(default_factory=dict)


def exif_of_tiff(data: bytearray | mmap) -> bytes | None:
    """What a classic TIFF says of its photo, as a block of EXIF; None if it says nothing."""
    try:
        exif = Exif(data)
        top = _read(exif, exif.main, set())
    except ValueError:
        return None
    about = {tag: value for tag, value in top.values.items() if tag in _ABOUT}
    inner = {tag: directory for tag, directory in top.inner.items() if directory.values or directory.inner}
    if not about and not inner:
        return None
    body, start = _write(_Directory(about, inner), 8)
    return PREFIX + b"II*\0" + struct.pack("<I", start) + body


def upright_tiff(tiff: bytes) -> bytes:
    """A classic TIFF whose first directory has an orientation of 1, if it has one."""
    try:
        exif = Exif(bytearray(tiff))
        if entry := exif.find(exif.main, ORIENTATION):
            exif.put(entry, 1)
    except ValueError:
        return tiff
    return bytes(exif.data)


def iptc_of_tiff(data: bytearray | mmap) -> bytes | None:
    """The records of IPTC in a classic TIFF."""
    try:
        exif = Exif(data)
        entry = exif.find(exif.main, _IPTC)
        if entry is None or entry.kind not in _SIZES:
            return None
        length = _SIZES[entry.kind][0] * entry.count
        if not 4 < length <= _LARGEST_VALUE:
            return None
        start = exif.number("I", entry.value_at)
    except ValueError:
        return None
    return bytes(exif.data[start : start + length])


def tiff_with_metadata(tiff: bytes, exif_block: bytes | None, iptc: bytes | None) -> bytes:
    """A little-endian classic TIFF with the directories of a block of EXIF and the records of IPTC, appended.

    Raises:
        ValueError: one of them is not what it should be.
    """
    added = _Directory()
    if exif_block is not None:
        exif = Exif(block_of(exif_block))
        added = _read(exif, exif.main, set())
        added.values = {tag: value for tag, value in added.values.items() if tag in _ABOUT and tag != ORIENTATION}
    if iptc is not None:
        added.values[_IPTC] = (_UNDEFINED, iptc)
    if tiff[:4] != b"II*\0":
        raise ValueError("no little-endian classic TIFF")
    (old,) = struct.unpack_from("<I", tiff, 4)
    (count,) = struct.unpack_from("<H", tiff, old)
    stored = {}
    for i in range(count):
        entry = tiff[old + 2 + 12 * i : old + 14 + 12 * i]
        stored[struct.unpack_from("<H", entry)[0]] = entry
    after = tiff[old + 2 + 12 * count : old + 6 + 12 * count]
    padding = bytes(len(tiff) % 2)
    body, start = _write(added, len(tiff) + len(padding), stored, after)
    return tiff[:4] + struct.pack("<I", start) + tiff[8:] + padding + body


def _read(exif: Exif, at: int, seen: set[int]) -> _Directory:
    if at in seen or len(seen) > 8:
        raise ValueError("directories in a circle")
    seen.add(at)
    found = _Directory()
    for entry in exif.entries(at):
        if entry.tag == _MAKER_NOTE or entry.kind not in _SIZES:
            continue
        size, unit = _SIZES[entry.kind]
        length = size * entry.count
        if not 0 < length <= _LARGEST_VALUE:
            continue
        if entry.tag in _POINTERS:
            if entry.kind in (_LONG, 13):
                found.inner[entry.tag] = _read(exif, exif.number("I", entry.value_at), seen)
            continue
        start = entry.value_at if length <= 4 else exif.number("I", entry.value_at)
        value = bytes(exif.data[start : start + length])
        if len(value) == length:
            found.values[entry.tag] = (entry.kind, value if exif.order == "<" else _swapped(value, unit))
    return found


def _swapped(value: bytes, unit: int) -> bytes:
    return b"".join(value[i : i + unit][::-1] for i in range(0, len(value), unit))


def _write(
    directory: _Directory, base: int, stored: Mapping[int, bytes] | None = None, after: bytes = bytes(4)
) -> tuple[bytes, int]:
    """Bytes to stand at the offset `base`, and where in the file the directory begins.

    Args:
        directory: what to write.
        base: even.
        stored: more entries, 12 bytes each, that are complete already; those of `directory` replace them.
        after: where the next directory is.
    """
    body = b""
    entries = dict(stored or {})
    for tag, inner in directory.inner.items():
        below, start = _write(inner, base + len(body))
        body += below
        entries[tag] = struct.pack("<HHII", tag, _LONG, 1, start)
    for tag, (kind, value) in directory.values.items():
        count = len(value) // _SIZES[kind][0]
        if len(value) <= 4:
            entries[tag] = struct.pack("<HHI", tag, kind, count) + value.ljust(4, b"\0")
        else:
            entries[tag] = struct.pack("<HHII", tag, kind, count, base + len(body))
            body += value + bytes(len(value) % 2)
    table = struct.pack("<H", len(entries)) + b"".join(entries[tag] for tag in sorted(entries)) + after
    return body + table + bytes(len(table) % 2), base + len(body)
