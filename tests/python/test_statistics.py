from __future__ import annotations

from collections.abc import Callable
from typing import Any

import fastphoto_native as fp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from reference import statistics as twin

Float32Array = NDArray[np.float32]


def random_features(*shape: int, seed: int = 0) -> Float32Array:
    return np.random.default_rng(seed).normal(1, 2, shape).astype(np.float32)


# Misuse first.


@pytest.mark.parametrize(
    ("features", "weights", "message"),
    [
        ([[1.0]], None, "features must be a float32 array of shape C x N or C x H x W, got list"),
        (np.zeros((2, 3)), None, "features must be a float32 array of shape C x N or C x H x W, got float64"),
        (np.zeros(3, np.float32), None, r"features must be a float32 array .*, got shape \(3,\)"),
        (np.zeros((2, 0), np.float32), None, r"features is empty \(1 x 0 x 2\)"),
        (np.zeros((0, 2), np.float32), None, r"features is empty \(1 x 2 x 0\)"),
        (np.full((2, 3), np.nan, np.float32), None, "features holds NaN or infinity"),
        (np.zeros((2, 3), np.float32), np.ones(2, np.float32), r"got shape \(2,\) for features of shape \(2, 3\)"),
        (np.zeros((2, 3), np.float32), np.ones((1, 3), np.float32), r"got shape \(1, 3\) for features"),
        (np.zeros((2, 3), np.float32), np.ones(3), "weights must be None or a float32 array .*, got float64"),
        (np.zeros((2, 3), np.float32), [1, 1, 1], "weights must be None or a float32 array .*, got list"),
        (np.zeros((2, 3), np.float32), np.zeros(3, np.float32), "weights sum to 0; at least one must be positive"),
        (np.zeros((2, 3), np.float32), np.array([1, -1, 1], np.float32), "weights must not be negative, got -1"),
        (np.zeros((2, 3), np.float32), np.array([1, np.inf, 1], np.float32), "weights holds NaN or infinity"),
    ],
)
def test_misuse(features: Any, weights: Any, message: str) -> None:
    with pytest.raises(fp.ArgumentError, match=message):
        fp.mean_and_covariance(features, weights)


@pytest.mark.parametrize(
    ("mean", "covariance", "weight", "message"),
    [
        ([1, 2], np.eye(3), 1, "covariance must be 2 x 2 for the 2 entries of mean, got 3 x 3"),
        ([], np.zeros((0, 0)), 1, "mean is empty"),
        ([[1, 2]], np.eye(2), 1, r"mean must be a vector, got shape \(1, 2\)"),
        (["a", "b"], np.eye(2), 1, "mean must be a vector of numbers, got list"),
        ([1, np.nan], np.eye(2), 1, "mean holds NaN or infinity"),
        ([1, 2], np.full((2, 2), np.inf), 1, "covariance holds NaN or infinity"),
        ([1, 2], [[1, 2], [3, 4]], 1, "covariance must be symmetric; entries differ from their mirror .* by up to 1"),
        ([1, 2], -np.eye(2), 1, "covariance must have no negative number on its diagonal, got -1"),
        ([1, 2], np.eye(2), 0, "weight must be positive, got 0"),
        ([1, 2], np.eye(2), None, "weight must be a number, got None"),
    ],
)
def test_statistics_are_checked(mean: Any, covariance: Any, weight: Any, message: str) -> None:
    with pytest.raises(fp.ArgumentError, match=message):
        fp.Statistics(mean, covariance, weight)


# Against the twin: float64 throughout, sums of up to 20 000 terms.


@pytest.mark.parametrize("shape", [(1, 1), (3, 1), (1, 9), (5, 7), (3, 20_000), (67, 301), (130, 2500)])
@pytest.mark.parametrize("weighted", [False, True])
def test_equals_twin(shape: tuple[int, int], weighted: bool) -> None:
    features = random_features(*shape)
    weights = np.random.default_rng(1).random(shape[1], np.float32) if weighted else None
    statistics = fp.mean_and_covariance(features, weights)
    used = np.ones(shape[1]) if weights is None else weights.astype(np.float64)
    mean, covariance = twin.mean_and_covariance(features.astype(np.float64), used)
    np.testing.assert_allclose(statistics.mean, mean, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(statistics.covariance, covariance, rtol=1e-10, atol=1e-12)
    np.testing.assert_array_equal(statistics.covariance, statistics.covariance.T)
    assert statistics.weight == pytest.approx(used.sum(), rel=1e-12)
    assert statistics.channels == shape[0]


def test_small_spread_about_a_large_mean() -> None:
    """One pass over squares would leave 1e-16 * 1e8 = 1e-8 of a variance of 1e-8."""
    features = (1e4 + 1e-2 * np.random.default_rng(0).integers(0, 2, (2, 1000))).astype(np.float32)
    statistics = fp.mean_and_covariance(features)
    np.testing.assert_allclose(statistics.covariance, np.cov(features.astype(np.float64), bias=True), rtol=1e-9)


def test_one_pixel_has_no_spread() -> None:
    features = random_features(4, 1)
    statistics = fp.mean_and_covariance(features)
    np.testing.assert_array_equal(statistics.mean, features[:, 0])
    np.testing.assert_array_equal(statistics.covariance, 0)


def test_rows_and_columns_are_pixels() -> None:
    features, weights = random_features(5, 6, 7), np.random.default_rng(1).random((6, 7), np.float32)
    whole = fp.mean_and_covariance(features, weights)
    flat = fp.mean_and_covariance(features.reshape(5, 42), weights.ravel())
    np.testing.assert_array_equal(whole.mean, flat.mean)
    np.testing.assert_array_equal(whole.covariance, flat.covariance)


@given(st.integers(1, 9), st.integers(2, 40), st.integers(0, 2**31))
def test_weights_of_zero_and_one_choose_pixels(channels: int, pixels: int, seed: int) -> None:
    features = random_features(channels, pixels, seed=seed)
    chosen = np.random.default_rng(seed).random(pixels) < 0.5
    chosen[0] = True
    statistics = fp.mean_and_covariance(features, chosen.astype(np.float32))
    alone = fp.mean_and_covariance(np.ascontiguousarray(features[:, chosen]))
    np.testing.assert_allclose(statistics.mean, alone.mean, atol=1e-12)
    np.testing.assert_allclose(statistics.covariance, alone.covariance, atol=1e-12)
    assert statistics.weight == chosen.sum()


@given(st.integers(1, 9), st.integers(1, 40), st.integers(0, 2**31))
def test_positive_semidefinite(channels: int, pixels: int, seed: int) -> None:
    covariance = fp.mean_and_covariance(random_features(channels, pixels, seed=seed)).covariance
    assert np.linalg.eigvalsh(covariance).min() > -1e-12  # rank may be below C; eigenvalues are of order 10


def test_threads_change_nothing() -> None:
    features = random_features(33, 5000)
    one = fp.mean_and_covariance(features, threads=1)
    for threads in (2, 3, 8):
        other = fp.mean_and_covariance(features, threads=threads)
        np.testing.assert_array_equal(one.mean, other.mean)
        np.testing.assert_array_equal(one.covariance, other.covariance)


def test_layout_changes_nothing(layout: Callable[[Float32Array], Float32Array]) -> None:
    features, weights = random_features(5, 6, 7), np.random.default_rng(1).random((6, 7), np.float32)
    expected = fp.mean_and_covariance(features, weights)
    got = fp.mean_and_covariance(layout(features), layout(weights))
    np.testing.assert_array_equal(got.covariance, expected.covariance)


def test_arrays_are_read_only_and_outlive_their_owner() -> None:
    mean = fp.Statistics([1, 2], np.eye(2), 3).mean
    with pytest.raises(ValueError, match="read-only"):
        mean[0] = 5
    np.testing.assert_array_equal(mean, [1, 2])


def test_repr() -> None:
    assert repr(fp.Statistics([1, 2], np.eye(2), 3)) == "Statistics(channels=2, weight=3.0)"
