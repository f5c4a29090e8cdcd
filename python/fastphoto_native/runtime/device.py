"""Which ONNX Runtime provider runs the network, and why."""

from __future__ import annotations

import ctypes
import operator
import os
import re
import sys
import warnings
from contextlib import AbstractContextManager, nullcontext, redirect_stdout
from dataclasses import dataclass, replace
from importlib import import_module, metadata
from io import StringIO
from pathlib import Path
from secrets import token_hex
from types import ModuleType
from typing import Any, Literal

from fastphoto_native.errors import ArgumentError, DeviceError
from fastphoto_native.runtime.arena import share_arena
from fastphoto_native.runtime.half_precision import in_half_precision
from fastphoto_native.runtime.names import DEVICES as DEVICES
from fastphoto_native.runtime.names import PRECISIONS as PRECISIONS
from fastphoto_native.runtime.names import Device as Device
from fastphoto_native.runtime.names import Precision as Precision
from fastphoto_native.runtime.runtime_log import quiet

# More threads than this are a mistake. More than the CPUs that the process may use only take time to start.
MOST_THREADS = 1024

CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
# TF32 keeps 10 bits of mantissa: too few for covariances. One stream and no per-run search suit a chain of graphs. An
# arena keeps what one photo took, so a second of that size allocates nothing; rounded up to powers of two that would be
# up to twice as much.
CUDA_OPTIONS = {
    "use_tf32": "0",
    "cudnn_conv_algo_search": "HEURISTIC",
    "do_copy_in_default_stream": "1",
    "arena_extend_strategy": "kSameAsRequested",
}
# In alphabetical order. Asked for by name: to read what all installed packages say of themselves takes long.
KNOWN_RUNTIMES = ("onnxruntime", "onnxruntime-directml", "onnxruntime-gpu", "onnxruntime-openvino", "onnxruntime-rocm")
MEND_CLASH = "pip uninstall -y onnxruntime onnxruntime-gpu && pip install onnxruntime-gpu"


@dataclass(frozen=True)
class Choice:
    """The device in use: what was asked for, what runs, and the reason in a few words.

    `precision` is that of the convolutions that a model allows to run in float16; all else is float32.
    """

    requested: Device
    used: Literal["cpu", "cuda"]
    provider: str
    reason: str
    precision: Literal["float32", "float16"]


def installed_runtimes() -> list[str]:
    """The ONNX Runtime packages that are installed; more than one overwrite each other's files."""
    return [name for name in KNOWN_RUNTIMES if any(True for _ in metadata.distributions(name=name))]


def load_runtime() -> ModuleType:
    """Imports onnxruntime.

    Raises:
        DeviceError: it is missing or broken, with the command that mends it.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # from 1.31 on it would write to HOME and ask for a server
    try:
        runtime = import_module("onnxruntime")
    except ImportError as error:
        raise DeviceError(f"ONNX Runtime cannot be imported ({error}); mend it with: {MEND_CLASH}") from error
    if not hasattr(runtime, "InferenceSession"):
        # What is left when one of two clashing packages was uninstalled: a folder without its library.
        raise DeviceError(f"the installation of ONNX Runtime is incomplete; mend it with: {MEND_CLASH}")
    return runtime


def why_no_cuda(runtime: ModuleType) -> str | None:
    """The reason why CUDA cannot be used, as far as can be told without opening a session."""
    if CUDA not in runtime.get_available_providers():
        return "the installed onnxruntime has no CUDA provider (onnxruntime-gpu has)"
    try:
        load_driver()
    except OSError:
        return "no NVIDIA driver found"
    return None


def load_driver() -> ctypes.CDLL:
    """NVIDIA's driver library; OSError where there is none."""
    return ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")


def _check_clash(requested: Device) -> None:
    runtimes = installed_runtimes()
    if len(runtimes) > 1:
        message = f"{' and '.join(runtimes)} are both installed and overwrite each other; mend it with: {MEND_CLASH}"
        if requested == "cuda":
            raise DeviceError(message)
        warnings.warn(message, RuntimeWarning, stacklevel=2)


def thread_count(threads: int) -> int:
    """A number of threads as it was given, checked.

    Raises:
        ArgumentError: no whole number, or out of range.
    """
    try:
        count = operator.index(threads)
    except TypeError as error:
        raise ArgumentError(f"threads must be a whole number, got {threads!r}") from error
    if not 0 <= count <= MOST_THREADS:
        raise ArgumentError(f"threads must be 0 (automatic) to {MOST_THREADS}, got {count}")
    return count


def usable_cpus() -> int:
    """The CPUs that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Sessions:
    """Opens ONNX Runtime sessions, all on the one device that was chosen when the first of them opened.

    Args:
        device: "cpu", "cuda" (or a DeviceError) or "auto" (CUDA if it works, else a quiet fall-back to the CPU).
        threads: CPU threads of each session; 0 lets the runtime choose (the physical cores).
        precision: of the convolutions that a model allows to run in float16: "float32", "float16" or "auto" (float16 on
            CUDA; the CPU would only emulate it).
        profiles: a folder that each session writes a profile of its runs to; None writes none.
    """

    def __init__(
        self, device: Device, threads: int, precision: Precision = "auto", *, profiles: Path | None = None
    ) -> None:
        if device not in DEVICES:
            raise ArgumentError(f"device must be one of {', '.join(DEVICES)}, got {device!r}")
        if precision not in PRECISIONS:
            raise ArgumentError(f"precision must be one of {', '.join(PRECISIONS)}, got {precision!r}")
        self.runtime = load_runtime()
        _check_clash(device)
        self._threads = min(thread_count(threads), usable_cpus())
        self._profiles = profiles
        reason = "asked for" if device == "cpu" else why_no_cuda(self.runtime)
        if reason and device == "cuda":
            raise DeviceError(f"device 'cuda' was asked for, but {reason}")
        on_cuda = Choice(device, "cuda", CUDA, "CUDA works", "float32" if precision == "float32" else "float16")
        self._on_cpu = Choice(device, "cpu", CPU, reason or "", "float16" if precision == "float16" else "float32")
        self.choice = self._on_cpu if reason else on_cuda
        if self.choice.used == "cuda":
            with redirect_stdout(StringIO()):  # it prints what it does not find; the session then says why it failed
                self.runtime.preload_dlls()

    def open(self, model: bytes) -> Any:
        """An InferenceSession on the chosen device.

        Raises:
            DeviceError: CUDA was asked for and the session does not run on it.
            Exception: the runtime's own, for a model that no device can use.
        """
        if self.choice.used == "cpu":
            return self._create(model)
        reason = "CUDA or cuDNN libraries could not be loaded (pip install 'fastphoto-native[cuda]' brings them)"
        try:
            session = self._create(model)
            if session.get_providers()[0] == CUDA:
                return session
        except Exception as error:  # the runtime's exceptions have no common base class of their own
            reason = f"CUDA cannot be used: {_short(error)}"
        self.choice = replace(self._on_cpu, reason=reason)
        session = self._create(model)  # a model that is none fails here as well
        if self.choice.requested == "cuda":
            raise DeviceError(f"device 'cuda' was asked for, but {reason}")
        return session

    def quiet_run(self) -> AbstractContextManager[None]:
        """Around each run of a session: on CUDA, the runtime's log stays off the screen. The CPU's runs write none."""
        return quiet(self.runtime) if self.choice.used == "cuda" else nullcontext()

    def _create(self, model: bytes) -> Any:
        options = self.runtime.SessionOptions()
        options.log_severity_level = 4
        # An arena for each session, and planning each graph's tensors as one block, would take memory several times.
        options.enable_cpu_mem_arena = False
        options.enable_mem_pattern = False
        with quiet(self.runtime):
            if share_arena(self.runtime, self.choice.provider):
                options.add_session_config_entry("session.use_env_allocators", "1")
        options.intra_op_num_threads = self._threads
        if self._profiles:
            options.enable_profiling = True
            options.profile_file_prefix = str(self._profiles / token_hex(8))  # names else differ by the second only
        providers: list[Any] = [CPU]
        if self.choice.used == "cuda":
            providers = [(CUDA, CUDA_OPTIONS), CPU]
        if self.choice.precision == "float16":
            model = in_half_precision(model)
        with quiet(self.runtime):
            # With its own fall-back the runtime would print on standard output.
            return self.runtime.InferenceSession(model, options, providers=providers, enable_fallback=0)


def _short(error: Exception) -> str:
    """The part of a runtime's error that says something: the call that failed, else its last line."""
    found = re.search(r"(CUDA|CUDNN|CUBLAS) failure [^;\n]*|Failed to [^\n]*", str(error))
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = found[0] if found else lines[-1] if lines else type(error).__name__
    return text.strip()[:200]
