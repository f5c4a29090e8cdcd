"""Batches on a cluster of Ray: the same results, workers that are lost on the way, and what is said without Ray."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

import fastphoto_native as fp
import numpy as np
import pytest
from fastphoto_native.batch.cluster import _connect, check_address
from fastphoto_native.batch.jobs import Job
from fastphoto_native.batch.journal import Journal
from fastphoto_native.batch.memory import MemoryGate
from fastphoto_native.batch.runner import MOST_LOSSES, Batch
from fastphoto_native.batch.worker import KeptLook, PhotoWorker, Restyled, Settings, WorkerLostError
from fastphoto_native.sources import StyleFiles
from skimage import data
from tiny_model import make_tiny_bundle

COMMAND = [sys.executable, "-m", "fastphoto_native", "batch"]
REPORT = "fastphoto-batch.jsonl"
Result = TypeVar("Result")
# Ray gives up on what a busy machine starts slowly: .ci/run runs these tests when nothing else is running.
_later = os.environ.get("FASTPHOTO_CLUSTER_TESTS") == "later"
with_ray = pytest.mark.skipif(
    find_spec("ray") is None or _later, reason="Ray is not installed (extra 'cluster'), or these tests run later"
)
on_linux = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds processes in /proc")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos, one of them damaged, a style and a model."""
    folder = tmp_path_factory.mktemp("cluster")
    (folder / "in").mkdir()
    for k in range(4):
        photo = data.astronaut()[: 300 + k, :400].astype(np.float32) / 255 * np.float32(1 - 0.05 * k)
        fp.write_photo(folder / "in" / f"{k}.png", fp.Photo(photo))
    (folder / "in" / "damaged.png").write_bytes((folder / "in" / "0.png").read_bytes()[:5000])
    fp.write_photo(folder / "style.png", fp.Photo(data.chelsea()[::8, ::8].astype(np.float32) / 255))
    make_tiny_bundle(folder / "tiny")
    return folder


def arguments(out: Path, *more: str) -> list[str]:
    return [*COMMAND, "in", "--style", "style.png", "--model", "tiny", "-o", str(out), "--json", *more]


def run(command: list[str], cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=180, check=False)


@contextlib.contextmanager
def started(command: list[str], cwd: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that does not outlive its test."""
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=cwd, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def entries(out: Path, status: str) -> list[str]:
    lines = (out / REPORT).read_text().splitlines() if (out / REPORT).exists() else []
    return [entry["content"] for entry in map(json.loads, lines) if entry["status"] == status]


def wait_until(condition: Callable[[], Result]) -> Result:
    deadline = time.monotonic() + 120
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def workers_of(pid: int) -> list[int]:
    """Ray's workers of this package among the descendants of a process."""
    parents: dict[int, int] = {}
    titles: dict[int, str] = {}
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parents[int(place.name)] = int((place / "stat").read_text().rpartition(")")[2].split()[1])
            titles[int(place.name)] = (place / "cmdline").read_text()

    def descends(child: int) -> bool:
        while child in parents and child != pid:
            child = parents[child]
        return child == pid

    return sorted(child for child, title in titles.items() if title.startswith("ray::RemoteWorker") and descends(child))


def readers_of(pipe: Path, pid: int) -> list[int]:
    """The workers that have a named pipe open."""
    found = []
    for worker in workers_of(pid):
        with contextlib.suppress(OSError):
            if pipe in [file.readlink() for file in Path(f"/proc/{worker}/fd").iterdir()]:
                found.append(worker)
    return found


@with_ray
@on_linux
def test_a_worker_that_is_killed_costs_nothing_but_time(folder: Path, tmp_path: Path) -> None:
    alone = run(arguments(tmp_path / "alone", "--threads", "1"), folder)
    assert json.loads(alone.stdout)["done"] == 4
    # Whoever reads this photo waits for its bytes, and is killed meanwhile.
    pipe = tmp_path / "pipe.png"
    os.mkfifo(pipe)
    end = os.open(pipe, os.O_RDWR)
    out = tmp_path / "out"
    command = [*arguments(out, "--cluster", "local", "--threads", "2"), str(pipe)]
    with started(command, folder) as process:
        (first,) = wait_until(lambda: readers_of(pipe, process.pid))
        os.kill(first, signal.SIGKILL)
        (second,) = wait_until(lambda: [pid for pid in readers_of(pipe, process.pid) if pid != first])
        assert second != first
        with os.fdopen(end, "wb") as file:
            file.write((folder / "in" / "0.png").read_bytes())
        stdout, stderr = process.communicate(timeout=120)
    assert process.returncode == 1  # the damaged photo
    lines = [line for line in stderr.splitlines() if line.startswith("fastphoto: ")]
    assert lines[0].startswith("fastphoto: error: in/damaged.png: damaged or cut off")
    assert lines[1:] == [f"fastphoto: error: 1 of 6 photos failed; {out / REPORT} says why"]
    assert "Traceback" not in stderr
    summary = json.loads(stdout)  # nothing of Ray's is printed there
    assert (summary["done"], summary["failed"]) == (5, 1)
    assert Counter(entries(out, "begun"))[str(pipe)] == 2
    assert sorted(p.name for p in out.iterdir()) == [*(f"{k}.png" for k in range(4)), REPORT, "pipe.png"]
    for k in range(4):
        assert (out / f"{k}.png").read_bytes() == (tmp_path / "alone" / f"{k}.png").read_bytes()
    assert (out / "pipe.png").read_bytes() == (out / "0.png").read_bytes()
    # What is done is done for a batch of this machine alone as well.
    again = json.loads(run(arguments(out), folder).stdout)
    assert (again["skipped"], again["done"], again["failed"]) == (4, 0, 1)


@with_ray
@on_linux
def test_an_interrupt_leaves_nothing_half_done_and_no_process(folder: Path, tmp_path: Path) -> None:
    pipe, out = tmp_path / "pipe.png", tmp_path / "out"
    os.mkfifo(pipe)
    end = os.open(pipe, os.O_RDWR)  # and nothing comes: that worker does not stop by itself
    command = [*arguments(out, "--cluster", "local", "--at-once", "2"), str(pipe)]
    with started(command, folder) as process:
        wait_until(lambda: readers_of(pipe, process.pid))
        wait_until(lambda: len(entries(out, "done")) == 4)
        found = workers_of(process.pid)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=60)
    os.close(end)
    assert process.returncode == 130
    assert stderr.splitlines()[-1] == "fastphoto: interrupted"
    assert sorted(p.name for p in out.iterdir()) == [*(f"{k}.png" for k in range(4)), REPORT]
    wait_until(lambda: not any(Path(f"/proc/{worker}").exists() for worker in found))


def answers(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def head(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A cluster of one machine with room for two workers, as an administrator starts it."""
    ports = []
    with contextlib.ExitStack() as stack:
        for _ in range(2):
            taken = stack.enter_context(socket.socket())
            taken.bind(("127.0.0.1", 0))
            ports.append(taken.getsockname()[1])
    start = [
        *(sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block", "--include-dashboard=false"),
        *("--node-ip-address=127.0.0.1", f"--port={ports[0]}", f"--ray-client-server-port={ports[1]}"),
        *("--num-cpus=2", f"--object-store-memory={100 << 20}", "--disable-usage-stats"),
    ]
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    monkeypatch.setenv("RAY_AUTH_TOKEN", "0123456789abcdef" * 4)
    # A place of its own, with a short name: those of sockets hold 107 bytes.
    with tempfile.TemporaryDirectory(prefix="ray-") as place, (tmp_path / "head").open("w") as log:
        process = subprocess.Popen([*start, f"--temp-dir={place}"], stdout=log, stderr=log)
        try:
            wait_until(lambda: answers(ports[1]))
            yield f"ray://127.0.0.1:{ports[1]}"
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)


@with_ray
@pytest.mark.skipif(find_spec("grpc") is None, reason="Ray's client is not installed (extra 'cluster')")
@pytest.mark.slow
def test_a_cluster_that_runs_already(folder: Path, tmp_path: Path, head: str) -> None:
    mask = np.zeros((40, 60), np.uint8)
    mask[:2] = 1
    mask[2:, 50:] = 3
    np.save(folder / "m.npy", mask)
    mask[:] = 0
    mask[30:] = 1
    np.save(folder / "s.npy", mask)
    rows = [
        {"content": "in/0.png", "style": "style.png", "content_mask": "m.npy", "style_mask": "s.npy"},
        {"content": "in/1.png", "style": "style.png"},
    ]
    (folder / "m.jsonl").write_text("\n".join(map(json.dumps, rows)))
    command = [*COMMAND, "m.jsonl", "--model", "tiny", "--json", "-o"]
    far = run([*command, str(tmp_path / "far"), "--cluster", head], folder)
    assert far.returncode == 0, far.stderr
    near = run([*command, str(tmp_path / "near")], folder)
    warned = [line for line in near.stderr.splitlines() if line.startswith("fastphoto: warning: ")]
    assert sorted(far.stderr.splitlines()) == sorted(warned)  # warnings travel
    for k in range(2):
        assert (tmp_path / "far" / f"{k}.png").read_bytes() == (tmp_path / "near" / f"{k}.png").read_bytes()
    none = run([*command, str(tmp_path / "none"), "--cluster", head, "--model", "no-such-model"], folder)
    assert none.returncode == 1
    assert [line for line in none.stderr.splitlines() if line.startswith("fastphoto: error: ")] == [
        line for line in none.stderr.splitlines() if "no-such-model" in line
    ]


class SlowHead:
    """Stands for Ray with a head that gives up on a client's process so many times: a real one does it at random."""

    def __init__(self, failures: int, reason: str) -> None:
        self.failures, self.reason, self.calls = failures, reason, 0

    def init(self, _address: str, **_quiet: Any) -> None:
        self.calls += 1
        if self.calls <= self.failures:
            raise RuntimeError(self.reason)

    def shutdown(self) -> None:
        pass


@pytest.mark.parametrize(
    ("failures", "reason", "calls"),
    [(2, "Starting Ray client server failed", 3), (9, "Starting Ray client server failed", 3), (1, "wrong token", 1)],
)
def test_a_head_that_starts_slowly_is_asked_again(failures: int, reason: str, calls: int) -> None:
    head = SlowHead(failures, reason)
    with pytest.raises(RuntimeError, match=reason) if failures != 2 else contextlib.nullcontext():
        _connect(head, "ray://head:1", 1)
    assert head.calls == calls


# --- without a cluster ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["", "Local", "10.0.0.1:10001", "ray://", "ray://head", "ray://head:x", "auto"])
def test_addresses_that_are_none(address: str) -> None:
    with pytest.raises(fp.ArgumentError, match="--cluster must be local or an address such as"):
        check_address(address)


def test_without_ray_one_line_names_the_extra(folder: Path, tmp_path: Path) -> None:
    code = "import sys; sys.modules['ray'] = None; from fastphoto_native.commands.main import run; run()"
    command = [sys.executable, "-c", code, "batch", "in", "--style", "style.png", "--model", "tiny"]
    done = run([*command, "-o", str(tmp_path), "--cluster", "local"], folder)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "fastphoto: error: --cluster needs Ray, which is not installed: pip install 'fastphoto-native[cluster]'"
    ]


class _Losing:
    """A worker that is lost over some photos, so many times."""

    def __init__(self, worker: PhotoWorker, losses: dict[str, int], starts: int) -> None:
        self._worker = worker
        self._losses = losses
        self._starts = starts
        self.need = worker.need
        self.look_of = worker.look_of
        self.stop = worker.stop
        self._lost = True

    def begin(self, wanted: Callable[[], bool]) -> bool:
        if self._lost:
            self._starts -= 1
            self._lost = False
        return self._starts >= 0 and wanted()

    def restyle(self, job: Job, kept: KeptLook) -> Restyled:
        if self._losses.get(job.content.name, 0):
            self._losses[job.content.name] -= 1
            self._lost = True
            raise WorkerLostError
        return self._worker.restyle(job, kept)


def losing(folder: Path, tmp_path: Path, losses: dict[str, int], starts: int) -> Iterator[tuple[str, str | None]]:
    journal, settings = Journal(tmp_path / REPORT), Settings()
    worker = PhotoWorker(fp.Stylizer(folder / "tiny", "cpu", 1), settings)
    workers = [_Losing(worker, losses, starts) for _ in range(2)]
    batch = Batch(workers, StyleFiles((folder / "style.png",)), settings, journal, MemoryGate(1 << 33))
    try:
        for outcome in batch.run([Job(folder / "in" / f"{k}.png", tmp_path / f"{k}.png") for k in range(4)]):
            yield outcome.job.content.name, outcome.entry.error
    finally:
        journal.close()


def test_a_photo_that_ends_every_worker_has_failed(folder: Path, tmp_path: Path) -> None:
    found = dict(losing(folder, tmp_path, {"1.png": MOST_LOSSES - 1, "2.png": MOST_LOSSES}, 99))
    assert {name: error for name, error in found.items() if error is not None} == {
        "2.png": f"{folder / 'in' / '2.png'}: {MOST_LOSSES} workers were lost over it (killed, or out of memory)"
    }
    assert sorted(found) == [f"{k}.png" for k in range(4)]
    assert sorted(p.name for p in tmp_path.glob("*.png")) == ["0.png", "1.png", "3.png"]


def test_without_room_for_new_workers_the_rest_is_left(folder: Path, tmp_path: Path) -> None:
    done: list[str] = []
    with pytest.raises(fp.DeviceError, match=r"all workers were lost, and \d photos are left"):
        done.extend(name for name, _ in losing(folder, tmp_path, {"0.png": 2, "1.png": 2}, 1))
    assert "0.png" not in done
