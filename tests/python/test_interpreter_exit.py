"""A program may end while a daemon thread of it works: no abort, no message."""

import subprocess
import sys

import pytest

PROGRAM = """
import threading, time
import numpy as np
import fastphoto_native as fp

photo = np.random.default_rng(0).random((300, 400, 3), np.float32)
smoother = fp.Smoother(photo)
{setup}
started = threading.Event()

def work():
    while True:
        started.set()
        {call}

threading.Thread(target=work, daemon=True).start()
started.wait()
time.sleep(0.2)
"""


@pytest.mark.parametrize(
    ("setup", "call"),
    [
        ("", "smoother.solve(photo[::-1])"),
        ("", "smoother.solve(photo[::-1], progress=lambda *_: True)"),
        ("", "fp.guided_filter(photo, photo)"),
        (
            "stylizer = fp.Stylizer('photowct-lite', device='cpu'); look = stylizer.analyze(photo)",
            "stylizer.apply(photo, look, smoothing='none')",
        ),
    ],
    ids=["solver", "solver with progress", "filter", "network"],
)
def test_daemon_thread_at_exit(setup: str, call: str) -> None:
    program = [sys.executable, "-c", PROGRAM.format(setup=setup, call=call)]
    for _ in range(3):  # when the thread is caught is a matter of chance
        done = subprocess.run(program, capture_output=True, text=True, timeout=120, check=False)
        assert (done.returncode, done.stderr) == (0, "")
