"""Looks: files of both formats, read by us and by others, and that what is no look is one error that names the file."""

from __future__ import annotations

import io
import json
import os
import struct
import subprocess
import sys
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fastphoto_native as fp
import numpy as np
import pytest
import safetensors.numpy
from fastphoto_native import _core
from fastphoto_native.looks.look import WHOLE, LabelLook, Look
from hypothesis import given, settings
from hypothesis import strategies as st

FINGERPRINT = "0123456789abcdef" * 4


def random_statistics(channels: int, seed: int) -> _core.Statistics:
    """As the network gives them: float32, with a covariance that is symmetric to the last bit."""
    rng = np.random.default_rng(seed)
    samples = rng.normal(size=(channels, 2 * channels))
    return _core.Statistics(rng.normal(size=channels).astype("f4"), np.cov(samples).reshape(channels, -1).astype("f4"))


def look_of(labels: tuple[int, ...] = (WHOLE,), thumbnail: np.ndarray | None = None) -> Look:
    styles = {k: LabelLook(100.5 + i, [random_statistics(3, i), random_statistics(7, i)]) for i, k in enumerate(labels)}
    return Look("small", FINGERPRINT, labels != (WHOLE,), styles, thumbnail)


def assert_same(a: Look, b: Look) -> None:
    assert (a.model, a.fingerprint, a.masked) == (b.model, b.fingerprint, b.masked)
    assert list(a.labels) == list(b.labels)
    for label, style in a.labels.items():
        assert b.labels[label].area == style.area
        for s, t in zip(style.statistics, b.labels[label].statistics, strict=True):
            np.testing.assert_array_equal(s.mean, t.mean)
            np.testing.assert_array_equal(s.covariance, t.covariance)


def thumbnail(side: int = 5) -> np.ndarray:
    return np.random.default_rng(0).random((3, side, side), np.float32)


def test_a_look_survives_bytes_and_files(tmp_path: Path) -> None:
    for look in (look_of(), look_of((-(2**63), 0, 5, 2**63 - 1), thumbnail())):
        assert_same(look, Look.from_bytes(look.to_bytes()))
        look.save(tmp_path / "a.look")
        look.save(str(tmp_path / "b.look"))
        assert_same(look, fp.Look.load(tmp_path / "a.look"))
        assert (tmp_path / "b.look").read_bytes() == look.to_bytes()


def test_members_outlive_their_look_and_are_read_only() -> None:
    styles, picture = look_of((1, 2)).labels, look_of((1, 2), thumbnail()).thumbnail
    np.testing.assert_array_equal(styles[1].statistics[1].mean, random_statistics(7, 0).mean)
    assert picture is not None
    np.testing.assert_array_equal(picture, thumbnail())
    assert not picture.flags.writeable
    assert look_of().thumbnail is None


def test_others_read_our_files(tmp_path: Path) -> None:
    look = look_of((3, 8), thumbnail())
    look.save(tmp_path / "a.look")
    arrays = safetensors.numpy.load_file(tmp_path / "a.look")
    names = {f"{k}/{i}/{kind}" for k in (3, 8) for i in (0, 1) for kind in ("mean", "covariance")} | {"thumbnail"}
    assert set(arrays) == names
    for label, style in look.labels.items():
        for i, s in enumerate(style.statistics):
            np.testing.assert_array_equal(arrays[f"{label}/{i}/mean"], s.mean.astype("f4"))
            np.testing.assert_array_equal(arrays[f"{label}/{i}/covariance"], s.covariance.astype("f4"))
    np.testing.assert_array_equal(arrays["thumbnail"], thumbnail())
    with safetensors.safe_open(tmp_path / "a.look", framework="np") as file:
        metadata = file.metadata()
    assert metadata["look_format"] == "2"
    assert metadata["model"] == "small"
    assert metadata["fingerprint"] == FINGERPRINT
    assert metadata["masked"] == "true"
    assert json.loads(metadata["areas"]) == {"3": 100.5, "8": 101.5}


def test_we_read_what_others_write(tmp_path: Path) -> None:
    look = look_of((3, 8), thumbnail())
    look.save(tmp_path / "a.look")
    with safetensors.safe_open(tmp_path / "a.look", framework="np") as file:
        metadata = file.metadata()
    safetensors.numpy.save_file(safetensors.numpy.load_file(tmp_path / "a.look"), tmp_path / "b.look", metadata)
    assert_same(look, Look.load(tmp_path / "b.look"))


def test_other_safetensors_are_no_looks(tmp_path: Path) -> None:
    safetensors.numpy.save_file({"weight": np.ones(3, np.float32)}, tmp_path / "a.safetensors")
    with pytest.raises(fp.PhotoError, match=r"a\.safetensors is not a look: \$ has no field '__metadata__'"):
        Look.load(tmp_path / "a.safetensors")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": ""}, "model must be a name"),
        ({"fingerprint": "5"}, "fingerprint must be 64"),
        ({"labels": {}}, "1 to 256 labels, got 0"),
        ({"labels": {k: LabelLook(1, [random_statistics(3, 0)]) for k in range(257)}, "masked": True}, "got 257"),
        ({"masked": True, "labels": {1: LabelLook(float("nan"), [random_statistics(3, 0)])}}, "label 1's area"),
        ({"masked": True, "labels": {1: LabelLook(-5, [random_statistics(3, 0)])}}, "label 1's area .* got -5"),
        ({"masked": True, "labels": {1: LabelLook(1, [])}}, "label 1 has statistics of 0 alignments"),
        ({"thumbnail": np.zeros((3, 2, 3), np.float32)}, "3 x side x side, got 3 x 2 x 3"),
        ({"thumbnail": np.zeros((3, 2, 2))}, "thumbnail must be a float32 array"),
        ({"thumbnail": np.full((3, 2, 2), np.nan, np.float32)}, "numbers between 0 and 1"),
    ],
)
def test_a_look_that_is_none_cannot_be_made(change: dict[str, Any], message: str) -> None:
    good: dict[str, Any] = {"model": "m", "fingerprint": FINGERPRINT, "masked": False, "labels": look_of().labels}
    with pytest.raises(fp.ArgumentError, match=message):
        Look(**(good | change))


def test_names_that_are_no_text(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xe9\n.look"))
    look_of().save(path)
    assert_same(look_of(), Look.load(path))
    path.write_bytes(b"x")
    with pytest.raises(fp.PhotoError, match=r"/\\xe9\\x0a\.look is not a look"):
        Look.load(path)


def test_no_room_leaves_nothing_behind(tmp_path: Path) -> None:
    """The old file stays as it was, and no temporary one is left."""
    resource = pytest.importorskip("resource")
    assert resource
    path = tmp_path / "a.look"
    path.write_bytes(b"before")
    look_of(tuple(range(1, 200))).save(tmp_path / "large.look")
    script = (
        "import resource, signal, sys, fastphoto_native as fp\n"
        "look = fp.Look.load(sys.argv[1])\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10000, 10000))\n"
        "try:\n"
        "    look.save(sys.argv[2])\n"
        "except fp.PhotoError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "large.look"), str(path)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == f"cannot write the look {path}: File too large\n"
    assert path.read_bytes() == b"before"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.look", "large.look"]


def test_a_pipe_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(fp.PhotoError, match=r"cannot read the look .*pipe: Not a regular file"):
        Look.load(tmp_path / "pipe")


def check_look_or_message(read: Callable[[], Look], name: str) -> None:
    """A look that can be written again, or a PhotoError of one line that names the file, and nothing else."""
    try:
        look = read()
    except fp.PhotoError as error:
        message = str(error)
    else:
        assert_same(look, Look.from_bytes(look.to_bytes()))
        return
    assert name in message
    assert "\n" not in message


GOOD = look_of((3, 8), thumbnail(2)).to_bytes()
HEADER = 8 + struct.unpack("<Q", GOOD[:8])[0]


@given(
    st.lists(st.tuples(st.integers(0, len(GOOD)), st.integers(0, 30), st.binary(max_size=12)), min_size=1, max_size=4),
    st.booleans(),
)
@settings(max_examples=600, deadline=None)
def test_changed_bytes_are_a_valid_look_or_one_error(changes: list[tuple[int, int, bytes]], mend: bool) -> None:
    content, length = GOOD, HEADER - 8
    for at, removed, piece in changes:
        at = at % HEADER if mend else at
        length += len(piece) - len(content[at : at + removed]) if at + removed <= HEADER else 0
        content = content[:at] + piece + content[at + removed :]
    if mend:  # a length that fits lets the header through to the checks behind it
        content = struct.pack("<Q", max(0, length)) + content[8:]
    check_look_or_message(lambda: Look.from_bytes(content), "the data")


# --- Format 1 ----------------------------------------------------------------------------------------------------


def npz_entries(look: Look) -> dict[str, Any]:
    """What earlier versions wrote with numpy.savez_compressed."""
    header = {
        "format": 1,
        "model": look.model,
        "fingerprint": look.fingerprint,
        "masked": look.masked,
        "labels": [{"label": k, "area": v.area, "points": len(v.statistics)} for k, v in look.labels.items()],
    }
    arrays: dict[str, Any] = {"header": header}
    for label, style in look.labels.items():
        for point, s in enumerate(style.statistics):
            arrays[f"{label}/{point}/mean"] = s.mean.astype(np.float32)
            arrays[f"{label}/{point}/covariance"] = s.covariance.astype(np.float32)
    return arrays


def write_npz(path: Path, entries: dict[str, Any]) -> Path:
    header = entries["header"]
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    with path.open("wb") as file:
        np.savez_compressed(file, **(entries | {"header": np.frombuffer(text, np.uint8)}))
    return path


@pytest.mark.parametrize("labels", [(WHOLE,), (-4, 0, 9)])
def test_format_1_is_read(tmp_path: Path, labels: tuple[int, ...]) -> None:
    look = look_of(labels)
    loaded = Look.load(write_npz(tmp_path / "old.look", npz_entries(look)))
    assert_same(look, loaded)
    loaded.save(tmp_path / "old.look")  # becomes format 2
    assert_same(look, Look.load(tmp_path / "old.look"))
    assert (tmp_path / "old.look").read_bytes() == look.to_bytes()


def with_header(**changes: Any) -> dict[str, Any]:
    entries = npz_entries(look_of((3, 8)))
    return entries | {"header": entries["header"] | changes}


def with_row(**changes: Any) -> dict[str, Any]:
    rows = with_header()["header"]["labels"]
    return with_header(labels=[rows[0] | changes, rows[1]])


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        (with_header(format=2), "found format 2, expected 1"),
        (with_header(labels=[]), "found 0 labels, expected 1 to 256"),
        (with_header(labels=None), "found no list of labels"),
        (with_header(labels=[{"label": 1, "area": 1, "points": 1}] * 1_000), "found 1000 labels"),
        (with_header(labels=[{"label": 3, "area": 1, "points": 2}] * 2), "the label 3 stands twice"),
        (with_header(labels=[5]), "without label, area and points"),
        (with_header(fingerprint=5), "must be texts"),
        (with_header(fingerprint=None), "must be texts"),
        (with_header(fingerprint="5"), "fingerprint must be 64"),
        (with_header(masked=None), "masked is None, expected true or false"),
        (with_row(points=0), "found 0 alignments"),
        (with_row(points=-1), "found -1 alignments"),
        (with_row(points=1), "'3/1/covariance.*' belongs to no label"),
        (with_row(points=3), "the array '3/2/mean' is missing"),
        (with_row(points=10**6), "found 1000000 alignments"),
        (with_row(area=float("nan")), "found the area nan"),
        (with_row(area=-5), "found the area -5"),
        (with_row(area=10**400), "found the area 1000"),
        (with_row(area="5"), "found the area 5"),
        (with_row(label="x"), "found the label x"),
        (with_row(label=2**63), "found the label 9223372036854775808"),
        (with_row(label=True), "found the label True"),
        (with_header() | {"header": b"[" * 100_000}, "is damaged"),
        (with_header() | {"header": b"\xff"}, "is damaged"),
        (with_header() | {"header": b"[]"}, "found format list"),
        (with_header() | {"3/0/mean": np.zeros(3, complex)}, "and the type complex128"),
        (with_header() | {"3/0/mean": np.zeros(3, "M8[s]")}, "and the type datetime64"),
        (with_header() | {"3/0/mean": np.zeros(3, "f4,f4")}, "and the type"),
        (with_header() | {"3/0/mean": np.zeros((3, 1), "f4")}, r"the shape \(3, 1\)"),
        (with_header() | {"3/0/mean": np.full(3, np.nan, "f4")}, "mean holds NaN"),
        (with_header() | {"3/0/mean": np.zeros(4, "f4")}, "covariance must be 4 x 4"),
        (with_header() | {"3/0/covariance": -np.eye(3, dtype="f4")}, "no negative number on its diagonal"),
        (with_header() | {"surprise": np.zeros(1)}, "'surprise' belongs to no label"),
    ],
)
def test_what_is_wrong_with_a_look_of_format_1_is_named(tmp_path: Path, entries: dict[str, Any], message: str) -> None:
    path = write_npz(tmp_path / "bad.look", entries)
    with pytest.raises(fp.PhotoError, match=rf"bad\.look is not a look: .*{message}") as caught:
        Look.load(path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600


def test_code_in_a_look_is_not_run(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return (os.mkdir, (str(tmp_path / "trapped"),))

    path = write_npz(tmp_path / "bad.look", with_header() | {"3/0/mean": np.array([Trap()], object)})
    with pytest.raises(fp.PhotoError, match=r"bad\.look is not a look"):
        Look.load(path)
    assert not (tmp_path / "trapped").exists()


def npy(header: str, data: bytes = b"") -> bytes:
    text = header.encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data


def test_an_array_that_claims_to_be_large_takes_no_memory(tmp_path: Path) -> None:
    """NumPy's own reader allocates the 1.6 GB of 20000 x 20000 numbers before it finds that there are none."""
    path = write_npz(tmp_path / "bad.look", npz_entries(look_of()))
    claim = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (20000, 20000)}")
    replace(path, "0/0/covariance.npy", claim)
    tracemalloc.start()  # NumPy tells it of its arrays
    with pytest.raises(fp.PhotoError, match=r"has 0 bytes, the shape \(20000, 20000\)"):
        Look.load(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10_000_000


def test_a_zip_bomb_is_refused_by_its_directory(tmp_path: Path) -> None:
    path = write_npz(tmp_path / "bad.look", npz_entries(look_of()))
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("bomb.npy", "w") as bomb:
        for _ in range(520):
            bomb.write(bytes(1 << 20))
    assert path.stat().st_size < 3 << 20
    with pytest.raises(fp.PhotoError, match=r"its arrays have [0-9]+ bytes, expected at most 536870912"):
        Look.load(path)


def replace(path: Path, name: str, content: bytes) -> None:
    """Writes the archive again with other content of one entry."""
    with zipfile.ZipFile(path) as archive:
        entries = {n: archive.read(n) for n in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for n, old in entries.items():
            archive.writestr(n, content if n == name else old)


@pytest.mark.parametrize(("offset", "value", "message"), [(10, 99, "packed in a way"), (8, 1, "packed in a way")])
def test_methods_and_flags_that_numpy_does_not_write(tmp_path: Path, offset: int, value: int, message: str) -> None:
    """Method 99, and the flag of encryption, in the directory of the archive."""
    path = write_npz(tmp_path / "bad.look", npz_entries(look_of()))
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + offset] = value
    path.write_bytes(content)
    with pytest.raises(fp.PhotoError, match=message):
        Look.load(path)


def old_file() -> bytes:
    content = io.BytesIO()
    entries = npz_entries(look_of((3, 8)))
    np.savez_compressed(content, **(entries | {"header": np.frombuffer(json.dumps(entries["header"]).encode(), "u1")}))
    return content.getvalue()


OLD = old_file()


@given(
    st.lists(st.tuples(st.integers(4, len(OLD)), st.integers(0, 30), st.binary(max_size=12)), min_size=1, max_size=4)
)
@settings(max_examples=400, deadline=None)
def test_a_changed_file_of_format_1_is_a_valid_look_or_one_error(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, int, bytes]]
) -> None:
    content = OLD
    for at, removed, piece in changes:
        content = content[:at] + piece + content[at + removed :]
    path = tmp_path_factory.getbasetemp() / "changed.look"
    path.write_bytes(content)
    check_look_or_message(lambda: Look.load(path), "changed.look")
