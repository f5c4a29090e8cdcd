"""Ctrl-C: one line and exit status 130, from the first moment to the last."""

from __future__ import annotations

import _thread
import signal
import sys
import threading
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

INTERRUPTED = 130
AGAIN = 0.02  # seconds until an interrupt that a C library's callback cannot pass on is tried again

_interrupted = False


def raise_on_interrupt() -> None:
    """From now on Ctrl-C raises KeyboardInterrupt. It is remembered as well: libraries swallow exceptions.

    One that comes while a C library calls Python, as libvips does to log, would be printed and lost: it comes again.
    """
    signal.signal(signal.SIGINT, _raise)
    sys.unraisablehook = _try_again


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


def _try_again(unraisable: UnraisableHookArgs) -> None:
    if not isinstance(unraisable.exc_value, KeyboardInterrupt):
        sys.__unraisablehook__(unraisable)
        return
    timer = threading.Timer(AGAIN, _thread.interrupt_main)
    timer.daemon = True  # the process may end before
    timer.start()
