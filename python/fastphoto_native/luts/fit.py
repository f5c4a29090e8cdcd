"""Fits the LUT that explains best what happened between two photos: least squares with a smoothness term.

The table is sought as a change u of colours at the nodes. With A the tetrahedral interpolation at the pixels' colours,
d the pixels' changes, n their number and N the nodes a side,

    E(u) = |A u - d|^2 / n  +  BEND (N - 1) |D2 u|^2  +  SLOPE / (N - 1) |D1 u|^2,

where D1 and D2 are first and second differences along the axes: sums that approximate the integrals of the squared
derivatives, so that they mean the same for every N. Where a photo has no colours the change goes on smoothly. The
normal equations couple a node with those of its cells only. They are solved by conjugate gradients, from coarse tables
to fine ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastphoto_native.arrays.images import as_float_image, as_photo
from fastphoto_native.errors import ArgumentError
from fastphoto_native.luts.lut import LARGEST_SIZE, Lut

Float64Array = NDArray[np.float64]

BEND = 1e-7
SLOPE = 1e-7
MOST_PIXELS = 1_000_000
COARSEST = 9
TOLERANCE = 1e-5
MOST_ITERATIONS = 200


def fit_lut(before: ArrayLike, after: ArrayLike, size: int = 33, weights: ArrayLike | None = None) -> Lut:
    """The LUT that comes nearest to making `after` of `before`.

    Args:
        before: H x W x 3, float in 0..1 or uint8 or uint16.
        after: the same shape: the same photo, restyled.
        size: points a side, 2 to 144; 17, 33 and 65 are usual.
        weights: H x W, 0 or more: how much each pixel counts, such as a label's mask. None: all the same.

    Raises:
        ArgumentError: photos that do not fit each other, or weights without a positive sum.
    """
    photo = as_float_image(as_photo(before, "before"), "before")
    goal = as_float_image(as_photo(after, "after"), "after")
    if photo.shape != goal.shape:
        raise ArgumentError(
            f"before and after must show the same pixels, got {photo.shape[1]} x {photo.shape[0]} and "
            f"{goal.shape[1]} x {goal.shape[0]}"
        )
    if not 2 <= size <= LARGEST_SIZE:
        raise ArgumentError(f"size must be 2 to {LARGEST_SIZE} points, got {size}")
    counts = np.ones(photo.shape[:2]) if weights is None else np.asarray(weights, np.float64)
    if counts.shape != photo.shape[:2] or not np.isfinite(counts).all() or counts.min() < 0 or counts.sum() <= 0:
        raise ArgumentError("weights must be H x W, 0 or more, with a positive sum")
    taken = np.flatnonzero(counts)
    taken = taken[:: max(1, len(taken) // MOST_PIXELS)]
    colors = np.clip(photo.reshape(-1, 3)[taken].astype(np.float64), 0, 1)
    change = goal.reshape(-1, 3)[taken].astype(np.float64) - photo.reshape(-1, 3)[taken].astype(np.float64)
    share = counts.ravel()[taken]
    share = share / share.sum()

    found = np.zeros((2, 2, 2, 3))
    for step in _sizes(size):
        found = _solve(_Normal(step, colors, change, share), _enlarged(found, step))
    table = Lut.identity(size).table + found
    return Lut(np.clip(table, 0, 1).astype(np.float32))


def _sizes(size: int) -> Iterator[int]:
    """Coarse tables first."""
    step = COARSEST
    while step < size:
        yield step
        step = 2 * step - 1
    yield size


def _enlarged(table: Float64Array, size: int) -> Float64Array:
    """The table at other nodes, linear between its own."""
    for axis in range(3):
        at = np.linspace(0, table.shape[axis] - 1, size)
        low = np.minimum(at.astype(int), table.shape[axis] - 2)
        share = (at - low).reshape([-1 if a == axis else 1 for a in range(4)])
        table = table.take(low, axis) * (1 - share) + table.take(low + 1, axis) * share
    return table


class _Normal:
    """The normal equations of E at a size."""

    def __init__(self, size: int, colors: Float64Array, change: Float64Array, share: Float64Array) -> None:
        self.size = size
        nodes, weights = _corners(colors, size)
        cells = size**3
        # Corner k of a tetrahedron lies one step further along one axis than corner k - 1: pairs of nodes differ by 0
        # or 1 along each axis, and the bits of `offset` say where.
        strides = np.array([size * size, size, 1])
        self.couplings: dict[int, Float64Array] = {}
        for a in range(4):
            for b in range(a, 4):
                offset = ((nodes[b] - nodes[a])[:, None] // strides) % size
                code = offset @ np.array([4, 2, 1])
                product = share * weights[a] * weights[b]
                for found in np.unique(code):
                    here = code == found
                    sums = np.bincount(nodes[a][here], product[here], cells).astype(np.float64)
                    sums = sums.reshape(size, size, size)
                    self.couplings[int(found)] = self.couplings.get(int(found), np.zeros_like(sums)) + sums
        self.right = np.stack(
            [sum(np.bincount(nodes[k], share * weights[k] * change[:, c], cells) for k in range(4)) for c in range(3)],
            axis=-1,
        ).reshape(size, size, size, 3)
        self.bend, self.slope = BEND * (size - 1), SLOPE / (size - 1)
        middle = np.array([1.0] + [2.0] * (size - 2) + [1.0])  # diagonals of D1^T D1 and D2^T D2
        bent = np.convolve(np.ones(max(size - 2, 1)), [1.0, 4.0, 1.0]) if size > 2 else np.zeros(size)
        along = self.slope * middle + self.bend * bent[:size]
        spread = along[:, None, None] + along[None, :, None] + along[None, None, :]
        self.diagonal = (self.couplings.get(0, 0) + spread)[..., None]

    def __call__(self, u: Float64Array) -> Float64Array:
        """The left side."""
        result = self.couplings[0][..., None] * u
        for code, sums in self.couplings.items():
            if code:
                low = tuple(slice(None, -1) if code & bit else slice(None) for bit in (4, 2, 1))
                high = tuple(slice(1, None) if code & bit else slice(None) for bit in (4, 2, 1))
                coupling = sums[low][..., None]
                result[low] += coupling * u[high]
                result[high] += coupling * u[low]
        for axis in range(3):
            result += self.slope * _roughness(u, axis, 1) + self.bend * _roughness(u, axis, 2)
        return result


def _roughness(u: Float64Array, axis: int, order: int) -> Float64Array:
    """D^T D u, with differences of an order along an axis."""
    if u.shape[axis] <= order:
        return np.zeros_like(u)
    difference = np.diff(u, order, axis)
    padding = [(order, order) if a == axis else (0, 0) for a in range(4)]
    transposed: Float64Array = np.diff(np.pad(difference, padding), order, axis)
    return transposed if order == 2 else -transposed


def _corners(colors: Float64Array, size: int) -> tuple[NDArray[np.int64], Float64Array]:
    """Of each colour the nodes of its tetrahedron (4 x n) and their weights (4 x n)."""
    place = colors * (size - 1)
    low = np.minimum(place.astype(np.int64), size - 2)
    share = place - low
    order = np.argsort(-share, axis=1, kind="stable")
    sorted_share = np.take_along_axis(share, order, axis=1)
    strides = np.array([size * size, size, 1])
    nodes = np.cumsum(np.concatenate([(low @ strides)[None], strides[order].T]), axis=0)
    edges = np.concatenate([np.ones((1, len(colors))), sorted_share.T, np.zeros((1, len(colors)))])
    return nodes, edges[:-1] - edges[1:]


def _solve(normal: _Normal, start: Float64Array) -> Float64Array:
    """Conjugate gradients, preconditioned by the diagonal; the three channels are solved side by side."""
    u = start
    residual = normal.right - normal(u)
    wanted = TOLERANCE * max(_norm(normal.right), np.finfo(float).tiny)
    direction = preconditioned = residual / normal.diagonal
    energy = _dot(residual, preconditioned)
    for _ in range(MOST_ITERATIONS):
        if _norm(residual) <= wanted:
            break
        image = normal(direction)
        step = _ratio(energy, _dot(direction, image))
        u = u + step * direction
        residual = residual - step * image
        preconditioned = residual / normal.diagonal
        before, energy = energy, _dot(residual, preconditioned)
        direction = preconditioned + _ratio(energy, before) * direction
    return u


def _dot(a: Float64Array, b: Float64Array) -> Float64Array:
    product: Float64Array = np.einsum("ijkc,ijkc->c", a, b)
    return product


def _ratio(a: Float64Array, b: Float64Array) -> Float64Array:
    return np.divide(a, b, out=np.zeros_like(a), where=b > 0)


def _norm(a: NDArray[Any]) -> float:
    return float(np.sqrt((a * a).sum()))
