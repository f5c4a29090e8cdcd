"""Protocol Buffers' wire format, as much of it as ONNX files need: reading fields in place, and writing messages.

https://protobuf.dev/programming-guides/encoding/. So neither running a model nor building a small graph needs an ONNX
library.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5  # wire types


def messages(data: bytes, start: int, end: int, number: int) -> Iterator[tuple[int, int]]:
    """Begin and end of every field of that number that holds bytes: strings and messages inside the message."""
    return ((a, b) for n, wire_type, a, b in fields(data, start, end) if (n, wire_type) == (number, BYTES))


def fields(data: bytes, position: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """Number, wire type, begin and end of the value of every field of one message.

    Raises:
        ValueError: the bytes are no message.
    """
    while position < end:
        key, position = varint(data, position, end)
        number, wire_type = key >> 3, key & 7
        length = 0
        if wire_type == VARINT:
            _, after = varint(data, position, end)
            length = after - position
        elif wire_type == BYTES:
            length, position = varint(data, position, end)
        elif wire_type in (FIXED64, FIXED32):
            length = 8 if wire_type == FIXED64 else 4
        else:
            raise ValueError(f"found a field of wire type {wire_type}, expected an ONNX model")
        if position + length > end:
            raise ValueError(f"found a field that ends at byte {position + length}, expected at most {end}")
        yield number, wire_type, position, position + length
        position += length


def varint(data: bytes, position: int, end: int) -> tuple[int, int]:
    """A number of seven bits a byte, lowest first, and the position after it."""
    value = 0
    for shift in range(0, 70, 7):
        if position >= end:
            break
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
    raise ValueError("found a number without an end, expected an ONNX model")


def integer_field(number: int, value: int) -> bytes:
    """A field that holds a whole number, below zero as 64-bit two's complement."""
    return _varint(number << 3 | VARINT) + _varint(value & (1 << 64) - 1)


def bytes_field(number: int, value: bytes | str) -> bytes:
    """A field that holds a string, bytes or a message."""
    content = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | BYTES) + _varint(len(content)) + content


def float_field(number: int, value: float) -> bytes:
    """A field that holds a number in float32."""
    return _varint(number << 3 | FIXED32) + struct.pack("<f", value)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
