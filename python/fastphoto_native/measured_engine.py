"""An engine that notes how long each graph took, where tensors stayed and, if asked, which provider ran each node."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fastphoto_native.bundle import Bundle
from fastphoto_native.device import Device, Precision
from fastphoto_native.engine import Engine
from fastphoto_native.placement import Node, nodes_of_profile


class MeasuredEngine(Engine):
    """As :class:`Engine`; `seconds` has one entry for each graph that ran since it was last emptied.

    Args:
        bundle: the model.
        device: as for Engine.
        threads: as for Engine.
        precision: as for Engine.
        profiles: a folder for the runtime's profiles; None takes none (profiling costs time).
    """

    def __init__(
        self,
        bundle: Bundle,
        device: Device,
        threads: int,
        precision: Precision = "auto",
        *,
        profiles: Path | None = None,
    ) -> None:
        super().__init__(bundle, device, threads, precision, profiles=profiles)
        self._files = {id(s): entry.file for s, entry in zip(self._sessions_in_order(), bundle.entries, strict=True)}
        self.seconds: dict[str, float] = {}
        self.kept_at: set[str] = set()  # devices that features and carried tensors were on

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
        self.kept_at |= {results[name].device_name().lower() for name in on_device}
        return results

    def end_profiling(self) -> list[Node]:
        """The nodes that ran; no run is profiled any more."""
        nodes: list[Node] = []
        for session in self._sessions_in_order():
            nodes += nodes_of_profile(self._files[id(session)], Path(session.end_profiling()))
        return nodes

    def _sessions_in_order(self) -> list[Any]:
        return [self._style, *self._segments]
