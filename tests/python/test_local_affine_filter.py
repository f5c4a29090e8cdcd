from __future__ import annotations

from collections.abc import Callable
from typing import Any

import fastphoto_native as fp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from random_images import random_image
from reference import local_affine_filter as twin

Float32Array = NDArray[np.float32]


# Misuse first.


@pytest.mark.parametrize(
    ("stylized", "content", "options", "message"),
    [
        (np.zeros((4, 5)), np.zeros((4, 5, 3)), {}, "stylized must be H x W x 3, got 4 x 5 x 1"),
        (np.zeros((4, 5, 3)), np.zeros((4, 5, 1)), {}, "content must be H x W x 3, got 4 x 5 x 1"),
        (np.zeros((4, 5, 3)), np.zeros((5, 4, 3)), {}, "stylized and content must have the same height and width"),
        (np.zeros((4, 0, 3)), np.zeros((4, 0, 3)), {}, r"content is empty \(4 x 0 x 3\)"),
        (np.full((4, 5, 3), np.nan), np.zeros((4, 5, 3)), {}, "stylized holds NaN or infinity"),
        (np.zeros((4, 5, 3)), np.zeros((4, 5, 3), int), {}, "content must be uint8, uint16 or float.*, got int64"),
        (np.zeros((4, 5, 3)), np.zeros((4, 5, 3)), {"radius": -1}, "radius must be between 0 and 127, got -1"),
        (np.zeros((4, 5, 3)), np.zeros((4, 5, 3)), {"range_sigma": 0}, "range_sigma must be positive, got 0"),
        (np.zeros((4, 5, 3)), np.zeros((4, 5, 3)), {"ridge": 0}, "ridge must be positive, got 0"),
        (np.zeros((4, 5, 3)), np.zeros((4, 5, 3)), {"ridge": float("inf")}, "ridge must be positive, got inf"),
    ],
)
def test_misuse(stylized: Any, content: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(fp.ArgumentError, match=message):
        fp.local_affine_filter(stylized, content, **options)


# Against the twin. Moments are float32 along a row of the window: 2e-7 of sums of order 1 .. 10, against a scatter of
# at least the ridge, 1e-3.
ATOL = 1e-4


@pytest.mark.parametrize("radius", [0, 1, 4, 20])
@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (2, 2), (11, 13)])
def test_equals_twin(size: tuple[int, int], radius: int) -> None:
    stylized, content = random_image(*size, 3), random_image(*size, 3, seed=1)
    expected = twin.local_affine_filter(stylized.astype(np.float64), content.astype(np.float64), radius, 0.1, 1e-3)
    smooth = fp.local_affine_filter(stylized, content, radius=radius, range_sigma=0.1, ridge=1e-3)
    np.testing.assert_allclose(smooth, expected, atol=ATOL)


@pytest.mark.parametrize(("range_sigma", "ridge"), [(0.1, 1e-3), (0.02, 1e-1), (1.0, 1e-2)])
def test_equals_twin_on_a_photo(
    content_photo: Float32Array, stylized_photo: Float32Array, range_sigma: float, ridge: float
) -> None:
    content, stylized = content_photo[:30, :140], stylized_photo[:30, :140]  # more than one tile of 64 wide
    expected = twin.local_affine_filter(stylized.astype(np.float64), content.astype(np.float64), 3, range_sigma, ridge)
    smooth = fp.local_affine_filter(stylized, content, radius=3, range_sigma=range_sigma, ridge=ridge)
    np.testing.assert_allclose(smooth, expected, atol=ATOL)


# What the mathematics promises.


def test_flat_content_gives_the_window_mean() -> None:
    content = np.full((9, 9, 3), 0.4, np.float32)
    stylized = random_image(9, 9, 3)
    smooth = fp.local_affine_filter(stylized, content, radius=20)
    np.testing.assert_allclose(smooth, np.broadcast_to(stylized.mean(axis=(0, 1)), smooth.shape), atol=1e-6)


@given(st.floats(-2, 2, width=32), st.integers(0, 2**31))
def test_constant_in_constant_out(value: float, seed: int) -> None:
    stylized = np.full((8, 9, 3), value, np.float32)
    smooth = fp.local_affine_filter(stylized, random_image(8, 9, 3, seed=seed), radius=3)
    np.testing.assert_allclose(smooth, stylized, atol=1e-5)  # float32 moments, as above, times a value of 2


@given(st.integers(0, 2**31))
def test_affine_colour_maps_come_back(seed: int) -> None:
    rng = np.random.default_rng(seed)
    content = random_image(10, 10, 3, seed=seed)
    stylized = (content @ rng.normal(size=(3, 3)) + rng.normal(size=3)).astype(np.float32)
    smooth = fp.local_affine_filter(stylized, content, radius=5, range_sigma=1.0, ridge=1e-4)
    # The ridge takes 1e-4 / (scatter of 36 pixels or more, about 2) off coefficients of order 1.
    np.testing.assert_allclose(smooth, stylized, atol=2e-3)


def test_radius_zero_returns_the_stylized_image() -> None:
    stylized = random_image(6, 7, 3)
    np.testing.assert_allclose(
        fp.local_affine_filter(stylized, random_image(6, 7, 3, seed=1), radius=0), stylized, rtol=1e-6
    )


def test_colours_far_apart_do_not_mix() -> None:
    content = np.zeros((8, 8, 3), np.float32)
    content[:, 4:] = 1
    stylized = np.where(content > 0.5, np.float32(0.2), np.float32(0.9))
    np.testing.assert_allclose(fp.local_affine_filter(stylized, content, radius=4), stylized, atol=1e-6)


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_extreme_colours_stay_finite(scale: float) -> None:
    image = random_image(8, 9, 3) * np.float32(scale)
    assert np.isfinite(fp.local_affine_filter(random_image(8, 9, 3), image, radius=2)).all()


def test_threads_change_nothing() -> None:
    stylized, content = random_image(40, 150, 3), random_image(40, 150, 3, seed=1)
    one = fp.local_affine_filter(stylized, content, radius=5, threads=1)
    for threads in (2, 3, 8):
        np.testing.assert_array_equal(fp.local_affine_filter(stylized, content, radius=5, threads=threads), one)


def test_layout_changes_nothing(layout: Callable[[Float32Array], Float32Array]) -> None:
    stylized, content = random_image(9, 11, 3), random_image(9, 11, 3, seed=1)
    expected = fp.local_affine_filter(stylized, content, radius=3)
    np.testing.assert_array_equal(fp.local_affine_filter(layout(stylized), layout(content), radius=3), expected)
