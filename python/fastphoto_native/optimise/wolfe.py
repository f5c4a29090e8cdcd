"""A line search for the strong Wolfe conditions: enough decrease, and a slope that has become flat.

Source: Nocedal and Wright, "Numerical Optimization", algorithms 3.5 (bracketing) and 3.6 (zoom), with cubic steps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float32Array = NDArray[np.float32]
DECREASE, CURVATURE = 1e-4, 0.9  # the book's constants for quasi-Newton methods
MOST_EVALUATIONS = 12


@dataclass(frozen=True)
class Point:
    """A picture with its value and gradient."""

    x: Float32Array
    value: float
    gradient: Float32Array


@dataclass(frozen=True)
class _Trial:
    length: float
    point: Point
    slope: float


def line_search(
    start: Point,
    direction: Float32Array,
    slope: float,
    first: float,
    evaluate: Callable[[Float32Array], tuple[float, Float32Array]],
) -> Point | None:
    """A point along the direction that fulfils the conditions, or the lowest one that was found.

    Args:
        start: where the direction begins.
        direction: of descent.
        slope: start.gradient . direction, negative.
        first: length to try first, in units of the direction.
        evaluate: gives value and gradient.

    Returns:
        None if no point that was tried is lower than the start.
    """

    def trial(length: float) -> _Trial:
        x = start.x + np.float32(length) * direction
        value, gradient = evaluate(x)
        return _Trial(length, Point(x, value, gradient), float(np.vdot(gradient, direction)))

    low, high = _Trial(0.0, start, slope), None
    length = first
    for _ in range(MOST_EVALUATIONS):
        there = trial(length)
        value = there.point.value
        too_high = not np.isfinite(value) or value > start.value + DECREASE * length * slope or value >= low.point.value
        if too_high:
            high = there
        elif abs(there.slope) <= -CURVATURE * slope:
            return there.point
        elif there.slope * ((high.length if high else np.inf) - low.length) >= 0:
            low, high = there, low
        else:
            low = there
        if high is None:
            length *= 2
        else:
            length = _between(low, high)
            if abs(high.length - low.length) <= 1e-6 * first:
                break
    return low.point if low.length > 0 else None


def _between(low: _Trial, high: _Trial) -> float:
    """The minimum of the cubic through two trials, or the middle where it has none well inside."""
    middle = (low.length + high.length) / 2
    if not np.isfinite(high.point.value):
        return low.length + (high.length - low.length) / 10
    width = high.length - low.length
    d1 = low.slope + high.slope - 3 * (high.point.value - low.point.value) / width
    square = d1 * d1 - low.slope * high.slope
    if square < 0:
        return middle
    d2 = np.copysign(np.sqrt(square), width)
    divisor = high.slope - low.slope + 2 * d2
    if divisor == 0:
        return middle
    share = 1 - (high.slope + d2 - d1) / divisor
    return low.length + float(min(max(share, 0.1), 0.9)) * width
