"""L-BFGS: without a line search, as Torch's codes of style transfer use it, or with one that keeps its promises.

Source: Liu and Nocedal (1989); Nocedal and Wright, "Numerical Optimization", algorithms 7.4, 3.5 and 3.6.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fastphoto_native.errors import ArgumentError
from fastphoto_native.optimise.wolfe import Point, line_search

Float32Array = NDArray[np.float32]
Evaluate = Callable[[Float32Array], tuple[float, Float32Array]]
Precondition = Callable[[Float32Array], Float32Array]

LEAST_CURVATURE = 1e-10  # of y . s, below which a pair is not kept (Torch's)


@dataclass(frozen=True)
class LbfgsSettings:
    """How L-BFGS steps.

    Attributes:
        history: pairs of steps and gradient changes that are kept. Each takes twice the memory of the picture.
        line_search: True: strong Wolfe conditions; a step may take several evaluations. False: steps of length `step`.
        step: length of a step without a line search. The first one is at most 1 / |g|_1 of the gradient long.
        scale: the number of white in the units of the unknowns. Without a line search the first step depends on it.
    """

    history: int = 100
    line_search: bool = False
    step: float = 1.0
    scale: float = 255.0

    def __post_init__(self) -> None:
        if self.history < 1 or self.step <= 0 or self.scale <= 0:
            raise ArgumentError(
                f"history must be 1 or more, step and scale positive, got {self.history}, {self.step}, {self.scale}"
            )


class Lbfgs:
    """The state of a minimisation.

    Args:
        settings: see :class:`LbfgsSettings`.
        precondition: a symmetric positive definite guess of the inverse Hessian, up to a factor; None: the identity.
    """

    def __init__(self, settings: LbfgsSettings, precondition: Precondition | None = None) -> None:
        self.settings = settings
        self._precondition = precondition
        self._pairs: list[tuple[Float32Array, Float32Array]] = []
        self._factor = 1.0
        self.point: Point | None = None
        self.finished = False  # nothing along the gradient is lower, as far as float32 can tell

    def iterate(self, x: Float32Array, evaluate: Evaluate) -> Float32Array:
        """One step from x, which is where the last one ended; `evaluate` gives value and gradient.

        Without a line search a step is one evaluation, of x; with one, the evaluations of the search.
        """
        if self.settings.line_search:
            return self._searched(x, evaluate)
        value, gradient = evaluate(x)
        self._learn(x, value, gradient)
        first = not self._pairs and self.point is None
        direction = self._direction(gradient)
        length = self.settings.step
        if first:
            length *= min(1.0, 1.0 / max(float(np.abs(gradient).sum()), 1e-30))
        self.point = Point(x, value, gradient)
        return x + np.float32(length) * direction

    def _searched(self, x: Float32Array, evaluate: Evaluate) -> Float32Array:
        # Each call changes the state only after its last evaluation, so that it can be interrupted.
        if self.point is None:
            self.point = Point(x, *evaluate(x))
            return x
        here = self.point
        direction = self._direction(here.gradient)
        slope = _dot(here.gradient, direction)
        if slope >= 0:  # rounding spoiled the pairs: start afresh
            self._pairs.clear()
            return here.x
        first = 1.0
        if not self._pairs:  # a step of a hundredth of the range at the steepest pixel
            first = 0.01 * self.settings.scale / max(float(np.abs(direction).max()), 1e-30)
        there = line_search(here, direction, slope, first, evaluate)
        if there is None:
            self.finished = not self._pairs
            self._pairs.clear()
            return here.x
        self._learn(there.x, there.value, there.gradient)
        self.point = there
        return there.x

    def _learn(self, x: Float32Array, value: float, gradient: Float32Array) -> None:
        """Keeps the pair of the last step, if the gradient has changed along it."""
        if self.point is None or not np.isfinite(value):
            return
        step, change = x - self.point.x, gradient - self.point.gradient
        curvature = _dot(step, change)
        if curvature <= LEAST_CURVATURE:
            return
        if len(self._pairs) == self.settings.history:
            self._pairs.pop(0)
        self._pairs.append((step, change))
        preconditioned = change if self._precondition is None else self._precondition(change)
        self._factor = curvature / max(_dot(change, preconditioned), 1e-30)

    def _direction(self, gradient: Float32Array) -> Float32Array:
        """-H g by the two-loop recursion."""
        q = -gradient
        curvatures = [_dot(step, change) for step, change in self._pairs]
        shares = [0.0] * len(self._pairs)
        for i in reversed(range(len(self._pairs))):
            step, change = self._pairs[i]
            shares[i] = _dot(step, q) / curvatures[i]
            q -= np.float32(shares[i]) * change
        r = q if self._precondition is None else self._precondition(q)
        r = r * np.float32(self._factor if self._pairs else 1.0)
        for i, (step, change) in enumerate(self._pairs):
            r += np.float32(shares[i] - _dot(change, r) / curvatures[i]) * step
        return r

    def state(self) -> dict[str, NDArray[np.generic]]:
        """What `restore` needs, as arrays."""
        state: dict[str, NDArray[np.generic]] = {"factor": np.array(self._factor)}
        for i, (step, change) in enumerate(self._pairs):
            state[f"step_{i}"], state[f"change_{i}"] = step, change
        if self.point is not None:
            state |= {"x": self.point.x, "value": np.array(self.point.value), "gradient": self.point.gradient}
        return state

    def restore(self, state: dict[str, NDArray[np.generic]]) -> None:
        """Goes on from a state."""
        self._factor = float(state["factor"])
        count = sum(name.startswith("step_") for name in state)
        self._pairs = [(_float32(state[f"step_{i}"]), _float32(state[f"change_{i}"])) for i in range(count)]
        if "x" in state:
            self.point = Point(_float32(state["x"]), float(state["value"]), _float32(state["gradient"]))


def _dot(a: Float32Array, b: Float32Array) -> float:
    return float(np.vdot(a, b))


def _float32(array: NDArray[np.generic]) -> Float32Array:
    return np.asarray(array, np.float32)
