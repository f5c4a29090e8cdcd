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
from reference import bilateral_affine_filter as twin
from reference import guided_filter as guided_twin

Float32Array = NDArray[np.float32]


# Misuse first.


@pytest.mark.parametrize(
    ("stylized", "content", "options", "message"),
    [
        (np.zeros((4, 5)), np.zeros((4, 5, 3)), {}, "stylized must be H x W x 3, got 4 x 5 x 1"),
        (np.zeros((4, 5, 3)), np.zeros((5, 4, 3)), {}, "stylized and content must have the same height and width"),
        (np.zeros((4, 0, 3)), np.zeros((4, 0, 3)), {}, r"content is empty \(4 x 0 x 3\)"),
        (np.full((4, 5, 3), np.nan), np.zeros((4, 5, 3)), {}, "stylized holds NaN or infinity"),
        (np.zeros((4, 5, 3)), np.zeros((4, 5, 3)), {"radius": 128}, "radius must be between 0 and 127, got 128"),
        (np.zeros((4, 5, 3)), np.zeros((4, 5, 3)), {"window_radius": 17}, "window_radius must be between 0 and 16"),
        (np.zeros((4, 5, 3)), np.zeros((4, 5, 3)), {"spatial_sigma": 0}, "spatial_sigma must be positive, got 0"),
        (np.zeros((4, 5, 3)), np.zeros((4, 5, 3)), {"range_sigma": 0}, "range_sigma must be positive, got 0"),
        (np.zeros((4, 5, 3)), np.zeros((4, 5, 3)), {"ridge": 0}, "ridge must be positive, got 0"),
    ],
)
def test_misuse(stylized: Any, content: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(fp.ArgumentError, match=message):
        fp.bilateral_affine_filter(stylized, content, **options)


# Against the twin. Maps are kept in float32 and their weighted sums formed in it: 961 terms of 1e-7, times factors that
# the ridge of 1e-3 holds below about 15 for random images.
ATOL = 5e-5


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (2, 2), (11, 13), (5, 70)])
@pytest.mark.parametrize(("radius", "window_radius"), [(0, 1), (3, 0), (4, 1), (20, 2)])
def test_equals_twin(size: tuple[int, int], radius: int, window_radius: int) -> None:
    stylized, content = random_image(*size, 3), random_image(*size, 3, seed=1)
    expected = twin.bilateral_affine_filter(
        stylized.astype(np.float64), content.astype(np.float64), radius, 2.0, 0.2, window_radius, 1e-3
    )
    found = fp.bilateral_affine_filter(
        stylized, content, radius=radius, spatial_sigma=2.0, range_sigma=0.2, window_radius=window_radius
    )
    np.testing.assert_allclose(found, expected, atol=ATOL)


def test_equals_twin_with_the_released_constants(content_photo: Float32Array, stylized_photo: Float32Array) -> None:
    content, stylized = content_photo[:20, :70], stylized_photo[:20, :70]
    expected = twin.bilateral_affine_filter(
        stylized.astype(np.float64), content.astype(np.float64), 15, 5.0, 0.01, 1, 1e-3
    )
    np.testing.assert_allclose(fp.bilateral_affine_filter(stylized, content), expected, atol=ATOL)


# What the mathematics promises.


@given(st.floats(-2, 2, width=32), st.integers(0, 2**31))
def test_constant_in_constant_out(value: float, seed: int) -> None:
    stylized = np.full((8, 9, 3), value, np.float32)
    found = fp.bilateral_affine_filter(stylized, random_image(8, 9, 3, seed=seed), radius=3)
    np.testing.assert_allclose(found, stylized, atol=1e-5)  # float32 sums, times a value of 2


@given(st.integers(0, 2**31))
def test_affine_colour_maps_come_back(seed: int) -> None:
    rng = np.random.default_rng(seed)
    content = random_image(10, 10, 3, seed=seed)
    stylized = (content @ rng.normal(size=(3, 3)) + rng.normal(size=3)).astype(np.float32)
    found = fp.bilateral_affine_filter(stylized, content, window_radius=2, range_sigma=1.0, ridge=1e-6)
    # The ridge takes 1e-6 / (the least scatter of 9 pixels or more, about 0.02) off coefficients of order 3.
    np.testing.assert_allclose(found, stylized, atol=1e-3)


def test_threads_change_nothing() -> None:
    stylized, content = random_image(40, 150, 3), random_image(40, 150, 3, seed=1)
    one = fp.bilateral_affine_filter(stylized, content, radius=5, threads=1)
    for threads in (2, 3, 8):
        np.testing.assert_array_equal(fp.bilateral_affine_filter(stylized, content, radius=5, threads=threads), one)


def test_layout_changes_nothing(layout: Callable[[Float32Array], Float32Array]) -> None:
    stylized, content = random_image(9, 11, 3), random_image(9, 11, 3, seed=1)
    expected = fp.bilateral_affine_filter(stylized, content, radius=3)
    np.testing.assert_array_equal(fp.bilateral_affine_filter(layout(stylized), layout(content), radius=3), expected)


# The repair of posterisation.


def test_repair_equals_its_formula(content_photo: Float32Array, stylized_photo: Float32Array) -> None:
    content = content_photo[:30, :40].astype(np.float64)
    result = stylized_photo[:30, :40].astype(np.float64)
    expected = result + content - guided_twin.guided_filter(content, content, 8, 0.01)
    found = fp.repair_posterization(stylized_photo[:30, :40], content_photo[:30, :40])
    np.testing.assert_allclose(found, expected, atol=1e-5)  # the guided filter's own tolerance


def test_repair_gives_steps_their_tones_back() -> None:
    ramp = np.linspace(0.2, 0.8, 120, dtype=np.float32)[None, :, None].repeat(20, 0).repeat(3, 2)
    ramp += np.sin(np.arange(120, dtype=np.float32))[None, :, None] * np.float32(0.01)  # fine texture
    steps = np.round(ramp * 10) / 10
    repaired = fp.repair_posterization(steps, ramp)
    texture = fp.guided_filter(ramp, ramp, radius=8, eps=0.01)
    assert np.abs(repaired - steps).max() > 0.005
    np.testing.assert_allclose(repaired - steps, ramp - texture, atol=1e-6)


def test_repair_of_other_sizes_is_refused() -> None:
    with pytest.raises(fp.ArgumentError, match=r"got \(4, 5, 3\) and \(4, 6, 3\)"):
        fp.repair_posterization(np.zeros((4, 5, 3)), np.zeros((4, 6, 3)))
