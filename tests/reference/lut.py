"""LUTs, slow and obvious: tetrahedral interpolation colour by colour, and a fit by dense least squares."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def corners(colour: Array, size: int) -> list[tuple[tuple[int, int, int], float]]:
    """The nodes of the tetrahedron that a colour (in 0..1) lies in, and their weights.

    From the lower corner of its cell a path goes to the upper one, along the axis of the largest fraction first.
    """
    place = colour * (size - 1)
    node = np.minimum(place.astype(int), size - 2)
    share = place - node
    order = sorted(range(3), key=lambda axis: -share[axis])
    heights = [1.0, *[share[axis] for axis in order], 0.0]
    found = [((int(node[0]), int(node[1]), int(node[2])), heights[0] - heights[1])]
    for step, axis in enumerate(order):
        node = node.copy()
        node[axis] += 1
        found.append(((int(node[0]), int(node[1]), int(node[2])), heights[step + 1] - heights[step + 2]))
    return found


def interpolate(table: Array, colour: Array) -> Array:
    """A colour through a table, N x N x N x 3."""
    return np.asarray(sum(weight * table[node] for node, weight in corners(colour, len(table))))


def fit(before: Array, after: Array, size: int, bend: float, slope: float) -> Array:
    """The table of least E (python/fastphoto_native/luts/fit.py), by one dense system; colours are n x 3."""
    index = np.arange(size**3).reshape(size, size, size)
    rows, right = [], []
    for old, new in zip(before, after, strict=True):
        row = np.zeros(size**3)
        for node, weight in corners(old, size):
            row[index[node]] += weight
        rows.append(row / np.sqrt(len(before)))
        right.append((new - old) / np.sqrt(len(before)))
    for axis in range(3):
        line = np.moveaxis(index, axis, 0).reshape(size, -1)
        for k in range(size - 1):
            for at in range(size * size):
                row = np.zeros(size**3)
                row[line[k, at]], row[line[k + 1, at]] = -1, 1
                rows.append(row * np.sqrt(slope / (size - 1)))
                if k + 2 < size:
                    row = np.zeros(size**3)
                    row[line[k, at]], row[line[k + 1, at]], row[line[k + 2, at]] = 1, -2, 1
                    rows.append(row * np.sqrt(bend * (size - 1)))
    zeros = np.zeros((len(rows) - len(right), 3))
    change = np.linalg.lstsq(np.array(rows), np.concatenate([np.array(right), zeros]), rcond=None)[0]
    steps = np.linspace(0, 1, size)
    return np.asarray(
        np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), -1) + change.reshape(size, size, size, 3)
    )
