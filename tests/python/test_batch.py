"""Batches: what is to be done, memory that photos wait for, going on after an end of any kind, and what stays whole."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import fastphoto_native as fp
import numpy as np
import pytest
from fastphoto_native.batch.jobs import jobs_of
from fastphoto_native.batch.journal import Entry, Journal, key_of
from fastphoto_native.batch.memory import MemoryGate
from fastphoto_native.batch.runner import Batch
from fastphoto_native.batch.worker import PhotoWorker, Settings
from fastphoto_native.commands.batch import size_of
from fastphoto_native.sources import StyleFiles
from segmentation_networks import write_network
from skimage import data
from tiny_model import make_tiny_bundle

COMMAND = [sys.executable, "-m", "fastphoto_native", "batch"]


def photo(seed: int, height: int = 40, width: int = 60) -> fp.Photo:
    rng = np.random.default_rng(seed)
    base = data.coffee()[: height * 4 : 4, : width * 4 : 4].astype(np.float32) / 255
    return fp.Photo(np.clip(base * rng.uniform(0.6, 1, 3) + rng.normal(0, 0.02, base.shape), 0, 1).astype(np.float32))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("batch")
    for k in range(6):
        place = folder / "shoot" / ("day 1" if k < 4 else "day 2")
        place.mkdir(parents=True, exist_ok=True)
        fp.write_photo(place / f"{k}.{'png' if k % 2 else 'jpg'}", photo(k))
    fp.write_photo(folder / "style.png", fp.Photo(data.chelsea()[::8, ::8].astype(np.float32) / 255))
    make_tiny_bundle(folder / "tiny")
    return folder


# --- jobs -----------------------------------------------------------------------------------------------------------


def test_files_folders_and_patterns(folder: Path, tmp_path: Path) -> None:
    shoot = folder / "shoot"
    (shoot / "notes.txt").write_text("no photo")
    whole = jobs_of([str(shoot)], tmp_path, None)
    assert [job.output.relative_to(tmp_path).as_posix() for job in whole] == [
        "day 1/0.jpg", "day 1/1.png", "day 1/2.jpg", "day 1/3.png", "day 2/4.jpg", "day 2/5.png",
    ]  # fmt: skip
    some = jobs_of([str(shoot / "*" / "*.jpg")], tmp_path, ".png")
    assert [job.output.name for job in some] == ["0.png", "2.png", "4.png"]
    (one,) = jobs_of([str(folder / "a.bmp")], tmp_path, None)
    assert one.output == tmp_path / "a.png"  # a format that is not written
    (one,) = jobs_of([str(folder / "a.exr")], tmp_path, None)
    assert one.output == tmp_path / "a.exr"  # .png would lose what is brighter than white


def test_results_in_the_folder_of_the_photos_are_not_photos(folder: Path) -> None:
    out = folder / "shoot" / "out"
    out.mkdir(exist_ok=True)
    fp.write_photo(out / "old.png", photo(0))
    try:
        assert len(jobs_of([str(folder / "shoot")], out, None)) == 6
    finally:
        (out / "old.png").unlink()
        out.rmdir()


def test_manifests(tmp_path: Path) -> None:
    rows = [
        {"content": "a.jpg", "style": "s.jpg", "content_mask": "sky=x.png;sea=y.png", "style_mask": "m.png"},
        {"content": "b.jpg", "look": "l.look:0.5;k.look:0.5", "output": "deep/b.png"},
        {"content": "c.jpg"},
    ]
    (tmp_path / "m.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")
    fields = ["content", "style", "look", "content_mask", "style_mask", "output"]
    lines = [",".join(fields), *(",".join(row.get(field, "") for field in fields) for row in rows)]
    (tmp_path / "m.csv").write_text("\ufeff" + "\r\n".join(lines), encoding="utf-8")
    first, second = (jobs_of([str(tmp_path / name)], tmp_path / "out", None) for name in ("m.jsonl", "m.csv"))
    assert first == second
    assert first[0].style == StyleFiles((tmp_path / "s.jpg",), (str(tmp_path / "m.png"),))
    assert first[0].content_masks == (f"sky={tmp_path / 'x.png'}", f"sea={tmp_path / 'y.png'}")
    assert first[1].style == StyleFiles(looks=(f"{tmp_path / 'l.look'}:0.5", f"{tmp_path / 'k.look'}:0.5"))
    assert first[1].output == tmp_path / "out" / "deep" / "b.png"
    assert first[2].style is None


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("m.csv", "photo\na.jpg\n", "found no manifest"),
        ("m.csv", "content,output\na.jpg,../b.jpg\n", "within the output folder"),
        ("m.csv", "content,output\na.jpg,/b.jpg\n", "within the output folder"),
        ("m.csv", "content,style,look\na.jpg,s.jpg,l.look\n", "the one or the other"),
        ("m.csv", "content\na.jpg,b,c\n", "found no manifest"),
        ("m.csv", "content\n\n", "found no photos"),
        ("m.jsonl", '{"content": 5}\n', "found no manifest"),
        ("m.jsonl", "[" * 100000, "found no manifest"),
        ("m.jsonl", '{"content": ""}', "names no content"),
        ("m.csv", "content\na.jpg\nx/a.jpg\n", "would both be written"),
        ("m.csv", "content,stile\na.jpg,b.jpg\n", "line 1: found no manifest .*stile"),
        ("m.csv", "content,output\na.jpg,b.png\n,c.png\n", "line 3 of the manifest names no content"),
        ("m.jsonl", '{"content": "a.jpg"}\n\n{"content": ""}\n', "line 3 of the manifest names no content"),
        ("m.jsonl", '{"content": "a.jpg"}\n{"content"\n', "line 2: found no manifest"),
    ],
)
def test_manifests_that_are_none(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(fp.FastphotoError, match=message):
        jobs_of([str(tmp_path / name)], tmp_path / "out", None)


def test_photos_are_never_overwritten(folder: Path) -> None:
    with pytest.raises(fp.ArgumentError, match="is a photo of the batch"):
        jobs_of([str(folder / "shoot" / "day 1" / "0.jpg")], folder / "shoot" / "day 1", None)


# --- memory ---------------------------------------------------------------------------------------------------------


def test_photos_wait_for_memory_and_one_alone_always_comes_in() -> None:
    gate, inside, most = MemoryGate(100), [0], [0]
    lock = threading.Lock()

    def work(need: int) -> None:
        with gate.room_for(need):
            with lock:
                inside[0] += need
                most[0] = max(most[0], inside[0])
            time.sleep(0.002)
            with lock:
                inside[0] -= need

    threads = [threading.Thread(target=work, args=(need,)) for need in [30, 40, 50, 60, 70] * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()
    assert most[0] <= 100
    with gate.room_for(1000):
        pass


@pytest.mark.parametrize(("text", "size"), [("6G", 6 << 30), ("500 MB", 500 << 20), ("1.5GiB", 3 << 29), ("7", 7)])
def test_sizes(text: str, size: int) -> None:
    assert size_of(text) == size


@pytest.mark.parametrize("text", ["", "0", "much", "-1G", "1e99G", "9" * 40])
def test_sizes_that_are_none(text: str) -> None:
    with pytest.raises(fp.ArgumentError, match="max-memory"):
        size_of(text)


# --- the report -----------------------------------------------------------------------------------------------------


def test_a_report_that_was_cut_off_is_read_up_to_there(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    journal = Journal(path)
    journal.write(Entry("done", "a", "b", "k", output_bytes=3))
    with pytest.raises(fp.PhotoError, match="another batch"):
        Journal(path)
    journal.close()
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:20])
    again = Journal(path)
    again.close()
    assert list(again.entries) == ["b"]
    assert path.read_bytes() == whole
    path.write_text("no report\n")
    with pytest.raises(fp.PhotoError, match="none of a batch's report"):
        Journal(path)


def test_keys_change_with_what_results_depend_on(folder: Path, tmp_path: Path) -> None:
    (job,) = jobs_of([str(folder / "shoot" / "day 1" / "0.jpg")], tmp_path, None)
    usual = key_of(job, Settings().key(), "look")
    assert usual == key_of(job, Settings(overwrite=True, redo=True).key(), "look")
    assert usual != key_of(job, Settings(strength=0.5).key(), "look")
    assert usual != key_of(job, Settings(quality="exact").key(), "look")
    assert usual != key_of(job, Settings(insist=True).key(), "look")
    assert usual != key_of(job, Settings(adjustment=fp.Adjustment(tone=0.5)).key(), "look")
    assert usual != key_of(job, Settings(encoding=fp.Encoding(quality=80)).key(), "look")
    assert usual != key_of(job, Settings().key(), "another look")


# --- running --------------------------------------------------------------------------------------------------------


def run(*arguments: object, cwd: Path, timeout: int = 120) -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=timeout, check=False)


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_batch_does_what_single_calls_do_and_then_nothing_more(folder: Path, tmp_path: Path) -> None:
    arguments = ["shoot", "--style", "style.png", "--model", "tiny", "-o", tmp_path / "out", "--json"]
    first = run(*arguments, cwd=folder)
    assert (first.returncode, first.stderr) == (0, "")
    assert json.loads(first.stdout) | {"report": ""} == {
        "photos": 6, "done": 6, "skipped": 0, "failed": 0, "interrupted": False, "report": "",
    }  # fmt: skip
    stylizer = fp.Stylizer(folder / "tiny", "cpu")
    look = stylizer.analyze(fp.read_photo(folder / "style.png").pixels)
    content = fp.read_photo(folder / "shoot" / "day 1" / "1.png").pixels
    found = fp.read_photo(tmp_path / "out" / "day 1" / "1.png").pixels
    assert np.abs(found - stylizer.apply(content, look)).max() <= 0.5 / 255 + 2e-3  # see test_cli
    stamps = {p: p.stat().st_mtime_ns for p in (tmp_path / "out").rglob("*.*g")}
    again = run(*arguments, cwd=folder)
    assert json.loads(again.stdout)["skipped"] == 6
    assert stamps == {p: p.stat().st_mtime_ns for p in (tmp_path / "out").rglob("*.*g")}
    # Other settings, and results that were changed, are done again.
    (tmp_path / "out" / "day 2" / "5.png").write_bytes(b"damaged")
    assert json.loads(run(*arguments, cwd=folder).stdout)["done"] == 1
    assert json.loads(run(*arguments, "--strength", "0.5", cwd=folder).stdout)["done"] == 6


def test_a_damaged_photo_is_reported_and_stops_nothing(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes((folder / "shoot" / "day 1" / "0.jpg").read_bytes()[:900])
    (tmp_path / "b.jpg").write_bytes(b"no photo")
    fp.write_photo(tmp_path / "c.jpg", photo(3))
    done = run(
        "*.jpg", "none.jpg", "--style", folder / "style.png", "--model", folder / "tiny", "-o", "out", cwd=tmp_path
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("fastphoto: error: 3 of 4 photos failed")
    status = {entry["content"]: entry["status"] for entry in lines(tmp_path / "out" / "fastphoto-batch.jsonl")}
    assert status == {"a.jpg": "failed", "b.jpg": "failed", "c.jpg": "done", "none.jpg": "failed"}
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["c.jpg", "fastphoto-batch.jsonl"]


def test_files_of_others_are_not_replaced(folder: Path, tmp_path: Path) -> None:
    source = folder / "shoot" / "day 1" / "0.jpg"
    fp.write_photo(tmp_path / "0.jpg", photo(9))
    before = (tmp_path / "0.jpg").read_bytes()
    arguments = [source, "--style", folder / "style.png", "--model", folder / "tiny", "-o", tmp_path]
    assert "exists already" in run(*arguments, cwd=tmp_path).stderr
    assert (tmp_path / "0.jpg").read_bytes() == before
    assert run(*arguments, "--overwrite", cwd=tmp_path).returncode == 0
    assert (tmp_path / "0.jpg").read_bytes() != before


def test_pairs_and_masks_of_a_manifest(folder: Path, tmp_path: Path) -> None:
    mask = np.zeros((40, 60), np.uint8)
    mask[20:] = 1
    np.save(tmp_path / "m.npy", mask)
    rows = [
        {"content": str(folder / "shoot/day 1/0.jpg"), "style": str(folder / "style.png"), "output": "plain.png"},
        {"content": str(folder / "shoot/day 1/0.jpg"), "style": str(folder / "style.png"), "style_mask": "m.npy",
         "content_mask": "m.npy", "output": "masked.png"},
        {"content": str(folder / "shoot/day 1/1.png")},
    ]  # fmt: skip
    (tmp_path / "m.jsonl").write_text("\n".join(map(json.dumps, rows)))
    done = run("m.jsonl", "--model", folder / "tiny", "-o", "out", cwd=tmp_path)
    assert f"{folder / 'shoot/day 1/1.png'}: found neither a style nor a look" in done.stderr
    entries = {Path(str(e["output"])).name: e for e in lines(tmp_path / "out" / "fastphoto-batch.jsonl")}
    assert [label["label"] for label in entries["masked.png"]["masks"]] == ["0", "1"]  # type: ignore[attr-defined]
    plain, masked = (fp.read_photo(tmp_path / "out" / f"{n}.png").pixels for n in ("plain", "masked"))
    assert np.abs(plain - masked).max() > 0.01


def test_not_every_photo_has_all_labels_of_a_map(folder: Path, tmp_path: Path) -> None:
    mask = np.zeros((40, 60), np.uint8)
    np.save(tmp_path / "zeros.npy", mask)
    mask[20:] = 1
    np.save(tmp_path / "both.npy", mask)
    rows = [
        {"content": str(folder / "shoot/day 1/0.jpg"), "content_mask": f"{name}.npy", "output": f"{name}.png",
         "style": str(folder / "style.png"), "style_mask": "both.npy"}
        for name in ("both", "zeros")
    ]  # fmt: skip
    (tmp_path / "m.jsonl").write_text("\n".join(map(json.dumps, rows)))
    done = run("m.jsonl", "--model", folder / "tiny", "--mask-map", "1=0", "-o", "out", "--json", cwd=tmp_path)
    assert json.loads(done.stdout)["done"] == 2
    write_network(tmp_path / "net.onnx")
    arguments = ["--style", folder / "style.png", "--auto-mask", tmp_path / "net.onnx", "--mask-map", "moon=sky"]
    done = run("shoot", *arguments, "-o", tmp_path / "auto", cwd=folder)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "the mask map names 'moon'" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [((), "neither a style nor a look"), (("--style", "style.png", "--mask-map", "sky=sea"), "there are no masks")],
)
def test_what_no_photo_can_pass_is_said_once_before_any(
    folder: Path, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    done = run("shoot", *arguments, "-o", tmp_path / "out", cwd=folder)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert message in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_an_end_of_any_kind_leaves_whole_files_and_the_same_command_goes_on(
    folder: Path, tmp_path: Path, number: signal.Signals
) -> None:
    for k in range(40):
        fp.write_photo(tmp_path / f"{k:02}.png", photo(k, 80, 120))
    arguments = ["*.png", "--style", folder / "style.png", "--model", folder / "tiny", "-o", tmp_path / "out"]
    process = subprocess.Popen([*COMMAND, *map(str, arguments)], cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    report = tmp_path / "out" / "fastphoto-batch.jsonl"
    deadline = time.monotonic() + 60
    while (not report.exists() or report.read_text().count('"done"') < 3) and time.monotonic() < deadline:
        time.sleep(0.005)
    os.kill(process.pid, number)
    _, said = process.communicate(timeout=60)
    finished = [Path(str(entry["output"])) for entry in lines(report) if entry["status"] == "done"]
    assert 3 <= len(finished) < 40
    results = list((tmp_path / "out").glob("*.png"))
    assert {p.name for p in finished} <= {p.name for p in results}
    for result in results:  # all of them whole
        assert fp.read_photo(result).pixels.shape == (80, 120, 3)
    if number == signal.SIGINT:
        assert process.returncode == 130
        assert said.splitlines()[-1] == "fastphoto: interrupted"
        assert "the same command goes on" in said
        assert not list((tmp_path / "out").glob(".fastphoto-*"))
    else:
        assert process.returncode == -signal.SIGKILL
    again = json.loads(run(*arguments, "--json", cwd=tmp_path).stdout)
    assert again["skipped"] >= len(finished)
    assert again["done"] + again["skipped"] == 40
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        *(f"{k:02}.png" for k in range(40)), "fastphoto-batch.jsonl",
    ]  # fmt: skip


def test_one_look_over_a_series_adds_no_spread(folder: Path, tmp_path: Path) -> None:
    """A burst: one scene, small shifts of the camera, noise, and exposures that differ a little."""
    rng = np.random.default_rng(1)
    scene = data.coffee().astype(np.float32) / 255
    for k in range(6):
        y, x = rng.integers(0, 24, 2)
        frame = scene[y : y + 360 : 3, x : x + 540 : 3] * np.float32(rng.uniform(0.93, 1.07))
        frame = frame + rng.normal(0, 0.01, frame.shape).astype(np.float32)
        fp.write_photo(tmp_path / f"{k}.png", fp.Photo(np.clip(frame, 0, 1), None, 16))
    stylizer, journal = fp.Stylizer("photowct-lite", device="cpu", threads=1), Journal(tmp_path / "r.jsonl")
    style = StyleFiles((folder / "style.png",))
    workers = [PhotoWorker(stylizer, Settings())] * 2
    batch = Batch(workers, style, Settings(), journal, MemoryGate(8 << 30))
    outcomes = list(batch.run(jobs_of([str(tmp_path / "?.png")], tmp_path / "out", None)))
    journal.close()
    assert [outcome.entry.error for outcome in outcomes] == [None] * 6

    def spread(place: Path) -> np.ndarray:
        means = [fp.read_photo(place / f"{k}.png").pixels.reshape(-1, 3).mean(axis=0) for k in range(6)]
        return np.asarray(np.std(means, axis=0))

    assert (spread(tmp_path / "out") <= spread(tmp_path)).all()
