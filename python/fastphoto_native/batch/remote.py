"""The side of a cluster's worker: a process of its own that does photos for a batch elsewhere."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastphoto_native._core import __version__
from fastphoto_native.batch.jobs import Job
from fastphoto_native.batch.worker import KeptLook, PhotoWorker, Settings
from fastphoto_native.errors import FastphotoError
from fastphoto_native.masking.segmentation import Segmenter
from fastphoto_native.runtime.names import Device, Precision
from fastphoto_native.sources import StyleFiles
from fastphoto_native.stylizer import Stylizer


@dataclass(frozen=True)
class Order:
    """What a worker is to open, and for what.

    Attributes:
        folder: what relative names of files are relative to; the same on all machines.
        model, device, threads, precision: as for `Stylizer`.
        auto_mask: as for `Segmenter`; None makes no masks.
        settings: of the batch.
    """

    folder: str
    model: str
    device: Device
    threads: int
    precision: Precision
    auto_mask: Path | None
    settings: Settings


@dataclass(frozen=True)
class Answer:
    """What came of a call: a value or what went wrong, and warnings."""

    value: Any = None
    error: FastphotoError | OSError | MemoryError | None = None
    notes: tuple[str, ...] = ()


class RemoteWorker:
    """Answers calls one after the other; `stop` may come between."""

    def __init__(self) -> None:
        self._worker: PhotoWorker | None = None
        self._stopped = False

    def version(self) -> str:
        """Of this package, in this process."""
        return __version__

    def open(self, order: Order) -> Answer:
        """Loads the model."""

        def load() -> None:
            os.chdir(order.folder)
            stylizer = Stylizer(order.model, order.device, order.threads, order.precision)
            segmenter = None
            if order.auto_mask is not None:
                segmenter = Segmenter(order.auto_mask, order.device, order.threads)
            self._worker = PhotoWorker(stylizer, order.settings, segmenter)
            if self._stopped:
                self._worker.stop()

        return _answer(load)

    def look_of(self, files: StyleFiles) -> Answer:
        """As `Worker.look_of`."""
        return _answer(lambda: self._opened().look_of(files))

    def need(self, content: Path) -> Answer:
        """As `Worker.need`."""
        return _answer(lambda: self._opened().need(content))

    def restyle(self, job: Job, kept: KeptLook) -> Answer:
        """As `Worker.restyle`."""
        return _answer(lambda: self._opened().restyle(job, kept))

    def stop(self) -> None:
        """As `Worker.stop`."""
        self._stopped = True
        if self._worker is not None:
            self._worker.stop()

    def _opened(self) -> PhotoWorker:
        assert self._worker is not None
        return self._worker


def _answer(call: Callable[[], Any]) -> Answer:
    """What is wrong with a photo is an answer. Other exceptions are the cluster's to tell."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        try:
            value, error = call(), None
        except (FastphotoError, OSError, MemoryError) as found:
            value, error = None, found
    return Answer(value, error, tuple(str(warning.message) for warning in caught))
