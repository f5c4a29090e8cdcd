"""Plain WCT as ONNX graphs: each level's decoder replaces the picture, and knows nothing of the content's positions.

Li et al., "Universal Style Transfer via Feature Transforms", NeurIPS 2017, section 3.3: for the levels from the deepest
to the first encode the picture, align the features, decode them with upsampling; the decoded picture is what the next
level encodes. Unlike the photorealistic chain nothing of the content is carried along, so that textures move.

All levels share the recipe's encoder. Decoders are those that the recipe trains with `upsampling = true`. Published
networks have an encoder for each level and reflect at the border: `published_chain`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from .chain import Chain, Point, Segment, level_points, statistics_outputs
from .graph import Graph
from .layers import Weights, align, convolution, decoder_trunk, encoder_trunk, plain_pool, repeat

Encode = Callable[[Graph, str, int], str]  # graph, picture, level -> features
Decode = Encode


def artistic_chain(weights: Weights, widths: Sequence[int], levels: Sequence[int]) -> Chain:
    """The chain of the given levels, from the recipe's weights (names as in training/network.py)."""

    def encode(g: Graph, image: str, level: int) -> str:
        signed = g.Sub(g.Mul(image, g.scalar(2.0)), g.scalar(1.0))
        return encoder_trunk(g, _layers(g, weights, "encoder"), signed, level, plain_pool)[0][-1]

    def decode(g: Graph, features: str, level: int) -> str:
        conv = _layers(g, weights, f"decoders.{level - 1}")
        return conv("conv1_1", _enlarged(g, conv, features, level), relu=False)

    points = level_points(widths, levels)
    return _chain(points, encode, decode, size_multiple=points[0].stride)


def published_chain(weights: Weights, widths: Mapping[int, int]) -> Chain:
    """The chain of networks named e5..e1 and d5..d1, each encoder with a 1x1 layer conv0 that prepares RGB in 0..1.

    Args:
        weights: `e5.conv0.weight`, `e5.conv1_1.weight` and so on.
        widths: of the features, by level.
    """

    def encode(g: Graph, image: str, level: int) -> str:
        kernel, bias = (g.weight(weights[f"e{level}.conv0.{p}"], f"e{level}.conv0.{p}") for p in ("weight", "bias"))
        prepared = g.Conv(image, kernel, bias, kernel_shape=[1, 1])
        return encoder_trunk(g, _layers(g, weights, f"e{level}", True), prepared, level, plain_pool)[0][-1]

    def decode(g: Graph, features: str, level: int) -> str:
        conv = _layers(g, weights, f"d{level}", True)
        return conv(
            "conv1_1", _enlarged(g, conv, features, level), relu=True
        )  # as published: pictures have no negatives

    levels = sorted(widths, reverse=True)
    points = [Point(f"relu{level}_1", widths[level], 2 ** (level - 1)) for level in levels]
    return _chain(points, encode, decode, size_multiple=2 * points[0].stride)  # reflection needs two pixels


def _layers(g: Graph, weights: Weights, network: str, reflect: bool = False) -> Callable[..., str]:
    def conv(name: str, x: str, relu: bool = True) -> str:
        return convolution(g, weights, f"{network}.{name}", x, relu, reflect=reflect)

    return conv


def _enlarged(g: Graph, conv: Callable[..., str], features: str, level: int) -> str:
    return decoder_trunk(g, conv, features, [""] * (level - 1), level, repeat)


def _chain(points: list[Point], encode: Encode, decode: Decode, size_multiple: int) -> Chain:
    style = Graph("style")
    image = style.input("image", [1, 3, "height", "width"])
    for point in points:
        labels = style.input(f"labels_{point.name}", ["labels", 1, f"h_{point.name}", f"w_{point.name}"])
        statistics_outputs(style, point, encode(style, image, _level(point)), labels, f"_{point.name}")
    segments = [_segment(points, encode, decode, index) for index in range(len(points) + 1)]
    return Chain(points, style.to_model(), segments, size_multiple)


def _level(point: Point) -> int:
    return int(point.name[4])


def _segment(points: list[Point], encode: Encode, decode: Decode, index: int) -> Segment:
    g = Graph(f"segment_{index}")
    if index == 0:
        image = g.input("image", [1, 3, "height", "width"])
    else:
        before = points[index - 1]
        c = before.channels
        features = g.input("features", [1, c, "h", "w"])
        labels = g.input("labels", ["labels", 1, "h_labels", "w_labels"])
        matrix, offset = g.input("matrix", ["labels", c, c]), g.input("offset", ["labels", c])
        image = decode(g, align(g, features, c, labels, matrix, offset), _level(before))
    if index == len(points):
        g.output("photo", image, [1, 3, "height", "width"])
    else:
        # Encoders have only seen photos; values outside their range would be extrapolated.
        after = points[index]
        encoded = encode(g, g.Clip(image, g.scalar(0.0), g.scalar(1.0)), _level(after))
        next_labels = g.input("next_labels", ["next", 1, "h_next", "w_next"])
        g.output("features_out", encoded, [1, after.channels, "h_out", "w_out"])
        statistics_outputs(g, after, encoded, next_labels)
    return Segment(g.to_model(), [], [])
