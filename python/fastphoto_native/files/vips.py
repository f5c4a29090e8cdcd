"""The door to libvips: opening with a named loader, its errors and warnings, and processes that fork."""

from __future__ import annotations

import gc
import logging
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyvips

from fastphoto_native.errors import PhotoError
from fastphoto_native.files.names import printable

# What decoders warn of that changes no pixel: bytes between a JPEG's parts, private or careless tags of a TIFF.
HARMLESS = re.compile(
    r"extraneous bytes before marker"
    r"|unknown field with tag"
    r"|does not end in null byte"
    r"|incorrect count for field"
    r"|wrong data type"
    r"|read gave \d+ warnings"
    r"|tags are not sorted"
    r"|exif|iptc|xmp|icc profile"
    r"|inconsistent progression sequence"
    r"|threadpool completed",
    re.IGNORECASE,
)

# libvips's threads do not survive fork(): a child would wait for them for ever. Its parent's work decides.
_process = os.getpid()
_used = False


def require_own_process() -> None:
    """Refuses to work in a child of fork() whose parent has used libvips.

    Raises:
        PhotoError: the child inherited a libvips whose threads it does not have.
    """
    global _process, _used
    if _used and _process != os.getpid():
        raise PhotoError(
            "photo files cannot be read or written in this process: it was forked after its parent had read or written "
            "one, and libvips's threads do not survive fork(); expected a process started by spawn or forkserver, or a "
            "fork before the first photo"
        )
    _process, _used = os.getpid(), True


_collector = threading.Lock()
_at_work = 0
_collects = False


@contextmanager
def no_collection() -> Iterator[None]:
    """Keeps Python's garbage collector still while libvips works.

    libvips warns from its own threads, and pyvips hands that to Python's logging. A collection that began there would
    free images; some of them warn as well, and GLib ends the process on a warning within a warning.
    """
    global _at_work, _collects
    with _collector:
        if _at_work == 0:
            _collects = gc.isenabled()
            gc.disable()
        _at_work += 1
    try:
        yield
    finally:
        with _collector:
            _at_work -= 1
            if _at_work == 0 and _collects:
                gc.enable()


@contextmanager
def vips_errors(name: str, found: str, expected: str) -> Iterator[None]:
    """Libvips's errors as PhotoError: "name: found (what libvips said); expected"."""
    clear_errors()
    try:
        with no_collection():
            yield
    except pyvips.Error as error:
        raise PhotoError(f"{name}: {found} ({first_line(error)}); {expected}") from error
    except UnicodeDecodeError as error:  # pyvips, of a message that quotes bytes of the file
        raise PhotoError(f"{name}: {found}; {expected}") from error
    except MemoryError as error:
        raise MemoryError(f"{name} needs more memory than there is") from error


def clear_errors() -> None:
    """Forgets what libvips said before: it keeps one text for the whole process and would repeat it."""
    pyvips.vips_lib.vips_error_clear()


def first_line(error: Exception) -> str:
    """What libvips said first, without its own names for it."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    detail = next((line for line in lines if not line.startswith("unable to ")), lines[0] if lines else "unknown")
    return printable(detail.rstrip("."))[:300]


class _Warnings(logging.Handler):
    """Keeps what libvips and its libraries warn of."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


@contextmanager
def harmful_warnings() -> Iterator[list[str]]:
    """Collects, while the block runs, warnings that may mean wrong pixels. Photos read in other threads count too."""
    handler = _Warnings()
    found: list[str] = []
    logger = logging.getLogger("pyvips")
    logger.addHandler(handler)
    try:
        yield found
    finally:
        logger.removeHandler(handler)
        lines = [line for message in handler.messages for line in message.splitlines() if line.strip()]
        found += [line for line in lines if not HARMLESS.search(line)]


def has_operation(name: str) -> bool:
    """Whether this libvips was built with an operation, such as a loader."""
    try:
        pyvips.Introspect.get(name)
    except pyvips.Error:
        return False
    return True


def blob(image: Any, field: str) -> bytes | None:
    """A field of bytes, or None."""
    return bytes(image.get(field)) if image.get_typeof(field) else None
