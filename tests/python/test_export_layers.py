"""The ONNX building blocks against NumPy twins written from their definitions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from fastphoto_native import _core
from fastphoto_native.errors import ModelError
from fastphoto_native.making.export.graph import Graph
from fastphoto_native.making.export.layers import LUMA, align, pool, statistics, unpool, weigh_change
from fastphoto_native.making.export.settings import read_settings
from fastphoto_native.runtime.bundle import bundled_models, find_bundle
from fastphoto_native.runtime.onnx_runtime import OnnxRuntime
from onnx import TensorProto, numpy_helper
from tiny_model import make_tiny_bundle


def run(g: Graph, inputs: dict[str, np.ndarray]) -> list[Any]:
    session = onnxruntime.InferenceSession(g.to_model().SerializeToString(), providers=["CPUExecutionProvider"])
    outputs: list[Any] = session.run(None, inputs)
    return outputs


def test_pool_remembers_the_first_maximum() -> None:
    rng = np.random.default_rng(0)
    x = rng.integers(0, 3, (1, 5, 8, 6)).astype(np.float32)  # few values: ties everywhere
    g = Graph("pool")
    pooled, code = pool(g, g.input("x", [1, 5, "h", "w"]))
    g.output("pooled", pooled, [1, 5, "a", "b"])
    g.output("code", code, [1, 5, "c", "d"], TensorProto.UINT8)
    found, where = run(g, {"x": x})
    cells = x.reshape(1, 5, 4, 2, 3, 2).transpose(0, 1, 2, 4, 3, 5).reshape(1, 5, 4, 3, 4)
    assert np.array_equal(found, cells.max(-1))
    assert np.array_equal(where, cells.argmax(-1))  # argmax: the first one wins


def test_unpool_puts_values_back_where_they_were() -> None:
    rng = np.random.default_rng(1)
    x = rng.standard_normal((2, 3, 4, 5)).astype(np.float32)  # two photos share one code
    code = rng.integers(0, 4, (1, 3, 4, 5)).astype(np.uint8)
    g = Graph("unpool")
    code_input = g.input("code", [1, 3, "h", "w"], TensorProto.UINT8)
    g.output("y", unpool(g, g.input("x", [2, 3, "h", "w"]), code_input), [2, 3, "H", "W"])
    (found,) = run(g, {"x": x, "code": code})
    expected = np.zeros((2, 3, 8, 10), np.float32)
    for n, c, i, j in np.ndindex(x.shape):
        k = code[0, c, i, j]
        expected[n, c, 2 * i + k // 2, 2 * j + k % 2] = x[n, c, i, j]
    assert np.array_equal(found, expected)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (3, 5), (8, 8), (37, 41)])
@pytest.mark.parametrize("labels", [1, 3])
def test_statistics_equal_the_weighted_definition(height: int, width: int, labels: int) -> None:
    rng = np.random.default_rng(height + labels)
    x = (rng.standard_normal((1, 4, height, width)) + 50).astype(np.float32)  # a large mean: cancellation would show
    w = rng.random((labels, 1, height, width), np.float32)
    g = Graph("statistics")
    features = g.input("x", [1, 4, "h", "w"])
    mean, covariance = statistics(g, features, 4, g.input("labels", ["k", 1, "h2", "w2"]))
    g.output("mean", mean, ["k", 4])
    g.output("covariance", covariance, ["k", 4, 4])
    means, covariances = run(g, {"x": x, "labels": w})
    flat = x.reshape(4, -1).astype(np.float64)
    for k in range(labels):
        weight = w[k].reshape(-1).astype(np.float64)
        m = (flat * weight).sum(1) / weight.sum()
        c = ((flat - m[:, None]) * weight) @ (flat - m[:, None]).T / weight.sum()
        # float32 with mean/deviation = 50: the mean is known to about 50 * 2^-23 * sqrt(chunks) = 1e-5.
        assert np.abs(means[k] - m).max() < 5e-5
        assert np.abs(covariances[k] - c).max() < 2e-5 * max(np.abs(c).max(), 1)


def test_one_weight_for_all_pixels_is_broadcast() -> None:
    x = np.random.default_rng(2).random((1, 3, 9, 7), np.float32)
    g = Graph("statistics")
    features = g.input("x", [1, 3, "h", "w"])
    mean, covariance = statistics(g, features, 3, g.input("labels", ["k", 1, "h2", "w2"]))
    g.output("mean", mean, ["k", 3])
    g.output("covariance", covariance, ["k", 3, 3])
    means, covariances = run(g, {"x": x, "labels": np.ones((1, 1, 1, 1), np.float32)})
    flat = x.reshape(3, -1).astype(np.float64)
    assert np.allclose(means[0], flat.mean(1), atol=1e-6)
    assert np.allclose(covariances[0], np.cov(flat, bias=True), atol=1e-7)


def test_align_is_the_sum_over_labels() -> None:
    rng = np.random.default_rng(3)
    x = rng.standard_normal((1, 3, 5, 6)).astype(np.float32)
    w = rng.random((2, 1, 5, 6), np.float32)
    matrix = rng.standard_normal((2, 3, 3)).astype(np.float32)
    offset = rng.standard_normal((2, 3)).astype(np.float32)
    g = Graph("align")
    features = g.input("x", [1, 3, "h", "w"])
    labels = g.input("labels", ["k", 1, "h2", "w2"])
    y = align(g, features, 3, labels, g.input("matrix", ["k", 3, 3]), g.input("offset", ["k", 3]))
    g.output("y", y, [1, 3, "H", "W"])
    (found,) = run(g, {"x": x, "labels": w, "matrix": matrix, "offset": offset})
    expected = sum(w[k] * (np.einsum("ij,jhw->ihw", matrix[k], x[0]) + offset[k][:, None, None]) for k in range(2))
    assert np.allclose(found[0], expected, atol=1e-5)  # float32 products of a few numbers around 1


def test_luma_and_chroma_of_a_change_have_factors_of_their_own() -> None:
    change = np.random.default_rng(4).standard_normal((1, 3, 5, 6)).astype(np.float32)
    g = Graph("weigh")
    g.output("y", weigh_change(g, g.input("x", [1, 3, "h", "w"]), 0.4, 1.2, "factors"), [1, 3, "h", "w"])
    (found,) = run(g, {"x": change})
    luma = np.einsum("c,nchw->nhw", [0.2126, 0.7152, 0.0722], change)[:, None]
    np.testing.assert_allclose(found, 0.4 * luma + 1.2 * (change - luma), atol=1e-6)  # float32 numbers of a few


def test_a_level_without_luma_leaves_the_luma_of_the_photo(tmp_path: Path) -> None:
    levels = ("relu4_1", "relu3_1", "relu2_1", "relu1_1")
    rng = np.random.default_rng(5)
    content, style = rng.random((2, 24, 32, 3), np.float32)

    def restyled(name: str, luma: float, chroma: float) -> np.ndarray:
        changes = {level: {"luma": luma, "chroma": chroma} for level in levels}
        bundle = find_bundle(make_tiny_bundle(tmp_path / name, changes=changes))
        return _core.Chain(bundle, OnnxRuntime("cpu", 1)).restyle(content, style)

    colours_alone, chroma_alone, luma_alone = (restyled(*spec) for spec in (("n", 0, 0), ("c", 0, 1), ("l", 1, 0)))
    # The levels do change something; of random weights it may be much, so tolerances are relative to it.
    largest = [np.abs(photo - colours_alone).max() for photo in (chroma_alone, luma_alone)]
    assert min(largest) > 0.01
    assert np.abs((chroma_alone - colours_alone) @ LUMA).max() < 1e-5 * max(1, largest[0])
    change = luma_alone - colours_alone
    assert np.abs(change - change.mean(-1, keepdims=True)).max() < 1e-5 * max(1, largest[1])


def change_factors(folder: Path) -> dict[str, tuple[float, float]]:
    """By the alignment before the graph that has them: what becomes of a change along grey, and of one across."""
    bundle, found = find_bundle(folder), {}
    for alignment, entry in zip(bundle.manifest.alignments, bundle.manifest.segments[1:], strict=True):
        for tensor in onnx.load_from_string(bundle.read(entry)).graph.initializer:
            if tensor.name.startswith("change_factors."):
                assert tensor.name == f"change_factors.{int(alignment.name[4]) - 1}"
                kernel = numpy_helper.to_array(tensor)[:, :, 0, 0]
                across = np.array([LUMA[1], -LUMA[0], 0])  # no luma
                found[alignment.name] = (
                    round(float((kernel @ np.ones(3))[0]), 6),
                    round(float((kernel @ across)[0] / LUMA[1]), 6),
                )
    return found


def test_factors_are_those_of_their_level(tmp_path: Path) -> None:
    changes = {"relu4_1": {"luma": 0.1, "chroma": 0.2}, "relu2_1": {"luma": 0.3, "chroma": 1.4}}
    folder = make_tiny_bundle(tmp_path / "tiny", changes=changes)
    assert change_factors(folder) == {"relu4_1": (0.1, 0.2), "relu2_1": (0.3, 1.4)}
    with pytest.raises(ModelError, match=r"the model has changes\.relu5_1; expected one of relu4_1, relu3_1"):
        make_tiny_bundle(tmp_path / "other", changes={"relu5_1": {"luma": 1, "chroma": 1}})


@pytest.mark.parametrize("name", ["photowct-lite", "photowct-strong"])
def test_embedded_models_are_what_their_settings_say(name: str) -> None:
    settings = read_settings(bundled_models() / "recipes" / f"{name}.export.toml")
    wanted = {level: (factors["luma"], factors["chroma"]) for level, factors in settings.get("changes", {}).items()}
    bundle = find_bundle(name)
    assert change_factors(bundle.folder) == wanted
    for alignment in bundle.manifest.alignments:
        for key, value in settings["alignments"][alignment.name].items():
            assert getattr(alignment, key) == value
    assert bundle.manifest.version == settings["version"]
    written = json.loads((bundle.folder / "bundle.json").read_text())
    for table in ("smoothing", "gamut", "detail", "labels", "memory", "provenance"):
        assert written[table] == settings[table]


def test_constants_that_begin_alike_are_not_taken_for_one_another() -> None:
    g = Graph("constants")
    first, second = g.ints(0, 0, 0, 1), g.ints(0, 0, 0, 2)
    assert first != second
    assert g.ints(0, 0, 0, 1) == first
