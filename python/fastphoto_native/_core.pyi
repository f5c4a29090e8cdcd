"""Types of the C++ extension; tests/python/test_core_stub.py compares them with the built module."""

from collections.abc import Callable
from typing import ClassVar, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

__version__: str
ALL_THREADS: int

_Float32Array = NDArray[np.float32]
_Float64Array = NDArray[np.float64]
_Int64Array = NDArray[np.int64]

@final
class MattingOptions:
    eps: float
    radius: int
    def __init__(self, *, eps: float = ..., radius: int = ...) -> None: ...

@final
class SmoothingOptions:
    lam: float
    eps: float
    radius: int
    rtol: float
    max_iterations: int
    border_padding: int
    normalized: bool
    def __init__(
        self,
        *,
        lam: float = ...,
        eps: float = ...,
        radius: int = ...,
        rtol: float = ...,
        max_iterations: int = ...,
        border_padding: int = ...,
        normalized: bool = ...,
    ) -> None: ...

@final
class GuidedFilterOptions:
    radius: int
    eps: float
    def __init__(self, *, radius: int = ..., eps: float = ...) -> None: ...

@final
class LocalAffineOptions:
    radius: int
    range_sigma: float
    ridge: float
    def __init__(self, *, radius: int = ..., range_sigma: float = ..., ridge: float = ...) -> None: ...

@final
class TransformOptions:
    content_ridge: float
    style_ridge: float
    eigenvalue_cut: float
    strength: float
    def __init__(
        self,
        *,
        content_ridge: float = ...,
        style_ridge: float = ...,
        eigenvalue_cut: float = ...,
        strength: float = ...,
    ) -> None: ...

@final
class SmoothingInfo:
    @property
    def iterations(self) -> int: ...
    @property
    def residual(self) -> float: ...
    @property
    def seconds(self) -> float: ...
    @property
    def converged(self) -> bool: ...
    @property
    def preconditioner(self) -> SmoothingPreconditioner: ...

@final
class SmoothingPreconditioner:
    NONE: ClassVar[SmoothingPreconditioner]
    MULTIGRID: ClassVar[SmoothingPreconditioner]
    DIAGONAL: ClassVar[SmoothingPreconditioner]
    @property
    def name(self) -> str: ...
    @property
    def value(self) -> int: ...

@final
class ClosedFormSmoother:
    def __init__(
        self, content: _Float32Array, data_weights: _Float32Array | None, options: SmoothingOptions, threads: int
    ) -> None: ...
    def solve(
        self,
        stylized: _Float32Array,
        rtol: float,
        initial: _Float32Array | None,
        progress: Callable[[int, float], bool | None] | None,
        threads: int,
    ) -> tuple[_Float32Array, SmoothingInfo]: ...

@final
class Statistics:
    def __init__(self, mean: ArrayLike, covariance: ArrayLike, weight: float = ...) -> None: ...
    @property
    def mean(self) -> _Float64Array: ...
    @property
    def covariance(self) -> _Float64Array: ...
    @property
    def weight(self) -> float: ...
    @property
    def channels(self) -> int: ...

@final
class AffineTransform:
    def __init__(self, matrix: ArrayLike, offset: ArrayLike) -> None: ...
    @property
    def matrix(self) -> _Float64Array: ...
    @property
    def offset(self) -> _Float64Array: ...
    @property
    def channels(self) -> int: ...
    def apply(self, features: _Float32Array, *, threads: int = ...) -> _Float32Array: ...

def simd_level() -> str: ...
def matting_laplacian(
    image: _Float32Array, options: MattingOptions, threads: int
) -> tuple[_Float64Array, _Int64Array, _Int64Array]: ...
def guided_filter(
    guide: _Float32Array, src: _Float32Array, options: GuidedFilterOptions, threads: int
) -> _Float32Array: ...
def local_affine_filter(
    stylized: _Float32Array, content: _Float32Array, options: LocalAffineOptions, threads: int
) -> _Float32Array: ...
def mean_and_covariance(
    features: _Float32Array, weights: _Float32Array | None = None, *, threads: int = ...
) -> Statistics: ...
def whitening_coloring(
    content: Statistics,
    style: Statistics,
    *,
    content_ridge: float = ...,
    style_ridge: float = ...,
    eigenvalue_cut: float = ...,
    strength: float = ...,
) -> AffineTransform: ...
def monge_kantorovich(
    content: Statistics,
    style: Statistics,
    *,
    content_ridge: float = ...,
    style_ridge: float = ...,
    eigenvalue_cut: float = ...,
    strength: float = ...,
) -> AffineTransform: ...
