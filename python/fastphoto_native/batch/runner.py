"""Runs a batch: several photos on their way at once, so that one's network works while another is smoothed.

Each photo is on one thread from file to file. As many are on their way as the machine has cores, each with its share of
the threads: whole photos beside each other lose nothing to waiting, as the steps within one photo do.
"""

from __future__ import annotations

import hashlib
import queue
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from fastphoto_native.adjustment import Adjustment
from fastphoto_native.batch.jobs import Job
from fastphoto_native.batch.journal import Entry, Journal, key_of
from fastphoto_native.batch.memory import MemoryGate
from fastphoto_native.errors import CancelledError, FastphotoError, PhotoError
from fastphoto_native.files.photos import Encoding, check_output, photo_size, read_photo, write_photo
from fastphoto_native.masking.pairing import LabelReport
from fastphoto_native.masking.segmentation import Segmenter
from fastphoto_native.smoothing.methods import Smoothing
from fastphoto_native.sources import Style, StyleFiles, pair_with_style, read_content_mask, read_style
from fastphoto_native.stylizer import AS_IT_COMES, Stylizer

# Bytes a pixel of the arrays that go in and come out, beside what the Stylizer takes: the photo and the result in
# float32, and the file's own samples, decoded or about to be encoded.
ARRAY_BYTES = 12 + 12 + 6
AS_USUAL = Encoding()
MOST_STYLES = 16  # looks that are kept, where a manifest names many


@dataclass(frozen=True)
class Settings:
    """What is the same for all photos of a batch."""

    smoothing: Smoothing = "closed-form"
    strength: float = 1.0
    adjustment: Adjustment = AS_IT_COMES
    max_side: int | None = None
    encoding: Encoding = AS_USUAL
    output_profile: str = "keep"
    strip: bool = False
    mapping: dict[str, str] = field(default_factory=dict)
    overwrite: bool = False
    redo: bool = False

    def key(self) -> dict[str, Any]:
        """What results depend on."""
        kept = {"smoothing", "strength", "adjustment", "max_side", "encoding", "output_profile", "strip", "mapping"}
        return {name: value for name, value in msgspec.to_builtins(self).items() if name in kept}


@dataclass(frozen=True)
class Outcome:
    """What became of a photo; `skipped` if it was done before and is up to date."""

    job: Job
    entry: Entry
    skipped: bool = False


class Batch:
    """A batch, ready to run.

    Args:
        stylizer: its threads are those of one photo.
        style: where the look of photos comes from that name none.
        settings: the same for all.
        journal: the report.
        gate: bounds the memory.
        segmenter: makes the masks, if they are to be made.
    """

    def __init__(
        self,
        stylizer: Stylizer,
        style: StyleFiles | None,
        settings: Settings,
        journal: Journal,
        gate: MemoryGate,
        segmenter: Segmenter | None = None,
    ) -> None:
        self._stylizer = stylizer
        self._style = style
        self._settings = settings
        self._journal = journal
        self._gate = gate
        self._segmenter = segmenter
        self._styles: dict[StyleFiles, tuple[Style, str]] = {}
        self._styles_lock = threading.Lock()
        self._stop = threading.Event()

    def run(self, jobs: Sequence[Job], at_once: int) -> Iterator[Outcome]:
        """Works on the jobs; yields each as it is finished. One that fails stops nothing.

        When the caller leaves the loop early, photos on their way are cancelled and none is left half written.

        Raises:
            FastphotoError: the batch's own look cannot be made.
        """
        if self._style is not None:
            self._look_of(self._style)
        waiting = iter(jobs)
        lock = threading.Lock()
        done: queue.SimpleQueue[Outcome | BaseException | None] = queue.SimpleQueue()

        def work() -> None:
            try:
                while not self._stop.is_set():
                    with lock:
                        job = next(waiting, None)
                    if job is None:
                        break
                    done.put(self._one(job))
            except CancelledError:
                pass
            except BaseException as error:
                done.put(error)
            finally:
                done.put(None)

        threads = [threading.Thread(target=work, name=f"fastphoto-batch-{k}", daemon=True) for k in range(at_once)]
        for thread in threads:
            thread.start()
        try:
            left = len(threads)
            while left:
                found = done.get()
                if found is None:
                    left -= 1
                elif isinstance(found, BaseException):
                    raise found
                else:
                    yield found
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()

    def _one(self, job: Job) -> Outcome:
        """Never fails for a photo's sake: what is wrong with it is the outcome."""
        start = time.perf_counter()
        key = ""
        try:
            style, digest = self._look_of(job.style or self._style)
            key = key_of(job, self._settings.key(), digest)
            if not self._settings.redo and self._journal.is_done(job, key):
                return Outcome(job, self._journal.entries[str(job.output)], True)
            if job.output.exists() and not (self._settings.overwrite or self._journal.owns(job)):
                raise PhotoError(f"{job.output}: exists already and is none of this batch's; --overwrite replaces it")
            self._journal.write(Entry("begun", str(job.content), str(job.output), key))
            with self._gate.room_for(self._need(job.content)):
                size, masks, doubt = self._restyle(job, style)
            entry = Entry(
                "done",
                str(job.content),
                str(job.output),
                key,
                seconds=round(time.perf_counter() - start, 3),
                size=size,
                output_bytes=job.output.stat().st_size,
                masks=masks,
                doubt=doubt,
            )
        except CancelledError:
            raise
        except (FastphotoError, OSError, MemoryError) as error:
            message = str(error) or type(error).__name__
            entry = Entry("failed", str(job.content), str(job.output), key, error=message)
        self._journal.write(entry)
        return Outcome(job, entry)

    def _restyle(self, job: Job, style: Style) -> tuple[tuple[int, int], list[LabelReport], str | None]:
        photo = read_photo(job.content)
        job.output.parent.mkdir(parents=True, exist_ok=True)
        form: dict[str, Any] = {
            "encoding": self._settings.encoding, "output_profile": self._settings.output_profile
        }  # fmt: skip
        check_output(job.output, photo, **form)
        mask = read_content_mask(photo, job.content_masks, self._segmenter)
        pair = pair_with_style(mask, style, self._settings.mapping, automatic=self._segmenter is not None)
        result, report = self._stylizer.apply(
            photo.pixels,
            style.look if pair is None else pair.look,
            None if pair is None else pair.mask.array,
            smoothing=self._settings.smoothing,
            strength=self._settings.strength,
            adjustment=self._settings.adjustment,
            max_side=self._settings.max_side,
            progress=lambda *_: not self._stop.is_set(),
            alpha=photo.alpha,
            return_report=True,
        )
        if self._stop.is_set():
            raise CancelledError("the batch was stopped")
        write_photo(job.output, photo.restyled(result), strip=self._settings.strip, **form)
        masks = [] if pair is None else pair.report(report.labels)
        return _size(result), masks, report.doubt

    def _need(self, content: Path) -> int:
        """Bytes that a photo takes on its way."""
        size = photo_size(content)
        if size is None:  # a pipe
            return 0
        height, width = size
        settings = self._settings
        needed = self._stylizer.memory_needed(width, height, smoothing=settings.smoothing, max_side=settings.max_side)
        return needed + ARRAY_BYTES * height * width

    def _look_of(self, files: StyleFiles | None) -> tuple[Style, str]:
        """The look and its digest. A look is made once, however many photos ask for it."""
        if files is None:
            raise PhotoError(
                "found neither a style nor a look for the photo; give --style or --look, or name one in the manifest"
            )
        with self._styles_lock:
            if files not in self._styles:
                look = read_style(self._stylizer, files, self._segmenter, self._settings.max_side).look
                if len(self._styles) >= MOST_STYLES:
                    self._styles.pop(next(iter(self._styles)))
                self._styles[files] = (Style(look), hashlib.sha256(look.to_bytes()).hexdigest())
            return self._styles[files]


def _size(photo: NDArray[np.float32]) -> tuple[int, int]:
    return photo.shape[0], photo.shape[1]
