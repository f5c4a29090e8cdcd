"""How much memory is taken: on an NVIDIA GPU as its driver says, else by this process."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fastphoto_native.runtime.device import load_driver


def memory_in_use(device: str) -> int | None:
    """Bytes in use on the GPU (device "cuda": by everybody) or in RAM by this process; None where it cannot be told."""
    return _on_gpu() if device == "cuda" else _in_ram()


def _in_ram() -> int | None:
    status = Path("/proc/self/status")
    if not status.is_file():
        return None
    resident = next((line for line in status.read_text().splitlines() if line.startswith("VmRSS:")), None)
    return int(resident.split()[1]) * 1024 if resident else None


def _on_gpu() -> int | None:
    """CuMemGetInfo in the first device's primary context, the one that the runtime uses."""
    driver: Any = load_driver()
    device, context = ctypes.c_int(), ctypes.c_void_p()
    free, total = ctypes.c_size_t(), ctypes.c_size_t()
    steps: tuple[Callable[[], int], ...] = (
        lambda: driver.cuInit(0),
        lambda: driver.cuDeviceGet(ctypes.byref(device), 0),
        lambda: driver.cuDevicePrimaryCtxRetain(ctypes.byref(context), device),
        lambda: driver.cuCtxPushCurrent_v2(context),
        lambda: driver.cuMemGetInfo_v2(ctypes.byref(free), ctypes.byref(total)),
        lambda: driver.cuCtxPopCurrent_v2(ctypes.byref(context)),
        lambda: driver.cuDevicePrimaryCtxRelease_v2(device),
    )
    if any(step() != 0 for step in steps):  # each returns 0 for success
        return None
    return total.value - free.value
