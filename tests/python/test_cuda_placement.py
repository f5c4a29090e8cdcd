"""Every node that handles data is one that the CUDA provider takes: asked of the provider itself, without a GPU."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fake_cuda
import numpy as np
import onnx
import onnxruntime
import pytest
from fastphoto_native.making.export.cascade import cascade_chain
from fastphoto_native.making.export.graph import Graph
from fastphoto_native.making.export.layers import decode_change, encode
from fastphoto_native.runtime.bundle import bundled_models, find_bundle
from fastphoto_native.runtime.device import CPU, CUDA, CUDA_OPTIONS
from fastphoto_native.runtime.half_precision import in_half_precision
from onnx import TensorProto
from tiny_model import random_weights

TRIED = (1, 31)  # the runtime that this was written with
PROVIDER = fake_cuda.provider_library()
pytestmark = pytest.mark.skipif(PROVIDER is None, reason="needs onnxruntime-gpu, cc, nm and readelf")

FILES = [
    folder.parent / entry.file
    for folder in sorted(bundled_models().glob("*/bundle.json"))
    for entry in find_bundle(folder.parent).entries
]


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    assert PROVIDER
    return fake_cuda.make_libraries(PROVIDER, tmp_path_factory.mktemp("cuda"))


def nodes_with_data_on_the_cpu(path: Path, libraries: list[Path]) -> list[str]:
    """Names of nodes that the CUDA provider leaves to the CPU, but for the arithmetic of shapes (int64)."""
    placed = fake_cuda.placements(path, libraries, CUDA_OPTIONS)
    if not placed and tuple(map(int, onnxruntime.__version__.split(".")[:2])) > TRIED:
        pytest.skip("this newer runtime says nothing of placements before it needs the device")
    assert CUDA in placed, placed
    model = onnx.shape_inference.infer_shapes(onnx.load(path))
    types = {v.name: v.type.tensor_type.elem_type for v in [*model.graph.value_info, *model.graph.output]}
    shapes = {n.name for n in model.graph.node if all(types.get(o) == TensorProto.INT64 for o in n.output)}
    return [f"{op} {name}" for op, name in placed.get(CPU, []) if name not in shapes]


@pytest.mark.parametrize("path", FILES, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_embedded_models(path: Path, libraries: list[Path]) -> None:
    assert nodes_with_data_on_the_cpu(path, libraries) == []


HALVED = [path for path in FILES if in_half_precision(path.read_bytes()) != path.read_bytes()]


@pytest.mark.parametrize("path", HALVED, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_embedded_models_in_half_precision(path: Path, libraries: list[Path], tmp_path: Path) -> None:
    (tmp_path / path.name).write_bytes(in_half_precision(path.read_bytes()))
    assert nodes_with_data_on_the_cpu(tmp_path / path.name, libraries) == []


def test_encoder_and_decoder_in_half_precision(libraries: list[Path], tmp_path: Path) -> None:
    """Pooling, its codes and every layer as well, which the embedded models leave in float32."""
    g = Graph("everything", half=True)
    weights = random_weights()
    features, codes = encode(g, weights, g.input("image", [1, 3, "h", "w"]), 4)
    deepest = g.to_float(features[-1])
    g.output("change", decode_change(g, weights, g.Neg(deepest), deepest, codes, 4), [1, 3, "h", "w"])
    (tmp_path / "everything.onnx").write_bytes(in_half_precision(g.to_model().SerializeToString()))
    assert nodes_with_data_on_the_cpu(tmp_path / "everything.onnx", libraries) == []


def test_published_cascade(tmp_path: Path, libraries: list[Path]) -> None:
    from fastphoto_native.making.importing.vgg_shapes import decoder_layers, encoder_layers, tensor_shapes

    widths = [4, 4, 6, 8]
    weights: dict[str, Any] = {}
    for level in (1, 2, 3, 4):
        shapes = tensor_shapes(f"e{level}", {"conv0": (3, 3)}, kernel=1)
        shapes |= tensor_shapes(f"e{level}", encoder_layers(widths, level))
        shapes |= tensor_shapes(f"d{level}", decoder_layers(widths, level))
        weights |= {name: np.ones(shape, np.float16) for name, shape in shapes.items()}
    chain = cascade_chain(weights, widths)
    for index, model in enumerate([chain.style, *(s.model for s in chain.segments)]):
        onnx.save(model, tmp_path / f"{index}.onnx")
        assert nodes_with_data_on_the_cpu(tmp_path / f"{index}.onnx", libraries) == []


def test_a_node_without_a_cuda_kernel_is_found(tmp_path: Path, libraries: list[Path]) -> None:
    g = Graph("unpool")
    x = g.input("x", [1, 2, "h", "w"])
    where = g.input("where", [1, 2, "h", "w"], TensorProto.INT64)
    g.output("y", g.MaxUnpool(g.Relu(x), where, kernel_shape=[2, 2], strides=[2, 2]), [1, 2, "a", "b"])
    onnx.save(g.to_model(), tmp_path / "unpool.onnx")
    assert any(n.startswith("MaxUnpool") for n in nodes_with_data_on_the_cpu(tmp_path / "unpool.onnx", libraries))


def test_an_option_that_the_provider_does_not_know_is_refused(libraries: list[Path]) -> None:
    """So CUDA_OPTIONS, with which all of the above was asked, has only options that it knows."""
    assert CUDA in fake_cuda.placements(FILES[0], libraries, CUDA_OPTIONS)
    assert CUDA not in fake_cuda.placements(FILES[0], libraries, CUDA_OPTIONS | {"use_tf33": "0"})
