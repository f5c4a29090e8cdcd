"""Where did each node of a graph run? Read from ONNX Runtime's own profile of a run, not from what was asked for.

The profile is JSON: an event for each node that ran, subgraphs included, with its operator, the provider that ran it
and the shapes of its inputs and outputs. (https://onnxruntime.ai/docs/performance/tune-performance/profiling-tools.html)
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

COPIES = ("MemcpyToHost", "MemcpyFromHost")  # what the runtime inserts where a value changes sides


class Node(msgspec.Struct, frozen=True):
    """A node that ran: its largest input or output has `elements` numbers."""

    graph: str
    name: str
    operator: str
    provider: str
    elements: int


def nodes_of_profile(graph: str, path: Path) -> list[Node]:
    """Every node that ran, once each (nodes of a Loop run repeatedly)."""
    found: dict[str, Node] = {}
    for event in msgspec.json.decode(path.read_bytes()):
        if event.get("cat") != "Node" or "op_name" not in event.get("args", {}):
            continue
        name, facts = event["name"].removesuffix("_kernel_time"), event["args"]
        # Both graphs around and inside a Loop number their nodes from 0.
        key = f"{facts.get('node_index')} {name}"
        elements = _largest([*facts.get("input_type_shape", []), *facts.get("output_type_shape", [])])
        if key not in found or found[key].elements < elements:
            found[key] = Node(graph, name, facts["op_name"], facts.get("provider", ""), elements)
    return list(found.values())


def strays(nodes: Iterable[Node], provider: str, data_size: int) -> list[Node]:
    """Nodes that handle data (tensors of `data_size` numbers or more) elsewhere, or copy data from side to side.

    Shapes, counts and the like belong on the CPU: kernels that work on the device want them there.
    """
    return [n for n in nodes if n.elements >= data_size and (n.provider != provider or n.operator in COPIES)]


def _largest(tensors: Sequence[dict[str, Any]]) -> int:
    return max((math.prod(shape) for tensor in tensors for shape in tensor.values()), default=0)
