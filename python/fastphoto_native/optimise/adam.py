"""Adam: steps of about the same length for every pixel. Source: Kingma and Ba (2015), algorithm 1."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float32Array = NDArray[np.float32]


@dataclass(frozen=True)
class AdamSettings:
    """Learning rate in units of `scale`, the number of white; the means' memories; the divisor's least value."""

    rate: float = 10.0
    first: float = 0.9
    second: float = 0.999
    least: float = 1e-8
    scale: float = 255.0


class Adam:
    """The state of a minimisation."""

    def __init__(self, settings: AdamSettings) -> None:
        self.settings = settings
        self._mean: Float32Array | None = None
        self._square: Float32Array | None = None
        self._steps = 0

    def iterate(self, x: Float32Array, evaluate: Callable[[Float32Array], tuple[float, Float32Array]]) -> Float32Array:
        """One step from x, with one evaluation."""
        _, gradient = evaluate(x)
        settings = self.settings
        if self._mean is None or self._square is None:
            self._mean, self._square = np.zeros_like(x), np.zeros_like(x)
        self._steps += 1
        self._mean += np.float32(1 - settings.first) * (gradient - self._mean)
        self._square += np.float32(1 - settings.second) * (gradient * gradient - self._square)
        mean = self._mean / np.float32(1 - settings.first**self._steps)
        square = self._square / np.float32(1 - settings.second**self._steps)
        moved: Float32Array = x - np.float32(settings.rate) * mean / (np.sqrt(square) + np.float32(settings.least))
        return moved

    def state(self) -> dict[str, NDArray[np.generic]]:
        """What `restore` needs, as arrays."""
        if self._mean is None or self._square is None:
            return {}
        return {"mean": self._mean, "square": self._square, "steps": np.array(self._steps)}

    def restore(self, state: dict[str, NDArray[np.generic]]) -> None:
        """Goes on from a state."""
        if state:
            self._mean, self._square = (np.array(state[name], np.float32) for name in ("mean", "square"))
            self._steps = int(state["steps"])
