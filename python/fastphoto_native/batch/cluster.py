"""Workers of a batch on a cluster of Ray: processes on this machine or on others, which may be lost on the way.

Photos are read and written by the workers, so all machines see the same files under the same names. What travels are
names, looks and reports.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import re
import secrets
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from fastphoto_native._core import __version__
from fastphoto_native.batch.jobs import Job
from fastphoto_native.batch.remote import Answer, Order, RemoteWorker
from fastphoto_native.batch.worker import KeptLook, Restyled, WorkerLostError
from fastphoto_native.errors import ArgumentError, CancelledError, DeviceError
from fastphoto_native.looks.look import Look
from fastphoto_native.sources import StyleFiles

LOCAL = "local"
MOST_STARTS = 3  # a worker that ends while it starts, one time after the other, is no loss but a fault
ROOM_SECONDS = 60.0  # a lost worker's successor waits so long for room on the cluster
STOP_SECONDS = 5.0  # so long a worker has to stop
ATTEMPTS = 3  # to get a process of one's own from a cluster's head
OBJECT_STORE = 100 << 20  # bytes; Ray wants 75 MB, and looks take little
_ADDRESS = re.compile(r"ray://[^\s/]+:\d{1,5}")

# Before Ray is imported. It would report to its makers; a cluster of one machine is nobody else's business.
_SILENT = {"RAY_USAGE_STATS_ENABLED": "0"}
_ALONE = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0", "RAY_AUTH_MODE": "token"}


def check_address(address: str) -> None:
    """Refuses what is no cluster, before anything is started.

    Raises:
        ArgumentError: neither "local" nor an address of Ray's client.
    """
    if address != LOCAL and not _ADDRESS.fullmatch(address):
        raise ArgumentError(f"--cluster must be local or an address such as ray://head:10001, got '{address}'")


class Cluster:
    """A connection to Ray.

    Attributes:
        cpus: of all its machines.
        gpus: the same.
    """

    def __init__(self, ray: Any) -> None:
        self._ray = ray
        resources = ray.cluster_resources()
        self.cpus, self.gpus = int(resources.get("CPU", 0)), int(resources.get("GPU", 0))

    def workers(self, order: Order, count: int) -> list[ClusterWorker]:
        """So many workers, each of which starts when it is asked to begin.

        Args:
            order: `threads` is also the number of CPUs that Ray keeps for each; with device "cuda" it keeps a GPU.
            count: how many.
        """
        looks = _SentLooks(self._ray)
        return [ClusterWorker(self._ray, order, looks) for _ in range(count)]


@contextlib.contextmanager
def open_cluster(address: str, cpus: int) -> Iterator[Cluster]:
    """Connects, and disconnects at the end; a local cluster lives in between.

    Args:
        address: "local", or of Ray's client, such as "ray://head:10001".
        cpus: that a local cluster says it has.

    Raises:
        ArgumentError: there is no Ray, or no such address.
        DeviceError: the cluster cannot be reached.
    """
    check_address(address)
    ray = _import_ray(local=address == LOCAL)
    # Ray prints to standard output, where the report of the command goes.
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # an error says it as well
                _connect(ray, address, cpus)
        except (ray.exceptions.RayError, ConnectionError, RuntimeError, ValueError, OSError, ImportError) as error:
            hint = "" if address == LOCAL else "; expected Ray's client server there, and its token in RAY_AUTH_TOKEN"
            raise DeviceError(f"the cluster {address} cannot be had: {_last_line(error)}{hint}") from error
        try:
            yield Cluster(ray)
        finally:
            ray.shutdown()


def _connect(ray: Any, address: str, cpus: int) -> None:
    quiet = {"logging_level": "ERROR", "log_to_driver": False}
    if address == LOCAL:
        ray.init("local", num_cpus=cpus, object_store_memory=OBJECT_STORE, include_dashboard=False, **quiet)
        return
    for remaining in reversed(range(ATTEMPTS)):
        try:
            ray.init(address, **quiet)
            return
        except (RuntimeError, ConnectionError) as error:
            # A head starts a process for each client, and gives up on one that a busy machine starts slowly.
            if remaining == 0 or "Starting Ray client server failed" not in str(error):
                raise
            ray.shutdown()


class ClusterWorker:
    """A worker that is an actor of Ray. Used by one thread, but for `stop`."""

    def __init__(self, ray: Any, order: Order, looks: _SentLooks) -> None:
        self._ray = ray
        self._order = order
        self._looks = looks
        self._actor: Any = None
        self._stopped = threading.Event()

    def begin(self, wanted: Callable[[], bool]) -> bool:
        """Starts a process if there is none, on whichever machine has room.

        Returns:
            False if none has room for a minute, or it is no longer wanted.

        Raises:
            DeviceError: it ends while it starts, or has another version of this package.
            ModelError: it cannot load the model.
        """
        problem: BaseException | None = None
        for _ in range(MOST_STARTS):
            if self._actor is not None or not wanted():
                return self._actor is not None and wanted()
            gpus = 1 if self._order.device == "cuda" else 0
            remote = self._ray.remote(num_cpus=self._order.threads, num_gpus=gpus, max_concurrency=2)
            actor = remote(RemoteWorker).remote()
            try:
                version = self._when_ready(actor.version.remote(), wanted)
                if version is None:
                    self._ray.kill(actor)
                    return False
                if version != __version__:
                    raise DeviceError(
                        f"a machine of the cluster has fastphoto-native {version}; expected {__version__}, as here"
                    )
                self._actor = actor
                self._call("open", self._order)
            except self._ray.exceptions.RayActorError as error:
                problem = error
            except WorkerLostError as error:
                problem = error.__cause__
            else:
                return True
        raise DeviceError(f"a worker of the cluster cannot be started: {_last_line(problem)}") from problem

    def look_of(self, files: StyleFiles) -> Look:
        """As `Worker.look_of`."""
        look = self._call("look_of", files)
        assert isinstance(look, Look)
        return look

    def need(self, content: Path) -> int:
        """As `Worker.need`."""
        return int(self._call("need", content))

    def restyle(self, job: Job, kept: KeptLook) -> Restyled:
        """As `Worker.restyle`."""
        restyled = self._call("restyle", job, self._looks.sent(kept))
        assert isinstance(restyled, Restyled)
        return restyled

    def stop(self) -> None:
        """As `Worker.stop`."""
        self._stopped.set()
        actor = self._actor
        if actor is not None:
            with contextlib.suppress(self._ray.exceptions.RayError, ConnectionError):
                actor.stop.remote()

    def _when_ready(self, version: Any, wanted: Callable[[], bool]) -> str | None:
        end = time.monotonic() + ROOM_SECONDS
        while time.monotonic() < end and wanted() and not self._stopped.is_set():
            ready, _ = self._ray.wait([version], timeout=0.5)
            if ready:
                return str(self._ray.get(version))
        return None

    def _wait_for(self, call: Any) -> None:
        """Waits for a call's end. A worker that does not stop when it should, such as at a pipe, is ended."""
        stopped_at: float | None = None
        while not self._ray.wait([call], timeout=0.5)[0]:
            if not self._stopped.is_set():
                continue
            stopped_at = stopped_at or time.monotonic()
            if time.monotonic() - stopped_at > STOP_SECONDS:
                self._ray.kill(self._actor)
                raise CancelledError("the batch was stopped")

    def _call(self, method: str, *arguments: Any) -> Any:
        """What a method of the worker answers.

        Raises:
            WorkerLostError: its process is gone.
            DeviceError: the cluster is.
        """
        actor = self._actor
        try:
            call = getattr(actor, method).remote(*arguments)
            self._wait_for(call)
            answer: Answer = self._ray.get(call)
        except self._ray.exceptions.RayActorError as error:
            self._actor = None
            raise WorkerLostError(str(error)) from error
        except self._ray.exceptions.RayTaskError:
            raise  # a fault of ours, with the worker's traceback
        except (self._ray.exceptions.RayError, ConnectionError) as error:
            raise DeviceError(f"the cluster is gone ({_last_line(error)}): the same command goes on") from error
        for note in answer.notes:
            warnings.warn(note, stacklevel=2)
        if answer.error is not None:
            raise answer.error
        return answer.value


class _SentLooks:
    """Looks that are on the cluster already: each is sent once, however many photos take it."""

    MOST = 16

    def __init__(self, ray: Any) -> None:
        self._ray = ray
        self._sent: dict[str, Any] = {}
        self._lock = threading.Lock()

    def sent(self, kept: KeptLook) -> Any:
        """What stands for the look in a call."""
        with self._lock:
            if kept.digest not in self._sent:
                if len(self._sent) >= self.MOST:
                    self._sent.pop(next(iter(self._sent)))
                self._sent[kept.digest] = self._ray.put(kept)
            return self._sent[kept.digest]


def _import_ray(*, local: bool) -> Any:
    for name, value in (_SILENT | (_ALONE if local else {})).items():
        os.environ.setdefault(name, value)
    if local:
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
    try:
        return importlib.import_module("ray")
    except ImportError as error:
        raise ArgumentError(
            "--cluster needs Ray, which is not installed: pip install 'fastphoto-native[cluster]'"
        ) from error


def _last_line(error: BaseException | None) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1][:300] if lines else type(error).__name__
