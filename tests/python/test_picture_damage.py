"""Flat contents, clear skies, blurred and tiny styles: what a model must not do to a picture."""

from __future__ import annotations

from typing import Any

import fastphoto_native as fp
import numpy as np
import pytest
import skimage
from fastphoto_native._core import Alignment, ChainAlignment
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, laplace

Photo = NDArray[Any]
LUMA = np.array([0.2126, 0.7152, 0.0722])


@pytest.fixture(scope="module")
def strong() -> fp.Stylizer:
    return fp.Stylizer("photowct-strong", "cpu", threads=1)


@pytest.fixture(scope="module")
def cup() -> Photo:
    return np.asarray(skimage.data.coffee()[::3, ::3])


@pytest.fixture(scope="module")
def cat() -> Photo:
    return np.asarray(skimage.data.chelsea()[::2, ::2])


def test_flat_photos_and_clear_skies_get_no_frame(strong: fp.Stylizer, cat: Photo, cup: Photo) -> None:
    flat = np.full((96, 128, 3), (60, 110, 200), np.uint8)
    down = np.linspace(0, 1, 96)[:, None, None] * np.ones((1, 128, 1))
    sky = np.rint(np.array([90, 140, 200]) + np.array([60, 60, 40]) * down).astype(np.uint8)
    for style in (cat, cup):
        look = strong.analyze(style)
        assert strong.apply(flat, look).std((0, 1)).max() < 20 / 255  # it was 23 and 43
        assert strong.apply(sky, look).astype(float).std(axis=1).max() < 4 / 255  # along rows; it was 12 and 31


def sharpness(photo: Photo) -> float:
    luma = photo.astype(np.float64) @ LUMA
    return float(np.abs(laplace(luma)).mean() / luma.std())


@pytest.mark.parametrize(("model", "least"), [("photowct-lite", 0.8), ("photowct-strong", 0.55)])
def test_a_blurred_style_takes_no_detail_away(model: str, least: float, cup: Photo, cat: Photo) -> None:
    stylizer = fp.Stylizer(model, "cpu", threads=1)
    blurred = gaussian_filter(cat.astype(np.float32) / 255, (12, 12, 0))
    result = stylizer.apply(cup, stylizer.analyze(blurred))
    assert sharpness(result) > least * sharpness(cup / 255)  # it was 0.7 and 0.5


@pytest.mark.parametrize("model", ["grade-lite", "photowct-lite", "photowct-strong"])
def test_a_style_of_one_pixel_is_no_look(model: str, cup: Photo) -> None:
    stylizer = fp.Stylizer(model, "cpu", threads=1)
    result = stylizer.apply(cup, stylizer.analyze(np.full((1, 1, 3), (210, 180, 140), np.uint8)))
    assert np.abs(result * 255 - cup).mean() < 3  # it was 50 to 100


def test_levels_with_few_features_of_a_style_are_aligned_in_proportion() -> None:
    rng = np.random.default_rng(0)
    content, style = (fp.Statistics(rng.random(4), np.diag(rng.random(4) + 0.1)) for _ in range(2))
    level = Alignment("level", 4, 8, "monge-kantorovich", relative_ridge=0.01)
    (few,), (few_offset,) = ChainAlignment([level], [[style]], 1.0, areas=[256.0])(0, [content])
    (quarter,), (offset,) = ChainAlignment([level], [[style]], 4 / 64)(0, [content])
    np.testing.assert_allclose(few, quarter, atol=1e-6)
    np.testing.assert_allclose(few_offset, offset, atol=1e-6)
