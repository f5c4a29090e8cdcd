"""Detail restored: against a NumPy twin, and for what it must never do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from fastphoto_native import ArgumentError, _core
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from reference import detail as twin
from reference import guided_filter

FloatArray = NDArray[np.float32]
OPTIONS = _core.DetailOptions()
LARGEST_CHANGE = OPTIONS.largest_change


def restore_detail(result: FloatArray, content: FloatArray, threads: int = 1, **options: Any) -> FloatArray:
    return _core.restore_detail(content, result, _core.DetailOptions(**options), threads)


def photo(seed: int, height: int, width: int, low: float = 0.2, high: float = 0.8) -> np.ndarray:
    """Texture of all sizes within low..high."""
    rng = np.random.default_rng(seed)
    coarse = np.repeat(np.repeat(rng.random((1 + height // 9, 1 + width // 9, 3)), 9, 0), 9, 1)[:height, :width]
    return (low + (high - low) * (0.7 * coarse + 0.3 * rng.random((height, width, 3)))).astype(np.float32)


def luma_detail(image: np.ndarray, guide: np.ndarray) -> np.ndarray:
    radius = max(1, round(OPTIONS.radius * max(image.shape[:2])))
    luma, by = (np.asarray(p, np.float64) @ twin.LUMA.astype(np.float64)[:, None] for p in (image, guide))
    detail: np.ndarray = luma - guided_filter.guided_filter(by, luma, radius, OPTIONS.edge_variance)
    return detail[..., 0]


def test_defaults_are_those_of_the_twin() -> None:
    assert (OPTIONS.radius, OPTIONS.edge_variance, OPTIONS.amount) == (twin.RADIUS, twin.EDGE_VARIANCE, twin.AMOUNT)
    assert (OPTIONS.largest_change, OPTIONS.largest_gain) == (twin.LARGEST_CHANGE, twin.LARGEST_GAIN)


@pytest.mark.parametrize("size", [(1, 1), (1, 37), (23, 31), (90, 61)])
def test_equals_its_twin(size: tuple[int, int]) -> None:
    content, result = photo(1, *size), photo(2, *size, 0.0, 0.5)
    # The guided filter's own tolerance, a few roundings of lumas near 1.
    np.testing.assert_allclose(restore_detail(result, content), twin.restore_detail(result, content), atol=1e-5)


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


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"radius": 0}, "radius must be positive, got 0"),
        ({"edge_variance": -1}, "edge_variance must be positive, got -1"),
        ({"amount": 1.1}, "amount must be between 0 and 1, got 1.1"),
        ({"largest_change": float("inf")}, "largest_change must be positive, got inf"),
        ({"largest_gain": float("nan")}, "largest_gain must be positive, got nan"),
    ],
)
def test_unsuitable_options(options: dict[str, float], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        restore_detail(photo(1, 4, 5), photo(2, 4, 5), 1, **options)


def test_unsuitable_photos() -> None:
    grey = np.zeros((4, 5, 1), np.float32)
    with pytest.raises(ArgumentError, match="content must be H x W x 3, got 4 x 5 x 1"):
        restore_detail(photo(1, 4, 5), grey)
    with pytest.raises(ArgumentError, match="result must be H x W x 3, got 4 x 5 x 1"):
        restore_detail(grey, photo(1, 4, 5))
    with pytest.raises(ArgumentError, match="result and content must have the same height and width"):
        restore_detail(photo(1, 4, 5), photo(2, 5, 4))
    with pytest.raises(ArgumentError, match="result holds NaN or infinity"):
        restore_detail(np.full((4, 5, 3), np.nan, np.float32), photo(1, 4, 5))


@pytest.mark.parametrize(
    "options", [{"radius": 1e9}, {"largest_change": 1e-300}, {"largest_gain": 1e300}, {"edge_variance": 1e-300}]
)
def test_extreme_options_stay_in_range(options: dict[str, float]) -> None:
    content = np.full((20, 30, 3), 0.4, np.float32)
    restored = restore_detail(photo(3, 20, 30), content, 1, **options)
    assert np.isfinite(restored).all()
    assert restored.min() >= 0
    assert restored.max() <= 1


def test_threads_and_strides_change_nothing() -> None:
    content, result = photo(8, 80, 66), photo(9, 80, 66)
    expected = restore_detail(result, content, 1)
    np.testing.assert_array_equal(restore_detail(result, content, 3), expected)
    strided = restore_detail(np.asfortranarray(result), np.repeat(content, 2, axis=1)[:, ::2], 1)
    np.testing.assert_array_equal(strided, expected)
