"""Names, pipes, standard input and processes: a photo is opened once, whatever leads to it."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import fastphoto_native as fp
import numpy as np
import pytest
from fastphoto_native.errors import PhotoError
from fastphoto_native.files import input as file_input
from fastphoto_native.files.names import printable, shown
from fastphoto_native.files.photos import photo_size
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

COMMAND = [sys.executable, "-m", "fastphoto_native"]


def picture(kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (24, 32, 3)).astype(np.uint8)).save(buffer, kind)
    return buffer.getvalue()


# ---------------------------------------------------------------------------------------------------------------- names


@pytest.mark.parametrize(
    "name", [b"bad\xff.png", "é.png".encode(), b"line\nfeed.png", b"\x1b[31m.png", b"-.png", b"a b"]
)
def test_names_of_any_bytes_are_read_and_written(tmp_path: Path, name: bytes) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
    path.write_bytes(picture())
    photo = fp.read_photo(path)
    assert photo.pixels.shape == (24, 32, 3)
    other = path.with_name(path.name + ".png")
    fp.write_photo(other, photo)
    np.testing.assert_array_equal(fp.read_photo(other).pixels, photo.pixels)


@given(st.binary(max_size=40))
def test_names_are_shown_in_one_plain_line(name: bytes) -> None:
    text = shown(os.fsdecode(name))
    assert text.isprintable() or not any(c in text for c in "\n\r\x1b\x07\x9b")
    text.encode("utf-8")


def test_very_long_names_are_shortened() -> None:
    assert shown("a" * 400) == "a" * 400
    assert shown("a" * 3000 + "b" * 2000) == "a" * 200 + "..." + "b" * 200


def test_control_characters_of_messages_are_escaped() -> None:
    assert printable("a\x1b[31m\nb") == "a\\x1b[31m\\nb"


def test_a_name_in_the_c_locale(tmp_path: Path) -> None:
    """Without UTF-8 mode, names that are not ASCII arrive as escapes."""
    (tmp_path / "é.png").write_bytes(picture())
    env = {**os.environ, "LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    script = "import sys, fastphoto_native as fp; print(fp.read_photo(sys.argv[1]).pixels.shape)"
    done = subprocess.run(
        [sys.executable, "-c", script, "é.png"], cwd=tmp_path, env=env, capture_output=True, check=False
    )
    assert done.stdout == b"(24, 32, 3)\n", done.stderr


def test_an_error_of_such_a_name_is_one_line(tmp_path: Path) -> None:
    for name in (b"no\xff\nthing\x1b.png", b"tree/\x07.png"):
        done = subprocess.run(
            [*COMMAND, "stylize", name, "x.png", "-o", "r.png"], cwd=tmp_path, capture_output=True, check=False
        )
        assert done.returncode == 1
        assert done.stderr.startswith(b"fastphoto: error: ")
        assert done.stderr.count(b"\n") == 1
        assert b"\x1b" not in done.stderr
        assert b"\x07" not in done.stderr


# ---------------------------------------------------------------------------------------------------------------- pipes


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_a_named_pipe_is_read_once(tmp_path: Path, kind: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    data = picture(kind)

    def write() -> None:
        time.sleep(0.1)  # the reader comes first, as in a shell that starts both at once
        with (tmp_path / "pipe").open("wb") as pipe:
            for i in range(0, len(data), 700):
                pipe.write(data[i : i + 700])
                pipe.flush()

    writer = threading.Thread(target=write)
    writer.start()
    photo = fp.read_photo(tmp_path / "pipe")
    writer.join()
    (tmp_path / "file").write_bytes(data)
    np.testing.assert_array_equal(photo.pixels, fp.read_photo(tmp_path / "file").pixels)


def test_a_pipe_that_nobody_writes_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.setattr(file_input, "WAIT_FOR_WRITER", 0.2)
    with pytest.raises(PhotoError, match="found a pipe that nobody writes to"):
        fp.read_photo(tmp_path / "pipe")


def test_a_pipe_whose_writer_brings_nothing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=lambda: (tmp_path / "pipe").open("wb").close())
    writer.start()
    with pytest.raises(PhotoError, match=r"empty pipe|nobody writes"):
        fp.read_photo(tmp_path / "pipe")
    writer.join()


def test_a_pipe_without_an_end_is_refused_by_its_first_bytes() -> None:
    with pytest.raises(PhotoError, match="no format that is known here"):
        fp.read_photo("/dev/zero")


def test_the_size_of_a_pipe_is_not_asked_for(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    try:
        os.write(writing, picture())
        assert photo_size(f"/dev/fd/{reading}") is None
    finally:
        os.close(reading)
        os.close(writing)
    (tmp_path / "a.png").write_bytes(picture())
    assert photo_size(tmp_path / "a.png") == (24, 32)


def test_standard_input_and_output(tmp_path: Path) -> None:
    (tmp_path / "style.png").write_bytes(picture())
    arguments = ["stylize", "-", "style.png", "-o", "-", "--format", "png", "--strength", "0"]
    done = subprocess.run([*COMMAND, *arguments], cwd=tmp_path, input=picture(), capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    with Image.open(io.BytesIO(done.stdout)) as image:
        np.testing.assert_array_equal(np.asarray(image), np.asarray(Image.open(io.BytesIO(picture()))))
    done = subprocess.run([*COMMAND, *arguments[:5]], cwd=tmp_path, input=picture(), capture_output=True, check=False)
    assert done.returncode == 1
    assert b"give the format" in done.stderr


def test_standard_input_from_a_file_is_read_from_its_beginning(tmp_path: Path) -> None:
    (tmp_path / "style.png").write_bytes(picture())
    arguments = ["stylize", "-", "style.png", "-o", "r.png", "--strength", "0"]
    with (tmp_path / "style.png").open("rb") as file:
        done = subprocess.run([*COMMAND, *arguments], cwd=tmp_path, stdin=file, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    with Image.open(tmp_path / "r.png") as image:
        np.testing.assert_array_equal(np.asarray(image), np.asarray(Image.open(io.BytesIO(picture()))))


def test_process_substitution(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(picture())
    command = f"{sys.executable} -m fastphoto_native stylize <(cat a.png) a.png -o r.png --strength 0"
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert (tmp_path / "r.png").is_file()


# ------------------------------------------------------------------------------------------------------------ processes


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_gets_an_error_instead_of_hanging(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(picture("JPEG"))
    script = (
        "import os, sys, fastphoto_native as fp\n"
        "if sys.argv[2] == 'before': fp.read_photo(sys.argv[1])\n"
        "child = os.fork()\n"
        "if not child:\n"
        "    try: print(fp.read_photo(sys.argv[1]).pixels.shape, flush=True)\n"
        "    except fp.PhotoError as error: print(error, flush=True)\n"
        "    os._exit(0)\n"
        "os.waitpid(child, 0)\n"
        "print('parent', fp.read_photo(sys.argv[1]).pixels.shape)\n"
    )
    for when, expected in (("before", "forked after its parent"), ("after", "(24, 32, 3)")):
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", script, str(tmp_path / "a.jpg"), when],
            capture_output=True, text=True, timeout=60, check=True,
        )  # fmt: skip
        child, parent = done.stdout.splitlines()
        assert expected in child
        assert parent == "parent (24, 32, 3)"


def test_without_standard_streams(tmp_path: Path) -> None:
    """As in a daemon or a windowed program: nothing to print on, and the picture is written."""
    (tmp_path / "a.png").write_bytes(picture())
    command = f"{sys.executable} -m fastphoto_native stylize a.png a.png -o r.png --strength 0 2>&- >&-"
    assert subprocess.run(["bash", "-c", command], cwd=tmp_path, check=False).returncode == 0
    assert (tmp_path / "r.png").is_file()
    script = (
        "import sys; sys.stdout = sys.stderr = None\nfrom fastphoto_native.commands.main import main\n"
        "main(['stylize', 'a.png', 'a.png', '-o', 's.png', '--strength', '0'])"
    )
    assert subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=False).returncode == 0
    assert (tmp_path / "s.png").is_file()


@pytest.mark.parametrize(
    "arguments",
    [
        "stylize a.png a.png -o r.png --strength 0 --json",
        "models list",
        "models path",
        "--version",
        "--help",
        "lut --help",
    ],
)
def test_a_report_that_nobody_takes_is_one_line(tmp_path: Path, arguments: str) -> None:
    (tmp_path / "a.png").write_bytes(picture())
    command = f"{sys.executable} -m fastphoto_native {arguments} > /dev/full"
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("fastphoto: error: the report cannot be printed")
    assert done.stderr.count("\n") == 1
