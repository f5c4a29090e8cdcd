"""What works on one photo of a batch, from file to file."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from fastphoto_native.adjustment import Adjustment
from fastphoto_native.batch.jobs import Job
from fastphoto_native.errors import ArgumentError, CancelledError
from fastphoto_native.files.photos import Encoding, check_output, photo_size, read_photo, write_photo
from fastphoto_native.looks.look import Look
from fastphoto_native.masking.pairing import LabelReport, listed
from fastphoto_native.masking.segmentation import Segmenter
from fastphoto_native.smoothing.methods import DEFAULT_QUALITY, Quality, Smoothing
from fastphoto_native.sources import Style, StyleFiles, pair_with_style, read_content_mask, read_style
from fastphoto_native.stylizer import AS_IT_COMES, Stylizer

# Bytes a pixel of the arrays that go in and come out, beside what the Stylizer takes, of a file in another space than
# sRGB: the photo and the result in float32, and the file's own samples, decoded or about to be encoded.
ARRAY_BYTES = 12 + 12 + 6
AS_USUAL = Encoding()


@dataclass(frozen=True)
class Settings:
    """What is the same for all photos of a batch."""

    smoothing: Smoothing = "closed-form"
    quality: Quality = DEFAULT_QUALITY
    strength: float = 1.0
    adjustment: Adjustment = AS_IT_COMES
    insist: bool = False
    max_side: int | None = None
    encoding: Encoding = AS_USUAL
    output_profile: str = "keep"
    strip: bool = False
    mapping: dict[str, str] = field(default_factory=dict)
    overwrite: bool = False
    redo: bool = False

    def key(self) -> dict[str, Any]:
        """What results depend on."""
        return {name: value for name, value in msgspec.to_builtins(self).items() if name not in ("overwrite", "redo")}


@dataclass(frozen=True, eq=False)
class KeptLook:
    """A look and what tells it from others."""

    look: Look
    digest: str


@dataclass(frozen=True)
class Restyled:
    """What became of a photo: height and width, labels, doubts of the model."""

    size: tuple[int, int]
    masks: list[LabelReport]
    doubt: str | None


class WorkerLostError(Exception):
    """The process that worked on a photo is gone. The photo can be done again."""


class Worker(Protocol):
    """What a batch asks for, in this process or in another one."""

    def begin(self, wanted: Callable[[], bool]) -> bool:
        """Makes itself ready, also after a loss; False if that is not to be had, or no longer wanted."""

    def look_of(self, files: StyleFiles) -> Look:
        """The look that files give."""

    def need(self, content: Path) -> int:
        """Bytes that a photo takes on its way."""

    def restyle(self, job: Job, kept: KeptLook) -> Restyled:
        """Reads the photo, restyles it and writes the result.

        Raises:
            CancelledError: it was stopped; nothing was written.
            WorkerLostError: its process is gone.
        """

    def stop(self) -> None:
        """From now on photos are cancelled; may be called from another thread."""


class PhotoWorker:
    """A worker in this process. May be used by several threads at once.

    Args:
        stylizer: its threads are those of one photo.
        settings: the same for all photos.
        segmenter: makes the masks, if they are to be made.

    Raises:
        ArgumentError: the settings map a label that the segmenter's masks never have.
    """

    def __init__(self, stylizer: Stylizer, settings: Settings, segmenter: Segmenter | None = None) -> None:
        self._stylizer = stylizer
        self._settings = settings
        self._segmenter = segmenter
        if segmenter is not None and (unknown := settings.mapping.keys() - segmenter.names):
            raise ArgumentError(f"the mask map names '{min(unknown)}', {segmenter.model} has {listed(segmenter.names)}")
        self._stop = threading.Event()

    def begin(self, wanted: Callable[[], bool]) -> bool:
        """It is ready."""
        return wanted()

    def stop(self) -> None:
        """Cancels photos on their way."""
        self._stop.set()

    def look_of(self, files: StyleFiles) -> Look:
        """The look that style photos or look files give."""
        return read_style(self._stylizer, files, self._segmenter, self._settings.max_side).look

    def need(self, content: Path) -> int:
        """Bytes that a photo takes on its way."""
        size = photo_size(content)
        if size is None:  # a pipe
            return 0
        height, width = size
        settings = self._settings
        needed = self._stylizer.memory_needed(
            width, height, smoothing=settings.smoothing, quality=settings.quality, max_side=settings.max_side
        )
        return needed + ARRAY_BYTES * height * width

    def restyle(self, job: Job, kept: KeptLook) -> Restyled:
        """From file to file."""
        photo = read_photo(job.content, as_stored=self._segmenter is None)
        job.output.parent.mkdir(parents=True, exist_ok=True)
        form: dict[str, Any] = {
            "encoding": self._settings.encoding, "output_profile": self._settings.output_profile
        }  # fmt: skip
        check_output(job.output, photo, **form)
        mask = read_content_mask(photo, job.content_masks, self._segmenter)
        automatic = self._segmenter is not None
        # The map is that of all photos; not every one shows all that is named.
        shown = () if mask is None else mask.names.values()
        mapping = {name: style for name, style in self._settings.mapping.items() if name in shown}
        pair = pair_with_style(mask, Style(kept.look), mapping, automatic=automatic)
        result = photo.room_for_result(kept=False)
        report = self._stylizer.apply_into(
            result,
            photo.pixels,
            kept.look if pair is None else pair.look,
            None if pair is None else pair.mask.array,
            smoothing=self._settings.smoothing,
            quality=self._settings.quality,
            strength=self._settings.strength,
            adjustment=self._settings.adjustment,
            insist=self._settings.insist,
            max_side=self._settings.max_side,
            progress=lambda *_: not self._stop.is_set(),
            alpha=photo.alpha,
        )
        if self._stop.is_set():
            raise CancelledError("the batch was stopped")
        photo = photo.restyled(result)
        write_photo(job.output, photo, strip=self._settings.strip, **form)
        masks = [] if pair is None else pair.report(report.labels)
        return Restyled(_size(result), masks, report.doubt)


def _size(photo: NDArray[np.float32]) -> tuple[int, int]:
    return photo.shape[0], photo.shape[1]
