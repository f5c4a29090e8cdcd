"""Which ONNX Runtime provider runs the network, and why."""

from __future__ import annotations

import ctypes
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module, metadata
from types import ModuleType
from typing import Any, Literal

from fastphoto_native.errors import ArgumentError, DeviceError

Device = Literal["auto", "cpu", "cuda"]
DEVICES: tuple[Device, ...] = ("auto", "cpu", "cuda")

CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
# TF32 keeps 10 bits of mantissa: too few for covariances. One stream and no per-run search suit a chain of graphs.
CUDA_OPTIONS = {"use_tf32": "0", "cudnn_conv_algo_search": "HEURISTIC", "do_copy_in_default_stream": "1"}
MEND_CLASH = "pip uninstall -y onnxruntime onnxruntime-gpu && pip install onnxruntime-gpu"


@dataclass(frozen=True)
class Choice:
    """The device in use: what was asked for, what runs, and the reason in a few words."""

    requested: Device
    used: Literal["cpu", "cuda"]
    provider: str
    reason: str


def installed_runtimes() -> list[str]:
    """The ONNX Runtime packages that are installed; more than one overwrite each other's files."""
    names = {(d.metadata["Name"] or "").lower().replace("_", "-") for d in metadata.distributions()}
    known = {"onnxruntime", "onnxruntime-gpu", "onnxruntime-directml", "onnxruntime-openvino", "onnxruntime-rocm"}
    return sorted(names & known)


def load_runtime() -> ModuleType:
    """Imports onnxruntime.

    Raises:
        DeviceError: it is missing or broken, with the command that mends it.
    """
    try:
        runtime = import_module("onnxruntime")
    except ImportError as error:
        raise DeviceError(f"ONNX Runtime cannot be imported ({error}); mend it with: {MEND_CLASH}") from error
    if not hasattr(runtime, "InferenceSession"):
        # What is left when one of two clashing packages was uninstalled: a folder without its library.
        raise DeviceError(f"the installation of ONNX Runtime is incomplete; mend it with: {MEND_CLASH}")
    return runtime


def _why_no_cuda(runtime: ModuleType) -> str | None:
    """The reason why CUDA cannot be used, as far as can be told without opening a session."""
    if CUDA not in runtime.get_available_providers():
        return "the installed onnxruntime has no CUDA provider (onnxruntime-gpu has)"
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return "no NVIDIA driver found"
    return None


def _check_clash(requested: Device) -> None:
    runtimes = installed_runtimes()
    if len(runtimes) > 1:
        message = f"{' and '.join(runtimes)} are both installed and overwrite each other; mend it with: {MEND_CLASH}"
        if requested == "cuda":
            raise DeviceError(message)
        warnings.warn(message, RuntimeWarning, stacklevel=2)


@contextmanager
def _quiet(runtime: ModuleType) -> Iterator[None]:
    """Keeps the runtime's own log off the screen: what matters of it comes back as an exception or a reason."""
    runtime.set_default_logger_severity(4)
    try:
        yield
    finally:
        runtime.set_default_logger_severity(2)


class Sessions:
    """Opens ONNX Runtime sessions, all on the one device that was chosen when the first of them opened.

    Args:
        device: "cpu", "cuda" (or a DeviceError) or "auto" (CUDA if it works, else a quiet fall-back to the CPU).
        threads: CPU threads of each session; 0 lets the runtime choose (the physical cores).
    """

    def __init__(self, device: Device, threads: int) -> None:
        if device not in DEVICES:
            raise ArgumentError(f"device must be one of {', '.join(DEVICES)}, got {device!r}")
        if threads < 0:
            raise ArgumentError(f"threads must be 0 (automatic) or more, got {threads}")
        self.runtime = load_runtime()
        _check_clash(device)
        self._threads = threads
        reason = "asked for" if device == "cpu" else _why_no_cuda(self.runtime)
        if reason and device == "cuda":
            raise DeviceError(f"device 'cuda' was asked for, but {reason}")
        self.choice = Choice(device, "cpu", CPU, reason) if reason else Choice(device, "cuda", CUDA, "CUDA works")
        if self.choice.used == "cuda":
            self.runtime.preload_dlls()

    def open(self, model: bytes) -> Any:
        """An InferenceSession on the chosen device.

        Raises:
            DeviceError: CUDA was asked for and the session does not run on it.
        """
        session = self._create(model)
        used = session.get_providers()[0]
        if used == self.choice.provider:
            return session
        reason = "CUDA or cuDNN libraries could not be loaded (pip install 'fastphoto-native[cuda]' brings them)"
        if self.choice.requested == "cuda":
            raise DeviceError(f"device 'cuda' was asked for, but {reason}")
        self.choice = Choice(self.choice.requested, "cpu", CPU, reason)
        return session

    def _create(self, model: bytes) -> Any:
        options = self.runtime.SessionOptions()
        options.log_severity_level = 4
        # The arena keeps what the largest tensors took: 2.3 instead of 1.0 GB at one megapixel, and no faster.
        options.enable_cpu_mem_arena = False
        options.intra_op_num_threads = self._threads
        providers: list[Any] = [CPU]
        if self.choice.used == "cuda":
            providers = [(CUDA, CUDA_OPTIONS), CPU]
        with _quiet(self.runtime):
            return self.runtime.InferenceSession(model, options, providers=providers)
