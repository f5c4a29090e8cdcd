"""An engine that notes how long each graph took, where tensors stayed and, if asked, which provider ran each node."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from fastphoto_native.checks.placement import Node, nodes_of_profile
from fastphoto_native.runtime.engine import Engine


class MeasuredEngine(Engine):
    """As :class:`Engine`, which it is opened like; with `profiles` for :meth:`end_profiling`."""

    @cached_property
    def seconds(self) -> dict[str, float]:
        """One entry for each graph that ran since it was last emptied."""
        return {}

    @cached_property
    def kept_at(self) -> set[str]:
        """The devices that features and carried tensors were on."""
        return set()

    @cached_property
    def _files(self) -> dict[int, str]:
        entries = self.bundle.entries
        return {id(s): entry.file for s, entry in zip(self._sessions_in_order(), entries, strict=True)}

    def _run(
        self,
        session: Any,
        inputs: dict[str, Any],
        outputs: Sequence[str],
        *,
        on_device: Sequence[str],
        shrink: bool = False,
    ) -> dict[str, Any]:
        start = time.perf_counter()
        # Returns when the device is done.
        results = super()._run(session, inputs, outputs, on_device=on_device, shrink=shrink)
        self.seconds[self._files[id(session)]] = time.perf_counter() - start
        self.kept_at.update(results[name].device_name().lower() for name in on_device)
        return results

    def end_profiling(self) -> list[Node]:
        """The nodes that ran; no run is profiled any more."""
        nodes: list[Node] = []
        for session in self._sessions_in_order():
            nodes += nodes_of_profile(self._files[id(session)], Path(session.end_profiling()))
        return nodes

    def _sessions_in_order(self) -> list[Any]:
        return [self._style, *self._segments]
