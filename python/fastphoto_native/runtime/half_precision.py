"""A model's graph with its convolutions in half precision, made of the float32 graph as it is loaded.

Export marks where convolutions begin: every `Cast` whose name starts with COMPUTE_CAST brings a feature or a weight to
the type they compute in. In the file that type is float32, and the runtime drops these casts; here their target becomes
float16. Where convolutions end other casts lead back to float32, so whatever is not marked (statistics, alignment, the
photo itself) stays as it was. Only the number of a type changes, in place: no ONNX library is needed to run a model.

ONNX files are Protocol Buffers: https://protobuf.dev/programming-guides/encoding/, fields as numbered in
https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
"""

from __future__ import annotations

from collections.abc import Iterator

COMPUTE_CAST = "compute_cast"
FLOAT, FLOAT16 = 1, 10  # onnx.TensorProto.DataType

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5  # wire types
_MODEL_GRAPH, _GRAPH_NODE = 7, 1
_NODE_NAME, _NODE_OPERATOR, _NODE_ATTRIBUTE = 3, 4, 5
_ATTRIBUTE_NAME, _ATTRIBUTE_INTEGER = 1, 3


def in_half_precision(model: bytes) -> bytes:
    """The model with every marked cast to float32 turned into one to float16; without such casts, the same model.

    Raises:
        ValueError: the bytes are no ONNX model.
    """
    changed = bytearray(model)
    for graph in _messages(model, 0, len(model), _MODEL_GRAPH):
        for node in _messages(model, *graph, _GRAPH_NODE):
            names = [model[a:b] for a, b in _messages(model, *node, _NODE_NAME)]
            operators = [model[a:b] for a, b in _messages(model, *node, _NODE_OPERATOR)]
            if operators != [b"Cast"] or not names or not names[0].startswith(COMPUTE_CAST.encode()):
                continue
            for attribute in _messages(model, *node, _NODE_ATTRIBUTE):
                if [model[a:b] for a, b in _messages(model, *attribute, _ATTRIBUTE_NAME)] == [b"to"]:
                    _retarget(changed, model, attribute)
    return bytes(changed)


def _retarget(changed: bytearray, model: bytes, attribute: tuple[int, int]) -> None:
    for number, wire_type, start, end in _fields(model, *attribute):
        if number == _ATTRIBUTE_INTEGER and wire_type == _VARINT and model[start:end] == bytes([FLOAT]):
            changed[start] = FLOAT16


def _messages(data: bytes, start: int, end: int, number: int) -> Iterator[tuple[int, int]]:
    """Begin and end of every field of that number that holds bytes: strings and messages inside the message."""
    return ((a, b) for n, wire_type, a, b in _fields(data, start, end) if (n, wire_type) == (number, _BYTES))


def _fields(data: bytes, position: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """Number, wire type, begin and end of the value of every field of one message."""
    while position < end:
        key, position = _varint(data, position, end)
        number, wire_type = key >> 3, key & 7
        length = 0
        if wire_type == _VARINT:
            _, after = _varint(data, position, end)
            length = after - position
        elif wire_type == _BYTES:
            length, position = _varint(data, position, end)
        elif wire_type in (_FIXED64, _FIXED32):
            length = 8 if wire_type == _FIXED64 else 4
        else:
            raise ValueError(f"found a field of wire type {wire_type}, expected an ONNX model")
        if position + length > end:
            raise ValueError(f"found a field that ends at byte {position + length}, expected at most {end}")
        yield number, wire_type, position, position + length
        position += length


def _varint(data: bytes, position: int, end: int) -> tuple[int, int]:
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
