"""How long the stages of a command took."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from fastphoto_native.report import Stage


class Stopwatch:
    """Notes the seconds of each stage."""

    def __init__(self) -> None:
        self.stages: list[Stage] = []

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Times a block."""
        start = time.perf_counter()
        yield
        self.stages.append(Stage(name, time.perf_counter() - start))
