"""What the commands share: progress on a terminal, and one line for whatever goes wrong."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

import click
import msgspec
from tqdm import tqdm

from fastphoto_native.commands.interrupt import INTERRUPTED, was_interrupted
from fastphoto_native.errors import FastphotoError
from fastphoto_native.files.names import printable, shown
from fastphoto_native.report import Progress

FAILED = 1


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """A bar on a terminal, nothing in a pipe and where there is no standard error."""
    with tqdm(
        total=1.0,
        file=sys.stderr,
        disable=True if sys.stderr is None else None,
        leave=False,
        bar_format="{percentage:3.0f}% |{bar:24}| {desc}",
    ) as bar:

        def progress(step: str, done: float) -> None:
            bar.set_description_str(step, refresh=False)
            bar.update(done - bar.n)
            bar.refresh()

        yield progress


def on_terminal() -> bool:
    """Whether somebody reads standard error."""
    return sys.stderr is not None and sys.stderr.isatty()


def say(text: str) -> None:
    """A line on standard error, if there is one; control characters of names and files cannot break it."""
    with suppress(OSError, ValueError):  # closed: nobody hears
        click.echo(printable(text), err=True)


def fail(message: str, status: int = FAILED) -> NoReturn:
    """One line on standard error, and the end of the process."""
    say(f"fastphoto: error: {message}" if status != INTERRUPTED else "fastphoto: interrupted")
    sys.exit(status)


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Turns what can go wrong into one line on standard error and exit status 1, or 130 for Ctrl-C."""
    try:
        with warnings.catch_warnings():
            warnings.showwarning = lambda message, *_, **__: say(f"fastphoto: warning: {message}")
            warnings.simplefilter("always", UserWarning)  # said, whatever filters the interpreter was started with
            yield  # a block that ends has done its work, whatever was pressed in its last moment
    except (Exception, KeyboardInterrupt) as error:
        # An interrupted import or callback raises whatever its library makes of it.
        if was_interrupted() or isinstance(error, KeyboardInterrupt):
            fail("", INTERRUPTED)
        if not isinstance(error, FastphotoError | OSError | MemoryError):
            raise
        fail(_in_one_line(error))


def _in_one_line(error: BaseException) -> str:
    if isinstance(error, FastphotoError):
        return str(error)
    if isinstance(error, OSError):
        where = f"{shown(error.filename)}: " if isinstance(error.filename, str | os.PathLike) else ""
        return f"{where}{error.strerror or error}"
    return f"out of memory{f': {error}' if str(error) else ''}"


def echo_json(value: Any) -> None:
    """Prints a machine-readable report, as echo does."""
    echo(msgspec.json.format(msgspec.json.encode(value), indent=2))


def echo(text: str | bytes) -> None:
    """Prints to standard output; exit status 1 if nobody takes it."""
    try:
        click.echo(text)
        if sys.stdout is not None:
            sys.stdout.flush()
    except (OSError, ValueError) as error:
        fail_to_print(error)


def fail_to_print(error: Exception) -> NoReturn:
    """For a standard output that takes nothing: one line, and the end of the process."""
    _close_stdout()
    fail(f"the report cannot be printed: {getattr(error, 'strerror', None) or error}")


def _close_stdout() -> None:
    """What is left in the buffer would fail again, with a traceback, when the interpreter ends."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
