"""ONNX files without an ONNX library: small graphs are written, and the weights of a model are read.

The making of models uses the library `onnx`, which checks what it writes. Loss graphs depend on the photos' size and
are built when they run, so that their writer must not ask for more than the package has. Fields are numbered as in
https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastphoto_native.runtime.protobuf import (
    BYTES,
    VARINT,
    bytes_field,
    fields,
    float_field,
    integer_field,
    messages,
    varint,
)

OPSET, IR_VERSION = 17, 8  # as in the models
_TYPES: dict[np.dtype[Any], int] = {np.dtype(np.float32): 1, np.dtype(np.int64): 7, np.dtype(np.float16): 10}
_DTYPES: dict[int, np.dtype[Any]] = {number: dtype for dtype, number in _TYPES.items()}
_INT, _INTS, _FLOAT, _STRING = 2, 7, 1, 3  # AttributeProto.AttributeType


class OnnxFile:
    """A graph under construction: operators are called like functions and return the name of their output.

    g = OnnxFile("double")
    x = g.input("x", [1, 3, 4, 4])
    g.output("y", g.Add(x, x), [1, 3, 4, 4])
    model = g.to_bytes()
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._nodes: list[bytes] = []
        self._inputs: list[bytes] = []
        self._outputs: list[bytes] = []
        self._constants: dict[str, tuple[str, bytes]] = {}
        self._names = 0

    def input(self, name: str, shape: Sequence[int]) -> str:
        """A float32 input of fixed shape."""
        self._inputs.append(_value_info(name, shape))
        return name

    def output(self, name: str, value: str, shape: Sequence[int]) -> None:
        """Gives a float32 value to the outside."""
        self._nodes.append(_node("Identity", [value], [name], f"out_{name}", {}))
        self._outputs.append(_value_info(name, shape))

    def constant(self, value: NDArray[Any]) -> str:
        """A float32 or int64 constant; equal small ones are stored once."""
        array = np.ascontiguousarray(value)
        key = f"{array.dtype}_{array.shape}_{array.tobytes().hex()}" if array.size <= 8 else self._next("weight")
        if key not in self._constants:
            name = self._next("constant")
            tensor = b"".join(integer_field(1, n) for n in value.shape)
            tensor += integer_field(2, _TYPES[array.dtype]) + bytes_field(8, name) + bytes_field(9, array.tobytes())
            self._constants[key] = name, tensor
        return self._constants[key][0]

    def scalar(self, value: float) -> str:
        """A float32 number."""
        return self.constant(np.array(value, np.float32))

    def ints(self, *values: int) -> str:
        """A vector of whole numbers."""
        return self.constant(np.array(values, np.int64))

    def __getattr__(self, operator: str) -> Callable[..., str]:
        if not operator[:1].isupper():
            raise AttributeError(operator)

        def call(*inputs: str, **attributes: Any) -> str:
            name = self._next(operator)
            self._nodes.append(_node(operator, inputs, [name], name, attributes))
            return name

        return call

    def to_bytes(self) -> bytes:
        """The model, as a file would hold it."""
        parts = [bytes_field(1, node) for node in self._nodes]
        parts.append(bytes_field(2, self._name))
        parts += [bytes_field(5, tensor) for _, tensor in self._constants.values()]
        parts += [bytes_field(11, value) for value in self._inputs]
        parts += [bytes_field(12, value) for value in self._outputs]
        opset = bytes_field(1, "") + integer_field(2, OPSET)
        return (
            integer_field(1, IR_VERSION)
            + bytes_field(2, "fastphoto-native")
            + bytes_field(7, b"".join(parts))
            + bytes_field(8, opset)
        )

    def _next(self, base: str) -> str:
        self._names += 1
        return f"{base}_{self._names}"


def _node(operator: str, inputs: Sequence[str], outputs: Sequence[str], name: str, attributes: dict[str, Any]) -> bytes:
    parts = [bytes_field(1, x) for x in inputs]
    parts += [bytes_field(2, y) for y in outputs]
    parts += [bytes_field(3, name), bytes_field(4, operator)]
    parts += [bytes_field(5, _attribute(key, value)) for key, value in attributes.items()]
    return b"".join(parts)


def _attribute(name: str, value: Any) -> bytes:
    start = bytes_field(1, name)
    if isinstance(value, int):
        return start + integer_field(3, value) + integer_field(20, _INT)
    if isinstance(value, float | np.floating):
        return start + float_field(2, float(value)) + integer_field(20, _FLOAT)
    if isinstance(value, str):
        return start + bytes_field(4, value) + integer_field(20, _STRING)
    return start + b"".join(integer_field(8, n) for n in value) + integer_field(20, _INTS)


def _value_info(name: str, shape: Sequence[int]) -> bytes:
    dimensions = b"".join(bytes_field(1, integer_field(1, n)) for n in shape)
    tensor = integer_field(1, _TYPES[np.dtype(np.float32)]) + bytes_field(2, dimensions)
    return bytes_field(1, name) + bytes_field(2, bytes_field(1, tensor))


def read_constants(model: bytes) -> dict[str, NDArray[Any]]:
    """The constants of a model's graph by name: float32, float16 and int64 ones that are stored as raw bytes.

    Raises:
        ValueError: the bytes are no ONNX model.
    """
    found = {}
    for graph in messages(model, 0, len(model), 7):
        for tensor in messages(model, *graph, 5):
            named = _read_tensor(model, *tensor)
            if named:
                found[named[0]] = named[1]
    return found


def _read_tensor(model: bytes, start: int, end: int) -> tuple[str, NDArray[Any]] | None:
    shape: list[int] = []
    name, dtype, raw = "", None, None
    for number, wire_type, a, b in fields(model, start, end):
        if number == 1 and wire_type == VARINT:
            shape.append(varint(model, a, b)[0])
        elif number == 1 and wire_type == BYTES:  # packed
            while a < b:
                extent, a = varint(model, a, b)
                shape.append(extent)
        elif number == 2 and wire_type == VARINT:
            dtype = _DTYPES.get(varint(model, a, b)[0])
        elif number == 8 and wire_type == BYTES:
            name = model[a:b].decode(errors="replace")
        elif number == 9 and wire_type == BYTES:
            raw = (a, b)
    if dtype is None or raw is None:
        return None
    values = np.frombuffer(model[raw[0] : raw[1]], dtype.newbyteorder("<"))
    count = int(np.prod(shape, dtype=object)) if shape else 1
    if count != values.size:
        raise ValueError(f"constant '{name}' has {values.size} numbers, expected {count}")
    return name, values.reshape(shape)
