"""Compression into the range of colours: nothing is lost that need not be, and nothing moves that may stay."""

from __future__ import annotations

import numpy as np
from fastphoto_native.gamut import LARGEST_SHADOW_KNEE, compress_to_gamut
from hypothesis import given
from hypothesis import strategies as st


def ramp(low: float, high: float) -> np.ndarray:
    """Three equal channels that rise evenly over 40 x 50 pixels."""
    return np.repeat(np.linspace(low, high, 2000, dtype=np.float32).reshape(40, 50, 1), 3, axis=2)


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
