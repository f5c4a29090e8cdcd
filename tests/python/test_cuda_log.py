"""The CUDA provider's own log stays off the screen while graphs run, and a host's log works as before afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from types import ModuleType

import fake_cuda
import onnx
import pytest
from fastphoto_native.runtime.device import load_runtime, why_no_cuda
from fastphoto_native.runtime.runtime_log import quiet
from onnx import TensorProto, helper

PROVIDER = fake_cuda.provider_library()

# A graph that fails on the device. With "loud" the runtime's log is left as it is: the case is one where it prints.
SCRIPT = """
import sys
from contextlib import nullcontext
import numpy as np
import fastphoto_native as fp
from fastphoto_native.runtime import device
from fastphoto_native.runtime.onnx_runtime import OnnxRuntime

graph = OnnxRuntime("cuda", 1).open("product.onnx", open(sys.argv[1], "rb").read())
if sys.argv[2] == "loud":
    device.quiet = lambda _: nullcontext()
try:
    graph.run({"x": np.ones((32, 32), np.float32)}, ["y"], [False], False, None)
except fp.FastphotoError as error:
    print(error)
"""


def product(path: Path) -> Path:
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, (32, 32)) for name in "xy")
    graph = helper.make_graph([helper.make_node("MatMul", ["x", "x"], ["y"])], "product", [x], [y])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


@pytest.mark.skipif(
    PROVIDER is None or why_no_cuda(load_runtime()) is None, reason="needs onnxruntime-gpu, cc, nm, readelf and no GPU"
)
def test_what_fails_on_the_device_is_an_error_and_no_line_on_the_screen(tmp_path: Path) -> None:
    assert PROVIDER
    fake_cuda.make_libraries(PROVIDER, tmp_path, memory=True, failing=r"cublas\w*([Gg]emm|Matmul)")
    model = product(tmp_path / "product.onnx")

    def log(case: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, str(model), case], env=os.environ | {"LD_LIBRARY_PATH": str(tmp_path)},
            capture_output=True, text=True, timeout=120, check=True,
        )  # fmt: skip
        assert "the network failed on cuda" in done.stdout
        return "".join(line for line in done.stderr.splitlines(keepends=True) if "cudaMalloc" not in line)

    assert "onnxruntime:Default" in log("loud")
    assert log("quiet") == ""


def test_the_log_comes_back_when_the_last_of_several_threads_is_done() -> None:
    levels: list[int] = []
    runtime = ModuleType("a runtime")
    vars(runtime)["set_default_logger_severity"] = levels.append
    begun, first_done = threading.Event(), threading.Event()

    def work() -> None:
        with quiet(runtime):
            begun.set()
            first_done.wait(10)
            assert levels[-1] == 4

    other = threading.Thread(target=work)
    with quiet(runtime):
        other.start()
        begun.wait(10)
    assert levels[-1] == 4
    first_done.set()
    other.join()
    assert levels[-1] == 2
    with pytest.raises(ValueError, match="failed"), quiet(runtime):
        raise ValueError("failed")
    assert levels[-2:] == [4, 2]
