"""One arena of ONNX Runtime's for all sessions on a device, and how it gets smaller again."""

from __future__ import annotations

import functools
from types import ModuleType
from typing import Any

# The runtime's name of each kind of memory, and how its arena grows: by powers of two (0), which leaves fewer gaps and
# costs address space only where pages are real once they are written to, or by what is requested (1).
MEMORY = {"CPUExecutionProvider": ("Cpu", 0), "CUDAExecutionProvider": ("Cuda", 1)}


@functools.cache
def share_arena(runtime: ModuleType, provider: str) -> bool:
    """Registers an arena, once in a process, for all sessions that ask for it; whether the runtime made one.

    The segments of a chain run one after the other: what one has given back the next can use. On the CPU large tensors
    would else come from the system one by one, and writing to fresh pages takes longer than most operators.
    """
    name, strategy = MEMORY[provider]
    kind = runtime.OrtAllocatorType.ORT_ARENA_ALLOCATOR
    memory = runtime.OrtMemoryInfo(name, kind, 0, runtime.OrtMemType.DEFAULT)
    settings = runtime.OrtArenaCfg({"arena_extend_strategy": strategy})
    try:
        runtime.create_and_register_allocator_v2(provider, memory, {}, settings)
    except Exception:  # the runtime's own, of no common base class; a session then says what is wrong with its device
        return False
    return True


def shrinking_run(runtime: ModuleType) -> Any:
    """Options of a run after which the CPU's arena returns all memory that is not in use."""
    options = runtime.RunOptions()
    options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    return options
