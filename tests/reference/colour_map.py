"""Maps of colours from their definitions, pixel by pixel where that is plainest."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LUMA = np.array([0.2126, 0.7152, 0.0722])  # Rec. 709


def matrix_and_curves(photo: Array, points: int, parameters: Array) -> Array:
    matrix, curves = parameters[:12].reshape(3, 4), parameters[12:].reshape(3, points)
    mapped: Array = photo @ matrix[:, :3].T + matrix[:, 3]
    if points == 0:
        return mapped
    knots = np.linspace(0, 1, points)
    for channel, curve in enumerate(curves):
        values = mapped[..., channel]
        first, last = ((curve[k + 1] - curve[k]) * (points - 1) for k in (0, points - 2))
        below, above = np.minimum(values, 0) * first, np.maximum(values - 1, 0) * last
        mapped[..., channel] = np.interp(values, knots, curve) + below + above
    return mapped


def lut(photo: Array, points: int, parameters: Array) -> Array:
    """In a tetrahedron the colour is the one linear function that takes the values of its corners."""
    nodes = parameters.reshape(points, points, points, 3)
    clamped = np.clip(photo, 0, 1)
    result = np.empty_like(photo)
    for index in np.ndindex(photo.shape[:2]):
        place = clamped[index] * (points - 1)
        low = np.minimum(place.astype(int), points - 2)
        part = place - low
        # The one of the six whose coordinates descend in the order in which the colour's do.
        for order in itertools.permutations(range(3)):
            if all(part[a] >= part[b] for a, b in itertools.pairwise(order)):
                corners = [low.copy()]
                for axis in order:
                    corners.append(corners[-1].copy())
                    corners[-1][axis] += 1
                points_of = np.array([np.append(c - low, 1) for c in corners], float)
                shares = np.linalg.solve(points_of.T, np.append(part, 1))
                result[index] = shares @ np.array([nodes[tuple(c)] for c in corners])
                break
    return np.asarray(result + photo - clamped)


def grid(photo: Array, extents: tuple[int, int, int], parameters: Array) -> Array:
    height, width, _ = photo.shape
    maps = parameters.reshape(*extents, 3, 4)
    result = np.empty_like(photo)
    for y, x in np.ndindex(height, width):
        place = [(y + 0.5) / height, (x + 0.5) / width, float(LUMA @ photo[y, x])]
        blended = np.zeros((3, 4))
        for node in np.ndindex(*extents):
            share = 1.0
            for at, nodes, k in zip(place, extents, node, strict=True):
                cells = np.clip(at * nodes - 0.5, 0, nodes - 1)
                share *= max(0.0, 1 - abs(cells - k))
            blended += share * maps[node]
        result[y, x] = blended @ np.append(photo[y, x], 1)
    return result
