from __future__ import annotations

import os
import subprocess
import sys
import warnings
from pathlib import Path

import fake_cuda
import fastphoto_native as fp
import pytest
from fastphoto_native.errors import ArgumentError, DeviceError
from fastphoto_native.runtime import device
from tiny_model import make_tiny_bundle


def has_gpu() -> bool:
    return device.why_no_cuda(device.load_runtime()) is None


def test_auto_says_what_it_uses_and_why(tmp_path: Path) -> None:
    stylizer = fp.Stylizer(make_tiny_bundle(tmp_path), "auto")
    assert stylizer.device.requested == "auto"
    assert stylizer.device.reason
    if not has_gpu():
        assert (stylizer.device.used, stylizer.device.provider) == ("cpu", "CPUExecutionProvider")


@pytest.mark.skipif(has_gpu(), reason="this machine has a GPU")
def test_cuda_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match=r"device 'cuda' was asked for, but (no NVIDIA driver|the installed)"):
        fp.Stylizer(make_tiny_bundle(tmp_path), "cuda")


def test_unknown_device(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="device must be one of auto, cpu, cuda, got 'tpu'"):
        fp.Stylizer(make_tiny_bundle(tmp_path), "tpu")  # type: ignore[arg-type]


def test_negative_threads(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="got -1"):
        fp.Stylizer(make_tiny_bundle(tmp_path), "cpu", -1)


def fake_distribution(folder: Path, name: str) -> None:
    info = folder / f"{name.replace('-', '_')}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")


def test_clashing_runtimes_are_found_by_their_real_metadata(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = device.installed_runtimes()
    assert len(installed) == 1, f"the test environment itself has a clash: {installed}"
    fake_distribution(tmp_path, "onnxruntime" if installed == ["onnxruntime-gpu"] else "onnxruntime-gpu")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.warns(RuntimeWarning, match="onnxruntime and onnxruntime-gpu are both installed.*pip uninstall"):
        device.Sessions("auto", 0)
    with pytest.raises(DeviceError, match="overwrite each other"):
        device.Sessions("cuda", 0)


def test_no_warning_where_there_is_no_clash() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        device.Sessions("cpu", 1)


def test_the_runtime_stays_quiet(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    fp.Stylizer(make_tiny_bundle(tmp_path), "auto")
    captured = capfd.readouterr()
    assert captured.out == captured.err == ""


@pytest.mark.skipif(has_gpu() or fake_cuda.provider_library() is None, reason="needs onnxruntime-gpu and no GPU")
@pytest.mark.parametrize("libraries", ["all", "driver only"])
def test_a_driver_without_a_device_is_a_quiet_fall_back_or_one_clear_error(tmp_path: Path, libraries: str) -> None:
    """A container with the driver's library and no GPU, with and without CUDA's own libraries."""
    provider = fake_cuda.provider_library()
    assert provider
    for library in fake_cuda.make_libraries(provider, tmp_path):
        if libraries == "driver only" and library.name != "libcuda.so.1":
            library.unlink()
    model = make_tiny_bundle(tmp_path / "tiny")
    script = (
        f"import fastphoto_native as fp; d = fp.Stylizer({str(model)!r}, sys.argv[1]).device; print(d.used, d.reason)"
    )
    environment = os.environ | {"LD_LIBRARY_PATH": str(tmp_path)}

    def run(requested: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", f"import sys; {script}", requested]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)

    auto = run("auto")
    reason = (
        "CUDA or cuDNN libraries could not be loaded"
        if libraries == "driver only"
        else "CUDA cannot be used: Failed to"
    )
    assert auto.stdout.startswith(f"cpu {reason}")
    assert (auto.returncode, auto.stdout.count("\n"), auto.stderr) == (0, 1, "")
    cuda = run("cuda")
    assert cuda.stdout == ""
    assert f"DeviceError: device 'cuda' was asked for, but {reason}" in cuda.stderr.splitlines()[-1]
