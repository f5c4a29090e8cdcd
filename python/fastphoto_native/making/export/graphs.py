"""The chain of a PhotoWCT model as ONNX graphs: one style graph, and one segment more than there are alignments.

Segment 0 hands on the photo's colours; segment 1 aligns them and encodes the deepest level; each further segment
aligns, decodes and encodes the next shallower level; the last one aligns and decodes. The photo itself travels along
(carry "image"), and a level changes it by what the alignment changed in the decoder's output:

    image' = image + decode(aligned features) - decode(features)

so whatever the decoder cannot rebuild stays in the photo, and equal styles change nothing. `changes` weigh luma and
chroma of what a level changes: structure is in the luma, likeness in both (docs/lab/models.md).

Segments after which nothing is pooled any more may run their convolutions in half precision. Before, its rounding would
decide which of nearly equal values is a maximum, and move what the decoders then put back (docs/lab/models.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import onnx
from onnx import TensorProto

from .chain import Chain, Point, Segment, code_names, level_points, statistics_outputs
from .graph import Graph
from .layers import Weights, align, decode_change, encode, weigh_change
from .settings import check_changes

Changes = Mapping[str, Mapping[str, float]]

SIZE_MULTIPLE = 8  # the stride of the deepest level


def change_chain(
    weights: Weights, widths: Sequence[int], levels: Sequence[int], changes: Changes | None = None, half: bool = False
) -> Chain:
    """The chain of the colours and the given levels, from the recipe's weights (names as in training/network.py).

    Args:
        weights: of the encoder and the decoders.
        widths: of the encoder's levels.
        levels: those that align features.
        changes: by the name of a level's point "luma" and "chroma", factors of what it changes; without an entry 1.
        half: whether the program may run the last segments in half precision.
    """
    changes = {} if changes is None else changes
    check_changes(changes, [point.name for point in level_points(widths, levels)], "the model")
    style = style_graph(weights, widths, levels)
    return Chain(
        alignment_points(widths, levels), style, segments(weights, widths, levels, changes, half), SIZE_MULTIPLE
    )


def alignment_points(widths: Sequence[int], levels: Sequence[int]) -> list[Point]:
    """The colours, then the given levels, deepest first."""
    return [Point("colours", 3, 1), *level_points(widths, levels)]


def style_graph(weights: Weights, widths: Sequence[int], levels: Sequence[int]) -> onnx.ModelProto:
    """Photo (1 x 3 x H x W) and label weights at each point's stride -> mean_<point>, covariance_<point>."""
    g = Graph("style")
    image = g.input("image", [1, 3, "height", "width"])
    features, _ = encode(g, weights, image, max(levels))
    for point in alignment_points(widths, levels):
        labels = g.input(f"labels_{point.name}", ["labels", 1, f"h_{point.name}", f"w_{point.name}"])
        here = image if point.name == "colours" else features[int(point.name[4]) - 1]
        statistics_outputs(g, point, here, labels, f"_{point.name}")
    return g.to_model()


def segments(
    weights: Weights, widths: Sequence[int], levels: Sequence[int], changes: Changes, half: bool
) -> list[Segment]:
    points = alignment_points(widths, levels)
    built = []
    for index in range(len(points) + 1):
        pools = any(point.stride > 1 for point in points[index:])
        g = Graph(f"segment_{index}", half=half and not pools)
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
                carry_in = ["image", *code_names(level)]
                image = g.input("image", [1, 3, "height", "width"])
                codes = [g.input(n, [1, widths[k], f"h_{n}", f"w_{n}"], TensorProto.UINT8)
                         for k, n in enumerate(code_names(level))]  # fmt: skip
                change = decode_change(g, weights, aligned, features, codes, level)
                if before.name in changes:
                    change = weigh_change(g, change, **changes[before.name], name=f"change_factors.{level - 1}")
                image = g.Add(image, change)
        if after is None:
            g.output("photo", image, [1, 3, "height", "width"])
        else:
            if after.name == "colours":
                features = image
            else:
                level = int(after.name[4])
                # The encoder has only seen photos; values outside their range would be extrapolated.
                encoded, codes = encode(g, weights, g.Clip(image, g.scalar(0.0), g.scalar(1.0)), level)
                features = g.to_float(encoded[-1])
                carry_out = ["image", *code_names(level)]
                g.output("image_out", image, [1, 3, "height", "width"])
                for k, (name, code) in enumerate(zip(code_names(level), codes, strict=True)):
                    g.output(f"{name}_out", code, [1, widths[k], f"h_{name}", f"w_{name}"], TensorProto.UINT8)
            next_labels = g.input("next_labels", ["next", 1, "h_next", "w_next"])
            g.output("features_out", features, [1, after.channels, "h_out", "w_out"])
            statistics_outputs(g, after, features, next_labels)
        built.append(Segment(g.to_model(), carry_in, carry_out))
    return built
