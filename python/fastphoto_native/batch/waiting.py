"""Jobs that wait for a worker, and those that come back when a worker is lost."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable

from fastphoto_native.batch.jobs import Job


class WaitingJobs:
    """Hands out each job once, and again if it is given back undone.

    Args:
        jobs: in their order.
    """

    def __init__(self, jobs: Iterable[Job]) -> None:
        self._jobs = deque(jobs)
        self._at_work = 0
        self._stopped = False
        self._changed = threading.Condition()

    def take(self) -> Job | None:
        """The next job; None if all are done. Waits while a job that is at work may come back."""
        with self._changed:
            self._changed.wait_for(lambda: self._jobs or not self._left())
            if not self._left():
                return None
            self._at_work += 1
            return self._jobs.popleft()

    def give_back(self, job: Job, *, again: bool) -> None:
        """Ends the work on a job; `again` if it is to be done again."""
        with self._changed:
            self._at_work -= 1
            if again:
                self._jobs.appendleft(job)
            self._changed.notify_all()

    def any_left(self) -> bool:
        """Whether there is work, or work that may come back."""
        with self._changed:
            return self._left()

    def count(self) -> int:
        """Jobs that nobody has taken."""
        with self._changed:
            return len(self._jobs)

    def stop(self) -> None:
        """From now on nothing is handed out."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def _left(self) -> bool:
        return not self._stopped and bool(self._jobs or self._at_work)
