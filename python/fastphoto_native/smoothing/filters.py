"""The core's image filters on arrays of any usual type.

Images are H x W x 3, sRGB-encoded; uint8 and uint16 are scaled to 0..1. Every default is the C++ core's (options.h).
Results are float32, not clipped, and equal for every number of `threads` (0 = all).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastphoto_native import _core
from fastphoto_native.arrays.images import as_float_image
from fastphoto_native.errors import ArgumentError
from fastphoto_native.smoothing.smoother import Smoother

if TYPE_CHECKING:
    import scipy.sparse

_MATTING = _core.MattingOptions()
_SMOOTHING = _core.SmoothingOptions()
_GUIDED = _core.GuidedFilterOptions()
_AFFINE = _core.LocalAffineOptions()
_BILATERAL = _core.BilateralAffineOptions()

Float32Array = NDArray[np.float32]
CompressedRows = tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]


def matting_laplacian(
    image: ArrayLike, *, eps: float = _MATTING.eps, radius: int = _MATTING.radius, threads: int = _core.ALL_THREADS
) -> scipy.sparse.csr_array[Any, Any] | CompressedRows:
    """The matting Laplacian L = D - W of Levin, Lischinski, Weiss (2008), N x N for N = H * W pixels, float64.

    W_ij sums, over the (2 radius + 1)^2 windows inside the image that hold both pixels,
    (1 + (I_i - mu)^T (Sigma + eps/|w| Id)^-1 (I_j - mu)) / |w|. Returns a scipy.sparse.csr_array; without SciPy,
    the tuple (data, indices, indptr) it is made of.
    """
    options = _core.MattingOptions(eps=eps, radius=radius)
    data, indices, indptr = _core.matting_laplacian(as_float_image(image, "image"), options, threads)
    try:
        from scipy.sparse import csr_array
    except ImportError:
        return data, indices, indptr
    pixels = len(indptr) - 1
    return csr_array((data, indices, indptr), shape=(pixels, pixels))


@overload
def closed_form_smooth(
    stylized: ArrayLike,
    content: ArrayLike,
    *,
    lam: float = ...,
    eps: float = ...,
    radius: int = ...,
    rtol: float = ...,
    threads: int = ...,
    max_iterations: int = ...,
    border_padding: int = ...,
    normalized: bool = ...,
    return_info: Literal[False] = False,
) -> Float32Array: ...
@overload
def closed_form_smooth(
    stylized: ArrayLike,
    content: ArrayLike,
    *,
    lam: float = ...,
    eps: float = ...,
    radius: int = ...,
    rtol: float = ...,
    threads: int = ...,
    max_iterations: int = ...,
    border_padding: int = ...,
    normalized: bool = ...,
    return_info: Literal[True],
) -> tuple[Float32Array, _core.SmoothingInfo]: ...
def closed_form_smooth(
    stylized: ArrayLike,
    content: ArrayLike,
    *,
    lam: float = _SMOOTHING.lam,
    eps: float = _SMOOTHING.eps,
    radius: int = _SMOOTHING.radius,
    rtol: float = _SMOOTHING.rtol,
    threads: int = _core.ALL_THREADS,
    max_iterations: int = _SMOOTHING.max_iterations,
    border_padding: int = _SMOOTHING.border_padding,
    normalized: bool = _SMOOTHING.normalized,
    return_info: bool = False,
) -> Float32Array | tuple[Float32Array, _core.SmoothingInfo]:
    """Closed-form photorealistic smoothing (Li et al., ECCV 2018, section 3.2).

    `stylized` (H x W x C) keeps its colours but loses every structure that `content` (H x W x 3) does not have.
    `lam` weighs the stylized image against that, alpha = 1 / (1 + lam). With D on the diagonal the number of windows
    that see a pixel, R = (1 - alpha) (D - alpha W)^-1 D Y: a constant stays constant. `normalized=True` takes the
    paper's R = (1 - alpha) (I - alpha S)^-1 Y, S = D^-1/2 W D^-1/2, which darkens the outermost 2 `radius` pixels and
    brightens their neighbours. `border_padding` replicates that many pixels around both images and crops them
    afterwards, which lessens that.
    With `return_info` the solver's report comes along; whether it `converged` to `rtol` is for the caller to judge.
    `Smoother` does the same for several images of one content, with weights, a first guess and progress.
    """
    smoother = Smoother(
        content,
        lam=lam,
        eps=eps,
        radius=radius,
        max_iterations=max_iterations,
        border_padding=border_padding,
        normalized=normalized,
        threads=threads,
    )
    smoothed, info = smoother.solve(stylized, rtol=rtol, return_info=True)
    return (smoothed, info) if return_info else smoothed


def guided_filter(
    guide: ArrayLike,
    src: ArrayLike,
    *,
    radius: int = _GUIDED.radius,
    eps: float = _GUIDED.eps,
    threads: int = _core.ALL_THREADS,
) -> Float32Array:
    """Guided filter (He, Sun, Tang 2013) of `src` (H x W or H x W x C) by `guide` (H x W or H x W x 3).

    Windows of (2 radius + 1)^2 pixels are clipped at the border; time does not depend on their size. `eps` is in
    units of the guide's colours squared (0..1 scale).
    """
    options = _core.GuidedFilterOptions(radius=radius, eps=eps)
    return _core.guided_filter(as_float_image(guide, "guide"), as_float_image(src, "src"), options, threads)


def local_affine_filter(
    stylized: ArrayLike,
    content: ArrayLike,
    *,
    radius: int = _AFFINE.radius,
    range_sigma: float = _AFFINE.range_sigma,
    ridge: float = _AFFINE.ridge,
    threads: int = _core.ALL_THREADS,
) -> Float32Array:
    """Repaints `content` with affine colour maps fitted to `stylized` around each pixel (both H x W x 3).

    Neighbours within `radius` count by exp(-|I_q - I_p|^2 / (2 range_sigma^2)); `ridge` holds the linear part, so that
    a flat surrounding gives the weighted mean of the stylized colours.
    """
    options = _core.LocalAffineOptions(radius=radius, range_sigma=range_sigma, ridge=ridge)
    return _core.local_affine_filter(
        as_float_image(stylized, "stylized"), as_float_image(content, "content"), options, threads
    )


def bilateral_affine_filter(
    stylized: ArrayLike,
    content: ArrayLike,
    *,
    radius: int = _BILATERAL.radius,
    spatial_sigma: float = _BILATERAL.spatial_sigma,
    range_sigma: float = _BILATERAL.range_sigma,
    window_radius: int = _BILATERAL.window_radius,
    ridge: float = _BILATERAL.ridge,
    threads: int = _core.ALL_THREADS,
) -> Float32Array:
    """Repaints `content` with averaged affine colour maps: Deep Photo Style Transfer's last filter, as released.

    Maps from content to `stylized` (both H x W x 3) are fitted in windows of (2 window_radius + 1)^2 pixels, with
    `ridge` on their linear part. A pixel takes the mean of its neighbours' maps within `radius`. A neighbour counts by
    its distance in pixels (`spatial_sigma`) and by its colour's in the content (root mean square, `range_sigma`).
    """
    options = _core.BilateralAffineOptions(
        radius=radius,
        spatial_sigma=spatial_sigma,
        range_sigma=range_sigma,
        window_radius=window_radius,
        ridge=ridge,
    )
    return _core.bilateral_affine_filter(
        as_float_image(stylized, "stylized"), as_float_image(content, "content"), options, threads
    )


def repair_posterization(
    result: ArrayLike,
    content: ArrayLike,
    *,
    radius: int = 8,
    eps: float = 0.01,
    threads: int = _core.ALL_THREADS,
) -> Float32Array:
    """Gives back the fine tones of `content` (H x W x 3) that `result` (of the same shape) lost in steps.

    K = J + I - GF(I) for result J, content I and the guided filter GF of the content by itself: what the filter smooths
    away of the content is added. `radius` and `eps` (0..1 scale) are those of the filter.

    Source: Luan et al., "Deep Photo Style Transfer", CVPR 2017, as released.
    """
    content_image, result_image = as_float_image(content, "content"), as_float_image(result, "result")
    if content_image.shape != result_image.shape:
        raise ArgumentError(
            f"result and content must have the same shape, got {result_image.shape} and {content_image.shape}"
        )
    smooth = guided_filter(content_image, content_image, radius=radius, eps=eps, threads=threads)
    repaired: Float32Array = result_image + content_image - smooth
    return repaired
