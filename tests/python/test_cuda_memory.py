"""What a chain allocates on the device: counted with the real CUDA provider, on a machine without a GPU."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from typing import Any

import fake_cuda
import numpy as np
import onnx
import pytest
from fastphoto_native.runtime.device import load_runtime, why_no_cuda
from onnx import helper, numpy_helper
from tiny_model import make_tiny_bundle

PROVIDER = fake_cuda.provider_library()
pytestmark = pytest.mark.skipif(
    PROVIDER is None or why_no_cuda(load_runtime()) is None, reason="needs onnxruntime-gpu, cc, nm, readelf and no GPU"
)

SIZES = ((256, 256), (256, 256), (256, 256), (192, 256), (192, 256), (256, 256))

# Photos through the chain. The imitated device computes nothing, so each statistic becomes one that a photo could have.
SCRIPT = """
import sys
from pathlib import Path
import numpy as np
from fastphoto_native import _core
from fastphoto_native.runtime import device, onnx_runtime
from fastphoto_native.runtime.bundle import find_bundle

class Graph(onnx_runtime.OnnxGraph):
    def run(self, inputs, outputs, on_device, shrink, stop):
        found = super().run(inputs, outputs, on_device, shrink, stop)
        for i, name in enumerate(outputs):
            if name.startswith("mean"):
                found[i] = np.zeros_like(found[i])
            if name.startswith("covariance"):
                found[i] = np.broadcast_to(np.eye(found[i].shape[-1], dtype=np.float32), found[i].shape)
        return found

class Runtime(onnx_runtime.OnnxRuntime):
    def open(self, file, model):
        return Graph(file, super().open(file, model).session, self)

if sys.argv[2] == "own arenas":
    device.share_arena = onnx_runtime.share_arena = lambda *_: False
runtime = Runtime("cuda", 1)
chain = _core.Chain(find_bundle(Path(sys.argv[1])), runtime)
for height, width in eval(sys.argv[3]):
    print("photo", file=sys.stderr, flush=True)
    photo = np.zeros((height, width, 3), np.float32)
    chain.restyle(photo, photo)
print(runtime.choice.used)
"""


def without_cudnn(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with convolutions as products and poolings as slices: the same shapes, and no cuDNN."""
    shapes = {i.name: i.dims for i in model.graph.initializer}
    casts = {n.output[0]: n.input[0] for n in model.graph.node if n.op_type == "Cast"}
    nodes: list[onnx.NodeProto] = []
    constants: dict[str, onnx.TensorProto] = {}

    def constant(*values: int) -> str:
        name = f"ints_{'_'.join(map(str, values))}"
        constants[name] = numpy_helper.from_array(np.array(values, np.int64), name)
        return name

    def node(operator: str, inputs: list[str], output: str, **attributes: Any) -> str:
        nodes.append(helper.make_node(operator, inputs, [output], **attributes))
        return output

    for n in model.graph.node:
        if n.op_type == "Conv":
            (x, weight), y = n.input[:2], n.output[0]
            out, into = shapes[casts.get(weight, weight)][:2]
            kernel = numpy_helper.from_array(np.zeros((out, into), np.float32), f"{y}_kernel")
            constants[kernel.name] = kernel
            columns = node("Reshape", [x, constant(0, 0, -1)], f"{y}_columns")
            product = node("MatMul", [kernel.name, columns], f"{y}_product")
            shape = node("Shape", [x], f"{y}_shape")
            ends = [
                node("Gather", [shape, constant(*axes)], f"{y}_extent_{axes[0]}", axis=0) for axes in ((0,), (2, 3))
            ]
            node("Reshape", [product, node("Concat", [ends[0], constant(out), ends[1]], f"{y}_to", axis=0)], y)
        elif n.op_type == "MaxPool":
            bounds = [constant(0, 0), constant(1 << 40, 1 << 40), constant(2, 3), constant(2, 2)]
            node("Slice", [n.input[0], *bounds], n.output[0])
        else:
            nodes.append(n)
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    model.graph.initializer.extend(constants.values())
    return model


@pytest.fixture(scope="module")
def allocations(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[list[int]]]:
    """For each kind of arena: the bytes of each allocation of each photo."""
    assert PROVIDER
    folder = make_tiny_bundle(tmp_path_factory.mktemp("tiny"))
    manifest = json.loads((folder / "bundle.json").read_text())
    for entry in [manifest["style"], *manifest["segments"]]:
        content = without_cudnn(onnx.load(folder / entry["file"])).SerializeToString()
        (folder / entry["file"]).write_bytes(content)
        entry["sha256"] = hashlib.sha256(content).hexdigest()
    (folder / "bundle.json").write_text(json.dumps(manifest))
    libraries = tmp_path_factory.mktemp("cuda")
    fake_cuda.make_libraries(PROVIDER, libraries, memory=True)
    found = {}
    for arenas in ("one arena", "own arenas"):
        command = [sys.executable, "-c", SCRIPT, str(folder), arenas, str(SIZES)]
        environment = os.environ | {"LD_LIBRARY_PATH": str(libraries)}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
        assert done.stdout == "cuda\n", done.stderr[-2000:]
        photos = done.stderr.split("photo\n")[1:]
        found[arenas] = [[int(line.split()[1]) for line in p.splitlines() if "cudaMalloc" in line] for p in photos]
    return found


@pytest.mark.parametrize("arenas", ["one arena", "own arenas"])
def test_only_the_first_photo_allocates(allocations: dict[str, list[list[int]]], arenas: str) -> None:
    """Nor does a smaller one, or one of the first size after it."""
    assert len(allocations[arenas][0]) > 0
    assert allocations[arenas][1:] == [[]] * (len(SIZES) - 1)


def test_sessions_share_one_arena(allocations: dict[str, list[list[int]]]) -> None:
    assert sum(allocations["one arena"][0]) < 0.6 * sum(allocations["own arenas"][0])
