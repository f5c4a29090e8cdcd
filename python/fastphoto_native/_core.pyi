"""Types of the C++ extension; tests/python/test_core_stub.py compares them with the built module."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal, NoReturn, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

__version__: str
ALL_THREADS: int

_Float32Array = NDArray[np.float32]
_Float64Array = NDArray[np.float64]
_Int64Array = NDArray[np.int64]
_Three = tuple[float, float, float]
_PixelArray = NDArray[np.float32] | NDArray[np.uint8] | NDArray[np.uint16]

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
    page_pool: bool
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
        page_pool: bool = ...,
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
class BilateralAffineOptions:
    radius: int
    spatial_sigma: float
    range_sigma: float
    window_radius: int
    ridge: float
    def __init__(
        self,
        *,
        radius: int = ...,
        spatial_sigma: float = ...,
        range_sigma: float = ...,
        window_radius: int = ...,
        ridge: float = ...,
    ) -> None: ...

@final
class LocalAffineMapOptions:
    radius: int
    eps: float
    def __init__(self, *, radius: int = ..., eps: float = ...) -> None: ...

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
class DetailOptions:
    radius: float
    edge_variance: float
    amount: float
    largest_change: float
    largest_gain: float
    def __init__(
        self,
        *,
        radius: float = ...,
        edge_variance: float = ...,
        amount: float = ...,
        largest_change: float = ...,
        largest_gain: float = ...,
    ) -> None: ...

@final
class KnotheRosenblattOptions:
    content_ridge: float
    style_ridge: float
    max_gain: float
    least_shift: float
    strength: float
    def __init__(
        self,
        *,
        content_ridge: float = ...,
        style_ridge: float = ...,
        max_gain: float = ...,
        least_shift: float = ...,
        strength: float = ...,
    ) -> None: ...

@final
class GamutOptions:
    shares: _Three
    shadows_counted: _Three
    highlights_counted: _Three
    knee_per_excess: float
    largest_shadow_knee: float
    largest_highlight_knee: float
    least_excess: float
    def __init__(
        self,
        *,
        shares: _Three = ...,
        shadows_counted: _Three = ...,
        highlights_counted: _Three = ...,
        knee_per_excess: float = ...,
        largest_shadow_knee: float = ...,
        largest_highlight_knee: float = ...,
        least_excess: float = ...,
    ) -> None: ...

@final
class BarycentreOptions:
    relative_ridge: float
    tolerance: float
    max_iterations: int
    def __init__(self, *, relative_ridge: float = ..., tolerance: float = ..., max_iterations: int = ...) -> None: ...

@final
class AdjustmentOptions:
    tone: float
    colour: float
    white_balance: float
    preserve_luminance: bool
    preserve_skin: bool
    preserve_neutrals: bool
    def __init__(
        self,
        *,
        tone: float = ...,
        colour: float = ...,
        white_balance: float = ...,
        preserve_luminance: bool = ...,
        preserve_skin: bool = ...,
        preserve_neutrals: bool = ...,
    ) -> None: ...

@final
class LabelOptions:
    min_area: float
    max_area_ratio: float
    def __init__(self, *, min_area: float = ..., max_area_ratio: float = ...) -> None: ...

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
    def laplacian_product(self, image: _Float32Array, threads: int) -> _Float32Array: ...

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
    def __eq__(self, other: object) -> bool: ...
    def __hash__(self) -> int: ...

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

@final
class LabelWeights:
    @property
    def labels(self) -> tuple[int, ...]: ...
    @property
    def weights(self) -> _Float32Array: ...
    def areas(self) -> dict[int, float]: ...
    def select(self, labels: Sequence[int]) -> _Float32Array: ...

@final
class PixelOrder:
    RGB: ClassVar[PixelOrder]
    RGBA: ClassVar[PixelOrder]
    BGR: ClassVar[PixelOrder]
    BGRA: ClassVar[PixelOrder]
    @property
    def name(self) -> str: ...
    @property
    def value(self) -> int: ...

@final
class ColourMapKind:
    MATRIX_AND_CURVES: ClassVar[ColourMapKind]
    LUT: ClassVar[ColourMapKind]
    GRID: ClassVar[ColourMapKind]
    @property
    def name(self) -> str: ...
    @property
    def value(self) -> int: ...

@final
class ColourMap:
    def __init__(self, kind: ColourMapKind, extents: Sequence[int], parameters: ArrayLike) -> None: ...
    @staticmethod
    def parameter_count(kind: ColourMapKind, extents: Sequence[int]) -> int: ...
    def apply(self, photo: _Float32Array, strength: float = ..., *, threads: int = ...) -> _Float32Array: ...

_Method = Literal["monge-kantorovich", "whitening-coloring", "knothe-rosenblatt", "learned"]

class ModelFile:
    @property
    def file(self) -> str: ...
    @property
    def sha256(self) -> str: ...

@final
class Segment(ModelFile):
    @property
    def carry(self) -> tuple[str, ...]: ...

@final
class Estimator(ModelFile):
    @property
    def side(self) -> int: ...
    @property
    def map(self) -> Literal["matrix-and-curves", "lut", "grid"]: ...
    @property
    def extents(self) -> tuple[int, ...]: ...
    @property
    def least_fit(self) -> float: ...

@final
class Alignment:
    def __init__(
        self,
        name: str,
        channels: int,
        stride: int,
        method: _Method,
        content_ridge: float = ...,
        style_ridge: float = ...,
        relative_ridge: float = ...,
        max_gain: float | None = ...,
        least_shift: float = ...,
        strength: float = ...,
    ) -> None: ...
    @property
    def name(self) -> str: ...
    @property
    def channels(self) -> int: ...
    @property
    def stride(self) -> int: ...
    @property
    def method(self) -> _Method: ...
    @property
    def content_ridge(self) -> float: ...
    @property
    def style_ridge(self) -> float: ...
    @property
    def relative_ridge(self) -> float: ...
    @property
    def max_gain(self) -> float | None: ...
    @property
    def least_shift(self) -> float: ...
    @property
    def strength(self) -> float: ...
    def to_dict(self) -> dict[str, Any]: ...

@final
class Provenance:
    @property
    def recipe(self) -> str: ...
    @property
    def training_photos(self) -> str: ...
    @property
    def teacher(self) -> str: ...
    @property
    def method(self) -> str: ...
    def to_dict(self) -> dict[str, str]: ...

@final
class SmoothingSettings:
    @property
    def lam(self) -> float: ...
    @property
    def eps(self) -> float: ...

@final
class MemoryNeeds:
    def __init__(self) -> None: ...
    @property
    def fixed_bytes(self) -> float: ...
    @property
    def bytes_per_working_pixel(self) -> float: ...
    def to_dict(self) -> dict[str, float]: ...

@final
class Manifest:
    @staticmethod
    def parse(json: str | bytes, where: str) -> Manifest: ...
    @property
    def format(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def description(self) -> str: ...
    @property
    def licence(self) -> str: ...
    @property
    def provenance(self) -> Provenance: ...
    @property
    def size_multiple(self) -> int: ...
    @property
    def working_side(self) -> int: ...
    @property
    def margin(self) -> int: ...
    @property
    def smoothing(self) -> SmoothingSettings: ...
    @property
    def gamut(self) -> GamutOptions: ...
    @property
    def detail(self) -> DetailOptions: ...
    @property
    def labels(self) -> LabelOptions: ...
    @property
    def memory(self) -> MemoryNeeds: ...
    @property
    def style(self) -> ModelFile: ...
    @property
    def alignments(self) -> tuple[Alignment, ...]: ...
    @property
    def segments(self) -> tuple[Segment, ...]: ...
    @property
    def estimator(self) -> Estimator | None: ...
    def to_dict(self) -> dict[str, Any]: ...

@final
class Bundle:
    @staticmethod
    def open(folder: str | os.PathLike[str]) -> Bundle: ...
    @property
    def folder(self) -> Path: ...
    @property
    def manifest(self) -> Manifest: ...
    @property
    def name(self) -> str: ...
    @property
    def entries(self) -> tuple[ModelFile, ...]: ...
    @property
    def size(self) -> int: ...
    @property
    def fingerprint(self) -> str: ...
    def read(self, entry: ModelFile) -> bytes: ...

@final
class LabelLook:
    def __init__(self, area: float, statistics: Iterable[Statistics]) -> None: ...
    @property
    def area(self) -> float: ...
    @property
    def statistics(self) -> tuple[Statistics, ...]: ...
    def __eq__(self, other: object) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Look:
    def __init__(
        self,
        model: str,
        fingerprint: str,
        masked: bool,
        labels: dict[int, LabelLook],
        thumbnail: _Float32Array | None = None,
    ) -> None: ...
    @property
    def model(self) -> str: ...
    @property
    def fingerprint(self) -> str: ...
    @property
    def masked(self) -> bool: ...
    @property
    def labels(self) -> dict[int, LabelLook]: ...
    @property
    def thumbnail(self) -> _Float32Array | None: ...
    @property
    def name(self) -> str: ...
    @property
    def sources(self) -> tuple[str, ...]: ...
    @property
    def label_names(self) -> dict[int, str]: ...
    @property
    def preview(self) -> NDArray[np.uint8] | None: ...
    def with_details(
        self,
        name: str | None = None,
        sources: Sequence[str] | None = None,
        label_names: Mapping[int, str] | None = None,
        preview: NDArray[np.uint8] | None = None,
    ) -> Look: ...
    @staticmethod
    def pool(looks: Sequence[Look]) -> Look: ...
    @staticmethod
    def blend(looks: Sequence[Look], weights: Sequence[float]) -> Look: ...
    def __eq__(self, other: object) -> bool: ...
    def __hash__(self) -> int: ...
    def to_bytes(self) -> bytes: ...
    @staticmethod
    def from_bytes(data: bytes) -> Look: ...
    def save(self, path: str | os.PathLike[str]) -> None: ...
    @staticmethod
    def load(path: str | os.PathLike[str]) -> Look: ...

def simd_level() -> str: ...
def hold_thread() -> NoReturn: ...
def matting_laplacian(
    image: _Float32Array, options: MattingOptions, threads: int
) -> tuple[_Float64Array, _Int64Array, _Int64Array]: ...
def guided_filter(
    guide: _Float32Array, src: _Float32Array, options: GuidedFilterOptions, threads: int
) -> _Float32Array: ...
def local_affine_filter(
    stylized: _Float32Array, content: _Float32Array, options: LocalAffineOptions, threads: int
) -> _Float32Array: ...
def bilateral_affine_filter(
    stylized: _Float32Array, content: _Float32Array, options: BilateralAffineOptions, threads: int
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
def pooled_statistics(parts: Sequence[Statistics], weights: Sequence[float]) -> Statistics: ...
def wasserstein_barycentre(
    parts: Sequence[Statistics], weights: Sequence[float], options: BarycentreOptions = ...
) -> Statistics: ...
def adjust(
    content: _Float32Array, result: _Float32Array, options: AdjustmentOptions, threads: int
) -> _Float32Array: ...
def fit_local_affine_maps(
    content: _Float32Array, result: _Float32Array, options: LocalAffineMapOptions, threads: int
) -> _Float32Array: ...
def apply_local_affine_maps(maps: _Float32Array, content: _Float32Array, threads: int) -> _Float32Array: ...
def smooth_smaller(
    content: _Float32Array, stylized: _Float32Array, ratio: float, options: SmoothingOptions, threads: int
) -> tuple[_Float32Array, SmoothingInfo, float]: ...
def finish_at_full_size(
    content: NDArray[Any],
    small_content: _Float32Array,
    smoothed: _Float32Array,
    result: NDArray[Any],
    gamut: GamutOptions,
    detail: DetailOptions,
    threads: int,
) -> None: ...
def restore_detail(
    content: _Float32Array, result: _Float32Array, options: DetailOptions, threads: int
) -> _Float32Array: ...
def resize(image: _Float32Array, height: int, width: int, threads: int) -> _Float32Array: ...
def add_resized(content: _Float32Array, change: _Float32Array, threads: int) -> _Float32Array: ...
def knothe_rosenblatt(content: Statistics, style: Statistics, options: KnotheRosenblattOptions) -> AffineTransform: ...
def levels_share(content: Statistics, style: Statistics, options: KnotheRosenblattOptions) -> float: ...
def compress_to_gamut(photo: _Float32Array, options: GamutOptions, threads: int) -> _Float32Array: ...
def label_weights(mask: ArrayLike, height: int, width: int, name: str) -> LabelWeights: ...
def shared_labels(content: Mapping[int, float], style: Mapping[int, float], options: LabelOptions) -> list[int]: ...
def read_pixels(array: _PixelArray, order: PixelOrder, name: str, threads: int) -> _Float32Array: ...
def write_pixels(
    photo: _Float32Array,
    alpha_from: _PixelArray | None,
    alpha_order: PixelOrder,
    result: _PixelArray,
    order: PixelOrder,
    threads: int,
) -> None: ...

@final
class StopSignal:
    @property
    def requested(self) -> bool: ...
    def listen(self, stop: Callable[[], object]) -> None: ...
    def forget(self) -> None: ...

@final
class DeviceReport:
    @property
    def requested(self) -> str: ...
    @property
    def used(self) -> str: ...
    @property
    def provider(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def precision(self) -> str: ...

@final
class StageReport:
    @property
    def name(self) -> str: ...
    @property
    def seconds(self) -> float: ...

@final
class LookFit:
    @property
    def untouched_error(self) -> float: ...
    @property
    def expected_error(self) -> float: ...
    @property
    def fit(self) -> float: ...
    @property
    def applied_strength(self) -> float: ...

@final
class Report:
    @property
    def model(self) -> str: ...
    @property
    def model_version(self) -> str: ...
    @property
    def device(self) -> DeviceReport: ...
    @property
    def strength(self) -> float: ...
    @property
    def look_fit(self) -> LookFit | None: ...
    @property
    def content_size(self) -> tuple[int, int]: ...
    @property
    def working_size(self) -> tuple[int, int]: ...
    @property
    def labels(self) -> list[int]: ...
    @property
    def kept_labels(self) -> list[int]: ...
    @property
    def smoothing(self) -> str: ...
    @property
    def smoothing_size(self) -> tuple[int, int]: ...
    @property
    def expected_error(self) -> float: ...
    @property
    def solver(self) -> SmoothingInfo | None: ...
    @property
    def stages(self) -> list[StageReport]: ...

@final
class Stylizer:
    @final
    class Restyled: ...

    def __init__(self, bundle: Bundle, runtime: object) -> None: ...
    @property
    def device(self) -> DeviceReport: ...
    def analyze(
        self,
        style: NDArray[Any],
        mask: ArrayLike | None,
        max_side: int | None,
        threads: int,
        progress: Callable[[str, float], bool | None] | None,
        alpha: NDArray[np.float32] | None = None,
    ) -> Look: ...
    def apply(
        self,
        content: NDArray[Any],
        look: Look,
        result: NDArray[Any],
        mask: ArrayLike | None,
        smoothing: str,
        quality: str,
        strength: float,
        max_side: int | None,
        threads: int,
        progress: Callable[[str, float], bool | None] | None,
        adjustment: AdjustmentOptions = ...,
        alpha: NDArray[np.float32] | None = None,
        insist: bool = ...,
    ) -> Report: ...
    def preview(
        self,
        content: NDArray[Any],
        look: Look,
        result: NDArray[Any],
        mask: ArrayLike | None,
        smoothing: str,
        quality: str,
        strength: float,
        max_side: int | None,
        threads: int,
        progress: Callable[[str, float], bool | None] | None,
        adjustment: AdjustmentOptions = ...,
        alpha: NDArray[np.float32] | None = None,
        insist: bool = ...,
    ) -> Report: ...
    @staticmethod
    def preview_size(height: int, width: int, side: int) -> tuple[int, int]: ...
    def restyle(
        self,
        content: NDArray[Any],
        look: Look,
        mask: ArrayLike | None,
        smoothing: str,
        quality: str,
        strength: float,
        max_side: int | None,
        threads: int,
        progress: Callable[[str, float], bool | None] | None,
        adjustment: AdjustmentOptions = ...,
        alpha: NDArray[np.float32] | None = None,
        insist: bool = ...,
    ) -> Stylizer.Restyled: ...
    def finish(
        self,
        photo: Stylizer.Restyled,
        result: NDArray[Any],
        threads: int,
        progress: Callable[[str, float], bool | None] | None,
    ) -> Report: ...
    def prepare(self, width: int, height: int, quality: str) -> None: ...
    def memory_needed(self, width: int, height: int, smoothing: str, quality: str, max_side: int | None) -> int: ...

@final
class Chain:
    def __init__(self, bundle: Bundle, runtime: object) -> None: ...
    @property
    def device(self) -> DeviceReport: ...
    def restyle(self, content: _Float32Array, style: _Float32Array, strength: float = ...) -> _Float32Array: ...
    def style_statistics(self, style: _Float32Array) -> list[list[Statistics]]: ...

@final
class ChainAlignment:
    def __init__(
        self,
        alignments: Sequence[Alignment],
        style: Sequence[Sequence[Statistics]],
        strength: float = ...,
        keep_rest: bool = ...,
        areas: Sequence[float] = ...,
    ) -> None: ...
    def __call__(self, index: int, content: Sequence[Statistics]) -> tuple[_Float32Array, _Float32Array]: ...
