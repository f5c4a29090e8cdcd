"""Writing a file all or nothing."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


def real_target(path: Path) -> Path:
    """The file itself where `path` is a link to it: replacing must not turn the link into a file."""
    return Path(os.path.realpath(path))


def write_whole(path: Path, data: bytes, *, overwrite: bool = True) -> None:
    """Writes to a temporary name beside `path`, then renames: whatever fails, an existing file stays as it was.

    Raises:
        FileExistsError: there is a file of that name, and it is not to be replaced.
        OSError: no room, no permission, no such directory; nothing was changed.
    """
    with whole_file(path, overwrite=overwrite) as file:
        file.write(data)


@contextmanager
def whole_file(path: Path, *, overwrite: bool = True) -> Iterator[BinaryIO]:
    """A file to write to; it gets its name when the block ends well, and vanishes otherwise.

    Raises:
        OSError: as write_whole.
    """
    target = real_target(path)
    temporary = target.parent / f".fastphoto-{secrets.token_hex(8)}.tmp"
    try:
        # Not tempfile: its files are private, these get the permissions that any new file gets.
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if overwrite or not _appeared(temporary, target):
            temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _appeared(temporary: Path, target: Path) -> bool:
    """Gives the file its name if nobody else has taken it; False where the file system cannot do that in one step.

    Raises:
        FileExistsError: somebody has.
    """
    try:
        os.link(temporary, target)
    except FileExistsError:
        raise
    except OSError as error:
        if target.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from error
        return False
    temporary.unlink()
    return True
