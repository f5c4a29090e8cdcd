"""Keeps ONNX Runtime's own log off the screen: what matters of it comes back as an exception or a reason."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

FATAL, WARNING = 4, 2  # the runtime's levels; WARNING is its default, and it does not tell which one is set

_lock = threading.Lock()
_inside = 0


@contextmanager
def quiet(runtime: ModuleType) -> Iterator[None]:
    """Around calls of the runtime, in any number of threads; afterwards the log is as the runtime has it by default.

    A session's own level is not enough: providers also write to the log of the whole process. CUDA's reports each
    float16 convolution of a new size as an error, since `use_tf32` 0 rules out the tensor cores at first; then it takes
    them.
    """
    global _inside
    with _lock:
        _inside += 1
        runtime.set_default_logger_severity(FATAL)
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                runtime.set_default_logger_severity(WARNING)


def _forget_other_threads() -> None:
    """In a child of fork() there is one thread, and it is in no call of the runtime."""
    global _lock, _inside
    _lock, _inside = threading.Lock(), 0


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_other_threads)
