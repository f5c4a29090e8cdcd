"""Boundary scores: how many of the content's edges a result still has, and how many it adds.

Source: Martin, Fowlkes, Malik (PAMI 2004) and Arbelaez et al. (PAMI 2011): thinned maps, one-to-one matching within
0.0075 of the diagonal, F = 2 P R / (P + R). ODS takes one threshold for all photos, OIS the best for each.
FastPhotoStyle chose its lambda by these scores, with the content's edges as truth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fastphoto_native.scoring.filters import colour_gradient, derivatives, gaussian, sample

Plane = NDArray[np.float64]
Bools = NDArray[np.bool_]

TOLERANCE = 0.0075  # of the diagonal
THRESHOLDS = tuple(np.linspace(0.02, 0.98, 33))
TRUTH_THRESHOLD = 0.5  # of the content's map


@dataclass(frozen=True)
class Counts:
    """Of one photo at every threshold: edge pixels of the result that match, of all; of the truth, of all."""

    matched: NDArray[np.int64]
    found: NDArray[np.int64]
    truth: int

    def f_scores(self) -> Plane:
        """F at every threshold."""
        return f_score(self.matched, self.found, np.full_like(self.found, self.truth))


def f_score(matched: NDArray[np.int64], found: NDArray[np.int64], truth: NDArray[np.int64]) -> Plane:
    """2 P R / (P + R) = 2 matched / (found + truth), as one-to-one matches are counted once for both."""
    return np.asarray(2 * matched / np.maximum(found + truth, 1))


def gradient_edges(photo: Plane) -> Plane:
    """Our own edges: thinned strength of the colour gradient at sigma 1.5, as a share of pixels that are weaker.

    The rank makes one threshold mean the same in every photo, whatever its contrast. 0 where there is no ridge.
    """
    strength, angle = colour_gradient(photo, 1.5)
    ridges = thinned(strength, angle)
    ranks = np.zeros_like(ridges)
    on = ridges > 1e-6
    if on.any():
        order = np.argsort(np.argsort(ridges[on], kind="stable"), kind="stable")
        ranks[on] = (order + 1) / len(order)
    return ranks


def thin_map(edges: Plane) -> Plane:
    """An edge detector's map, thinned across its ridges."""
    smooth = gaussian(edges, 1.0)
    dx, dy = derivatives(smooth)
    xx, xy = derivatives(dx)
    _, yy = derivatives(dy)
    angle = 0.5 * np.arctan2(2 * xy, xx - yy)  # of the Hessian's axes; the steepest curvature lies across a ridge
    across = np.where(xx * np.cos(angle) ** 2 + yy * np.sin(angle) ** 2 + xy * np.sin(2 * angle) < 0, 0, np.pi / 2)
    return np.where(thinned(smooth, angle + across) > 0, edges, 0.0)


def thinned(strength: Plane, angle: Plane) -> Plane:
    """The strength where it is largest along the angle, else 0; the outermost two pixels are left out."""
    height, width = strength.shape
    rows, columns = np.mgrid[:height, :width].astype(np.float64)
    dy, dx = np.sin(angle), np.cos(angle)
    slack = 1e-9 * float(strength.max(initial=0.0))
    largest = np.ones(strength.shape, np.bool_)
    for side in (1, -1):
        largest &= strength >= sample(strength, rows + side * dy, columns + side * dx) - slack
    thin = np.where(largest, strength, 0.0)
    thin[:2], thin[-2:], thin[:, :2], thin[:, -2:] = 0, 0, 0, 0
    return thin


def match(found: Bools, truth: Bools, reach: float) -> int:
    """Pairs of edge pixels, each used once, not further apart than `reach`: nearest pairs first."""
    left, right = found.copy(), truth.copy()
    height, width = found.shape
    whole = int(reach)
    offsets = [(y * y + x * x, y, x) for y in range(-whole, whole + 1) for x in range(-whole, whole + 1)]
    pairs = 0
    for square, dy, dx in sorted(offsets):
        if square > reach * reach or abs(dy) >= height or abs(dx) >= width:
            continue
        here = left[max(0, -dy) : height - max(0, dy), max(0, -dx) : width - max(0, dx)]
        there = right[max(0, dy) : height - max(0, -dy), max(0, dx) : width - max(0, -dx)]
        both = here & there
        count = int(both.sum())
        if count:
            pairs += count
            here &= ~both
            there &= ~both
    return pairs


def boundary_counts(
    content: Plane, result: Plane, thresholds: Sequence[float] = THRESHOLDS, truth_threshold: float = TRUTH_THRESHOLD
) -> Counts:
    """Matches of two thinned edge maps of the same size, with values in 0..1; the content's is the truth."""
    truth = content >= truth_threshold
    reach = TOLERANCE * float(np.hypot(*content.shape))
    matched, found = [], []
    for threshold in thresholds:
        edges = result >= threshold
        found.append(int(edges.sum()))
        matched.append(match(edges, truth, reach))
    return Counts(np.array(matched), np.array(found), int(truth.sum()))


def ods_and_ois(counts: Sequence[Counts]) -> tuple[float, float]:
    """Of a set of photos: the best F with one threshold for all, and with one for each."""
    if not counts:
        return float("nan"), float("nan")
    truth = np.full_like(counts[0].found, sum(c.truth for c in counts))
    pooled = f_score(sum(c.matched for c in counts), sum(c.found for c in counts), truth)  # type: ignore[arg-type]
    best = [int(np.argmax(c.f_scores())) for c in counts]
    matched = sum(int(c.matched[i]) for c, i in zip(counts, best, strict=True))
    found = sum(int(c.found[i]) for c, i in zip(counts, best, strict=True))
    each = f_score(np.array([matched]), np.array([found]), truth[:1])
    return float(pooled.max()), float(each[0])
