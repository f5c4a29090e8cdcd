"""The classical methods against their twins and against color-matcher, whose users know them by these names."""

from __future__ import annotations

from typing import Any

import fastphoto_native as fp
import numpy as np
import pytest
from fastphoto_native.colors.match import METHODS
from numpy.typing import NDArray
from reference import color_matching as twin
from skimage import data

CONTENT = data.chelsea()[::6, ::6]
REFERENCE = data.coffee()[::7, ::7]


def floats(photo: NDArray[np.uint8]) -> NDArray[np.float64]:
    return photo / 255.0


@pytest.mark.parametrize(
    ("method", "tolerance"),
    [
        ("mkl", 1e-4),  # statistics of float32 features
        ("reinhard", 1e-5),
        # scikit-image counts all pixels of a value as below it, we half of them: some steps of 8 bits where values are
        # rare.
        ("hm", 5 / 255),
    ],
)
def test_methods_equal_their_twins(method: Any, tolerance: float) -> None:
    found = fp.match_colors(CONTENT, REFERENCE, method)
    expected = np.clip(getattr(twin, method)(floats(CONTENT), floats(REFERENCE)), 0, 1)
    difference = np.abs(found - expected)
    assert np.quantile(difference, 0.99) <= tolerance
    assert difference.mean() <= tolerance / 2


@pytest.mark.parametrize("method", ["mkl", "hm", "hm-mkl-hm"])
def test_results_are_those_of_color_matcher(method: Any) -> None:
    color_matcher = pytest.importorskip("color_matcher")
    theirs = color_matcher.ColorMatcher().transfer(src=CONTENT, ref=REFERENCE, method=method)
    theirs = np.clip(theirs, 0, 255) / 255
    # They match histograms of 256 levels and use sample covariances; photos agree within two steps of 8 bits.
    assert np.abs(fp.match_colors(CONTENT, REFERENCE, method) - theirs).mean() <= 2 / 255


def test_means_and_covariances_are_met() -> None:
    inside = (0.3 + 0.4 * floats(CONTENT)).astype(np.float32)
    goal = (0.35 + 0.3 * floats(REFERENCE)).astype(np.float32)
    found = fp.match_colors(inside, goal).reshape(-1, 3)
    assert np.allclose(found.mean(0), goal.reshape(-1, 3).mean(0), atol=2e-3)  # a few pixels are cut off
    assert np.allclose(np.cov(found.T), np.cov(goal.reshape(-1, 3).T), atol=2e-3)


@pytest.mark.parametrize("method", METHODS)
def test_a_photo_matched_to_itself_stays(method: Any) -> None:
    assert np.abs(fp.match_colors(CONTENT, CONTENT, method) - floats(CONTENT)).max() <= 2e-3


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("level", [0, 128, 255])
def test_flat_photos_come_out_finite(method: Any, level: int) -> None:
    flat = np.full((5, 4, 3), level, np.uint8)
    for content, reference in ((flat, REFERENCE), (CONTENT, flat), (flat, flat)):
        found = fp.match_colors(content, reference, method)
        assert found.dtype == np.float32
        assert found.min() >= 0
        assert found.max() <= 1  # false for NaN
    assert np.abs(fp.match_colors(CONTENT, flat, "mkl") - level / 255).max() <= 1e-5


def test_strength_and_wrong_arguments() -> None:
    full, half = (fp.match_colors(CONTENT, REFERENCE, strength=s) for s in (1.0, 0.5))
    assert np.abs(half - (floats(CONTENT) + full) / 2).max() <= 0.3  # cut-off colours aside:
    assert np.median(np.abs(half - (floats(CONTENT) + full) / 2)) <= 1e-6
    with pytest.raises(fp.ArgumentError, match="mkl, reinhard, hm, hm-mkl-hm"):
        fp.match_colors(CONTENT, REFERENCE, "mvgd")  # type: ignore[arg-type]
    with pytest.raises(fp.ArgumentError, match="strength"):
        fp.match_colors(CONTENT, REFERENCE, strength=2)
    with pytest.raises(fp.ArgumentError, match="reference"):
        fp.match_colors(CONTENT, REFERENCE[..., 0])
    with pytest.raises(fp.ArgumentError, match="content must lie"):
        fp.match_colors(CONTENT.astype(np.float32), REFERENCE)
