from __future__ import annotations

from collections.abc import Callable
from typing import Any

import fastphoto_native as fp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from reference import transform as twin

Float32Array = NDArray[np.float32]
METHODS = {"whitening_coloring": fp.whitening_coloring, "monge_kantorovich": fp.monge_kantorovich}
# Without ridges and cut both maps reach the style's statistics exactly.
EXACT: dict[str, float] = {"content_ridge": 0.0, "style_ridge": 0.0, "eigenvalue_cut": 0.0}


@pytest.fixture(params=METHODS)
def method(request: pytest.FixtureRequest) -> Callable[..., fp.AffineTransform]:
    return METHODS[request.param]


def random_features(channels: int, pixels: int, seed: int) -> Float32Array:
    rng = np.random.default_rng(seed)
    mix = rng.normal(size=(channels, channels)) + 2 * np.eye(channels)
    return (mix @ rng.normal(size=(channels, pixels)) + rng.normal(size=(channels, 1))).astype(np.float32)


def random_statistics(channels: int, seed: int) -> fp.Statistics:
    return fp.mean_and_covariance(random_features(channels, 40 * channels, seed))


# Misuse first.


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"strength": 1.5}, "strength must be between 0 and 1, got 1.5"),
        ({"strength": float("nan")}, "strength must be between 0 and 1, got nan"),
        ({"content_ridge": -1}, "content_ridge must be 0 or more, got -1"),
        ({"style_ridge": float("inf")}, "style_ridge must be 0 or more, got inf"),
        ({"eigenvalue_cut": -1}, "eigenvalue_cut must be 0 or more, got -1"),
        ({"ridge": 1}, "there is no option 'ridge' in TransformOptions"),
    ],
)
def test_unsuitable_options(method: Callable[..., fp.AffineTransform], options: dict[str, float], message: str) -> None:
    with pytest.raises(fp.ArgumentError, match=message):
        method(random_statistics(3, 0), random_statistics(3, 1), **options)


def test_unequal_channels(method: Callable[..., fp.AffineTransform]) -> None:
    with pytest.raises(fp.ArgumentError, match="same number of channels, got 3 and 4"):
        method(random_statistics(3, 0), random_statistics(4, 1))


@pytest.mark.parametrize(
    ("matrix", "offset", "message"),
    [
        (np.eye(3), [1, 2], "matrix must be 2 x 2 for the 2 entries of offset, got 3 x 3"),
        (np.eye(2)[0], [1, 2], r"matrix must be a square matrix, got shape \(2,\)"),
        (np.eye(2), [1, np.nan], "offset holds NaN or infinity"),
        (np.full((2, 2), np.nan), [1, 2], "matrix holds NaN or infinity"),
        (np.zeros((0, 0)), [], "offset is empty"),
    ],
)
def test_transform_is_checked(matrix: Any, offset: Any, message: str) -> None:
    with pytest.raises(fp.ArgumentError, match=message):
        fp.AffineTransform(matrix, offset)


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (np.zeros((3, 4), np.float32), "features must have the transform's 2 channels, got 3"),
        (np.zeros((2, 4)), "features must be a float32 array of shape C x N or C x H x W, got float64"),
        (np.zeros((2, 0), np.float32), "features is empty"),
        (np.full((2, 4), np.nan, np.float32), "features holds NaN or infinity"),
    ],
)
def test_apply_is_checked(features: Any, message: str) -> None:
    with pytest.raises(fp.ArgumentError, match=message):
        fp.AffineTransform(np.eye(2), np.zeros(2)).apply(features)


# Against the twins.


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("channels", [1, 2, 3, 16, 64])
def test_equals_twin(name: str, channels: int) -> None:
    content, style = random_statistics(channels, 0), random_statistics(channels, 1)
    transform = METHODS[name](content, style, content_ridge=0.1, style_ridge=0.2, eigenvalue_cut=0.0)
    T = getattr(twin, name)(content.covariance + 0.1 * np.eye(channels), style.covariance + 0.2 * np.eye(channels))
    # Condition numbers up to 1e5 in float64, and SciPy's own square root is good to about 1e-10.
    np.testing.assert_allclose(transform.matrix, T, atol=1e-8)
    np.testing.assert_allclose(transform.offset, style.mean - T @ content.mean, atol=1e-7)


def test_defaults_are_the_papers(method: Callable[..., fp.AffineTransform]) -> None:
    content, style = random_statistics(5, 0), random_statistics(5, 1)
    spelled_out = method(content, style, content_ridge=1.0, style_ridge=0.0, eigenvalue_cut=1e-5, strength=1.0)
    np.testing.assert_array_equal(method(content, style).matrix, spelled_out.matrix)


# What the mathematics promises.


@given(st.sampled_from(sorted(METHODS)), st.integers(1, 12), st.integers(0, 2**31))
def test_result_has_the_styles_statistics(name: str, channels: int, seed: int) -> None:
    features = random_features(channels, 40 * channels, seed)
    style = random_statistics(channels, seed + 1)
    transform = METHODS[name](fp.mean_and_covariance(features), style, **EXACT)
    reached = fp.mean_and_covariance(transform.apply(features))
    scale = np.abs(style.covariance).max()
    # The result is float32; inverse roots magnify that by the root of the condition number, up to 1e3.
    np.testing.assert_allclose(reached.mean, style.mean, atol=1e-3 * np.sqrt(scale))
    np.testing.assert_allclose(reached.covariance, style.covariance, atol=1e-3 * scale)


@given(st.sampled_from(sorted(METHODS)), st.integers(1, 12), st.integers(0, 2**31))
def test_own_style_changes_nothing(name: str, channels: int, seed: int) -> None:
    statistics = random_statistics(channels, seed)
    transform = METHODS[name](statistics, statistics, **EXACT)
    np.testing.assert_allclose(transform.matrix, np.eye(channels), atol=1e-7)
    np.testing.assert_allclose(transform.offset, 0, atol=1e-6)


@given(st.integers(1, 12), st.integers(0, 2**31))
def test_monge_kantorovich_is_symmetric_positive_semidefinite(channels: int, seed: int) -> None:
    T = fp.monge_kantorovich(random_statistics(channels, seed), random_statistics(channels, seed + 1)).matrix
    np.testing.assert_array_equal(T, T.T)
    assert np.linalg.eigvalsh(T).min() > -1e-9


@given(st.integers(2, 8), st.integers(0, 2**31))
def test_monge_kantorovich_changes_least(channels: int, seed: int) -> None:
    features = random_features(channels, 400, seed)
    content, style = fp.mean_and_covariance(features), random_statistics(channels, seed + 1)
    costs = [
        float(((m(content, style, **EXACT).apply(features) - features) ** 2).mean())
        for m in (fp.monge_kantorovich, fp.whitening_coloring)
    ]
    assert costs[0] <= costs[1] * (1 + 1e-5)  # equal for commuting covariances; float32 results


def test_strength_zero_is_exactly_the_identity(method: Callable[..., fp.AffineTransform]) -> None:
    transform = method(random_statistics(6, 0), random_statistics(6, 1), strength=0)
    np.testing.assert_array_equal(transform.matrix, np.eye(6))
    np.testing.assert_array_equal(transform.offset, 0)
    features = random_features(6, 50, 2)
    np.testing.assert_array_equal(transform.apply(features), features)


def test_strength_blends(method: Callable[..., fp.AffineTransform]) -> None:
    content, style = random_statistics(6, 0), random_statistics(6, 1)
    features = random_features(6, 50, 2)
    full, part = method(content, style), method(content, style, strength=0.3)
    blended = 0.3 * full.apply(features).astype(np.float64) + 0.7 * features
    np.testing.assert_allclose(part.apply(features), blended, rtol=1e-5, atol=1e-5)  # rounded to float32 twice


@pytest.mark.parametrize("flat", ["content", "style", "both"])
def test_flat_photos_stay_finite(method: Callable[..., fp.AffineTransform], flat: str) -> None:
    """Rank zero: whitening has nothing to whiten, the result is the style's mean."""
    content, style = random_statistics(4, 0), random_statistics(4, 1)
    none = np.zeros((4, 4))
    if flat != "style":
        content = fp.Statistics(content.mean, none)
    if flat != "content":
        style = fp.Statistics(style.mean, none)
    for options in ({}, EXACT):
        transform = method(content, style, **options)
        assert np.isfinite(transform.matrix).all()
        np.testing.assert_allclose(transform.matrix @ content.mean + transform.offset, style.mean, atol=1e-9)


def test_directions_the_content_lacks_map_to_zero(method: Callable[..., fp.AffineTransform]) -> None:
    content = fp.Statistics(np.zeros(3), np.diag([4.0, 1.0, 1e-9]))
    style = fp.Statistics(np.zeros(3), np.diag([1.0, 9.0, 16.0]))
    transform = method(content, style, content_ridge=0, eigenvalue_cut=1e-5)
    np.testing.assert_allclose(transform.matrix, np.diag([0.5, 3.0, 0.0]), atol=1e-12)


# Applying.


@pytest.mark.parametrize("shape", [(3, 1), (3, 1300), (3, 40, 50), (1, 7)])
def test_apply_is_the_affine_map(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    matrix, offset = rng.normal(size=(shape[0], shape[0])), rng.normal(size=shape[0])
    features = rng.normal(size=shape).astype(np.float32)
    got = fp.AffineTransform(matrix, offset).apply(features)
    assert got.shape == shape
    expected = np.tensordot(matrix, features.astype(np.float64), 1) + offset.reshape(-1, *[1] * (len(shape) - 1))
    np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-6)  # sums are float64, the result float32


def test_apply_with_threads_and_layouts(layout: Callable[[Float32Array], Float32Array]) -> None:
    transform = METHODS["monge_kantorovich"](random_statistics(5, 0), random_statistics(5, 1))
    features = random_features(5, 3000, 2)
    one = transform.apply(features, threads=1)
    np.testing.assert_array_equal(transform.apply(features, threads=3), one)
    np.testing.assert_array_equal(transform.apply(layout(features)), one)
    np.testing.assert_array_equal(transform.apply(layout(features.reshape(5, 60, 50))), one.reshape(5, 60, 50))
