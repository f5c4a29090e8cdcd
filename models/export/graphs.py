"""The chain of a PhotoWCT model as ONNX graphs: one style graph, and one segment more than there are alignments.

Segment 0 hands on the photo's colours; segment 1 aligns them and encodes the deepest level; each further segment
aligns, decodes and encodes the next shallower level; the last one aligns and decodes. The photo itself travels along
(carry "image"), and a level changes it by what the alignment changed in the decoder's output:

    image' = image + decode(aligned features) - decode(features)

so whatever the decoder cannot rebuild stays in the photo, and equal styles change nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import onnx
from onnx import TensorProto

from models.export.graph import Graph
from models.export.layers import Weights, align, decode, encode, statistics


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


def alignment_points(widths: Sequence[int], levels: Sequence[int]) -> list[Point]:
    """The colours, then the given levels, deepest first."""
    deepest_first = sorted(levels, reverse=True)
    return [
        Point("colours", 3, 1),
        *(Point(f"relu{level}_1", widths[level - 1], 2 ** (level - 1)) for level in deepest_first),
    ]


def _statistics_outputs(g: Graph, point: Point, features: str, labels: str, suffix: str = "") -> None:
    mean, covariance = statistics(g, features, point.channels, labels)
    c = point.channels
    g.output(f"mean{suffix}", mean, ["labels", c])
    g.output(f"covariance{suffix}", covariance, ["labels", c, c])


def style_graph(weights: Weights, widths: Sequence[int], levels: Sequence[int]) -> onnx.ModelProto:
    """Photo (1 x 3 x H x W) and label weights at each point's stride -> mean_<point>, covariance_<point>."""
    g = Graph("style")
    image = g.input("image", [1, 3, "height", "width"])
    features, _ = encode(g, weights, image, max(levels))
    for point in alignment_points(widths, levels):
        labels = g.input(f"labels_{point.name}", ["labels", 1, f"h_{point.name}", f"w_{point.name}"])
        here = image if point.name == "colours" else features[int(point.name[4]) - 1]
        _statistics_outputs(g, point, here, labels, f"_{point.name}")
    return g.to_model()


def _code_names(level: int) -> list[str]:
    return [f"code_{k}" for k in range(1, level)]


def segments(weights: Weights, widths: Sequence[int], levels: Sequence[int]) -> list[Segment]:
    points = alignment_points(widths, levels)
    built = []
    for index in range(len(points) + 1):
        g = Graph(f"segment_{index}")
        before = points[index - 1] if index else None
        after = points[index] if index < len(points) else None
        carry_in: list[str] = []
        carry_out: list[str] = []
        if before is None:
            image = g.input("image", [1, 3, "height", "width"])
        else:
            c = before.channels
            features = g.input("features", [1, c, "h", "w"])
            labels = g.input("labels", ["labels", 1, "h_labels", "w_labels"])
            matrix, offset = g.input("matrix", ["labels", c, c]), g.input("offset", ["labels", c])
            aligned = align(g, features, c, labels, matrix, offset)
            if before.name == "colours":
                image = aligned
            else:
                level = int(before.name[4])
                carry_in = ["image", *_code_names(level)]
                image = g.input("image", [1, 3, "height", "width"])
                codes = [g.input(n, [1, widths[k], f"h_{n}", f"w_{n}"], TensorProto.UINT8)
                         for k, n in enumerate(_code_names(level))]  # fmt: skip
                both = decode(g, weights, g.Concat(aligned, features, axis=0), codes, level)
                changed, unchanged = g.Split(both, axis=0, outputs=2)
                image = g.Add(image, g.Sub(changed, unchanged))
        if after is None:
            g.output("photo", image, [1, 3, "height", "width"])
        else:
            if after.name == "colours":
                features = image
            else:
                level = int(after.name[4])
                # The encoder has only seen photos; values outside their range would be extrapolated.
                encoded, codes = encode(g, weights, g.Clip(image, g.scalar(0.0), g.scalar(1.0)), level)
                features = encoded[-1]
                carry_out = ["image", *_code_names(level)]
                g.output("image_out", image, [1, 3, "height", "width"])
                for k, (name, code) in enumerate(zip(_code_names(level), codes, strict=True)):
                    g.output(f"{name}_out", code, [1, widths[k], f"h_{name}", f"w_{name}"], TensorProto.UINT8)
            next_labels = g.input("next_labels", ["next", 1, "h_next", "w_next"])
            g.output("features_out", features, [1, after.channels, "h_out", "w_out"])
            _statistics_outputs(g, after, features, next_labels)
        built.append(Segment(g.to_model(), carry_in, carry_out))
    return built
