"""EXIF of a photo that was turned upright and restyled: what no longer holds is taken out, all else stays as it is.

The bytes are patched where they lie, so that notes of camera makers, whose offsets nobody else knows, stay whole.

Source: CIPA DC-008 (Exif 2.32), TIFF 6.0.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from mmap import mmap

PREFIX = b"Exif\0\0"
ORIENTATION, EXIF_IFD, GPS_IFD, INTEROP_IFD = 0x0112, 0x8769, 0x8825, 0xA005
_THUMBNAIL_AT, _THUMBNAIL_LENGTH = 0x0201, 0x0202
_WIDTH, _HEIGHT = 0xA002, 0xA003
_COLOR_SPACE, _INTEROP_INDEX = 0xA001, 0x0001
_SRGB, _UNCALIBRATED = 1, 0xFFFF
_SHORT, _LONG = 3, 4
_MOST_ENTRIES = 1000
LARGEST = 1 << 24


@dataclass(frozen=True)
class Entry:
    """One entry of a directory: its tag, type, number of values, and where its value field lies."""

    tag: int
    kind: int
    count: int
    value_at: int


def block_of(data: bytes) -> bytearray:
    """EXIF without its prefix, to be changed in place.

    Raises:
        ValueError: it is too long to be EXIF.
    """
    if len(data) > LARGEST:
        raise ValueError("too long")
    return bytearray(data.removeprefix(PREFIX))


class Exif:
    """A block of EXIF, or a classic TIFF, that can be looked into; `data` is not copied.

    Raises:
        ValueError: this is neither.
    """

    def __init__(self, data: bytearray | mmap) -> None:
        if data[:4] not in (b"II*\0", b"MM\0*"):
            raise ValueError("no EXIF")
        self.data = data
        self.order = "<" if data[:2] == b"II" else ">"

    def number(self, letter: str, at: int) -> int:
        """A whole number at an offset."""
        try:
            value: int = struct.unpack_from(self.order + letter, self.data, at)[0]
        except struct.error as error:
            raise ValueError("EXIF that ends too early") from error
        return value

    def entries(self, at: int) -> Iterator[Entry]:
        """The entries of the directory at an offset."""
        count = self.number("H", at)
        if count > _MOST_ENTRIES:
            raise ValueError("too many entries")
        for i in range(count):
            entry = at + 2 + 12 * i
            yield Entry(self.number("H", entry), self.number("H", entry + 2), self.number("I", entry + 4), entry + 8)

    def find(self, at: int, tag: int) -> Entry | None:
        """The entry of a directory with a tag."""
        return next((entry for entry in self.entries(at) if entry.tag == tag), None)

    @property
    def main(self) -> int:
        """Where the first directory lies."""
        return self.number("I", 4)

    def inner(self, tag: int, at: int | None = None) -> int | None:
        """Where a directory lies that an entry of another (the first) points to."""
        entry = self.find(self.main if at is None else at, tag)
        return None if entry is None or entry.kind not in (_LONG, 13) else self.number("I", entry.value_at)

    def whole(self, entry: Entry) -> int:
        """The value of an entry of one whole number."""
        return self.number("H" if entry.kind == _SHORT else "I", entry.value_at)

    def put(self, entry: Entry, value: int) -> None:
        """Replaces the value of an entry of one whole number."""
        letter = "H" if entry.kind == _SHORT else "I"
        if entry.kind in (_SHORT, _LONG) and entry.count == 1 and value < 65536:
            struct.pack_into(self.order + letter, self.data, entry.value_at, value)


def upright_exif(data: bytes, width: int, height: int, is_srgb: bool) -> bytes | None:
    """EXIF for a result: no orientation to apply, no thumbnail of the photo before, the result's size and space.

    Returns:
        The block with its prefix; None if `data` is no EXIF.
    """
    try:
        exif = Exif(block_of(data))
        if entry := exif.find(exif.main, ORIENTATION):
            exif.put(entry, 1)
        _drop_thumbnail(exif)
        camera = exif.inner(EXIF_IFD)
        if camera is not None:
            colors = _SRGB if is_srgb else _UNCALIBRATED  # the ICC profile beside it decides
            for tag, value in ((_WIDTH, width), (_HEIGHT, height), (_COLOR_SPACE, colors)):
                if entry := exif.find(camera, tag):
                    exif.put(entry, value)
            interop = exif.inner(INTEROP_IFD, camera)
            if interop is not None and (entry := exif.find(interop, _INTEROP_INDEX)):
                exif.data[entry.value_at : entry.value_at + 3] = b"R98"
    except ValueError:
        return None
    return PREFIX + bytes(exif.data)


def _drop_thumbnail(exif: Exif) -> None:
    """Blanks the thumbnail's bytes and unhooks its directory."""
    link = exif.main + 2 + 12 * exif.number("H", exif.main)
    if link + 4 > len(exif.data):
        return
    second = exif.number("I", link)
    struct.pack_into(exif.order + "I", exif.data, link, 0)
    if not second:
        return
    try:
        at, length = exif.find(second, _THUMBNAIL_AT), exif.find(second, _THUMBNAIL_LENGTH)
        if at is None or length is None:
            return
        start, end = exif.whole(at), exif.whole(at) + exif.whole(length)
    except ValueError:
        return
    if 8 < start < end <= len(exif.data):
        if end == len(exif.data):
            del exif.data[start:]
        else:
            exif.data[start:end] = bytes(end - start)


def is_adobe_rgb(data: bytes) -> bool:
    """Whether a camera says, without a profile, that its photo is in Adobe RGB (DCF 2.0's optional colour space)."""
    try:
        exif = Exif(block_of(data))
        camera = exif.inner(EXIF_IFD)
        if camera is None or (interop := exif.inner(INTEROP_IFD, camera)) is None:
            return False
        entry = exif.find(interop, _INTEROP_INDEX)
        return entry is not None and bytes(exif.data[entry.value_at : entry.value_at + 3]) == b"R03"
    except ValueError:
        return False
