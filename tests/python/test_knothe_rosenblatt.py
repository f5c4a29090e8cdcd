"""The map of colours, tones first."""

from __future__ import annotations

from typing import Any

import fastphoto_native as fp
import numpy as np
import pytest
from fastphoto_native import _core
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from reference import knothe_rosenblatt as numpy_twin
from reference import transform as twin
from reference.knothe_rosenblatt import LUMA_CHROMA

FloatArray = NDArray[np.float64]
SEEDS = st.integers(0, 2**32 - 1)
# Numbers of some tens, roots of covariances whose condition number is below 1e3.
ATOL = 1e-9
GREY = np.ones(3)


def random_colors(seed: int) -> fp.Statistics:
    rng = np.random.default_rng(seed)
    mix = 0.2 * rng.normal(size=(3, 3))
    return fp.Statistics(rng.random(3), mix @ mix.T + 0.01 * np.eye(3))


def map_of(
    content: fp.Statistics,
    style: fp.Statistics,
    max_gain: float | None = None,
    strength: float = 1,
    ridges: tuple[float, float] = (0, 0),
) -> fp.AffineTransform:
    return _core.knothe_rosenblatt(content, style, options(ridges, max_gain, strength=strength))


def options(ridges: tuple[float, float], max_gain: float | None, **others: float) -> _core.KnotheRosenblattOptions:
    limit = np.inf if max_gain is None else max_gain
    return _core.KnotheRosenblattOptions(content_ridge=ridges[0], style_ridge=ridges[1], max_gain=limit, **others)


def mean_after(found: fp.AffineTransform, content: fp.Statistics) -> FloatArray:
    mean: FloatArray = found.matrix @ content.mean + found.offset
    return mean


def chroma(color: FloatArray) -> FloatArray:
    return color - float(color.mean())


def test_coordinates_are_orthonormal_and_the_first_is_grey() -> None:
    np.testing.assert_allclose(LUMA_CHROMA @ LUMA_CHROMA.T, np.eye(3), atol=1e-15)
    np.testing.assert_allclose(LUMA_CHROMA @ GREY, [3**0.5, 0, 0], atol=1e-15)


@given(SEEDS)
def test_reaches_mean_and_covariance(seed: int) -> None:
    content, style = random_colors(seed), random_colors(seed + 1)
    found = map_of(content, style)
    np.testing.assert_allclose(mean_after(found, content), style.mean, atol=ATOL)
    np.testing.assert_allclose(found.matrix @ content.covariance @ found.matrix.T, style.covariance, atol=ATOL)


@given(SEEDS, st.floats(1, 3), st.floats(0, 0.1), st.floats(0, 0.1))
def test_equals_the_twin(seed: int, most: float, content_ridge: float, style_ridge: float) -> None:
    content, style = random_colors(seed), random_colors(seed + 1)
    found = map_of(content, style, most, ridges=(content_ridge, style_ridge))
    matrix, offset = twin.knothe_rosenblatt(
        (content.mean, content.covariance), (style.mean, style.covariance), (content_ridge, style_ridge), most
    )
    np.testing.assert_allclose(found.matrix, matrix, atol=ATOL)
    np.testing.assert_allclose(found.offset, offset, atol=ATOL)


@given(SEEDS, st.none() | st.floats(1, 3), st.floats(0, 0.1), st.floats(0, 0.1), st.floats(0, 1))
def test_equals_the_twin_in_these_coordinates(
    seed: int, most: float | None, content_ridge: float, style_ridge: float, strength: float
) -> None:
    content, style = random_colors(seed), random_colors(seed + 1)
    found = map_of(content, style, most, strength, (content_ridge, style_ridge))
    limits: dict[str, Any] = {"content_ridge": content_ridge, "style_ridge": style_ridge, "max_gain": most}
    wanted = numpy_twin.knothe_rosenblatt(content, style, strength=strength, **limits)
    np.testing.assert_allclose(found.matrix, wanted.matrix, atol=ATOL)
    np.testing.assert_allclose(found.offset, wanted.offset, atol=ATOL)
    share = _core.levels_share(content, style, options((content_ridge, style_ridge), most))
    np.testing.assert_allclose(share, numpy_twin.levels_share(content, style, **limits), atol=ATOL)


def test_strength_0_is_exactly_the_identity() -> None:
    found = map_of(random_colors(0), random_colors(1), 1.5, 0)
    np.testing.assert_array_equal(found.matrix, np.eye(3))
    np.testing.assert_array_equal(found.offset, 0)


def test_a_grey_photo_needs_no_ridge_to_be_read() -> None:
    # Rounding leaves it variances of chroma of either sign.
    grey = fp.Statistics([0.5, 0.5, 0.5], np.full((3, 3), 0.03))
    for content, style in ((grey, random_colors(0)), (random_colors(0), grey), (grey, grey)):
        assert np.isfinite(map_of(content, style, 1.5).matrix).all()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"content_ridge": -1}, "content_ridge must be 0 or more, got -1"),
        ({"style_ridge": float("inf")}, "style_ridge must be 0 or more, got inf"),
        ({"max_gain": 0.9}, "max_gain must be 1 or more, got 0.9"),
        ({"max_gain": float("nan")}, "max_gain must be 1 or more, got nan"),
        ({"least_shift": 0}, "least_shift must be positive, got 0"),
        ({"strength": 1.1}, "strength must be between 0 and 1, got 1.1"),
    ],
)
def test_unsuitable_options(changed: dict[str, float], message: str) -> None:
    for kernel in (_core.knothe_rosenblatt, _core.levels_share):
        with pytest.raises(fp.ArgumentError, match=message):
            kernel(random_colors(0), random_colors(1), _core.KnotheRosenblattOptions(**changed))


def test_colours_have_three_channels() -> None:
    two = fp.Statistics([0.5, 0.5], np.eye(2))
    with pytest.raises(fp.ArgumentError, match="style must have the 3 channels R, G, B, got 2"):
        map_of(random_colors(0), two)


@given(SEEDS, st.floats(1, 3), st.floats(0, 0.1))
def test_levels_follow_what_the_map_leaves_of_the_shift_of_mean_chroma(seed: int, most: float, ridge: float) -> None:
    content, style = random_colors(seed), random_colors(seed + 1)
    left = chroma(mean_after(map_of(content, style, most, ridges=(ridge, ridge)), content) - content.mean)
    shift = chroma(style.mean - content.mean)
    kept = (left @ shift) / (shift @ shift)
    # The trace of the covariance of colours without their mean over R, G and B.
    across = np.eye(3) - np.ones((3, 3)) / 3
    variance = np.trace(across @ style.covariance @ across)
    expected = 1 - (1 - kept) * (shift @ shift) / (shift @ shift + 0.05 * variance)
    found = _core.levels_share(content, style, options((ridge, ridge), most))
    np.testing.assert_allclose(found, expected, atol=ATOL)
    assert kept - ATOL <= found <= 1


def test_levels_go_all_their_way_where_nothing_or_next_to_nothing_is_held_back() -> None:
    grey = fp.Statistics([0.5, 0.5, 0.5], np.full((3, 3), 0.03) + 1e-3 * np.eye(3))

    def share(cast: float, max_gain: float | None) -> float:
        colourful = fp.Statistics([0.5 + cast, 0.5, 0.5 - cast], 0.04 * np.eye(3))
        return _core.levels_share(grey, colourful, options((0, 0), max_gain))

    assert share(0.2, None) == 1
    assert share(0.2, 7) == 1  # the gain is 40^(1/2)
    assert share(0, 1.5) == 1
    assert 0.99 < share(0.001, 1.5) < 1
    assert share(0.1, 1.5) < 0.4
    # d^2 = 8, v = 0.08, excess 3.2: a cast all over the style, of whatever colour.
    assert share(2, 1.5) > 0.96


@given(SEEDS, st.floats(1, 3))
def test_tones_depend_on_tones_alone(seed: int, most: float) -> None:
    content, style = random_colors(seed), random_colors(seed + 1)
    luma = GREY / 3
    contrast = np.sqrt((luma @ style.covariance @ luma) / (luma @ content.covariance @ luma))
    np.testing.assert_allclose(luma @ map_of(content, style, most).matrix, contrast * luma, atol=ATOL)


def test_a_high_enough_limit_changes_nothing() -> None:
    content, style = random_colors(0), random_colors(1)
    free, limited = map_of(content, style), map_of(content, style, 100)
    np.testing.assert_allclose(limited.matrix, free.matrix, atol=ATOL)
    np.testing.assert_allclose(limited.offset, free.offset, atol=ATOL)


def test_a_pale_sky_is_not_painted_in_the_colour_of_a_meadow() -> None:
    rng = np.random.default_rng(0)
    pale = np.concatenate(
        [rng.normal([0.8, 0.83, 0.86], 0.02, (600, 3)), rng.normal([0.4, 0.42, 0.38], 0.05, (400, 3))]
    )
    sky, meadow = rng.normal([0.2, 0.45, 0.85], 0.05, (250, 3)), rng.normal([0.35, 0.5, 0.1], 0.05, (750, 3))
    content, style = (
        fp.mean_and_covariance(colors.T.astype(np.float32)) for colors in (pale, np.concatenate([sky, meadow]))
    )
    free, limited = map_of(content, style), map_of(content, style, 1.5)
    shift = chroma(style.mean - content.mean)
    assert np.linalg.norm(chroma(mean_after(free, content) - content.mean)) > 0.99 * np.linalg.norm(shift)
    assert np.linalg.norm(chroma(mean_after(limited, content) - content.mean)) < 0.5 * np.linalg.norm(shift)
    np.testing.assert_allclose(mean_after(limited, content).mean(), style.mean.mean(), atol=1e-6)  # tones all the same


def test_a_cast_all_over_the_style_comes_through() -> None:
    content = fp.Statistics([0.5, 0.5, 0.5], np.full((3, 3), 0.02) + 1e-6 * np.eye(3))
    style = fp.Statistics([0.6, 0.5, 0.3], np.full((3, 3), 0.02) + 1e-4 * np.eye(3))  # ten times as colourful
    found = map_of(content, style, 1.5)
    # d^2 = 0.047 beside 8.5 / 1.5 times v = 2e-4: more than 97 % of the shift.
    np.testing.assert_allclose(mean_after(found, content), style.mean, atol=0.03 * 0.22)


@given(SEEDS, st.floats(0, 1), st.floats(1, 4))
def test_the_same_photo_stays_as_it_is(seed: int, strength: float, most: float) -> None:
    same = random_colors(seed)
    found = map_of(same, same, most, strength)
    np.testing.assert_allclose(found.matrix, np.eye(3), atol=ATOL)
    np.testing.assert_allclose(found.offset, 0, atol=ATOL)


def test_flat_photos() -> None:
    flat, other = fp.Statistics([0.2, 0.3, 0.4], np.zeros((3, 3))), fp.Statistics([0.5, 0.4, 0.3], np.zeros((3, 3)))
    # Nothing varies: there is a shift alone, and nothing makes it doubtful.
    found = map_of(flat, other, 1.5)
    np.testing.assert_allclose(found.matrix, 0, atol=ATOL)
    np.testing.assert_allclose(mean_after(found, flat), other.mean, atol=ATOL)
    for content, style in ((flat, random_colors(0)), (random_colors(0), other)):
        found = map_of(content, style, 1.5, ridges=(1e-3, 1e-3))
        assert np.linalg.svd(LUMA_CHROMA[1:] @ found.matrix @ LUMA_CHROMA[1:].T)[1].max() <= 1.5 + ATOL
        np.testing.assert_allclose(mean_after(found, content).mean(), style.mean.mean(), atol=ATOL)


def test_a_grey_photo_takes_a_cast_whole_and_of_many_colours_a_part() -> None:
    grey = fp.Statistics([0.5, 0.5, 0.5], np.full((3, 3), 0.03))
    ridges = (1e-3, 1e-3)
    sepia = fp.Statistics([0.7, 0.5, 0.3], np.full((3, 3), 0.03))
    np.testing.assert_allclose(mean_after(map_of(grey, sepia, 1.5, ridges=ridges), grey), sepia.mean, atol=ATOL)
    colourful = fp.Statistics([0.7, 0.5, 0.3], np.diag([0.04, 0.04, 0.04]))
    mean = mean_after(map_of(grey, colourful, 1.5, ridges=ridges), grey)
    shares = chroma(mean - grey.mean)[[0, 2]] / chroma(colourful.mean - grey.mean)[[0, 2]]
    # d^2 = 0.08, v = 2 * 0.04, g = (0.041 / 0.001)^(1/2)
    np.testing.assert_allclose(shares, 0.08 / (0.08 + (41**0.5 / 1.5 - 1) * 0.08), atol=ATOL)
