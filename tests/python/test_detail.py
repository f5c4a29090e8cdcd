"""Detail restored: against a NumPy twin, and for what it must never do."""

from __future__ import annotations

import numpy as np
import pytest
from fastphoto_native.detail import (
    AMOUNT,
    EDGE_VARIANCE,
    LARGEST_CHANGE,
    LARGEST_GAIN,
    LUMA,
    RADIUS,
    restore_detail,
)
from hypothesis import given
from hypothesis import strategies as st
from reference import guided_filter


def photo(seed: int, height: int, width: int, low: float = 0.2, high: float = 0.8) -> np.ndarray:
    """Texture of all sizes within low..high."""
    rng = np.random.default_rng(seed)
    coarse = np.repeat(np.repeat(rng.random((1 + height // 9, 1 + width // 9, 3)), 9, 0), 9, 1)[:height, :width]
    return (low + (high - low) * (0.7 * coarse + 0.3 * rng.random((height, width, 3)))).astype(np.float32)


def luma_detail(image: np.ndarray, guide: np.ndarray) -> np.ndarray:
    radius = max(1, round(RADIUS * max(image.shape[:2])))
    luma, by = (np.asarray(p, np.float64) @ LUMA.astype(np.float64)[:, None] for p in (image, guide))
    detail: np.ndarray = luma - guided_filter.guided_filter(by, luma, radius, EDGE_VARIANCE)
    return detail[..., 0]


@pytest.mark.parametrize("size", [(1, 1), (1, 37), (23, 31), (90, 61)])
def test_equals_its_twin(size: tuple[int, int]) -> None:
    content, result = photo(1, *size), photo(2, *size, 0.0, 0.5)
    of_content, own = luma_detail(content, content), luma_detail(result, content)
    gain = min(LARGEST_GAIN, float(np.linalg.norm(own)) / max(float(np.linalg.norm(of_content)), 1e-12))
    change = AMOUNT * (gain * of_content - own)
    expected = np.clip(result + (LARGEST_CHANGE * np.tanh(change / LARGEST_CHANGE))[..., None], 0, 1)
    # The guided filter's own tolerance, a few roundings of lumas near 1.
    np.testing.assert_allclose(restore_detail(result, content, 1), expected, atol=1e-5)


@given(seed=st.integers(0, 99), height=st.integers(1, 40), width=st.integers(1, 40))
def test_result_that_equals_the_content_stays(seed: int, height: int, width: int) -> None:
    content = photo(seed, height, width, 0, 1)
    np.testing.assert_array_equal(restore_detail(content.copy(), content, 1), content)


@given(seed=st.integers(0, 99), low=st.floats(0, 0.9))
def test_change_is_limited_and_the_range_is_not_left(seed: int, low: float) -> None:
    content, result = photo(seed, 33, 21, 0, 1), photo(seed + 1, 33, 21, low, 1)
    before = result.copy()
    restored = restore_detail(result, content, 1)
    assert np.abs(restored - result).max() <= LARGEST_CHANGE * (1 + 1e-6)
    assert restored.min() >= 0
    assert restored.max() <= 1
    np.testing.assert_array_equal(result, before)


def test_channels_change_alike() -> None:
    content, result = photo(3, 50, 40), photo(4, 50, 40)
    change = restore_detail(result, content, 1) - result
    np.testing.assert_allclose(change, np.repeat(change[..., :1], 3, axis=2), atol=1e-7)  # rounding near 1
    assert np.abs(change).max() > 0.01


def test_texture_flattened_in_shadows_comes_back() -> None:
    content = photo(5, 60, 90, 0.4, 0.55)  # weaker than the limit of the change
    result = content.copy()
    result[:, :45] = 0.3 + 0.2 * (content[:, :45] - 0.4)  # contrast lost on the left half only
    before, after = (luma_detail(p, content)[10:-10, 10:30] for p in (result, restore_detail(result, content, 1)))
    target = luma_detail(content, content)[10:-10, 10:30]
    assert before.std() < 0.3 * target.std()
    assert after.std() > 0.5 * target.std()


@pytest.mark.parametrize("value", [0.0, 0.4, 1.0])
def test_constant_content_calms_the_result(value: float) -> None:
    content, result = np.full((20, 30, 3), value, np.float32), photo(6, 20, 30, 0.4, 0.5)
    restored = restore_detail(result, content, 1)
    assert luma_detail(restored, content).std() < 0.4 * luma_detail(result, content).std()


def test_specks_of_a_flat_content_are_not_blown_up() -> None:
    content = np.full((100, 100, 3), 0.6, np.float32)
    content[50, 50] += 1 / 255
    result = photo(10, 100, 100, 0.3, 0.5)
    result[45:56, 45:56] = 0.4
    restored = restore_detail(result, content, 1)
    # AMOUNT * LARGEST_GAIN = 2.4 steps of 8 bits, and a little of what is around.
    assert abs(float(restored[50, 50, 0] - restored[47, 47, 0])) < 3 / 255


def test_constant_result_stays() -> None:
    result = np.full((20, 30, 3), 0.5, np.float32)
    np.testing.assert_allclose(restore_detail(result, photo(7, 20, 30), 1), result, atol=1e-6)


def test_threads_and_strides_change_nothing() -> None:
    content, result = photo(8, 80, 66), photo(9, 80, 66)
    expected = restore_detail(result, content, 1)
    np.testing.assert_array_equal(restore_detail(result, content, 3), expected)
    strided = restore_detail(np.asfortranarray(result), np.repeat(content, 2, axis=1)[:, ::2], 1)
    np.testing.assert_array_equal(strided, expected)
