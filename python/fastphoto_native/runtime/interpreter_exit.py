"""Keeps daemon threads out of the networks while the interpreter ends.

A daemon thread that comes out of a session once the interpreter ends is unwound through C++ of onnxruntime, which may
not be unwound, and the process aborts. So the sessions' runs are stopped before, and their threads held.
"""

from __future__ import annotations

import atexit
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fastphoto_native import _core

SECONDS = 10.0  # that the end of the program waits at most for runs to stop

_changed = threading.Condition()
_under_way: list[Any] = []  # run options
_ending = False


@contextmanager
def run_under_way(options: Any) -> Iterator[None]:
    """Around one run of a session with these run options."""
    with _changed:
        held = _is_held()
        if not held:
            _under_way.append(options)
    if held:
        _core.hold_thread()
    try:
        yield
    finally:
        with _changed:
            _under_way.remove(options)
            _changed.notify_all()
        if _is_held():
            _core.hold_thread()


def _is_held() -> bool:
    return _ending and threading.current_thread() is not threading.main_thread()


def _stop_runs() -> None:
    """All threads but daemon threads have ended by now."""
    global _ending
    with _changed:
        _ending = True
        for options in _under_way:
            options.terminate = True
        _changed.wait_for(lambda: not _under_way, SECONDS)


atexit.register(_stop_runs)
