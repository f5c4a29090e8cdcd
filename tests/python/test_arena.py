"""One arena for all sessions on the CPU: the same results, and memory of large photos that comes back."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from fastphoto_native import _core
from fastphoto_native.checks.gpu_check import synthetic_photo
from fastphoto_native.runtime import device, onnx_runtime
from fastphoto_native.runtime.arena import share_arena
from fastphoto_native.runtime.bundle import find_bundle
from fastphoto_native.runtime.device import CPU, load_runtime
from fastphoto_native.runtime.onnx_runtime import OnnxRuntime
from tiny_model import make_tiny_bundle

# In a process of its own, where nothing else takes memory: what the chain took at most, and what is left of it; with
# "kept" as the second argument, no memory is returned.
SCRIPT = """
import resource, sys
from pathlib import Path
from fastphoto_native import _core
from fastphoto_native.checks.device_memory import memory_in_use
from fastphoto_native.checks.gpu_check import synthetic_photo
from fastphoto_native.runtime.bundle import find_bundle
from fastphoto_native.runtime.onnx_runtime import OnnxRuntime

runtime = OnnxRuntime("cpu", 1)
runtime._shrinks = runtime._shrinks and sys.argv[2] == "returned"
chain = _core.Chain(find_bundle(Path(sys.argv[1])), runtime)
photo = synthetic_photo(1600, 0)
before = memory_in_use("cpu")
chain.restyle(photo, photo[:64, :64])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before, memory_in_use("cpu") - before)
"""


def test_the_runtime_makes_an_arena() -> None:
    assert share_arena(load_runtime(), CPU)


def test_a_runtime_that_makes_none_is_no_error() -> None:
    def refuse(*_: object) -> None:
        raise RuntimeError("no arena")

    runtime = ModuleType("refusing runtime")
    vars(runtime).update(vars(load_runtime()), create_and_register_allocator_v2=refuse)
    assert not share_arena(runtime, CPU)


def test_results_are_those_without_an_arena(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = find_bundle(make_tiny_bundle(tmp_path))
    shared = _core.Chain(bundle, OnnxRuntime("cpu", 1))
    for module in (device, onnx_runtime):
        monkeypatch.setattr(module, "share_arena", lambda *_: False)
    alone = _core.Chain(bundle, OnnxRuntime("cpu", 1))
    style = synthetic_photo(96, 1)
    for side in (64, 320, 64):  # the second one is larger than the model's own size
        content = synthetic_photo(side, 2)
        assert np.array_equal(shared.restyle(content, style), alone.restyle(content, style))


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="needs Linux's account of memory")
def test_memory_of_a_photo_larger_than_the_models_own_size_comes_back(tmp_path: Path) -> None:
    """How much depends on the CPU, whose vectors the runtime pads channels to: a block stays if a part of it is in use.

    At the end three tensors of the photo's size are, the last segment's inputs and output. In a network of a few
    channels that is much.
    """
    folder, root = str(make_tiny_bundle(tmp_path)), Path(__file__).parents[2]

    def memory(case: str) -> list[int]:
        command = [sys.executable, "-c", SCRIPT, folder, case]
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=120, check=True)
        return [int(word) for word in done.stdout.split()]

    (peak, left), (_, kept) = memory("returned"), memory("kept")
    assert peak > 100e6
    assert kept > 0.8 * peak  # an arena that nobody asks keeps what it has
    assert left < kept - 1600 * 1600 * 3 * 4  # a block at least; each is larger than a photo
