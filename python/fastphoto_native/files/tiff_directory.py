"""Reads what a TIFF says of itself before libvips opens it: which page is the photo, and whether it is one."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

SUBFILE, BITS, COMPRESSION, PHOTOMETRIC, SAMPLES, PLANAR, ORIENTATION = 254, 258, 259, 262, 277, 284, 274
TILE_WIDTH, COLOR_MAP, SUB_IFDS, EXTRA_SAMPLES, SAMPLE_FORMAT, DNG_VERSION = 322, 320, 330, 338, 339, 50706
CFA, LINEAR_RAW = 32803, 34892
_PALETTE, _SEPARATED = 3, 5
_COLOURS = {0: 1, 1: 1, 2: 3, 5: 4, 6: 3}  # samples of a pixel, by photometric interpretation
_TRANSPARENCY = (1, 2)  # kinds of extra samples: multiplied into the colours, or not
_FLOATING_POINT = 3
_UNREAD = {8: "CIE Lab", 9: "ICC Lab", 10: "ITU Lab", 32844: "LogL", 32845: "LogLuv"}

COMPRESSIONS = {
    1: "none",
    2: "CCITT RLE",
    3: "CCITT Group 3",
    4: "CCITT Group 4",
    5: "LZW",
    6: "JPEG of the old style",
    7: "JPEG",
    8: "deflate",
    32773: "PackBits",
    32946: "deflate",
    33003: "JPEG 2000",
    33005: "JPEG 2000",
    34676: "SGI LogLuv",
    34677: "SGI LogLuv",
    34712: "JPEG 2000",
    34887: "LERC",
    34925: "LZMA",
    50000: "Zstandard",
    50001: "WebP",
    52546: "JPEG XL",
}

# Type of an entry: its size and struct's letter.
_TYPES = {1: (1, "B"), 3: (2, "H"), 4: (4, "I"), 13: (4, "I"), 16: (8, "Q"), 18: (8, "Q")}
_MOST_ENTRIES = 4096
_MOST_PAGES = 64
_MOST_VALUES = 16

Read = Callable[[int, int], bytes]
Page = dict[int, tuple[int, ...]]


@dataclass(frozen=True)
class Directory:
    """What the pages say.

    Attributes:
        page: the number of the photo's page: the first that is not a reduced picture.
        tags: that page's.
        raw: whether this is a camera's raw file.
    """

    page: int
    tags: Page
    raw: bool

    def first(self, tag: int, default: int) -> int:
        """The first value of a tag."""
        return (self.tags.get(tag) or (default,))[0]

    def complaint(self) -> str | None:
        """What would be read wrongly, in words, or None."""
        if self.first(PLANAR, 1) == 2 and self.first(SAMPLES, 1) == 2:
            return "a TIFF of grey and alpha in separate planes; expected them pixel by pixel"
        if TILE_WIDTH in self.tags and self.first(PLANAR, 1) == 2 and self.first(SAMPLES, 1) > 1:
            return "a TIFF of tiles in separate planes; expected them pixel by pixel"
        if (photometric := self.first(PHOTOMETRIC, 1)) in _UNREAD:
            return f"a TIFF in {_UNREAD[photometric]} colours; expected RGB, grey or CMYK: save it as RGB"
        if photometric == _PALETTE and COLOR_MAP not in self.tags:
            return "a TIFF with a palette that is missing"
        if (bits := self.first(BITS, 1)) not in (1, 2, 4, 8, 16, 32):
            return f"a TIFF of {bits} bits per channel; expected 8 or 16, or floating point of 16 or 32"
        if self.first(SAMPLE_FORMAT, 1) == _FLOATING_POINT:
            if photometric == _SEPARATED:
                return "a TIFF of CMYK in floating point; expected CMYK of 8 or 16 bits, or RGB"
            if bits == 16 and self.first(PLANAR, 1) == 2 and self.first(SAMPLES, 1) > 1:  # libvips garbles these
                return "a TIFF of half precision in separate planes; expected them pixel by pixel, or 32 bits"
        return None

    def bands(self) -> list[int] | None:
        """The samples of a pixel that are the photo: colours and transparency; None if these are all.

        Editors keep selections and spot colours as further samples, which are no transparency.
        """
        extra, colours = self.tags.get(EXTRA_SAMPLES), _COLOURS.get(self.first(PHOTOMETRIC, 1))
        if not extra or colours is None or self.first(SAMPLES, 1) != colours + len(extra):
            return None
        alpha = [colours + k for k, kind in enumerate(extra) if kind in _TRANSPARENCY][:1]
        chosen = [*range(colours), *alpha]
        return None if len(chosen) == colours + len(extra) else chosen

    def compression(self) -> str:
        """Its name."""
        code = self.first(COMPRESSION, 1)
        return COMPRESSIONS.get(code, f"number {code}")


def read_directory(read: Read) -> Directory | None:
    """Walks the pages of a TIFF; None if that cannot be done.

    Args:
        read: bytes at an offset, fewer at the file's end.
    """
    try:
        pages = _pages(read)
    except (struct.error, IndexError):
        return None
    if not pages:
        return None
    reduced = [(tags.get(SUBFILE) or (0,))[0] & 1 for tags, _ in pages]
    page = reduced.index(0) if 0 in reduced else 0
    everything = [tags for tags, _ in pages] + [tags for _, inner in pages for tags in inner]
    raw = any(DNG_VERSION in tags for tags in everything) or any(
        (tags.get(PHOTOMETRIC) or (0,))[0] in (CFA, LINEAR_RAW) for tags in everything
    )
    # A thumbnail alone, with something else below it: the photo is where only its camera's maker knows.
    raw = raw or (0 not in reduced and any(inner for _, inner in pages))
    return Directory(page, pages[page][0], raw)


def _pages(read: Read) -> list[tuple[Page, list[Page]]]:
    head = read(0, 16)
    order = "<" if head[:2] == b"II" else ">"
    big = struct.unpack_from(f"{order}H", head, 2)[0] == 43
    at = struct.unpack_from(f"{order}{'Q' if big else 'I'}", head, 8 if big else 4)[0]
    pages: list[tuple[Page, list[Page]]] = []
    seen: set[int] = set()
    while at and at not in seen and len(pages) < _MOST_PAGES:
        seen.add(at)
        tags, at = _ifd(read, at, order, big)
        inner = []
        for offset in tags.get(SUB_IFDS, ()):
            try:
                inner.append(_ifd(read, offset, order, big)[0])
            except (struct.error, IndexError):
                continue
        pages.append((tags, inner))
    return pages


def _ifd(read: Read, at: int, order: str, big: bool) -> tuple[Page, int]:
    """The entries of one directory that hold whole numbers, and where the next one is."""
    counter, entry_size, inline = ("Q", 20, 8) if big else ("H", 12, 4)
    counter_size = struct.calcsize(counter)
    count = struct.unpack(order + counter, read(at, counter_size))[0]
    if count > _MOST_ENTRIES:
        raise struct.error("too many entries")
    table = read(at + counter_size, count * entry_size + inline)
    tags: Page = {}
    for i in range(count):
        tag, kind = struct.unpack_from(f"{order}HH", table, i * entry_size)
        number = struct.unpack_from(order + ("Q" if big else "I"), table, i * entry_size + 4)[0]
        if kind not in _TYPES or number == 0:
            continue
        size, letter = _TYPES[kind]
        wanted = min(number, _MOST_VALUES)
        value = i * entry_size + (12 if big else 8)
        if size * number <= inline:
            tags[tag] = struct.unpack_from(f"{order}{wanted}{letter}", table, value)
            continue
        offset = struct.unpack_from(order + ("Q" if big else "I"), table, value)[0]
        data = read(offset, wanted * size)
        if len(data) == wanted * size:
            tags[tag] = struct.unpack(f"{order}{wanted}{letter}", data)
    after = struct.unpack_from(order + ("Q" if big else "I"), table, count * entry_size)[0]
    return tags, after
