"""Photos that wait until there is memory for them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from fastphoto_native.files.memory import available_memory

# Of what is free when a batch starts, so much is taken: the rest is for files' pages and for others.
SHARE = 0.7
_UNKNOWN = 8 << 30  # bytes, where the system does not say


def usual_limit() -> int:
    """Bytes that a batch takes unless it is told otherwise."""
    return int(SHARE * (available_memory() or _UNKNOWN))


class MemoryGate:
    """Lets photos in as long as their needs together stay below a limit; one alone always comes in.

    Args:
        limit: bytes.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._used = 0
        self._room = threading.Condition()

    @contextmanager
    def room_for(self, need: int) -> Iterator[None]:
        """Waits for room, and holds it."""
        with self._room:
            self._room.wait_for(lambda: self._used == 0 or self._used + need <= self._limit)
            self._used += need
        try:
            yield
        finally:
            with self._room:
                self._used -= need
                self._room.notify_all()
