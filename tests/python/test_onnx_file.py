"""ONNX files written without an ONNX library are valid, run, and give their constants back."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from fastphoto_native.runtime.bundle import find_bundle
from fastphoto_native.runtime.onnx_file import OnnxFile, read_constants
from fastphoto_native.runtime.onnx_runtime import OnnxRuntime
from onnx import numpy_helper


def small_graph() -> tuple[bytes, np.ndarray]:
    kernel = np.random.default_rng(0).normal(size=(4, 3, 3, 3)).astype(np.float32)
    g = OnnxFile("small")
    x = g.input("x", [1, 3, 5, 6])
    y = g.Conv(x, g.constant(kernel), kernel_shape=[3, 3], pads=[1] * 4)
    padded = g.Pad(y, g.ints(0, 0, 1, 1, 0, 0, 1, 1), mode="reflect")
    cut = g.Slice(padded, g.ints(-3), g.ints(2**62), g.ints(3))
    g.output("y", g.Gemm(g.Reshape(cut, g.ints(4, -1)), g.Reshape(cut, g.ints(4, -1)), transB=1, alpha=0.5), [4, 4])
    return g.to_bytes(), kernel


def test_the_library_finds_nothing_to_complain_about() -> None:
    model, kernel = small_graph()
    parsed = onnx.load_from_string(model)
    onnx.checker.check_model(parsed, full_check=True)
    assert [i.name for i in parsed.graph.input] == ["x"]
    constants = {t.name: numpy_helper.to_array(t) for t in parsed.graph.initializer}
    assert any(np.array_equal(array, kernel) for array in constants.values())
    ours = read_constants(model)
    assert ours.keys() == constants.keys()
    for name, array in constants.items():
        np.testing.assert_array_equal(ours[name], array)
        assert ours[name].dtype == array.dtype


def test_it_runs() -> None:
    model, kernel = small_graph()
    x = np.random.default_rng(1).random((1, 3, 5, 6), np.float32)
    graph = OnnxRuntime("cpu", 1).open("small", model)
    found = graph.run({"x": x}, ["y"], [False], False, None)[0]
    padded = np.pad(x[0].astype(np.float64), ((0, 0), (1, 1), (1, 1)))
    y = np.zeros((4, 5, 6))
    for row in range(5):
        for column in range(6):
            y[:, row, column] = np.tensordot(kernel, padded[:, row : row + 3, column : column + 3], 3)
    cut = np.pad(y, ((0, 0), (1, 1), (1, 1)), mode="reflect")[..., -3:].reshape(4, -1)
    np.testing.assert_allclose(found, 0.5 * cut @ cut.T, rtol=1e-4, atol=1e-4)  # float32 sums of 21 products


def test_constants_of_a_model_that_the_library_wrote() -> None:
    bundle = find_bundle("photowct-lite")
    model = bundle.read(bundle.manifest.style)
    ours = read_constants(model)
    for tensor in onnx.load_from_string(model).graph.initializer:
        if tensor.data_type in (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16, onnx.TensorProto.INT64):
            np.testing.assert_array_equal(ours[tensor.name], numpy_helper.to_array(tensor))


@pytest.mark.parametrize("damage", [lambda m: m[: len(m) // 2], lambda _: b"\xff" * 40])
def test_damaged_files_are_refused(damage) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match="expected"):
        read_constants(damage(small_graph()[0]))


def test_whole_numbers_and_names_that_operators_have_not() -> None:
    g = OnnxFile("g")
    assert g.ints(1, 2) == g.ints(1, 2) != g.ints(1, 3)
    assert g.scalar(0.5) == g.scalar(0.5)
    with pytest.raises(AttributeError):
        _ = g.lower_case
