"""Runs a batch: several photos on their way at once, so that one's network works while another is smoothed.

Each photo is on one thread from file to file. As many are on their way as the machine has cores, each with its share of
the threads: whole photos beside each other lose nothing to waiting, as the steps within one photo do. The work is done
here or, on a cluster, in other processes (`cluster.py`).
"""

from __future__ import annotations

import hashlib
import queue
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fastphoto_native.batch.jobs import Job
from fastphoto_native.batch.journal import Entry, Journal, key_of
from fastphoto_native.batch.memory import MemoryGate
from fastphoto_native.batch.waiting import WaitingJobs
from fastphoto_native.batch.worker import KeptLook, Settings, Worker, WorkerLostError
from fastphoto_native.errors import CancelledError, DeviceError, FastphotoError, PhotoError
from fastphoto_native.files.names import shown
from fastphoto_native.sources import StyleFiles

MOST_STYLES = 16  # looks that are kept, where a manifest names many
MOST_LOSSES = 3  # workers lost over one photo: it is the photo that ends them


@dataclass(frozen=True)
class Outcome:
    """What became of a photo; `skipped` if it was done before and is up to date."""

    job: Job
    entry: Entry
    skipped: bool = False


class Batch:
    """A batch, ready to run.

    Args:
        workers: one for each photo that is on its way at once; the same one may stand there several times.
        style: where the look of photos comes from that name none.
        settings: the same for all, and for the workers.
        journal: the report.
        gate: bounds the memory.
    """

    def __init__(
        self,
        workers: Sequence[Worker],
        style: StyleFiles | None,
        settings: Settings,
        journal: Journal,
        gate: MemoryGate,
    ) -> None:
        self._workers = workers
        self._style = style
        self._settings = settings
        self._journal = journal
        self._gate = gate
        self._styles: dict[StyleFiles, KeptLook] = {}
        self._styles_lock = threading.Lock()
        self._losses: Counter[Job] = Counter()

    def run(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        """Works on the jobs; yields each as it is finished. One that fails stops nothing.

        When the caller leaves the loop early, photos on their way are cancelled and none is left half written.

        Raises:
            FastphotoError: the batch's own look cannot be made, or the workers are not to be had.
        """
        waiting = WaitingJobs(jobs)
        done: queue.SimpleQueue[Outcome | BaseException | None] = queue.SimpleQueue()
        if self._style is not None:
            self._first_look(self._style, waiting)

        def work(worker: Worker) -> None:
            try:
                while worker.begin(waiting.any_left) and (job := waiting.take()) is not None:
                    again = False
                    try:
                        done.put(self._one(job, worker))
                    except WorkerLostError:
                        again = not self._gives_up(job, done)
                    finally:
                        waiting.give_back(job, again=again)
            except CancelledError:
                pass
            except BaseException as error:
                done.put(error)
            finally:
                done.put(None)

        threads = [
            threading.Thread(target=work, args=(worker,), name=f"fastphoto-batch-{k}", daemon=True)
            for k, worker in enumerate(self._workers)
        ]
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
            if missing := waiting.count():
                raise DeviceError(f"all workers were lost, and {missing} photos are left: the same command goes on")
        finally:
            waiting.stop()
            for worker in self._workers:
                worker.stop()
            for thread in threads:
                thread.join()

    def _first_look(self, style: StyleFiles, waiting: WaitingJobs) -> None:
        """Makes the batch's own look before any photo, so that what is wrong with it is said once."""
        first = self._workers[0]
        for _ in range(MOST_LOSSES):
            if not first.begin(waiting.any_left):
                raise DeviceError("no worker could be started, and no photo was done: the same command goes on")
            try:
                self._look_of(style, first)
            except WorkerLostError:
                continue
            return
        raise DeviceError(f"{MOST_LOSSES} workers were lost over the style (killed, or out of memory)")

    def _gives_up(self, job: Job, done: queue.SimpleQueue[Outcome | BaseException | None]) -> bool:
        """Counts a lost worker; a photo that ends one after the other has failed."""
        self._losses[job] += 1
        if self._losses[job] < MOST_LOSSES:
            return False
        message = f"{job.content}: {MOST_LOSSES} workers were lost over it (killed, or out of memory)"
        entry = Entry("failed", str(job.content), str(job.output), "", error=message)
        self._journal.write(entry)
        done.put(Outcome(job, entry))
        return True

    def _one(self, job: Job, worker: Worker) -> Outcome:
        """Never fails for a photo's sake: what is wrong with it is the outcome."""
        start = time.perf_counter()
        key = ""
        try:
            kept = self._look_of(job.style or self._style, worker)
            key = key_of(job, self._settings.key(), kept.digest)
            if not self._settings.redo and self._journal.is_done(job, key):
                return Outcome(job, self._journal.entries[str(job.output)], True)
            if job.output.exists() and not (self._settings.overwrite or self._journal.owns(job)):
                raise PhotoError(f"{job.output}: exists already and is none of this batch's; --overwrite replaces it")
            self._journal.write(Entry("begun", str(job.content), str(job.output), key))
            with self._gate.room_for(worker.need(job.content)):
                restyled = worker.restyle(job, kept)
            entry = Entry(
                "done",
                str(job.content),
                str(job.output),
                key,
                seconds=round(time.perf_counter() - start, 3),
                size=restyled.size,
                output_bytes=job.output.stat().st_size,
                masks=restyled.masks,
                doubt=restyled.doubt,
            )
        except CancelledError:
            raise
        except (FastphotoError, OSError, MemoryError) as error:
            message = str(error) or type(error).__name__
            if shown(job.content) not in message and shown(job.output) not in message:
                message = f"{shown(job.content)}: {message}"
            entry = Entry("failed", str(job.content), str(job.output), key, error=message)
        self._journal.write(entry)
        return Outcome(job, entry)

    def _look_of(self, files: StyleFiles | None, worker: Worker) -> KeptLook:
        """The look and its digest. A look is made once, however many photos ask for it."""
        if files is None:
            raise PhotoError(
                "found neither a style nor a look for the photo; give --style or --look, or name one in the manifest"
            )
        with self._styles_lock:
            if files not in self._styles:
                look = worker.look_of(files)
                if len(self._styles) >= MOST_STYLES:
                    self._styles.pop(next(iter(self._styles)))
                self._styles[files] = KeptLook(look, hashlib.sha256(look.to_bytes()).hexdigest())
            return self._styles[files]
