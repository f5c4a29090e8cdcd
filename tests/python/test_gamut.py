"""Compression into the range of colours: against its twin, and for what it must and must never do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from fastphoto_native import ArgumentError, _core
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from reference import gamut as twin

FloatArray = NDArray[np.float32]
LARGEST_SHADOW_KNEE = _core.GamutOptions().largest_shadow_knee


def compress_to_gamut(photo: FloatArray, threads: int = 1, **options: Any) -> FloatArray:
    return _core.compress_to_gamut(photo, _core.GamutOptions(**options), threads)


def ramp(low: float, high: float) -> np.ndarray:
    """Three equal channels that rise evenly over 40 x 50 pixels."""
    return np.repeat(np.linspace(low, high, 2000, dtype=np.float32).reshape(40, 50, 1), 3, axis=2)


def test_defaults_are_those_of_the_twin() -> None:
    options = _core.GamutOptions()
    assert (options.shares, options.shadows_counted) == (twin.SHARES, twin.SHADOWS_COUNTED)
    assert (options.highlights_counted, options.knee_per_excess) == (twin.HIGHLIGHTS_COUNTED, twin.KNEE_PER_EXCESS)
    assert options.largest_shadow_knee == twin.LARGEST_SHADOW_KNEE
    assert options.largest_highlight_knee == twin.LARGEST_HIGHLIGHT_KNEE
    assert options.least_excess == twin.LEAST_EXCESS


@given(
    seed=st.integers(0, 2**31),
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    channels=st.integers(1, 4),
    low=st.floats(-2, 1),
    span=st.floats(0, 3),
)
def test_equals_its_twin(seed: int, height: int, width: int, channels: int, low: float, span: float) -> None:
    photo = (low + span * np.random.default_rng(seed).random((height, width, channels))).astype(np.float32)
    # A few roundings of float32 numbers near 1; the twin mirrors highlights twice.
    np.testing.assert_allclose(compress_to_gamut(photo), twin.compress_to_gamut(photo), atol=5e-7)


def test_equals_its_twin_where_pixels_are_sampled() -> None:
    photo = np.random.default_rng(1).normal(0.5, 0.4, (2100, 2003, 1)).astype(np.float32)  # every second one
    np.testing.assert_allclose(compress_to_gamut(photo, 2), twin.compress_to_gamut(photo), atol=5e-7)


@given(seed=st.integers(0, 2**31), scale=st.floats(1e-3, 1e30))
def test_any_values_end_up_in_the_range_and_in_order(seed: int, scale: float) -> None:
    photo = (scale * np.random.default_rng(seed).normal(size=(9, 11, 3))).astype(np.float32)
    result = compress_to_gamut(photo)
    assert result.min() >= 0
    assert result.max() <= 1
    for channel in range(3):
        ascending = result[..., channel].ravel()[np.argsort(photo[..., channel].ravel())]
        assert np.diff(ascending).min() >= -1e-6  # rounding of float32 numbers near 1


def test_threads_and_layout_change_nothing(layout: Callable[[FloatArray], FloatArray]) -> None:
    photo = np.random.default_rng(2).normal(0.5, 0.5, (70, 41, 3)).astype(np.float32)
    expected = compress_to_gamut(photo, 1)
    np.testing.assert_array_equal(compress_to_gamut(photo, 4), expected)
    np.testing.assert_array_equal(compress_to_gamut(layout(photo), 2), expected)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shares": (0.1, 0.2)}, r"shares must be three numbers, got \(0.1, 0.2\)"),
        ({"shares": 0.1}, "shares must be three numbers, got 0.1"),
        ({"shares": (0.1, "a", 0.2)}, "shares must be a number, got 'a'"),
        ({"shares": (0.1, 1.5, 0.2)}, "shares must be between 0 and 1, got 1.5"),
        ({"shadows_counted": (-1, 0, 0)}, "shadows_counted must be between 0 and 1, got -1"),
        ({"highlights_counted": (0, 0, float("nan"))}, "highlights_counted must be between 0 and 1, got nan"),
        ({"knee_per_excess": 0}, "knee_per_excess must be positive, got 0"),
        ({"largest_shadow_knee": 2}, "largest_shadow_knee must be between 0 and 1, got 2"),
        ({"largest_highlight_knee": -1}, "largest_highlight_knee must be between 0 and 1, got -1"),
        ({"least_excess": 0}, "least_excess must be positive, got 0"),
    ],
)
def test_unsuitable_options(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        compress_to_gamut(ramp(0, 1), **options)


def test_unsuitable_photos() -> None:
    with pytest.raises(ArgumentError, match="photo holds NaN or infinity"):
        compress_to_gamut(np.full((2, 2, 3), np.nan, np.float32))
    with pytest.raises(ArgumentError, match="photo is empty"):
        compress_to_gamut(np.zeros((0, 2, 3), np.float32))


@pytest.mark.parametrize("knee", [0.0, 1.0])
def test_knees_at_the_ends_of_their_range(knee: float) -> None:
    values = compress_to_gamut(ramp(-1, 2), largest_shadow_knee=knee, largest_highlight_knee=knee)[..., 0].ravel()
    assert np.diff(values).min() >= -1e-6
    assert (values.min(), values.max()) == (0, 1)


def test_photo_within_the_range_is_returned_as_it_is() -> None:
    photo = np.random.default_rng(0).random((31, 17, 3), np.float32)
    result = compress_to_gamut(photo)
    np.testing.assert_array_equal(result, photo)
    assert result is not photo


@given(low=st.floats(-3, 1), span=st.floats(0, 4))
def test_order_of_tones_is_kept_and_the_range_is_not_left(low: float, span: float) -> None:
    values = compress_to_gamut(ramp(low, low + span))[..., 0].ravel()
    assert values.min() >= 0
    assert values.max() <= 1
    assert np.diff(values).min() >= -1e-6  # rounding of float32 sums near 1


def test_tones_beside_the_knee_join_without_a_step_or_a_kink() -> None:
    before = ramp(-0.08, 0.9)[..., 0].ravel().astype(float)
    after = compress_to_gamut(ramp(-0.08, 0.9))[..., 0].ravel().astype(float)
    assert np.abs((after - before)[before > LARGEST_SHADOW_KNEE]).max() == 0
    slopes = (np.diff(after) / np.diff(before))[after[1:] > 1e-3]  # without what is cut off
    # Neighbours are 4.9e-4 apart, the second derivative is at most 2 (s - 1) / (k - low) < 3, and rounding of float32
    # adds 2 * 3e-8 / 4.9e-4.
    assert np.abs(np.diff(slopes)).max() < 2.5e-3


def test_structure_in_the_shadows_survives() -> None:
    photo = ramp(-0.3, 0.7)
    cut = np.clip(photo, 0, 1)[..., 0].ravel()
    compressed = compress_to_gamut(photo)[..., 0].ravel()
    assert np.unique(cut).size < 1450
    assert np.unique(compressed).size > 1850  # all but the 5 % that may be cut


def test_specks_do_not_pull_up_the_shadows() -> None:
    photo = ramp(0.1, 0.9)
    photo[0, 0] = -1.0  # one pixel of two thousand
    np.testing.assert_array_equal(compress_to_gamut(photo)[1:], photo[1:])
    np.testing.assert_array_equal(compress_to_gamut(photo)[0, 0], 0)


def test_small_bright_object_keeps_its_structure() -> None:
    photo = ramp(0.1, 0.5)
    photo[:5, :10] = np.linspace(1.2, 1.5, 50).reshape(5, 10, 1)  # 2.5 % of the pixels
    moon = compress_to_gamut(photo)[:5, :10, 0].ravel()
    assert np.ptp(moon[:15]) > 0.01  # the darkest third; all of it is white when it is cut off
    assert np.diff(moon).min() >= -1e-6


def test_highlights_mirror_the_shadows() -> None:
    # More than 5 % share one small excess, so that neither the counting nor the largest knee makes a difference.
    photo = np.maximum(ramp(-0.2, 0.9), np.float32(-0.03))
    np.testing.assert_allclose(compress_to_gamut(1 - photo), 1 - compress_to_gamut(photo), atol=1e-6)


def test_highlights_keep_more_than_shadows() -> None:
    photo = ramp(-0.4, 0.6)
    shadows, highlights = compress_to_gamut(photo), compress_to_gamut(1 - photo)
    assert np.count_nonzero(highlights == 1) < np.count_nonzero(shadows == 0)


def test_channels_are_treated_apart() -> None:
    photo = ramp(0.2, 0.8)
    photo[..., 2] -= 0.5
    result = compress_to_gamut(photo)
    np.testing.assert_array_equal(result[..., :2], photo[..., :2])
    assert result[..., 2].min() == 0


def test_single_pixel() -> None:
    np.testing.assert_allclose(compress_to_gamut(np.full((1, 1, 3), -2, np.float32)), 0, atol=1e-6)
    np.testing.assert_allclose(compress_to_gamut(np.full((1, 1, 3), 2, np.float32)), 1, atol=1e-6)
