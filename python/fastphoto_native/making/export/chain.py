"""What a chain is made of, whatever its network: places of alignment, segments and the style graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import onnx

from .graph import Graph
from .layers import statistics


@dataclass(frozen=True)
class Point:
    """A place in the chain where content meets style: features of some name, width and stride."""

    name: str
    channels: int
    stride: int


@dataclass(frozen=True)
class Segment:
    """One graph of the chain, with the tensors it takes from and leaves to its neighbours beside the features."""

    model: onnx.ModelProto
    carry_in: list[str]
    carry_out: list[str]


@dataclass(frozen=True)
class Chain:
    """A whole model: one segment more than there are points."""

    points: list[Point]
    style: onnx.ModelProto
    segments: list[Segment]
    size_multiple: int


def level_points(widths: Sequence[int], levels: Sequence[int]) -> list[Point]:
    """VGG-19's relu<level>_1, deepest first."""
    deepest_first = sorted(levels, reverse=True)
    return [Point(f"relu{level}_1", widths[level - 1], 2 ** (level - 1)) for level in deepest_first]


def code_names(level: int) -> list[str]:
    """The pooling codes that the decoder of a level needs."""
    return [f"code_{k}" for k in range(1, level)]


def statistics_outputs(g: Graph, point: Point, features: str, labels: str, suffix: str = "") -> None:
    """Adds the outputs mean and covariance of a point's features."""
    mean, covariance = statistics(g, features, point.channels, labels)
    c = point.channels
    g.output(f"mean{suffix}", mean, ["labels", c])
    g.output(f"covariance{suffix}", covariance, ["labels", c, c])
