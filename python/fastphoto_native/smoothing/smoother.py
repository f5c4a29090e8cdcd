"""Closed-form smoothing with its set-up apart from its solves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastphoto_native import _core
from fastphoto_native.arrays.images import as_float_image

_DEFAULTS = _core.SmoothingOptions()

Float32Array = NDArray[np.float32]
Progress = Callable[[int, float], bool | None]


class Smoother:
    """The matting affinity of one content photo, ready to smooth any number of images against it.

        smoother = Smoother(content)
        results = [smoother.solve(image) for image in stylized]

    Set-up assembles the affinity and the coarse operators of the multigrid that preconditions conjugate gradients; it
    takes about as long as a few iterations. With `radius` > 1, and where multigrid is unfit for the content, the
    diagonal preconditions: the same result, after more iterations. `solve` may be called from several threads at once.
    """

    def __init__(
        self,
        content: ArrayLike,
        *,
        data_weights: ArrayLike | None = None,
        lam: float = _DEFAULTS.lam,
        eps: float = _DEFAULTS.eps,
        radius: int = _DEFAULTS.radius,
        max_iterations: int = _DEFAULTS.max_iterations,
        border_padding: int = _DEFAULTS.border_padding,
        normalized: bool = _DEFAULTS.normalized,
        threads: int = _core.ALL_THREADS,
    ) -> None:
        """Sets up for `content` (H x W x 3); see `closed_form_smooth` for the options.

        `data_weights` (H x W, 0 or more, somewhere positive) multiply `lam` pixel by pixel: a pixel of weight 0 takes
        its value from its surroundings alone. With scribbles as image and 1 where there are any, this is matting and
        colourisation. `threads` holds for the solves, too.
        """
        options = _core.SmoothingOptions(
            lam=lam,
            eps=eps,
            radius=radius,
            max_iterations=max_iterations,
            border_padding=border_padding,
            normalized=normalized,
        )
        weights = None if data_weights is None else as_float_image(data_weights, "data_weights")
        self._core = _core.ClosedFormSmoother(as_float_image(content, "content"), weights, options, threads)
        self._threads = threads

    @overload
    def solve(
        self,
        stylized: ArrayLike,
        *,
        rtol: float = ...,
        initial: ArrayLike | None = ...,
        progress: Progress | None = ...,
        return_info: Literal[False] = False,
    ) -> Float32Array: ...
    @overload
    def solve(
        self,
        stylized: ArrayLike,
        *,
        rtol: float = ...,
        initial: ArrayLike | None = ...,
        progress: Progress | None = ...,
        return_info: Literal[True],
    ) -> tuple[Float32Array, _core.SmoothingInfo]: ...
    def solve(
        self,
        stylized: ArrayLike,
        *,
        rtol: float = _DEFAULTS.rtol,
        initial: ArrayLike | None = None,
        progress: Progress | None = None,
        return_info: bool = False,
    ) -> Float32Array | tuple[Float32Array, _core.SmoothingInfo]:
        """`stylized` (H x W or H x W x C) smoothed, until |b - A u| <= `rtol` |b| in every channel.

        Nor may the last iteration have changed a pixel by more than `rtol` of the largest: the residual says little of
        single pixels that are loosely tied to the others. `converged` in the report speaks of the residual.

        `initial`, of the same shape, is where to start, such as the result for a similar image. `progress(iteration,
        residual)` is called after every iteration; if it returns False, CancelledError is raised, and what it raises
        itself ends the solve as well, as does the interrupt key.
        """
        smoothed, info = self._core.solve(
            as_float_image(stylized, "stylized"),
            rtol,
            None if initial is None else as_float_image(initial, "initial"),
            progress,
            self._threads,
        )
        return (smoothed, info) if return_info else smoothed

    def laplacian_product(self, image: ArrayLike) -> Float32Array:
        """L X with the content's matting Laplacian L (H x W or H x W x C), without the matrix.

        Half the gradient of sum over channels of x . L x, the photorealism regulariser of Luan et al. (CVPR 2017,
        eq. 2): zero for affine functions of the content's colours.

        Raises:
            ArgumentError: another size than the content's; a smoother with `border_padding` or `normalized`.
        """
        return self._core.laplacian_product(as_float_image(image, "image"), self._threads)
