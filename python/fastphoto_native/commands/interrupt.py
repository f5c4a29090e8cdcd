"""Ctrl-C: one line and exit status 130, from the first moment to the last."""

from __future__ import annotations

import signal
from types import FrameType
from typing import NoReturn

INTERRUPTED = 130

_interrupted = False


def raise_on_interrupt() -> None:
    """From now on Ctrl-C raises KeyboardInterrupt and is remembered: libraries swallow exceptions in callbacks."""
    signal.signal(signal.SIGINT, _raise)


def was_interrupted() -> bool:
    """Whether Ctrl-C was pressed, whatever became of the exception."""
    return _interrupted


def stop_if_interrupted() -> None:
    """Raises KeyboardInterrupt if Ctrl-C was pressed and a library swallowed the exception."""
    if _interrupted:
        raise KeyboardInterrupt


def ignore_interrupt() -> None:
    """From now on Ctrl-C changes nothing: the work is done, and the interpreter is about to end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _raise(_number: int, _frame: FrameType | None) -> NoReturn:
    global _interrupted
    _interrupted = True
    raise KeyboardInterrupt
