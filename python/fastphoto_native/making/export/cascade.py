"""The published PhotoWCT cascade as ONNX graphs: each level's decoder replaces the photo.

Li et al., ECCV 2018, section 3.1 and figure 3: for the levels 4, 3, 2, 1 encode the photo, align the features, decode
them with the encoder's pooling positions; the decoded photo is what the next level encodes. Segment 0 encodes level 4;
segments 1 to 3 align, decode and encode the next level; segment 4 aligns and decodes level 1.

Every level has its own encoder, as in the published weights. Its first layer is a 1x1 convolution that turns RGB in
0..1 into what VGG-19 expects; all others reflect at the border.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import onnx
from onnx import TensorProto

from .chain import Chain, Segment, code_names, level_points, statistics_outputs
from .graph import Graph
from .layers import Weights, align, convolution, decoder_trunk, encoder_trunk

LEVELS = (4, 3, 2, 1)  # deepest first
# Four pixels at the deepest level of the smallest photo: reflection by one pixel needs two along each side.
SIZE_MULTIPLE = 16


def cascade_chain(weights: Weights, widths: Sequence[int]) -> Chain:
    """The chain from weights named e1..e4 (encoders) and d1..d4 (decoders), `<network>.<layer>.weight` and `.bias`."""
    return Chain(level_points(widths, LEVELS), _style_graph(weights, widths), _segments(weights, widths), SIZE_MULTIPLE)


def _layers(g: Graph, weights: Weights, network: str) -> Callable[..., str]:
    def conv(name: str, x: str, relu: bool = True) -> str:
        return convolution(g, weights, f"{network}.{name}", x, relu, reflect=True)

    return conv


def _encode(g: Graph, weights: Weights, image: str, level: int, network: str) -> tuple[list[str], list[str]]:
    kernel = g.weight(weights[f"{network}.conv0.weight"], f"{network}.conv0.weight")
    bias = g.weight(weights[f"{network}.conv0.bias"], f"{network}.conv0.bias")
    x = g.Conv(image, kernel, bias, kernel_shape=[1, 1])
    return encoder_trunk(g, _layers(g, weights, network), x, level)


def _shares_layers(weights: Weights, level: int) -> bool:
    """Whether a level's encoder is the beginning of the deepest one, as VGG-19's own are."""
    names = [n for n in weights if n.startswith(f"e{level}.")]
    return all(np.array_equal(weights[n], weights[f"e4{n[2:]}"]) for n in names)


def _style_graph(weights: Weights, widths: Sequence[int]) -> onnx.ModelProto:
    """A level's style features come from that level's encoder; encoders that share their layers run once."""
    g = Graph("style")
    image = g.input("image", [1, 3, "height", "width"])
    deepest, _ = _encode(g, weights, image, 4, "e4")
    for level, point in zip(LEVELS, level_points(widths, LEVELS), strict=True):
        shared = _shares_layers(weights, level)
        features = deepest[level - 1] if shared else _encode(g, weights, image, level, f"e{level}")[0][-1]
        labels = g.input(f"labels_{point.name}", ["labels", 1, f"h_{point.name}", f"w_{point.name}"])
        statistics_outputs(g, point, features, labels, f"_{point.name}")
    return g.to_model()


def _segments(weights: Weights, widths: Sequence[int]) -> list[Segment]:
    points = level_points(widths, LEVELS)
    built = []
    for index in range(len(points) + 1):
        g = Graph(f"segment_{index}")
        carry_in: list[str] = []
        carry_out: list[str] = []
        if index == 0:
            image = g.input("image", [1, 3, "height", "width"])
        else:
            level, c = LEVELS[index - 1], points[index - 1].channels
            features = g.input("features", [1, c, "h", "w"])
            labels = g.input("labels", ["labels", 1, "h_labels", "w_labels"])
            matrix, offset = g.input("matrix", ["labels", c, c]), g.input("offset", ["labels", c])
            carry_in = code_names(level)
            codes = [g.input(n, [1, widths[k], f"h_{n}", f"w_{n}"], TensorProto.UINT8) for k, n in enumerate(carry_in)]
            aligned = align(g, features, c, labels, matrix, offset)
            conv = _layers(g, weights, f"d{level}")
            image = conv("conv1_1", decoder_trunk(g, conv, aligned, codes, level), relu=False)
        if index == len(points):
            g.output("photo", image, [1, 3, "height", "width"])
        else:
            level, point = LEVELS[index], points[index]
            levels, codes = _encode(g, weights, image, level, f"e{level}")
            carry_out = code_names(level)
            for k, (name, code) in enumerate(zip(carry_out, codes, strict=True)):
                g.output(f"{name}_out", code, [1, widths[k], f"h_{name}", f"w_{name}"], TensorProto.UINT8)
            next_labels = g.input("next_labels", ["next", 1, "h_next", "w_next"])
            g.output("features_out", levels[-1], [1, point.channels, "h_out", "w_out"])
            statistics_outputs(g, point, levels[-1], next_labels)
        built.append(Segment(g.to_model(), carry_in, carry_out))
    return built
