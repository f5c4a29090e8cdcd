"""Resizing: against its twin, and for what it must always do."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from fastphoto_native import ArgumentError, _core
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from reference import resample as twin

FloatArray = NDArray[np.float32]
SIZES = st.integers(1, 40)


def random_image(height: int, width: int, channels: int = 3, seed: int = 0) -> FloatArray:
    return np.random.default_rng(seed).random((height, width, channels), np.float32)


def resize(image: FloatArray, height: int, width: int, threads: int = 1) -> FloatArray:
    return _core.resize(image, height, width, threads)


@given(SIZES, SIZES, SIZES, SIZES, st.integers(1, 9), st.integers(0, 2**31))
def test_equals_its_twin(h: int, w: int, height: int, width: int, channels: int, seed: int) -> None:
    image = random_image(h, w, channels, seed)
    found = resize(image, height, width)
    assert found.shape == (height, width, channels)
    # Up to 40 x 40 products of float32 weights and samples below 1, each rounded to 6e-8 of them.
    np.testing.assert_allclose(found, twin.resize(image, height, width), atol=3e-6)


@pytest.mark.parametrize("size", [(300, 3), (3, 300), (1, 1), (700, 500), (2, 2), (97, 1)])
def test_sizes_far_apart_equal_their_twin(size: tuple[int, int]) -> None:
    image = random_image(120, 90)
    np.testing.assert_allclose(resize(image, *size), twin.resize(image, *size), atol=5e-6)  # up to 10800 products
    line = random_image(1, 3000)
    np.testing.assert_allclose(resize(line, *size), twin.resize(line, *size), atol=5e-6)


@given(SIZES, SIZES, SIZES, SIZES, st.floats(-2, 2, width=32))
def test_a_constant_stays(h: int, w: int, height: int, width: int, value: float) -> None:
    constant = np.full((h, w, 2), value, np.float32)
    # Weights are rounded to float32 one by one.
    np.testing.assert_allclose(resize(constant, height, width), value, atol=2e-6)


@given(SIZES, SIZES, st.integers(1, 6), st.integers(0, 2**31))
def test_the_same_size_is_the_same_image(height: int, width: int, channels: int, seed: int) -> None:
    image = random_image(height, width, channels, seed)
    np.testing.assert_array_equal(resize(image, height, width), image)


@given(SIZES, SIZES, SIZES, SIZES, st.integers(0, 2**31))
def test_a_turned_image_is_the_image_turned(h: int, w: int, height: int, width: int, seed: int) -> None:
    image = random_image(h, w, 3, seed)
    expected = resize(image, height, width)
    np.testing.assert_allclose(resize(image[::-1, ::-1], height, width)[::-1, ::-1], expected, atol=3e-6)
    np.testing.assert_allclose(resize(image.swapaxes(0, 1), width, height).swapaxes(0, 1), expected, atol=3e-6)


def test_a_ramp_keeps_its_place() -> None:
    """Centres stay where they are: no half pixel is lost, in either direction."""
    ramp = np.repeat(((np.arange(100) + 0.5) / 100).astype(np.float32)[None, :, None], 50, axis=0)
    for width in (37, 250):
        expected = (np.arange(width) + 0.5) / width
        inside = slice(width // 8, -width // 8)  # the border's weights lean inwards
        found = resize(ramp, 50, width)[25, :, 0]
        np.testing.assert_allclose(found[inside], expected[inside], atol=2e-4)  # Lanczos is no exact interpolation


def test_what_is_too_fine_becomes_grey() -> None:
    stripes = np.tile(np.array([0, 1], np.float32), 200)[None, :, None].repeat(40, axis=0)
    assert np.abs(resize(stripes, 40, 100)[:, 8:-8] - 0.5).max() < 0.01


def test_one_plane_without_channels() -> None:
    image = random_image(9, 13, 1)
    np.testing.assert_array_equal(resize(image[..., 0], 20, 5), resize(image, 20, 5)[..., 0])


@pytest.mark.parametrize("size", [(150, 190), (31, 23), (150, 23), (31, 190)])
def test_threads_and_layout_change_nothing(size: tuple[int, int], layout: Callable[[FloatArray], FloatArray]) -> None:
    image = random_image(70, 80)
    expected = resize(image, *size)
    np.testing.assert_array_equal(resize(image, *size, threads=4), expected)
    np.testing.assert_array_equal(resize(layout(image), *size, threads=2), expected)
    content = random_image(*size, seed=5)
    added = _core.add_resized(content, image, 1)
    np.testing.assert_array_equal(added, content + expected)
    np.testing.assert_array_equal(_core.add_resized(layout(content), layout(image), 4), added)


@pytest.mark.parametrize(("height", "width"), [(0, 5), (5, -1), (2**31 - 1, 2**31 - 1)])
def test_unsuitable_sizes(height: int, width: int) -> None:
    with pytest.raises(ArgumentError, match=f"must be at least 1 x 1 and fit into memory, got {height} x {width}"):
        resize(random_image(4, 5), height, width)


def test_unsuitable_images() -> None:
    with pytest.raises(ArgumentError, match="image is empty"):
        resize(np.zeros((0, 5, 3), np.float32), 4, 4)
    with pytest.raises(ArgumentError, match="image holds NaN or infinity"):
        resize(np.full((4, 5, 3), np.inf, np.float32), 4, 4)
    with pytest.raises(ArgumentError, match="change must be H x W x 3, got 4 x 5 x 1"):
        _core.add_resized(random_image(8, 8), random_image(4, 5, 1), 1)
    with pytest.raises(ArgumentError, match="change holds NaN or infinity"):
        _core.add_resized(random_image(8, 8), np.full((4, 5, 3), np.nan, np.float32), 1)
