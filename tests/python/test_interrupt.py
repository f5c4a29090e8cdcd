"""Ctrl-C: one line, exit status 130, nothing left behind, from the command's first moment on."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import fastphoto_native as fp
import numpy as np
import pytest
from tiny_model import make_tiny_bundle


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    # Large enough to be at work when the signal comes.
    fp.write_photo(folder / "a.png", fp.Photo(np.random.default_rng(0).random((900, 1200, 3), np.float32)))
    make_tiny_bundle(folder / "tiny")
    return folder


@pytest.mark.parametrize("wait", [0.0, 0.15, 0.5, 2.0])
def test_at_any_moment(folder: Path, wait: float) -> None:
    before = sorted(p.name for p in folder.iterdir())
    arguments = ["stylize", "a.png", "a.png", "-o", "r.png", "--model", "tiny"]
    # The signal can come no earlier than the first line of the command's own.
    script = "import sys; from fastphoto_command import main; sys.stdout.write('.'); sys.stdout.flush(); main()"
    process = subprocess.Popen(
        [sys.executable, "-c", script, *arguments], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.read(1)
    time.sleep(max(wait, 0.05))
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    if process.returncode == 0:  # it was done already
        (folder / "r.png").unlink()
    else:
        assert process.returncode == 130
        assert errors == b"fastphoto: interrupted\n"
    assert sorted(p.name for p in folder.iterdir()) == before


def assert_interrupted(folder: Path, script: str, *options: str) -> None:
    """Of a script that runs the command and interrupts it."""
    arguments = ["stylize", "a.png", "a.png", "-o", "r.png", *options]
    command = [sys.executable, "-c", script, *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=120)
    assert done.returncode == 130
    assert done.stderr == b"fastphoto: interrupted\n"
    assert not (folder / "r.png").exists()


def test_an_interrupt_that_a_library_swallows_still_ends_the_command(folder: Path) -> None:
    """As callbacks of C libraries do: the exception is printed nowhere and lost."""
    script = (
        "import os, signal, sys\n"
        "import fastphoto_native.commands.stylize as command\n"
        "from fastphoto_native.commands.main import run\n"
        "real = command.read_photo\n"
        "def read(path, **options):\n"
        "    try: os.kill(os.getpid(), signal.SIGINT)\n"
        "    except KeyboardInterrupt: pass\n"
        "    return real(path, **options)\n"
        "command.read_photo = read\n"
        "run()\n"
    )
    assert_interrupted(folder, script, "--strength", "0")


@pytest.mark.parametrize("stage", ["read", "write"])
def test_an_interrupt_while_a_library_logs_comes_again(folder: Path, stage: str) -> None:
    """Python raises it within libvips's callback, whose caller is C and cannot pass it on."""
    script = (
        "import logging, os, signal, time\n"
        "import fastphoto_native.commands.stylize as command\n"
        "from fastphoto_native.commands.main import run\n"
        "class Handler(logging.Handler):\n"
        "    def emit(self, record):\n"
        "        logging.getLogger('pyvips').removeHandler(self)\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "def log():\n"
        "    logger = logging.getLogger('pyvips')\n"
        "    logger.addHandler(Handler()); logger.setLevel(logging.DEBUG)\n"
        "    import pyvips\n"
        "    text = pyvips.ffi.new('char[]', b'VIPS'); pyvips._log_handler_cb(text, 64, text, pyvips.ffi.NULL)\n"
        "    assert not logger.handlers, 'nothing was logged'\n"
        f"real = command.{stage}_photo\n"
        "def interrupted(*args, **options):\n"
        "    log()\n"
        "    time.sleep(0.5)\n"
        "    return real(*args, **options)\n"
        f"command.{stage}_photo = interrupted\n"
        "run()\n"
    )
    assert_interrupted(folder, script, "--model", "tiny")
