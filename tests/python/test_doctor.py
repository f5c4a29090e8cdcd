"""`fastphoto doctor`: what it says, what it notices, and the device check with the CPU in the GPU's place."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from fastphoto_native import _core
from fastphoto_native._core import simd_level
from fastphoto_native.checks.gpu_check import SizeCheck, synthetic_photo
from fastphoto_native.checks.measured_runtime import MeasuredRuntime
from fastphoto_native.checks.placement import Node, nodes_of_profile, strays
from fastphoto_native.runtime.bundle import find_bundle
from fastphoto_native.runtime.device import CPU, CUDA, load_runtime, why_no_cuda
from tiny_model import make_tiny_bundle

NO_GPU = why_no_cuda(load_runtime()) is not None


def doctor(*arguments: str, models: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = os.environ | ({"FASTPHOTO_MODELS": str(models)} if models else {})
    command = [sys.executable, "-m", "fastphoto_native", "doctor", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300, check=False)


def test_versions_runtime_and_models() -> None:
    done = doctor("--json")
    report = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert {"fastphoto-native", "python", "numpy"} <= report["versions"].keys()
    assert CPU in report["providers_listed"]
    assert report["models"]["photowct-lite"].startswith("whole")
    assert report["device_check"] is None


def test_the_instruction_set_in_use_is_one_that_the_processor_has() -> None:
    needed = {
        "x86-64-v4": {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"},
        "x86-64-v3": {"avx2", "fma", "bmi2"},
        "baseline": set(),
    }
    level = json.loads(doctor("--json").stdout)["simd_level"]
    assert level == simd_level()
    cpu = Path("/proc/cpuinfo")
    flags = re.search(r"^flags\s*:(.*)$", cpu.read_text(), re.MULTILINE) if cpu.is_file() else None
    assert needed[level] <= set(flags[1].split() if flags else needed[level])


def test_a_damaged_model_is_a_complaint(tmp_path: Path) -> None:
    (make_tiny_bundle(tmp_path / "tiny") / "style.onnx").unlink()
    done = doctor(models=tmp_path)
    assert done.returncode == 1
    assert "style.onnx: No such file" in done.stderr
    assert done.stderr.count("\n") == 1
    assert "model photowct-lite: whole" in done.stdout


@pytest.mark.skipif(not NO_GPU, reason="this machine has a GPU")
def test_no_gpu_is_one_line() -> None:
    done = doctor("--gpu")
    assert done.returncode == 1
    assert done.stderr.startswith("fastphoto: error: device 'cuda' was asked for, but ")
    assert done.stderr.count("\n") == 1


def test_the_whole_check_on_the_cpu() -> None:
    done = doctor("--gpu", "--device", "cpu", "--side", "96", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    check = json.loads(done.stdout)["device_check"]
    assert (check["provider"], check["complaint"]) == (CPU, None)
    (size,) = check["sizes"]
    assert size["nodes"] == size["nodes_on_device"] > 200
    assert size["features_at"] == ["cpu"]
    assert size["strays"] == []
    assert size["difference_max"] == 0
    if Path("/proc/self/status").is_file():
        assert isinstance(size["memory_taken"], int)
    bundle = find_bundle("photowct-lite")
    assert set(size["milliseconds"]) == {entry.file for entry in bundle.entries}
    assert 0 < size["total_milliseconds"] <= 2 * sum(size["milliseconds"].values())
    text = doctor("--gpu", "--device", "cpu", "--side", "64").stdout
    assert "0 strays, features on cpu" in text
    assert "ms a photo (style.onnx" in text
    assert re.search(r"; memory \d+\.\d MB, growth -?\d+\.\d MB", text) or not Path("/proc/self/status").is_file()


def test_the_check_in_half_precision() -> None:
    done = doctor("--gpu", "--device", "cpu", "--precision", "float16", "--side", "96", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    check = json.loads(done.stdout)["device_check"]
    assert check["precision"] == "float16"
    assert check["sizes"][0]["difference_max"] < 1


def test_nodes_inside_loops_are_in_the_profile_too(tmp_path: Path) -> None:
    """A stray could hide there."""
    bundle = find_bundle(make_tiny_bundle(tmp_path / "tiny"))
    (tmp_path / "profiles").mkdir()
    runtime = MeasuredRuntime("cpu", 1, profiles=tmp_path / "profiles")
    photo = synthetic_photo(64, 0)
    _core.Chain(bundle, runtime).restyle(photo, photo)
    nodes = runtime.end_profiling()
    assert {"Loop", "Identity"} <= {n.operator for n in nodes}
    assert {"out_statistics_go_on", "out_align_sum"} & {n.name for n in nodes}
    assert {n.graph for n in nodes} == {entry.file for entry in bundle.entries}
    assert all(n.provider == CPU for n in nodes)


def profile(path: Path, *nodes: dict[str, object]) -> Path:
    events = [{"cat": "Session", "name": "model_run", "args": {}}]
    events += [{"cat": "Node", "name": f"{n['op_name']}_kernel_time", "args": n} for n in nodes]
    path.write_text(json.dumps(events))
    return path


def test_a_node_that_fell_to_the_cpu_is_a_stray(tmp_path: Path) -> None:
    big: dict[str, Any] = {
        "input_type_shape": [{"float": [1, 64, 32, 32]}],
        "output_type_shape": [{"float": [1, 64, 32, 32]}],
    }
    small: dict[str, Any] = {"input_type_shape": [{"int64": [2]}], "output_type_shape": [{"int64": [4]}]}
    path = profile(
        tmp_path / "p.json",
        {"op_name": "Conv", "provider": CUDA, "node_index": "0"} | big,
        {"op_name": "MaxUnpool", "provider": CPU, "node_index": "1"} | big,
        {"op_name": "MemcpyToHost", "provider": CUDA, "node_index": "2"} | big,
        {"op_name": "Concat", "provider": CPU, "node_index": "3"} | small,
    )  # fmt: skip
    nodes = nodes_of_profile("segment_1.onnx", path)
    assert [n.elements for n in nodes] == [65536, 65536, 65536, 4]
    assert [n.operator for n in strays(nodes, CUDA, 1024)] == ["MaxUnpool", "MemcpyToHost"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, None),
        ({"strays": [Node("segment_1.onnx", "Equal_3", "Equal", CPU, 9999)]}, "1 nodes that handle data .* Equal"),
        ({"features_at": ["cpu", "cuda"]}, "features were on cpu, cuda, expected cuda only"),
        ({"difference_999": 1.5}, "differ from the CPU's by more than 1.50/255"),
        ({"memory_growth": 64 << 20}, "photos of one size took 64 MB more, expected none"),
        ({"memory_growth": None}, None),
    ],
)  # fmt: skip
def test_complaints(changes: dict[str, object], message: str | None) -> None:
    good = SizeCheck(1024, 400, 380, [], ["cuda"], {"style.onnx": 1.0}, 10.0, 3 << 30, 0, 0.3, 2.0)
    complaint = msgspec.structs.replace(good, **changes).complaint("cuda")
    assert (complaint is None) == (message is None)
    if message:
        assert complaint
        assert re.search(message, complaint)
        assert "\n" not in complaint


def test_synthetic_photos_are_photos() -> None:
    photo = synthetic_photo(96, 1)
    assert photo.shape == (96, 96, 3)
    assert 0 <= photo.min() < 0.1
    assert 0.9 < photo.max() <= 1
