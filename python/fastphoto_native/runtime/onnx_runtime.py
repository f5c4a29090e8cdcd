"""The engine's runtime in Python: graphs of the installed onnxruntime, all on one device."""

from __future__ import annotations

import ctypes
import os
import weakref
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastphoto_native import _core
from fastphoto_native.errors import CancelledError, FastphotoError, ModelError
from fastphoto_native.runtime.arena import share_arena, shrinking_run
from fastphoto_native.runtime.device import CPU, Choice, Sessions
from fastphoto_native.runtime.interpreter_exit import run_under_way
from fastphoto_native.runtime.names import Device, Precision

# The sessions of this process. One that is closed waits for its threads, which do not exist in a child of fork(): there
# sessions stay open, beyond the end of the interpreter.
_sessions: weakref.WeakSet[Any] = weakref.WeakSet()


def _keep_sessions_open() -> None:
    for session in _sessions:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(session))


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_keep_sessions_open)


class OnnxRuntime:
    """What the C++ engine needs of a runtime (cpp/include/fastphoto/engine/runtime.h).

    Args:
        device: as for :class:`Sessions`.
        threads: as for :class:`Sessions`.
        precision: as for :class:`Sessions`.
        profiles: as for :class:`Sessions`.

    Raises:
        DeviceError: the device asked for cannot be used.
    """

    def __init__(
        self, device: Device, threads: int, precision: Precision = "auto", *, profiles: Path | None = None
    ) -> None:
        self._sessions = Sessions(device, threads, precision, profiles=profiles)
        runtime, provider = self._sessions.runtime, self.choice.provider
        # On a GPU nothing that comes after the network misses the memory.
        self._shrinks = provider == CPU and share_arena(runtime, provider)

    @property
    def choice(self) -> Choice:
        """The device in use and why."""
        return self._sessions.choice

    def open(self, file: str, model: bytes) -> OnnxGraph:
        """A graph on the device.

        Raises:
            ModelError: the bytes are no ONNX model that can be run.
            DeviceError: CUDA was asked for and cannot be used.
        """
        try:
            session = self._sessions.open(model)
        except FastphotoError:
            raise
        except Exception as error:  # the runtime's exceptions have no common base class of their own
            raise ModelError(f"{file} is not a usable ONNX file: {error}") from error
        _sessions.add(session)
        return OnnxGraph(file, session, self)

    def to_device(self, array: NDArray[np.float32]) -> Any:
        """An input that many runs share, where the graphs are: on a GPU it is copied once."""
        if self.choice.used == "cpu":
            return array
        return self._sessions.runtime.OrtValue.ortvalue_from_numpy(array, "cuda", 0)

    def quiet_run(self) -> AbstractContextManager[None]:
        """As :meth:`Sessions.quiet_run`."""
        return self._sessions.quiet_run()

    def run_options(self, shrink: bool) -> Any:
        """Options of one run; with `shrink`, afterwards the arena returns the memory that is not in use."""
        runtime = self._sessions.runtime
        return shrinking_run(runtime) if shrink and self._shrinks else runtime.RunOptions()


class OnnxGraph:
    """One session. May run in several threads at once."""

    def __init__(self, file: str, session: Any, runtime: OnnxRuntime) -> None:
        self.file = file
        self.session = session
        self.inputs = session.get_inputs()
        self.outputs = session.get_outputs()
        self._runtime = runtime

    def run(
        self,
        inputs: Mapping[str, Any],
        outputs: Sequence[str],
        on_device: Sequence[bool],
        shrink: bool,
        stop: _core.StopSignal | None,
    ) -> list[Any]:
        """Arrays for what is wanted on the host, the runtime's own values for what stays on the device.

        Raises:
            CancelledError: `stop` was requested.
            MemoryError: the device has no memory left.
            FastphotoError: the network failed.
        """
        device = self._runtime.choice.used
        binding = self.session.io_binding()
        for name, value in inputs.items():
            if isinstance(value, np.ndarray):
                binding.bind_cpu_input(name, value)
            else:
                binding.bind_ortvalue_input(name, value)
        for name, stays in zip(outputs, on_device, strict=True):
            binding.bind_output(name, device if stays else "cpu")
        options = self._runtime.run_options(shrink)
        if stop is not None:
            stop.listen(lambda: setattr(options, "terminate", True))
        try:
            with self._runtime.quiet_run(), run_under_way(options):
                self.session.run_with_iobinding(binding, options)
        except Exception as error:  # the runtime's exceptions have no common base class of their own
            if stop is not None and stop.requested:
                raise CancelledError("the network was stopped") from error
            if "allocate" in str(error).lower() or "memory" in str(error).lower():
                raise MemoryError(f"the network ran out of memory on {device}: try a smaller max_side") from error
            raise FastphotoError(f"the network failed on {device}: {error}") from error
        finally:
            if stop is not None:
                stop.forget()
        found = binding.get_outputs()
        return [value if stays else value.numpy() for value, stays in zip(found, on_device, strict=True)]
