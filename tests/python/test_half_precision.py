"""Graphs turned to half precision as they are loaded: what changes, what does not, and what it does to a photo."""

from __future__ import annotations

from pathlib import Path

import hypothesis
import hypothesis.strategies as st
import numpy as np
import onnx
import pytest
from fastphoto_native import _core
from fastphoto_native.checks.gpu_check import synthetic_photo
from fastphoto_native.errors import ArgumentError, ModelError
from fastphoto_native.making.export.graph import Graph
from fastphoto_native.making.export.layers import pool, unpool
from fastphoto_native.runtime.bundle import find_bundle
from fastphoto_native.runtime.half_precision import COMPUTE_CAST, FLOAT, FLOAT16, in_half_precision
from fastphoto_native.runtime.onnx_runtime import OnnxRuntime
from onnx import TensorProto
from tiny_model import make_tiny_bundle

from benchmarks.half_precision import in_range, rounding_bundle


def block(half: bool) -> bytes:
    """A convolution with pooling and unpooling between float32 tensors."""
    g = Graph("block", half=half)
    x = g.input("x", [1, 2, "h", "w"])
    kernel = g.weight(np.full((2, 2, 3, 3), 0.1, np.float32), "kernel")
    pooled, code = pool(g, g.Relu(g.Conv(g.to_compute(x), kernel, pads=[1] * 4)))
    g.output("y", g.to_float(unpool(g, pooled, code)), [1, 2, "h", "w"])
    model: bytes = g.to_model().SerializeToString()
    return model


def types(model: bytes) -> dict[str, int]:
    """The element type of every value that a node computes."""
    inferred = onnx.shape_inference.infer_shapes(onnx.load_from_string(model), strict_mode=True, data_prop=True)
    return {v.name: v.type.tensor_type.elem_type for v in [*inferred.graph.value_info, *inferred.graph.output]}


def test_everything_between_the_marks_computes_in_half_precision() -> None:
    changed = in_half_precision(block(half=True))
    onnx.checker.check_model(onnx.load_from_string(changed), full_check=True)
    found = types(changed)
    for node in onnx.load_from_string(changed).graph.node:
        if node.op_type in {"Conv", "Relu", "MaxPool", "Resize"}:
            assert found[node.output[0]] == TensorProto.FLOAT16, node.name
    assert found["y"] == TensorProto.FLOAT


def test_only_marked_casts_change() -> None:
    before = onnx.load_from_string(block(half=True))
    after = onnx.load_from_string(in_half_precision(block(half=True)))
    marked = [n for n in before.graph.node if n.name.startswith(COMPUTE_CAST)]
    assert [n.op_type for n in marked] == ["Cast"] * 3  # the photo, the kernel and the mask of unpooling
    for node in after.graph.node:
        if node.name.startswith(COMPUTE_CAST):
            assert node.attribute[0].i == FLOAT16
            node.attribute[0].i = FLOAT
    assert after == before


def test_a_model_without_marks_stays_as_it_is() -> None:
    assert in_half_precision(block(half=False)) == block(half=False)


@pytest.mark.parametrize("content", [b"PK\x03\x04 not a model", b"\x3a\x7f", b"\xff" * 20])
def test_what_is_no_model(content: bytes) -> None:
    with pytest.raises(ValueError, match="found a"):
        in_half_precision(content)


@hypothesis.given(st.integers(0, len(block(half=True)) - 1), st.integers(0, 255))
def test_damaged_models_are_refused_or_keep_their_length(position: int, value: int) -> None:
    damaged = bytearray(block(half=True))
    damaged[position] = value
    try:
        assert len(in_half_precision(bytes(damaged))) == len(damaged)
    except ValueError:
        return


def test_a_file_that_is_no_model_is_one_clear_error(tmp_path: Path) -> None:
    folder = make_tiny_bundle(tmp_path / "tiny")
    content = b"not a model"
    (folder / "segment_1.onnx").write_bytes(content)
    bundle = find_bundle(folder)
    with pytest.raises(ModelError, match=r"segment_1\.onnx"):
        _core.Chain(bundle, OnnxRuntime("cpu", 1, "float16"))


@pytest.mark.parametrize(
    ("model", "expected"),
    [("photowct-lite", {"segment_3.onnx"}), ("photowct-strong", {"segment_4.onnx", "segment_5.onnx"})],
)
def test_segments_after_the_last_pooling_are_marked(model: str, expected: set[str]) -> None:
    bundle = find_bundle(model)
    assert {e.file for e in bundle.entries if in_half_precision(bundle.read(e)) != bundle.read(e)} == expected


def test_models_that_were_not_measured_are_not_marked(tmp_path: Path) -> None:
    bundle = find_bundle(make_tiny_bundle(tmp_path))
    assert all(in_half_precision(bundle.read(e)) == bundle.read(e) for e in bundle.entries)


@pytest.mark.parametrize("model", ["photowct-lite", "photowct-strong"])
def test_a_photo_stays_within_the_criterion(model: str, tmp_path: Path) -> None:
    """99.9 % of the pixels within 1/255, with every rounding of half precision: the CPU's own run of it has fewer."""
    bundle = find_bundle(model)
    content, style = synthetic_photo(160, 3), synthetic_photo(160, 4)
    expected = in_range(bundle, OnnxRuntime("cpu", 1), content, style)
    rounded = in_range(rounding_bundle(bundle, tmp_path, "marked"), OnnxRuntime("cpu", 1), content, style)
    emulated = in_range(bundle, OnnxRuntime("cpu", 1, "float16"), content, style)
    difference = 255 * np.abs(rounded - expected).max(axis=2)
    assert 0.01 < np.quantile(difference, 0.999) < 0.5  # half of what is allowed
    assert 255 * np.abs(emulated - expected).max() < 0.5


def test_precision_in_use() -> None:
    assert OnnxRuntime("cpu", 1).choice.precision == "float32"
    assert OnnxRuntime("cpu", 1, "float16").choice.precision == "float16"
    with pytest.raises(ArgumentError, match="precision must be one of auto, float32, float16, got 'bf16'"):
        OnnxRuntime("cpu", 1, "bf16")  # type: ignore[arg-type]
