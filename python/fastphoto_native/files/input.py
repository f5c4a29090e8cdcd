"""Opens a file, a pipe or standard input once, and hands out its first bytes and then all of it."""

from __future__ import annotations

import os
import select
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from fastphoto_native.errors import PhotoError
from fastphoto_native.files.names import STDIN_OR_STDOUT, PathLike, reason, shown

EXPECTED = "expected a complete photo file (JPEG, PNG, TIFF, WebP, AVIF, GIF or another that this build reads)"

# Headers are judged by what lies in this many bytes of the file. Profiles and EXIF can stand before what is looked for.
HEAD_BYTES = 1 << 20
# A pipe has no size: what comes through it is kept in memory, and ends here.
LARGEST_PIPE = 1 << 30
# So long a pipe may wait for the program that writes to it.
WAIT_FOR_WRITER = 10.0
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Input:
    """What a name leads to.

    Attributes:
        name: for messages.
        head: the first bytes, at most HEAD_BYTES.
        descriptor: of a regular file, positioned at its start; None for a pipe.
        pipe: the descriptor of a pipe whose first bytes are in `head`; None for a file.
        size: bytes of a regular file.
    """

    name: str
    head: bytes
    descriptor: int | None
    pipe: int | None
    size: int | None

    def whole(self) -> bytes:
        """All bytes.

        Raises:
            PhotoError: a pipe that brings more than LARGEST_PIPE.
        """
        if self.descriptor is not None:
            os.lseek(self.descriptor, 0, os.SEEK_SET)
            with open(self.descriptor, "rb", buffering=0, closefd=False) as file:
                return file.read()
        parts, length = [self.head], len(self.head)
        while self.pipe is not None and (part := _next(self.pipe)):
            parts.append(part)
            length += len(part)
            if length > LARGEST_PIPE:
                raise PhotoError(f"{self.name}: found more than {LARGEST_PIPE >> 20} MiB in a pipe; {EXPECTED}")
        return b"".join(parts)


@contextmanager
def open_input(path: PathLike) -> Iterator[Input]:
    """Opens `path`; "-" is standard input.

    The name is opened once, by Python: libvips takes names as UTF-8 only, reads options out of names such as
    "a[1].jpg", and would open a pipe a second time.

    Raises:
        PhotoError: it cannot be opened, is empty, or is neither a file nor a pipe.
    """
    name = shown(path)
    try:
        descriptor, ours = _open(path)
    except (OSError, ValueError) as error:
        raise PhotoError(f"{name}: cannot be read: {reason(error)}; {EXPECTED}") from error
    try:
        yield _look(descriptor, name)
    except OSError as error:
        raise PhotoError(f"{name}: cannot be read: {reason(error)}; {EXPECTED}") from error
    finally:
        if ours:
            os.close(descriptor)


def is_regular(path: PathLike) -> bool:
    """Whether a name leads to something that can be opened again and again; also true of what cannot be opened."""
    try:
        status = os.fstat(sys.stdin.fileno()) if os.fspath(path) == STDIN_OR_STDOUT else Path(os.fspath(path)).stat()
    except (OSError, ValueError, AttributeError):
        return True
    return not (stat.S_ISFIFO(status.st_mode) or stat.S_ISSOCK(status.st_mode) or stat.S_ISCHR(status.st_mode))


def _open(path: PathLike) -> tuple[int, bool]:
    """A descriptor, and whether it is to be closed."""
    if os.fspath(path) == STDIN_OR_STDOUT:
        if sys.stdin is None:
            raise ValueError("there is no standard input")
        return sys.stdin.fileno(), False
    # Not to wait in open() for a pipe's writer, who may never come. Windows has neither such pipes nor the flag.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    return os.open(path, flags), True


def _look(descriptor: int, name: str) -> Input:
    status = os.fstat(descriptor)
    if stat.S_ISDIR(status.st_mode):
        raise PhotoError(f"{name}: cannot be read: is a directory; {EXPECTED}")
    is_file = stat.S_ISREG(status.st_mode)
    if is_file:
        os.lseek(descriptor, 0, os.SEEK_SET)  # standard input may have been read before, for its size
    head = os.read(descriptor, HEAD_BYTES) if is_file else _first(descriptor, name)
    if not head:
        raise PhotoError(f"{name}: found an empty {'file' if is_file else 'pipe'}; {EXPECTED}")
    if is_file:
        os.lseek(descriptor, 0, os.SEEK_SET)
        return Input(name, head, descriptor, None, status.st_size)
    return Input(name, head, None, descriptor, None)


def _first(pipe: int, name: str) -> bytes:
    """The first bytes of a pipe, b"" if its writer brings none.

    Raises:
        PhotoError: nobody opens its other end.
    """
    deadline = time.monotonic() + WAIT_FOR_WRITER
    while True:
        with suppress(BlockingIOError):
            if part := os.read(pipe, _CHUNK):
                return part
            if not _is_waiting_for_writer(pipe):
                return b""
            if time.monotonic() > deadline:
                raise PhotoError(f"{name}: found a pipe that nobody writes to; {EXPECTED}")
            time.sleep(0.02)
            continue
        _wait(pipe)


def _is_waiting_for_writer(pipe: int) -> bool:
    """Whether a pipe without data is one whose writer is still to come, and not one whose writer has left."""
    if not stat.S_ISFIFO(os.fstat(pipe).st_mode) or not hasattr(select, "poll"):
        return False
    watch = select.poll()
    watch.register(pipe, select.POLLIN)
    return not any(event & select.POLLHUP for _, event in watch.poll(0))


def _next(pipe: int) -> bytes:
    while True:
        try:
            return os.read(pipe, _CHUNK)
        except BlockingIOError:
            _wait(pipe)


def _wait(pipe: int) -> None:
    """Sleeps until there is something to read; Ctrl-C ends the sleep."""
    select.select([pipe], [], [])
