"""A batch's report, one line of JSON for each photo, which is also what lets an interrupted batch go on."""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path
from typing import Any, Literal

import msgspec

from fastphoto_native.batch.jobs import Job
from fastphoto_native.errors import PhotoError
from fastphoto_native.masking.pairing import LabelReport

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

Status = Literal["begun", "done", "failed"]
TEMPORARY = ".fastphoto-*.tmp"  # files/atomic.py


class Entry(msgspec.Struct, omit_defaults=True):
    """A line of the report.

    `key` stands for all that the result depends on: the content's size and time of change, its masks, its look and the
    settings. `begun` is written before a photo, so that its result is known to be the batch's own.
    """

    status: Status
    content: str
    output: str
    key: str
    error: str | None = None
    seconds: float | None = None
    size: tuple[int, int] | None = None
    output_bytes: int | None = None
    masks: list[LabelReport] = []
    doubt: str | None = None


class Journal:
    """The report's file, open for one batch at a time.

    Args:
        path: the file; what an earlier run wrote is read, a last line that was cut off is not.

    Raises:
        PhotoError: it cannot be written, is none, or another batch is at work with it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        try:
            self._file = path.open("a+b")
        except OSError as error:
            raise PhotoError(
                f"{path}: cannot be written: {error.strerror or error}; expected a file for the report"
            ) from error
        try:
            self._take()
            self.entries = self._read()
        except BaseException:
            self._file.close()
            raise

    def _take(self) -> None:
        """Keeps other batches away."""
        if fcntl is None:
            return
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            message = "another batch is writing to it; wait for it or give another --report"
            raise PhotoError(f"{self.path}: {message}") from error

    def _read(self) -> dict[str, Entry]:
        """What earlier runs wrote; the rest of a line that was cut off is removed."""
        entries: dict[str, Entry] = {}
        self._file.seek(0)
        whole = 0
        for line in self._file:
            if not line.endswith(b"\n"):
                break
            try:
                entry = msgspec.json.decode(line, type=Entry)
            except msgspec.MsgspecError as error:
                message = f"found a line that is none of a batch's report ({error}); give another --report"
                raise PhotoError(f"{self.path}: {message}") from error
            entries[entry.output] = entry
            whole += len(line)
        self._file.truncate(whole)
        return entries

    def write(self, entry: Entry) -> None:
        """Adds a line at once; may be called from several threads."""
        line = msgspec.json.encode(entry) + b"\n"
        with self._lock:
            self.entries[entry.output] = entry
            self._file.write(line)
            self._file.flush()

    def is_done(self, job: Job, key: str) -> bool:
        """Whether a photo is done and up to date."""
        entry = self.entries.get(str(job.output))
        if entry is None or entry.status != "done" or entry.key != key:
            return False
        try:
            return job.output.stat().st_size == entry.output_bytes
        except OSError:
            return False

    def owns(self, job: Job) -> bool:
        """Whether a photo's result, if it is there, was written by this batch or an earlier run of it."""
        return str(job.output) in self.entries

    def close(self) -> None:
        """Lets other batches write."""
        self._file.close()


def key_of(job: Job, settings: dict[str, Any], look: str) -> str:
    """What a photo's result depends on, as a digest.

    Args:
        job: its files count by size and time of change.
        settings: everything else that was asked for.
        look: digest of the look.
    """
    files = [str(job.content), *(text.rpartition("=")[2] for text in job.content_masks)]
    stamps = [(name, *_stamp(Path(name))) for name in files]
    text = msgspec.json.encode([stamps, settings, look], order="deterministic")
    return hashlib.sha256(text).hexdigest()[:32]


def remove_leftovers(folders: set[Path]) -> None:
    """Removes temporary files that a killed run left. The journal's lock says that no other run writes them."""
    for folder in folders:
        for file in folder.glob(TEMPORARY):
            file.unlink(missing_ok=True)


def _stamp(path: Path) -> tuple[int, int]:
    try:
        status = os.stat(path)  # noqa: PTH116
    except OSError:
        return -1, -1
    return status.st_size, status.st_mtime_ns
