"""The loss engine beside PyTorch: features, losses, gradients, and what an optimisation does with them."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import fastphoto_native as fp
import numpy as np
import pytest
from fastphoto_native.optimise import Features, LbfgsSettings, Preset, Stage, find_preset, read_network
from fastphoto_native.optimise.network import CAFFE, SIGNED
from fastphoto_native.optimise.targets import network_terms
from fastphoto_native.runtime.onnx_runtime import OnnxRuntime
from loss_networks import random_network
from numpy.typing import NDArray

torch = pytest.importorskip("torch")

from reference import neural_style as twin  # noqa: E402

Float32Array = NDArray[np.float32]
RUNTIME = OnnxRuntime("cpu", 1)
LAYERS = ("relu1_1", "conv1_2", "relu2_1", "relu3_1")


def photo(height: int, width: int, seed: int) -> Float32Array:
    return np.random.default_rng(seed).random((3, height, width), np.float32)


def settings(network: fp.optimise.LossNetwork) -> dict[str, Any]:
    p = network.preprocessing
    return {
        "pooling": network.pooling, "ceil": network.ceil, "padding": network.padding,
        "order": p.order, "scale": p.scale, "mean": p.mean, "deviation": p.deviation,
    }  # fmt: skip


@pytest.mark.parametrize("padding", ["zero", "reflect"])
@pytest.mark.parametrize("pooling", ["max", "average"])
@pytest.mark.parametrize(("size", "ceil"), [((16, 20), False), ((17, 23), False), ((17, 23), True)])
@pytest.mark.parametrize("preprocessing", [SIGNED, CAFFE, fp.optimise.TORCHVISION])
def test_features(pooling: Any, padding: Any, size: tuple[int, int], ceil: bool, preprocessing: Any) -> None:
    network = replace(random_network(preprocessing=preprocessing), pooling=pooling, padding=padding, ceil=ceil)
    x = photo(*size, 0)
    found = Features(network, size, LAYERS, RUNTIME).of(x)
    expected = twin.features(network.weights, torch.from_numpy(x)[None], LAYERS, **settings(network))
    for layer in LAYERS:
        wanted = expected[layer][0].numpy()
        np.testing.assert_allclose(found[layer], wanted, atol=1e-5 * np.abs(wanted).max())  # float32 sums


@pytest.mark.parametrize("padding", ["zero", "reflect"])
@pytest.mark.parametrize("pooling", ["max", "average"])
@pytest.mark.parametrize("ceil", [False, True])
def test_loss_and_gradient(pooling: Any, padding: Any, ceil: bool) -> None:
    network = replace(random_network(), pooling=pooling, padding=padding, ceil=ceil)
    preset = Preset(style_layers=("relu1_1", "relu2_1", "relu3_1"), style_weight=1 / 5, style_factor=1 / 4,
                    gram_divisor="pixels", content_layers=("relu2_2",), content_weight=1e-3, content_factor=1 / 2,
                    content_sum=True)  # fmt: skip
    size = (21, 26)
    content, style, x = photo(*size, 0), photo(30, 17, 1), photo(*size, 2)
    values, gradient = network_terms(preset, network, content, style, None, RUNTIME).evaluate(x)
    image = torch.from_numpy(x)[None].requires_grad_(True)
    loss = twin.gatys_loss(
        network.weights, image, torch.from_numpy(content)[None], torch.from_numpy(style)[None],
        preset.style_layers, "relu2_2", 1e-3, **settings(network),
    )  # fmt: skip
    loss.backward()
    assert sum(values.values()) == pytest.approx(float(loss.detach()), rel=1e-4)
    wanted = image.grad[0].numpy()
    np.testing.assert_allclose(gradient, wanted, atol=1e-4 * np.abs(wanted).max())


def test_the_trace_of_an_optimisation() -> None:
    """L-BFGS without a line search, as Gatys' notebook calls it: the loss of each evaluation."""
    network = replace(random_network(preprocessing=CAFFE), scale="caffe")
    preset = replace(
        find_preset("gatys", "paper"), style_layers=("relu1_1", "relu2_1", "relu3_1"), content_layers=("relu2_2",),
        activations="caffe", start="content", stages=(Stage(60, LbfgsSettings(history=100)),),
    )  # fmt: skip
    content, style = photo(24, 32, 0), photo(24, 32, 1)
    _, report = fp.optimise.neural_style(
        content.transpose(1, 2, 0), style.transpose(1, 2, 0), network=network, preset=preset, threads=1,
        return_report=True,
    )  # fmt: skip
    ours = [entry.loss for entry in report.trace]
    network = replace(network, pooling="average")
    first, there = torch.from_numpy(content)[None], torch.from_numpy(style)[None]
    theirs = twin.lbfgs_trace(
        lambda x: twin.gatys_loss(network.weights, x, first, there, preset.style_layers, "relu2_2", 1e-3,
                                  **settings(network)),
        first, 60, 255.0,
    )  # fmt: skip
    # The first step is 1 / |g|_1 long, 1e-5 of white: float32 leaves three digits of what the second one learns from
    # it, and the paths part from there. They must go down at the same pace.
    np.testing.assert_allclose(ours[:2], theirs[:2], rtol=1e-4)
    np.testing.assert_allclose(ours[:12], theirs[:12], rtol=0.05)
    np.testing.assert_allclose(ours[-1], theirs[-1], rtol=0.2)
    assert ours[-1] < 0.01 * ours[0]


def test_steps_of_pytorchs_lbfgs() -> None:
    """The same gradients in float64 for both: the steps agree as far as ours in float32 allow."""
    rng = np.random.default_rng(0)
    axes = np.linalg.qr(rng.normal(size=(40, 40)))[0]
    A, centre = (axes * np.linspace(1, 20, 40)) @ axes.T, rng.normal(size=40)

    def evaluate(x: NDArray[Any]) -> tuple[float, Float32Array]:
        distance = x.astype(np.float64) - centre
        return float(distance @ A @ distance) / 2, (A @ distance).astype(np.float32)

    path = []
    x = np.zeros(40, np.float32)
    optimiser = fp.optimise.Lbfgs(LbfgsSettings(history=5))
    for _ in range(25):
        x = optimiser.iterate(x, evaluate)
        path.append(x)
    y = torch.zeros(40, dtype=torch.float64, requires_grad=True)
    theirs = torch.optim.LBFGS([y], history_size=5, max_iter=1)

    def closure() -> Any:
        y.grad = torch.from_numpy(A @ (y.detach().numpy() - centre))
        return torch.tensor(0.0)

    for number in range(25):
        theirs.step(closure)
        np.testing.assert_allclose(path[number], y.detach().numpy(), atol=1e-3)


# Files of PyTorch's.


def test_layouts_of_pytorch(tmp_path: Path) -> None:
    network = random_network()
    named = {name: torch.from_numpy(array) for name, array in network.weights.items()}
    torch.save(named | {"fc.weight": torch.zeros(2, 2)}, tmp_path / "named.pth")
    read = read_network(tmp_path / "named.pth")
    assert read.preprocessing == CAFFE
    numbers = {"conv1_1": 0, "conv1_2": 2, "conv2_1": 5, "conv2_2": 7, "conv3_1": 10}
    torch.save(
        {f"features.{numbers[n.split('.')[0]]}.{n.split('.')[1]}": t for n, t in named.items()}, tmp_path / "v.pth"
    )
    features = read_network(tmp_path / "v.pth")
    assert features.preprocessing == fp.optimise.TORCHVISION
    for found in (read, features):
        assert found.convolutions == network.convolutions
        for name, array in network.weights.items():
            np.testing.assert_array_equal(found.weights[name], array)
    assert read_network(tmp_path / "v.pth", "caffe").preprocessing == CAFFE


@pytest.mark.parametrize(("depths", "deepest"), [((2, 2, 4, 4, 4), "conv5_4"), ((2, 2, 3, 3, 3), "conv5_3")])
def test_vgg19_and_vgg16_are_told_apart(depths: tuple[int, ...], deepest: str, tmp_path: Path) -> None:
    state, index, channels = {}, 0, 3
    for depth in depths:
        for _ in range(depth):
            state[f"features.{index}.weight"] = torch.zeros(2, channels, 3, 3)
            state[f"features.{index}.bias"] = torch.zeros(2)
            index, channels = index + 2, 2
        index += 1
    torch.save(state, tmp_path / "vgg.pth")
    network = read_network(tmp_path / "vgg.pth")
    assert network.convolutions[-1] == deepest
    assert len(network.convolutions) == sum(depths)


def test_a_file_that_would_run_code_is_refused(tmp_path: Path) -> None:
    torch.save({"conv1_1.weight": os.getcwd}, tmp_path / "code.pth")
    with pytest.raises(fp.ModelError, match="is damaged or cut off"):
        read_network(tmp_path / "code.pth")


@pytest.mark.skipif("FASTPHOTO_VGG_CONV" not in os.environ, reason="needs Gatys' vgg_conv.pth and his two pictures")
def test_gatys_own_trace() -> None:
    """The losses that his notebook prints, for whoever has its files: FASTPHOTO_VGG_CONV names their folder."""
    folder = Path(os.environ["FASTPHOTO_VGG_CONV"])
    content, style = (
        fp.read_photo(folder / name).pixels for name in ("Tuebingen_Neckarfront.jpg", "vangogh_starry_night.jpg")
    )
    preset = replace(find_preset("gatys", "authors-code"), activations="caffe")
    network = replace(read_network(folder / "vgg_conv.pth"), scale="caffe")
    _, report = fp.optimise.neural_style(content, style, network=network, preset=preset, return_report=True)
    printed = {50: 1388532.5, 100: 707860.75, 200: 469374.88, 300: 411657.56, 500: 368493.78}
    for evaluation, loss in printed.items():
        # His photos are resized by Pillow: bilinear, antialiased.
        assert report.trace[evaluation - 1].loss == pytest.approx(loss, rel=0.05)
