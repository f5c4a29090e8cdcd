"""A thin layer over onnx.helper: nodes are called like functions and return the name of their output."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from fastphoto_native.runtime.half_precision import COMPUTE_CAST

OPSET = 17  # older runtimes have no CUDA kernels for the Pad and MaxPool of later opsets
IR_VERSION = 8

Shape = Sequence[int | str]


class Graph:
    """One ONNX graph under construction.

    Args:
        name: of the graph.
        parent: the graph around a subgraph.
        half: whether the program may run its convolutions in half precision; that is what to_compute and to_float
            mark, without which they do nothing.
    """

    def __init__(self, name: str, parent: Graph | None = None, half: bool = False) -> None:
        self.name = name
        self.parent = parent
        self.half = half
        self.nodes: list[onnx.NodeProto] = []
        self.inputs: list[onnx.ValueInfoProto] = []
        self.outputs: list[onnx.ValueInfoProto] = []
        self.initializers: dict[str, onnx.TensorProto] = {}
        self._names: set[str] = parent._names if parent else set()  # ONNX wants names unique across subgraphs

    def unique(self, base: str) -> str:
        name, count = base, 1
        while name in self._names:
            count += 1
            name = f"{base}_{count}"
        self._names.add(name)
        return name

    def input(self, name: str, shape: Shape, dtype: int = TensorProto.FLOAT) -> str:
        name = self.unique(name) if self.parent else name
        self._names.add(name)
        self.inputs.append(helper.make_tensor_value_info(name, dtype, list(shape)))
        return name

    def output(self, name: str, value: str, shape: Shape, dtype: int = TensorProto.FLOAT) -> None:
        name = self.unique(name) if self.parent else name
        self._names.add(name)
        self.nodes.append(helper.make_node("Identity", [value], [name], name=self.unique(f"out_{name}")))
        self.outputs.append(helper.make_tensor_value_info(name, dtype, list(shape)))

    def constant(self, value: NDArray[Any], name: str | None = None) -> str:
        """An initializer; equal small constants are stored once, those of subgraphs in the outermost graph."""
        if self.parent:
            return self.parent.constant(value, name)
        if name is None:
            digits = value.tobytes().hex()
            if len(digits) > 48:
                digits = hashlib.sha256(value.tobytes()).hexdigest()
            name = f"const_{value.dtype}_{'x'.join(map(str, value.shape))}_{digits}"
        if name not in self.initializers:
            self._names.add(name)
            self.initializers[name] = numpy_helper.from_array(np.asarray(value, order="C"), name)
        return name

    def ints(self, *values: int) -> str:
        return self.constant(np.array(values, np.int64))

    def scalar(self, value: float) -> str:
        return self.constant(np.array(value, np.float32))

    def weight(self, value: NDArray[np.float16] | NDArray[np.float32], name: str) -> str:
        """A weight. One in half precision is cast to float32: the runtime folds the cast when it loads the graph."""
        if value.dtype == np.float32 and not self.half:
            return self.constant(value, name)
        first = name not in self.initializers
        self.constant(value, name)
        cast = f"{name}_f32"
        if first:
            self._names.add(cast)
            self._cast(name, cast, f"{COMPUTE_CAST if self.half else 'cast'}_{name}")
        return cast

    def to_compute(self, x: str) -> str:
        """To the type that convolutions compute in: float32, or half precision if the program so chooses."""
        if not self.half:
            return x
        y = self.unique(COMPUTE_CAST)
        self._cast(x, y, y)
        return y

    def to_float(self, x: str) -> str:
        """From the convolutions' type back to float32."""
        if not self.half:
            return x
        y = self.unique("float")
        self._cast(x, y, y)
        return y

    def _cast(self, x: str, y: str, name: str) -> None:
        self.nodes.append(helper.make_node("Cast", [x], [y], name=name, to=TensorProto.FLOAT))

    def __getattr__(self, operator: str) -> Callable[..., Any]:
        if not operator[0].isupper():
            raise AttributeError(operator)

        def call(*inputs: str, outputs: int = 1, **attributes: Any) -> Any:
            names = [self.unique(operator.lower()) for _ in range(outputs)]
            self.nodes.append(helper.make_node(operator, inputs, names, name=self.unique(operator), **attributes))
            return names[0] if outputs == 1 else names

        return call

    def subgraph(self, name: str) -> Graph:
        return Graph(name, self)

    def to_proto(self) -> onnx.GraphProto:
        return helper.make_graph(self.nodes, self.name, self.inputs, self.outputs, list(self.initializers.values()))

    def to_model(self) -> onnx.ModelProto:
        model = helper.make_model(
            self.to_proto(),
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name="fastphoto-native",
        )
        onnx.checker.check_model(model, full_check=True)
        return model
