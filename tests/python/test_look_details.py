"""What looks say for people: name, sources, names of labels, preview; files with and without; and the command."""

from __future__ import annotations

import hashlib
import json
import struct
import subprocess
import sys
from pathlib import Path

import fastphoto_native as fp
import numpy as np
import pytest
import safetensors.numpy
from fastphoto_native import _core
from fastphoto_native.looks.look import LabelLook, Look
from fastphoto_native.looks.sources import file_and_weight
from skimage import data

COMMAND = [sys.executable, "-m", "fastphoto_native"]
FINGERPRINT = "0123456789abcdef" * 4


def plain_look(masked: bool = False) -> Look:
    statistics = _core.Statistics([0.1, 0.2, 0.3], np.eye(3, dtype=np.float32))
    return Look("small", FINGERPRINT, masked, {0: LabelLook(10, [statistics])})


def detailed_look() -> Look:
    picture = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
    return plain_look(True).with_details("abend ü", ["a" * 64, "b" * 64], {0: "sky"}, picture)


def test_details_survive_bytes_and_others_read_them(tmp_path: Path) -> None:
    look = detailed_look()
    again = Look.from_bytes(look.to_bytes())
    assert again.preview is not None
    assert look.preview is not None
    assert (again.name, again.sources, again.label_names) == ("abend ü", ("a" * 64, "b" * 64), {0: "sky"})
    assert np.array_equal(again.preview, look.preview)
    assert again.to_bytes() == look.to_bytes()
    look.save(tmp_path / "a.look")
    assert np.array_equal(safetensors.numpy.load_file(tmp_path / "a.look")["preview"], look.preview)


def test_a_look_without_details_is_the_file_it_was() -> None:
    """Programs that know no details read such files still."""
    data = plain_look().to_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    metadata = json.loads(data[8 : 8 + length])["__metadata__"]
    assert set(metadata) == {"look_format", "model", "fingerprint", "masked", "areas", "alignments"}
    again = Look.from_bytes(data)
    assert (again.name, again.sources, again.label_names, again.preview) == ("", (), {}, None)


def test_details_can_be_replaced_one_by_one() -> None:
    renamed = detailed_look().with_details(name="morning")
    assert (renamed.name, renamed.label_names) == ("morning", {0: "sky"})


@pytest.mark.parametrize(
    ("details", "message"),
    [
        ({"name": "a\nb"}, "control characters"),
        ({"name": "x" * 201}, "at most 200 bytes"),
        ({"sources": ["ABC"]}, "hexadecimal"),
        ({"label_names": {7: "sea"}}, "label 7 has a name and no statistics"),
        ({"label_names": {0: ""}}, "the name of label 0"),
        ({"preview": np.zeros((2, 2), np.uint8)}, "H x W x 3"),
        ({"preview": np.zeros((2, 2, 3), np.float32)}, "uint8"),
        ({"preview": np.zeros((600, 2, 3), np.uint8)}, "512 pixels"),
    ],
)
def test_details_are_checked(details: dict[str, object], message: str) -> None:
    with pytest.raises(fp.ArgumentError, match=message):
        plain_look(True).with_details(**details)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change",
    [
        lambda header: header["preview"].update(dtype="F32"),
        lambda header: header["preview"].update(shape=[72]),
        lambda header: header["__metadata__"].update(sources="xyz"),
        lambda header: header["__metadata__"].update(label_names='{"9": "sea"}'),
        lambda header: header["__metadata__"].update(label_names='{"0": 5}'),
        lambda header: header["__metadata__"].update(name=""),
        lambda header: header["__metadata__"].update(extra="1"),
    ],
)
def test_damaged_details_are_one_error(change) -> None:  # type: ignore[no-untyped-def]
    data = detailed_look().to_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    change(header)
    text = json.dumps(header).encode()
    with pytest.raises(fp.PhotoError, match="is not a look"):
        Look.from_bytes(struct.pack("<Q", len(text)) + text + data[8 + length :])


def test_names_and_weights_of_looks(tmp_path: Path) -> None:
    assert file_and_weight("a.look") == (Path("a.look"), None)
    assert file_and_weight("a.look:0.7") == (Path("a.look"), 0.7)
    assert file_and_weight("C:/a.look") == (Path("C:/a.look"), None)
    (tmp_path / "a:1").write_bytes(b"")
    for wrong in ("-1", "much", ""):
        with pytest.raises(fp.ArgumentError, match=rf"a\.look: found the weight '{wrong}'"):
            file_and_weight(f"a.look:{wrong}")
    assert file_and_weight(str(tmp_path / "a:1")) == (tmp_path / "a:1", None)


# --- the command ----------------------------------------------------------------------------------------------------


def run(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *map(str, arguments)], cwd=cwd, capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("looks")
    for name, photo in (
        ("a", data.coffee()[::6, ::6]),
        ("b", data.chelsea()[::6, ::6]),
        ("c", data.rocket()[::6, ::6]),
    ):
        fp.write_photo(folder / f"{name}.png", fp.Photo(photo[::6, ::6].astype(np.float32) / 255))
    assert run("look", "a.png", "-o", "a.look", "--name", "cup of coffee", cwd=folder).returncode == 0
    assert run("look", "make", "b.png", "-o", "b.look", cwd=folder).returncode == 0
    return folder


def test_show(folder: Path) -> None:
    account = json.loads(run("look", "show", "a.look", "--json", "--preview", "p.png", cwd=folder).stdout)
    assert account["name"] == "cup of coffee"
    assert account["fits"] == ["grade-lite"]
    assert account["sources"] == [hashlib.sha256((folder / "a.png").read_bytes()).hexdigest()]
    photo, preview = fp.read_photo(folder / "a.png").pixels, fp.read_photo(folder / "p.png").pixels
    assert np.abs(photo - preview).max() <= 0.5 / 255 + 1e-6  # smaller than the largest preview
    assert "cup of coffee" in run("look", "show", "a.look", cwd=folder).stdout
    assert fp.Look.load(folder / "b.look").name == "b"
    done = run("look", "show", "b.look", "--preview", "p.png", cwd=folder)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "p.png: found a file of that name" in done.stderr
    assert run("look", "show", "a.look", "--preview", "p.png", "--overwrite", cwd=folder).returncode == 0


def test_a_look_file_does_what_its_style_photo_does(folder: Path) -> None:
    assert run("stylize", "c.png", "a.png", "-o", "photo.png", cwd=folder).returncode == 0
    assert run("stylize", "c.png", "--look", "a.look", "-o", "look.png", cwd=folder).returncode == 0
    photo, look = (fp.read_photo(folder / name).pixels for name in ("photo.png", "look.png"))
    assert np.abs(photo - look).max() <= 1.5 / 255  # a look's numbers are float32; threads, see test_stylizer


def test_blends_by_option_and_by_file_are_one(folder: Path) -> None:
    blend = ["--look", "a.look:0.7", "--look", "b.look:0.3"]
    assert run("stylize", "c.png", *blend, "-o", "direct.png", cwd=folder).returncode == 0
    assert run("look", *blend, "-o", "ab.look", cwd=folder).returncode == 0
    assert run("stylize", "c.png", "--look", "ab.look", "-o", "file.png", cwd=folder).returncode == 0
    direct, file = (fp.read_photo(folder / name).pixels for name in ("direct.png", "file.png"))
    assert np.abs(direct - file).max() <= 1.5 / 255
    # The mean colour of the look lies where the weights say.
    a, b, ab = (fp.Look.load(folder / f"{n}.look").labels[0].statistics[0].mean for n in ("a", "b", "ab"))
    assert np.allclose(ab, 0.7 * a + 0.3 * b, atol=1e-6)


def test_the_order_of_looks_makes_no_difference(folder: Path) -> None:
    a, b = (fp.Look.load(folder / f"{name}.look") for name in "ab")
    first, second = fp.Look.blend([a, b], [0.7, 0.3]), fp.Look.blend([b, a], [0.3, 0.7])
    assert first.thumbnail is not None
    np.testing.assert_array_equal(first.thumbnail, second.thumbnail)
    content = fp.read_photo(folder / "c.png").pixels
    stylizer = fp.Stylizer(device="cpu", threads=1)
    np.testing.assert_allclose(stylizer.apply(content, first), stylizer.apply(content, second), atol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["stylize", "c.png", "a.png", "--look", "a.look", "-o", "r.png"], "the one or the other"),
        (["stylize", "c.png", "-o", "r.png"], "the one or the other"),
        (["stylize", "c.png", "--look", "a.look:0.5", "-o", "r.png"], "does not need"),
        (["stylize", "c.png", "--look", "none.look", "-o", "r.png"], "none.look"),
        (["stylize", "c.png", "--look", "a.png", "-o", "r.png"], "is not a look"),
        (["stylize", "c.png", "--look", "a.look:x", "-o", "r.png"], "a.look: found the weight 'x'"),
        (["look", "a.png", "-o", "nowhere/r.look"], "nowhere"),
        (["look", "a.png", "-o", "-"], "-: found standard output"),
        (["look", "show", "a.png"], "is not a look"),
        (["look", "a.png", "b.png", "--mask", "a.png", "-o", "r.look"], "a mask each or none"),
    ],
)
def test_errors_are_one_line(folder: Path, arguments: list[str], message: str) -> None:
    done = run(*arguments, cwd=folder)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert message in done.stderr
    assert not (folder / "r.png").exists()
    assert not (folder / "r.look").exists()
    assert not (folder / "-").exists()
