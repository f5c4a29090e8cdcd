"""Finds holes of zeros in a JPEG, as bad sectors and broken downloads leave them: decoders take them for pixels.

Zeros are a valid stream of the shortest codes. Whether they can be meant follows from the Huffman tables: the code of
all zeros is the first symbol of its table, and what a flat area repeats is "no difference" (DC 0) and "end of block"
(AC 0).

Source: ITU-T T.81 (JPEG), annexes B, C, F and G.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field
from mmap import mmap

# Zeros in a row that no photo's stream has by chance: 2048 bits.
_HOLE = re.compile(rb"\0{256}")
_NEXT_MARKER = re.compile(rb"\xff[^\0\xd0-\xd7\xff]")
_SOF, _DHT, _SOS, _EOI = range(0xC0, 0xD0), 0xC4, 0xDA, 0xD9
_NO_FRAMES = {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = {0xC2, 0xC6}
_HUFFMAN = {0xC0, 0xC1, 0xC2}


@dataclass
class _Tables:
    """The first symbol of each Huffman table, by class (0 DC, 1 AC) and number."""

    first: dict[tuple[int, int], int] = field(default_factory=dict)

    def read(self, data: bytes) -> None:
        at = 0
        while at + 17 <= len(data):
            count = sum(data[at + 1 : at + 17])
            if at + 17 + count > len(data) or count == 0:
                return
            self.first[data[at] >> 4, data[at] & 15] = data[at + 17]
            at += 17 + count


def has_hole(data: bytes | mmap) -> bool:
    """Whether the main picture of a JPEG has zeros where its tables do not allow for them."""
    tables, progressive, at = _Tables(), False, 2
    try:
        while at + 4 <= len(data):
            if data[at] != 0xFF:
                return False  # not a part of it that can be followed; the decoder will say what is wrong
            marker = data[at + 1]
            if marker == 0xFF:
                at += 1
                continue
            if marker == _EOI:
                return False
            (length,) = struct.unpack_from(">H", data, at + 2)
            body = data[at + 4 : at + 2 + length]
            if marker == _DHT:
                tables.read(body)
            elif marker in _SOF and marker not in _NO_FRAMES:
                if marker not in _HUFFMAN:
                    return False
                progressive = marker in _PROGRESSIVE
            at += 2 + length
            if marker == _SOS:
                found = _NEXT_MARKER.search(data, at)
                end = found.start() if found else len(data)
                if _HOLE.search(data, at, end) and not _may_be_zeros(body, tables, progressive):
                    return True
                at = end
    except (struct.error, IndexError, KeyError):
        return False
    return False


def _may_be_zeros(scan: bytes, tables: _Tables, progressive: bool) -> bool:
    """Whether a scan's stream may be all zeros for long."""
    count = scan[0]
    start, approximation = scan[1 + 2 * count], scan[3 + 2 * count]
    if progressive and start > 0:
        return False  # flat areas are one code there, which says how many blocks
    if progressive and approximation >> 4:
        return True  # one bit of each block's mean, without any code
    for i in range(count):
        choice = scan[2 + 2 * i]
        if tables.first[0, choice >> 4] != 0 or (not progressive and tables.first[1, choice & 15] != 0):
            return False
    return True
