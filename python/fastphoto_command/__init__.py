"""The `fastphoto` command's first lines: Ctrl-C ends it with one line, also while the rest is imported.

A package of its own, because importing anything of fastphoto_native imports NumPy and libvips first.
"""

from __future__ import annotations

import os
import signal
from types import FrameType
from typing import NoReturn


def _quit(_number: int, _frame: FrameType | None) -> NoReturn:
    try:
        os.write(2, b"fastphoto: interrupted\n")
    finally:
        os._exit(130)  # nothing was begun; imports that were cut short print tracebacks of their own


def main() -> None:
    """Runs the command."""
    signal.signal(signal.SIGINT, _quit)
    from fastphoto_native.commands.main import run

    run()
