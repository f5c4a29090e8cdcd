"""A runtime that notes how long each graph took, where tensors stayed and, if asked, which provider ran each node."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fastphoto_native import _core
from fastphoto_native.checks.placement import Node, nodes_of_profile
from fastphoto_native.runtime.onnx_runtime import OnnxGraph, OnnxRuntime


class MeasuredRuntime(OnnxRuntime):
    """As :class:`OnnxRuntime`, which it is opened like; with `profiles` for :meth:`end_profiling`.

    Attributes:
        seconds: an entry for each graph that ran since it was last emptied.
        kept_at: the devices that features and carried tensors were on.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.seconds: dict[str, float] = {}
        self.kept_at: set[str] = set()
        self._graphs: list[MeasuredGraph] = []

    def open(self, file: str, model: bytes) -> OnnxGraph:
        """As :meth:`OnnxRuntime.open`."""
        self._graphs.append(MeasuredGraph(file, super().open(file, model).session, self))
        return self._graphs[-1]

    def end_profiling(self) -> list[Node]:
        """The nodes that ran; no run is profiled any more."""
        nodes: list[Node] = []
        for graph in self._graphs:
            nodes += nodes_of_profile(graph.file, Path(graph.session.end_profiling()))
        return nodes


class MeasuredGraph(OnnxGraph):
    """As :class:`OnnxGraph`; tells its runtime what it did."""

    def __init__(self, file: str, session: Any, runtime: MeasuredRuntime) -> None:
        super().__init__(file, session, runtime)
        self._measured = runtime

    def run(
        self,
        inputs: Mapping[str, Any],
        outputs: Sequence[str],
        on_device: Sequence[bool],
        shrink: bool,
        stop: _core.StopSignal | None,
    ) -> list[Any]:
        """As :meth:`OnnxGraph.run`, which returns when the device is done."""
        start = time.perf_counter()
        results = super().run(inputs, outputs, on_device, shrink, stop)
        self._measured.seconds[self.file] = time.perf_counter() - start
        kept = (value for value, stays in zip(results, on_device, strict=True) if stays)
        self._measured.kept_at.update(value.device_name().lower() for value in kept)
        return results
