"""Every loss is in the value and in the gradient: finite differences, for each kind of network and layer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import fastphoto_native as fp
import numpy as np
import pytest
from fastphoto_native.optimise import (
    ContentTarget,
    Features,
    MattingLaplacian,
    NetworkLoss,
    Objective,
    OutOfRange,
    StyleTarget,
    Term,
    TotalVariation,
    gram_matrix,
)
from fastphoto_native.optimise.network import CAFFE, SIGNED, layer_size
from fastphoto_native.runtime.onnx_runtime import OnnxRuntime
from loss_networks import random_network
from numpy.typing import NDArray
from reference import matting

Float32Array = NDArray[np.float32]
RUNTIME = OnnxRuntime("cpu", 1)


def picture(height: int, width: int, seed: int = 0) -> Float32Array:
    return np.random.default_rng(seed).random((3, height, width), np.float32)


def network_loss(network: Any, size: tuple[int, int], layers: tuple[str, ...], labels: int) -> NetworkLoss:
    """Style and content losses of about the same size at each layer, for random photos and soft masks."""
    rng = np.random.default_rng(1)
    others = Features(network, size, layers, RUNTIME).of(picture(*size, seed=2))
    styles = []
    for layer, features in others.items():
        for label in range(max(labels, 1)):
            height, width = layer_size(network, layer, size)
            mask = rng.random((height, width), np.float32) if labels else None
            divisor = features[0].size
            gram = gram_matrix(features, mask, divisor)
            styles.append(StyleTarget(layer, str(label), gram, divisor, 1 / float((gram**2).sum()), mask))
    contents = [ContentTarget(layer, f, 1 / float((f**2).sum())) for layer, f in others.items()]
    return NetworkLoss(network, size, styles, contents, RUNTIME)


def check_gradient(term: Term, x: Float32Array, step: float, tolerance: float) -> None:
    """The slope along random directions, by central differences of the value."""
    _, gradient = term.evaluate(x)
    rng = np.random.default_rng(3)
    largest = float(np.linalg.norm(gradient))
    assert largest > 0
    for _ in range(4):
        direction = rng.standard_normal(x.shape).astype(np.float32)
        direction += gradient * np.float32(5 / largest * np.linalg.norm(direction))  # a slope that rounding cannot hide
        direction /= np.float32(np.linalg.norm(direction))
        up, down = (sum(term.evaluate(x + np.float32(s) * direction)[0].values()) for s in (step, -step))
        slope = float(np.vdot(gradient, direction))
        assert (up - down) / (2 * step) == pytest.approx(slope, rel=tolerance)


# Values are float32 sums: 1e-6 of about 10, so slopes of about 1 over 2 * 0.02 are good to 1e-3. Kinks of ReLU and
# maxima are crossed by few of the units on the way; what they take part in is a few tenths of a percent.
STEP, TOLERANCE = 0.02, 1e-2


@pytest.mark.parametrize("labels", [0, 2])
@pytest.mark.parametrize("padding", ["zero", "reflect"])
@pytest.mark.parametrize("pooling", ["max", "average"])
@pytest.mark.parametrize(("size", "ceil"), [((16, 20), False), ((17, 23), False), ((17, 23), True)])
def test_network_losses(pooling: Any, padding: Any, size: tuple[int, int], ceil: bool, labels: int) -> None:
    network = replace(random_network(), pooling=pooling, padding=padding, ceil=ceil)
    loss = network_loss(network, size, ("relu1_1", "relu2_1", "conv3_1"), labels)
    check_gradient(loss, picture(*size), STEP, TOLERANCE)


def test_every_layer_alone() -> None:
    for layer in ("conv1_1", "relu1_2", "relu2_2", "relu3_1"):
        loss = network_loss(random_network(), (16, 20), (layer,), 0)
        check_gradient(loss, picture(16, 20), STEP, TOLERANCE)


def test_caffes_units() -> None:
    small = random_network(preprocessing=CAFFE)
    loss = network_loss(small, (12, 12), ("relu2_1",), 0)
    check_gradient(loss, picture(12, 12), STEP, TOLERANCE)


def test_embedded_network() -> None:
    network = fp.optimise.embedded_network()
    assert network.convolutions[0] == "conv1_1"
    assert network.convolutions[-1] == "conv4_1"
    loss = network_loss(network, (32, 40), ("relu1_1", "relu2_1", "relu3_1", "relu4_1"), 0)
    check_gradient(loss, picture(32, 40), STEP, TOLERANCE)


def test_total_variation() -> None:
    check_gradient(TotalVariation(1e-3, 2.0), picture(7, 9), 1e-2, 1e-3)
    x = picture(5, 6).astype(np.float64)
    value = (np.diff(x, axis=1) ** 2).sum() + (np.diff(x, axis=2) ** 2).sum()
    assert TotalVariation(0.5, 3.0).evaluate(picture(5, 6))[0]["total variation"] == pytest.approx(4.5 * value)


def test_out_of_range() -> None:
    x = 1.5 * picture(7, 9, seed=3) - 0.2
    check_gradient(OutOfRange(3.0), x, 1e-3, 1e-2)
    below, above = np.minimum(x, 0), np.maximum(x - 1, 0)
    values, gradient = OutOfRange(3.0).evaluate(x)
    assert values["out of range"] == pytest.approx(3 * float((below**2 + above**2).sum()), rel=1e-5)
    assert not gradient[(x >= 0) & (x <= 1)].any()


def test_matting_laplacian() -> None:
    content = picture(8, 9, seed=5).transpose(1, 2, 0)
    term = MattingLaplacian(fp.Smoother(content, eps=1e-4), 10.0)
    check_gradient(term, picture(8, 9), 1e-2, 1e-3)
    L = matting.matting_laplacian(content.astype(np.float64), 1e-4, 1)
    x = picture(8, 9).reshape(3, -1).astype(np.float64)
    assert term.evaluate(picture(8, 9))[0]["matting"] == pytest.approx(10 * np.einsum("ci,ij,cj", x, L, x), rel=1e-4)


def test_an_objective_sums_its_terms() -> None:
    terms: list[Term] = [TotalVariation(1.0, 1.0), TotalVariation(2.0, 1.0)]
    total, gradient, values = Objective(terms[:1]).evaluate(picture(5, 6))
    both, twice, _ = Objective([terms[0], _Renamed(terms[1])]).evaluate(picture(5, 6))
    assert both == pytest.approx(3 * total)
    np.testing.assert_allclose(twice, 3 * gradient, rtol=1e-5)
    assert values == {"total variation": total}


class _Renamed:
    """A term under another name: names tell values apart."""

    def __init__(self, term: Term) -> None:
        self._term = term

    def evaluate(self, picture: Float32Array) -> tuple[dict[str, float], Float32Array]:
        values, gradient = self._term.evaluate(picture)
        return {f"other {name}": value for name, value in values.items()}, gradient


# What the losses promise.


def test_the_photos_own_statistics_cost_nothing() -> None:
    network, x = random_network(), picture(16, 20)
    features = Features(network, (16, 20), ["relu2_1", "relu3_1"], RUNTIME).of(x)
    styles = [StyleTarget(n, "", gram_matrix(f, None, f[0].size), f[0].size, 1.0) for n, f in features.items()]
    contents = [ContentTarget(n, f, 1.0) for n, f in features.items()]
    values, gradient = NetworkLoss(network, (16, 20), styles, contents, RUNTIME).evaluate(x)
    assert sum(values.values()) < 1e-6
    assert np.abs(gradient).max() < 1e-4
    assert set(values) == {"content relu2_1", "content relu3_1", "style relu2_1", "style relu3_1"}


def test_equal_maxima_share_their_gradient() -> None:
    """In flat areas, such as burnt-out skies, all four of a window are the largest: no corner is preferred."""
    network = random_network()
    others = Features(network, (40, 40), ["relu2_1"], RUNTIME).of(picture(40, 40))["relu2_1"]
    target = StyleTarget("relu2_1", "", gram_matrix(others, None, 400), 400, 1.0)
    loss = NetworkLoss(network, (40, 40), [target], [], RUNTIME)
    flat = np.full((3, 40, 40), 0.5, np.float32)
    _, gradient = loss.evaluate(flat)
    inner = gradient[:, 18:22, 18:22]  # away from the zeros around
    assert np.abs(inner).max() > 0.001
    np.testing.assert_allclose(inner, np.broadcast_to(inner[:, :1, :1], inner.shape), atol=1e-6)


def test_a_label_feels_its_own_style_alone() -> None:
    network, size = random_network(), (16, 24)
    mask = np.zeros(size, np.float32)
    mask[:, :8] = 1
    others = Features(network, size, ["relu1_1"], RUNTIME).of(picture(*size, seed=2))
    target = StyleTarget("relu1_1", "0", gram_matrix(others["relu1_1"], mask, mask.sum()), mask.sum(), 1.0, mask)
    _, gradient = NetworkLoss(network, size, [target], [], RUNTIME).evaluate(picture(*size))
    assert np.abs(gradient[:, :, :9]).max() > 0
    np.testing.assert_array_equal(gradient[:, :, 9:], 0)  # one pixel further than the mask: the kernel's reach


@pytest.mark.parametrize(
    ("layers", "size", "message"),
    [
        (("relu4_1",), (16, 20), "random has no relu4_1; expected layers up to conv3_1"),
        (("pool1",), (16, 20), "layer 'pool1' is unknown, expected a name such as relu3_1"),
        (
            ("relu3_1",),
            (3, 20),
            "photos of 3 x 20 pixels are too small for layer conv3_1 of random; expected 4 or more",
        ),
        ((), (16, 20), "no layers are named"),
    ],
)
def test_misuse(layers: tuple[str, ...], size: tuple[int, int], message: str) -> None:
    with pytest.raises(fp.ArgumentError, match=message):
        Features(random_network(), size, layers, RUNTIME)


def test_networks_that_are_none() -> None:
    good = random_network()
    with pytest.raises(
        fp.ArgumentError, match=r"conv1_2.weight has shape \(5, 6, 1, 3\), expected channels x 6 x 3 x 3"
    ):
        replace(good, weights=dict(good.weights) | {"conv1_2.weight": np.zeros((5, 6, 1, 3), np.float32)})
    with pytest.raises(fp.ArgumentError, match=r"conv1_2.bias is \(4,\), expected 5 numbers"):
        replace(good, weights=dict(good.weights) | {"conv1_2.bias": np.zeros(4, np.float32)})
    with pytest.raises(fp.ArgumentError, match="pooling must be max or average"):
        replace(good, pooling="median")  # type: ignore[arg-type]
    with pytest.raises(fp.ArgumentError, match="random has no convolutions"):
        replace(good, weights={})
    assert good.preprocessing == SIGNED
