"""The look estimator as an ONNX graph: the features and layers of network.py, written a second time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from ..export.graph import Graph
from .aligning_graph import aligned_change, statistics_of

# In half precision, or in 8 bits with a scale for each row, which is named NAME.scale.
Weights = Mapping[str, NDArray[Any]]

# As in grades.py and network.py, which need PyTorch; tests/python/test_estimating.py compares the results.
LUMA = np.array([[0.2126, 0.7152, 0.0722]], np.float32)
CHROMA = (np.array([[1, 0, -1], [-1, 2, -1]]) / np.sqrt([[2], [6]])).astype(np.float32)
LEAST_VARIANCE = 1e-4
TONES, COLOURS, HUES, PLACES, HUE_REACH = 8, 4, 5, 4, 0.36
RANKS = (0.005, 0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98, 0.995)
LEAST_CHANGE, LEAST_SHARE = 0.005, 0.02
PAIRS: list[tuple[int, ...]] = [(0, 1), (0, 2), (1, 2)]
THIRDS: list[tuple[int, ...]] = [(i, j, k) for i in range(3) for j in range(i, 3) for k in range(j, 3)]
ERRORS_AT_NOTHING, ERRORS_SCALE = -20.0, 5.0
REGION_STEPS = (1, 2, 2, 1, 1)


class Features:
    """What the estimator sees of one photo (1 x 3 x side x side)."""

    def __init__(self, g: Graph, photo: str, side: int) -> None:
        self.g, self.count, self.side = g, side * side, side
        pixels = g.Reshape(photo, g.ints(1, 3, -1))
        luma = g.MatMul(g.constant(LUMA, "luma"), pixels)
        chroma = g.MatMul(g.constant(CHROMA, "chroma"), pixels)
        self.statistics_to_align = statistics_of(g, g.Concat(luma, chroma, axis=1), self.count)

        in_tones = self.shares(luma, 0, 1, TONES)
        shares = g.ReduceMean(in_tones, axes=[2], keepdims=1)
        square = g.ReduceSum(g.Mul(chroma, chroma), g.ints(1), keepdims=1)
        size = g.Sqrt(g.Add(square, g.scalar(LEAST_VARIANCE)))
        tints = self.by_tone(in_tones, g.Concat(chroma, size, axis=1))
        u, v = (self.shares(self.channel(chroma, i), -HUE_REACH, HUE_REACH, HUES) for i in range(2))
        r, gr, b = (self.shares(self.channel(pixels, i), 0, 1, COLOURS) for i in range(3))
        both = g.Mul(g.Unsqueeze(r, g.ints(2)), g.Unsqueeze(gr, g.ints(1)))
        colours = self.products(g.Reshape(both, g.ints(1, COLOURS**2, -1)), b)
        hues = self.products(u, v)
        lights = g.Div(self.products(g.Mul(u, luma), v), g.Add(hues, g.scalar(LEAST_SHARE)))
        self.roots = [g.Sqrt(g.Add(self.flat(h), g.scalar(1e-4))) for h in (shares, hues, colours)]
        cell = side // PLACES
        self.layout = g.Reshape(g.AveragePool(photo, kernel_shape=[cell] * 2, strides=[cell] * 2), g.ints(1, 3, -1))
        statistics = self.statistics(pixels, luma, chroma)
        channels = [g.ReduceMean(self.shares(self.channel(pixels, i), 0, 1, TONES), axes=[2], keepdims=1)
                    for i in range(3)]  # fmt: skip
        ends = [g.Sqrt(g.Add(self.flat(g.Concat(*channels, axis=1)), g.scalar(1e-4))), *self.cues(photo, pixels, side)]
        late = [self.flat(lights), self.quantiles(g.Concat(pixels, luma, size, axis=1)),
                self.changes(g.Concat(luma, chroma, axis=1), in_tones)]  # fmt: skip
        self.seen = g.Concat(statistics, tints, *self.roots, self.flat(self.layout), *ends, *late, axis=1)

    def cues(self, photo: str, pixels: str, side: int) -> list[str]:
        g = self.g
        found = []
        for axis in (2, 3):
            later = g.Slice(photo, g.ints(1), g.ints(side), g.ints(axis))
            earlier = g.Slice(photo, g.ints(0), g.ints(side - 1), g.ints(axis))
            change = g.ReduceMean(g.Abs(g.Sub(later, earlier)), axes=[2, 3], keepdims=0)
            found.append(g.Log(g.Add(change, g.scalar(0.005))))
        square = g.Mul(pixels, pixels)
        fourth = g.ReduceMean(g.Mul(square, square), axes=[2], keepdims=0)
        return [*found, g.Sqrt(g.Sqrt(g.Add(fourth, g.scalar(LEAST_VARIANCE))))]

    def by_tone(self, in_tones: str, values: str, count: int = 0) -> str:
        g = self.g
        shares = g.Add(g.ReduceMean(in_tones, axes=[2], keepdims=1), g.scalar(LEAST_SHARE))
        return self.flat(g.Div(self.products(in_tones, values, count), shares))

    def quantiles(self, values: str) -> str:
        g = self.g
        rising, _ = g.TopK(values, g.ints(self.count), outputs=2, axis=2, largest=0)
        return self.flat(g.Gather(rising, g.ints(*[round(rank * (self.count - 1)) for rank in RANKS]), axis=2))

    def changes(self, values: str, in_tones: str) -> str:
        g, side = self.g, self.side

        def part(x: str, top: int, left: int) -> str:
            ends = g.ints(top + side - 1, left + side - 1)
            cut: str = g.Slice(g.Reshape(x, g.ints(1, -1, side, side)), g.ints(top, left), ends, g.ints(2, 3))
            return cut

        here = part(values, 1, 1)
        change = g.Add(*(g.Abs(g.Sub(here, part(values, *place))) for place in ((0, 1), (1, 0))))
        change, shares = (
            g.Reshape(x, g.ints(1, count, -1)) for x, count in ((change, 3), (part(in_tones, 1, 1), TONES))
        )
        mean: str = g.Log(g.Add(self.by_tone(shares, change, (side - 1) ** 2), g.scalar(LEAST_CHANGE)))
        return mean

    def flat(self, x: str) -> str:
        result: str = self.g.Reshape(x, self.g.ints(1, -1))
        return result

    def channel(self, x: str, index: int) -> str:
        result: str = self.g.Gather(x, self.g.ints(index), axis=1)
        return result

    def shares(self, values: str, low: float, high: float, bins: int) -> str:
        """1 x 1 x N values to 1 x bins x N."""
        g = self.g
        place = g.Div(g.Sub(values, g.scalar(low)), g.scalar(high - low))
        place = g.Mul(g.Clip(place, g.scalar(0.0), g.scalar(1.0)), g.scalar(bins - 1.0))
        centres = g.constant(np.arange(bins, dtype=np.float32).reshape(1, -1, 1))
        result: str = g.Relu(g.Sub(g.scalar(1.0), g.Abs(g.Sub(place, centres))))
        return result

    def products(self, left: str, right: str, count: int = 0) -> str:
        """Means over pixels (all, or so many) of left (1 x A x N) times right (1 x B x N): 1 x A x B."""
        g = self.g
        summed = g.MatMul(left, g.Transpose(right, perm=[0, 2, 1]))
        result: str = g.Div(summed, g.scalar(float(count or self.count)))
        return result

    def moments(self, values: str, places: list[tuple[int, ...]]) -> str:
        g = self.g
        result = g.Gather(values, g.ints(*[p[0] for p in places]), axis=1)
        for i in range(1, len(places[0])):
            result = g.Mul(result, g.Gather(values, g.ints(*[p[i] for p in places]), axis=1))
        mean: str = g.ReduceMean(result, axes=[2], keepdims=1)
        return mean

    def statistics(self, pixels: str, luma: str, chroma: str) -> str:
        g = self.g
        x = g.Concat(g.Sub(luma, g.scalar(0.45)), chroma, axis=1)
        mean = g.ReduceMean(x, axes=[2], keepdims=1)
        centred = g.Sub(x, mean)
        variance = g.ReduceMean(g.Mul(centred, centred), axes=[2], keepdims=1)
        deviation = g.Sqrt(g.Add(variance, g.scalar(LEAST_VARIANCE)))
        z = g.Div(centred, deviation)
        thirds = g.Clip(self.moments(z, THIRDS), g.scalar(-6.0), g.scalar(6.0))
        tones = []
        for tone in (g.Sub(g.scalar(1.0), luma), luma):
            weight = g.Mul(tone, tone)
            total = g.Add(g.ReduceMean(weight, axes=[2], keepdims=1), g.scalar(0.01))
            tones.append(g.Div(g.ReduceMean(g.Mul(chroma, weight), axes=[2], keepdims=1), total))
        square = g.ReduceSum(g.Mul(chroma, chroma), g.ints(1), keepdims=1)
        saturation = g.ReduceMean(g.Sqrt(g.Add(square, g.scalar(LEAST_VARIANCE))), axes=[2], keepdims=1)
        least = g.ReduceMin(pixels, axes=[2], keepdims=1)
        most = g.Sub(g.scalar(1.0), g.ReduceMax(pixels, axes=[2], keepdims=1))
        parts = [mean, g.Log(deviation), self.moments(z, PAIRS), thirds, *tones, saturation, least, most]
        return self.flat(g.Concat(*parts, axis=1))


def _look_at(g: Graph, content: Features, style: Features) -> str:
    alike = [g.ReduceSum(g.Mul(p, q), g.ints(1), keepdims=1)
             for p, q in zip(content.roots, style.roots, strict=True)]  # fmt: skip
    difference = g.Sub(content.layout, style.layout)
    apart = g.ReduceMean(g.Mul(difference, difference), axes=[2], keepdims=0)
    seen: str = g.Concat(content.seen, style.seen, *alike, apart, axis=1)
    return seen


def _stored(g: Graph, weights: Weights, name: str, prefix: str) -> str:
    value = g.weight(weights[name], prefix + name)
    if weights[name].dtype == np.int8:
        value = g.Mul(value, g.constant(weights[f"{name}.scale"], f"{prefix}{name}.scale"))
    return value


def _linear(g: Graph, weights: Weights, name: str, prefix: str, x: str) -> str:
    """Weights are stored as PyTorch has them: outputs x inputs."""
    stored, bias = (_stored(g, weights, f"{name}.{part}", prefix) for part in ("weight", "bias"))
    result: str = g.Gemm(x, stored, bias, transB=1)
    return result


def _regions(g: Graph, weights: Weights, prefix: str, photo: str) -> str:
    """Mean colours and squares of the regions into which the network divides a thumbnail, and mean features."""

    def convolution(x: str, name: str, side: int, step: int) -> str:
        stored, bias = (_stored(g, weights, f"regions.{name}.{part}", prefix) for part in ("weight", "bias"))
        edge = side // 2
        result: str = g.Conv(x, stored, bias, kernel_shape=[side] * 2, strides=[step] * 2, pads=[edge] * 4)
        return result

    x = g.Mul(g.Sub(photo, g.scalar(0.5)), g.scalar(4.0))
    for index, step in enumerate(REGION_STEPS):
        x = g.Relu(convolution(x, f"layers.{index}", 3, step))
    divided = convolution(x, "divide", 1, 1)
    count = weights["regions.divide.bias"].size
    shares = g.Softmax(g.Reshape(divided, g.ints(1, count, -1)), axis=2)
    colours = g.Reshape(g.AveragePool(photo, kernel_shape=[4, 4], strides=[4, 4]), g.ints(1, 3, -1))
    both = g.Concat(colours, g.Mul(colours, colours), axis=1)
    pooled = g.MatMul(both, g.Transpose(shares, perm=[0, 2, 1]))
    found: str = g.Concat(g.Reshape(pooled, g.ints(1, -1)), g.ReduceMean(x, axes=[2, 3], keepdims=0), axis=1)
    return found


def _member(g: Graph, weights: Weights, prefix: str, seen: str, photos: Sequence[str]) -> tuple[str, str]:
    """Weights of the basis and of the aligning parts, and expected errors."""
    mean, scale = (g.constant(weights[n].astype(np.float32)[None], f"{prefix}{n}") for n in ("mean", "scale"))
    x = g.Clip(g.Mul(g.Sub(seen, mean), scale), g.scalar(-4.0), g.scalar(4.0))
    h = _linear(g, weights, "first", prefix, x)
    if "by_region.weight" in weights:
        by_region = g.Concat(*(_regions(g, weights, prefix, photo) for photo in photos), axis=1)
        stored = _stored(g, weights, "by_region.weight", prefix)
        h = g.Add(h, g.MatMul(by_region, g.Transpose(stored, perm=[1, 0])))
    h = g.Relu(h)
    for name in ("second", "third"):
        h = g.Add(h, g.Relu(_linear(g, weights, name, prefix, h)))
    errors = g.Mul(_linear(g, weights, "errors", prefix, h), g.scalar(ERRORS_SCALE))
    return _linear(g, weights, "weights", prefix, h), g.Add(errors, g.scalar(ERRORS_AT_NOTHING))


@dataclass(frozen=True)
class Reach:
    """How far an estimate is taken: the [reach] table of the export's settings."""

    factor: float = 1.0  # of the map: an estimate is a mean of what is likely, which falls short of what is so
    aligned: float = 1.0  # of the aligning parts' weights, beside that: what they bring is least certain


def estimator_graph(
    members: Sequence[Weights], shares: Sequence[float], basis: NDArray[np.float16], side: int, reach: Reach
) -> onnx.ModelProto:
    """The weighted mean of several estimators that share a basis (size x 3 points^3)."""
    g = Graph("estimator")
    photos = [g.input(name, [1, 3, side, side]) for name in ("content", "style")]
    content, style = (Features(g, photo, side) for photo in photos)
    seen = _look_at(g, content, style)
    found = [_member(g, weights, f"{number}.", seen, photos) for number, weights in enumerate(members)]

    def mean(values: Sequence[str], factor: float = 1.0) -> str:
        parts = [g.Mul(v, g.scalar(factor * share)) for v, share in zip(values, shares, strict=True)]
        result: str = parts[0]
        for part in parts[1:]:
            result = g.Add(result, part)
        return result

    points, size = round((basis.shape[1] // 3) ** (1 / 3)), len(basis)
    axes = np.meshgrid(*[np.linspace(0, 1, points, dtype=np.float32)] * 3, indexing="ij")
    nodes = np.stack(axes, -1).reshape(-1, 3)
    weights, errors = mean([w for w, _ in found], reach.factor), mean([e for _, e in found])
    learnt = g.Slice(weights, g.ints(0), g.ints(size), g.ints(1))
    own = g.Mul(g.Slice(weights, g.ints(size), g.ints(2**31 - 1), g.ints(1)), g.scalar(reach.aligned))
    basis_of_colours = np.concatenate((LUMA, CHROMA))
    aligned = aligned_change(g, content.statistics_to_align, style.statistics_to_align, own, nodes, basis_of_colours)
    change = g.Add(g.MatMul(learnt, g.weight(basis, "basis")), aligned)
    g.output("parameters", g.Add(g.constant(nodes.reshape(1, -1), "identity"), change), [1, 3 * points**3])
    g.output("expected_errors", errors, [1, 2])
    return g.to_model()
