"""What is minimised: terms that each give values and the gradient of their sum, for a picture of 3 x H x W in 0..1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from fastphoto_native.smoothing.smoother import Smoother

Float32Array = NDArray[np.float32]
Values = dict[str, float]


class Term(Protocol):
    """One or more losses of a picture."""

    def evaluate(self, picture: Float32Array) -> tuple[Values, Float32Array]:
        """Values by name, weights included, and the gradient of their sum.

        Args:
            picture: 3 x H x W float32, RGB, 0..1 (values beyond are legal).
        """
        ...


class Objective:
    """The sum of terms."""

    def __init__(self, terms: Sequence[Term]) -> None:
        self._terms = terms

    def evaluate(self, picture: Float32Array) -> tuple[float, Float32Array, Values]:
        """The sum, its gradient, and the values that it is the sum of."""
        values: Values = {}
        total = np.zeros_like(picture)
        for term in self._terms:
            found, gradient = term.evaluate(picture)
            values |= found
            total += gradient
        return float(sum(values.values())), total, values


class TotalVariation:
    """weight * scale^2 * sum of the squared differences between neighbours along rows and columns.

    `scale` is the number of white in the units that the weight is meant for, such as 255. Deep Photo Style Transfer and
    neural-style follow its gradient and leave its value out of the loss; here it is in both.
    """

    def __init__(self, weight: float, scale: float = 255.0) -> None:
        self._factor = weight * scale**2

    def evaluate(self, picture: Float32Array) -> tuple[Values, Float32Array]:
        """See :class:`Term`."""
        gradient = np.zeros_like(picture)
        value = 0.0
        for axis in (1, 2):
            difference = np.diff(picture, axis=axis)
            value += float(np.vdot(difference, difference))
            before, after = [slice(None)] * 3, [slice(None)] * 3
            before[axis], after[axis] = slice(None, -1), slice(1, None)
            gradient[tuple(before)] -= difference
            gradient[tuple(after)] += difference
        gradient *= np.float32(2 * self._factor)
        return {"total variation": self._factor * value}, gradient


class OutOfRange:
    """weight * sum of the squares of what lies below 0 or above 1.

    A photo holds no such values. Cut off at the end only, they leave a picture that other terms were never asked about.
    """

    def __init__(self, weight: float) -> None:
        self._weight = weight

    def evaluate(self, picture: Float32Array) -> tuple[Values, Float32Array]:
        """See :class:`Term`."""
        excess = picture - np.clip(picture, 0, 1)
        value = self._weight * float(np.vdot(excess, excess))
        return {"out of range": value}, excess * np.float32(2 * self._weight)


class MattingLaplacian:
    """weight * sum over channels of x . L x, with the matting Laplacian L of the content (Luan et al., eq. 2).

    Zero where the picture is locally an affine function of the content's colours. The gradient is 2 weight L x.
    """

    def __init__(self, smoother: Smoother, weight: float) -> None:
        self._smoother = smoother
        self._weight = weight

    def evaluate(self, picture: Float32Array) -> tuple[Values, Float32Array]:
        """See :class:`Term`."""
        product = self._smoother.laplacian_product(picture.transpose(1, 2, 0)).transpose(2, 0, 1)
        value = self._weight * float(np.vdot(picture.astype(np.float64), product))
        return {"matting": value}, np.ascontiguousarray(product * np.float32(2 * self._weight))
