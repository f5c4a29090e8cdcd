"""A model's graph with its convolutions in half precision, made of the float32 graph as it is loaded.

Export marks where convolutions begin: every `Cast` whose name starts with COMPUTE_CAST brings a feature or a weight to
the type they compute in. In the file that type is float32, and the runtime drops these casts; here their target becomes
float16. Where convolutions end other casts lead back to float32, so whatever is not marked (statistics, alignment, the
photo itself) stays as it was. Only the number of a type changes, in place: no ONNX library is needed to run a model.

Fields are numbered as in https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
"""

from __future__ import annotations

from fastphoto_native.runtime.protobuf import VARINT, fields, messages

COMPUTE_CAST = "compute_cast"
FLOAT, FLOAT16 = 1, 10  # onnx.TensorProto.DataType

_MODEL_GRAPH, _GRAPH_NODE = 7, 1
_NODE_NAME, _NODE_OPERATOR, _NODE_ATTRIBUTE = 3, 4, 5
_ATTRIBUTE_NAME, _ATTRIBUTE_INTEGER = 1, 3


def in_half_precision(model: bytes) -> bytes:
    """The model with every marked cast to float32 turned into one to float16; without such casts, the same model.

    Raises:
        ValueError: the bytes are no ONNX model.
    """
    changed = bytearray(model)
    for graph in messages(model, 0, len(model), _MODEL_GRAPH):
        for node in messages(model, *graph, _GRAPH_NODE):
            names = [model[a:b] for a, b in messages(model, *node, _NODE_NAME)]
            operators = [model[a:b] for a, b in messages(model, *node, _NODE_OPERATOR)]
            if operators != [b"Cast"] or not names or not names[0].startswith(COMPUTE_CAST.encode()):
                continue
            for attribute in messages(model, *node, _NODE_ATTRIBUTE):
                if [model[a:b] for a, b in messages(model, *attribute, _ATTRIBUTE_NAME)] == [b"to"]:
                    _retarget(changed, model, attribute)
    return bytes(changed)


def _retarget(changed: bytearray, model: bytes, attribute: tuple[int, int]) -> None:
    for number, wire_type, start, end in fields(model, *attribute):
        if number == _ATTRIBUTE_INTEGER and wire_type == VARINT and model[start:end] == bytes([FLOAT]):
            changed[start] = FLOAT16
