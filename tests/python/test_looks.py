"""Looks of the embedded models: right where the right answer is known, and without the damage that was once there."""

from __future__ import annotations

from collections.abc import Callable

import fastphoto_native as fp
import numpy as np
import pytest
from fastphoto_native.scoring.damage import damage_scores, lab, truth_scores
from numpy.typing import NDArray
from scipy import ndimage
from skimage import data

Photo = NDArray[np.float32]
MODELS = ["grade-lite", "photowct-lite", "photowct-strong"]


def reduced(photo: NDArray[np.uint8]) -> Photo:
    """About 200 x 300, in 0..1."""
    return np.asarray(photo[::2, ::2] / np.float32(255), np.float32)


@pytest.fixture(scope="module")
def photos() -> dict[str, Photo]:
    return {name: reduced(getattr(data, name)()) for name in ("coffee", "chelsea", "astronaut", "rocket")}


@pytest.fixture(scope="module")
def grade() -> fp.Stylizer:
    return fp.Stylizer("grade-lite", "cpu", threads=1)


def chroma(photo: Photo) -> NDArray[np.float64]:
    colours = lab(photo.astype(np.float64))
    return np.asarray(np.hypot(colours[..., 1], colours[..., 2]))


def faded(photo: Photo) -> Photo:
    """Lifted blacks, warm highlights, less contrast."""
    return np.asarray(0.12 + photo**0.9 * np.array([0.84, 0.76, 0.62], np.float32), np.float32)


def cold(photo: Photo) -> Photo:
    """Darker, more contrast, blue shadows."""
    curved = photo * photo * (3 - 2 * photo) * np.array([0.8, 0.9, 1.0], np.float32)
    return np.asarray(0.9 * curved + np.array([0.0, 0.01, 0.06], np.float32), np.float32)


@pytest.mark.parametrize("look", [faded, cold])
def test_a_look_comes_from_any_photo_that_has_it(
    grade: fp.Stylizer, photos: dict[str, Photo], look: Callable[[Photo], Photo]
) -> None:
    """One grade on all photos: each takes it from each other one. Statistics alone end farther off than they began."""
    statistics = fp.Stylizer("photowct-lite", "cpu", threads=1)
    gains: list[float] = []
    others: list[float] = []
    for name, content in photos.items():
        truth = look(content)
        for other, photo in photos.items():
            if other != name:
                style = look(photo)
                for stylizer, found in ((grade, gains), (statistics, others)):
                    result = stylizer.apply(content, stylizer.analyze(style), smoothing="none")
                    found.append(truth_scores(content.astype(float), result.astype(float), truth.astype(float))["gain"])
    assert np.mean(gains) > 1.0
    assert np.mean(np.array(gains) > 0) >= 0.75
    assert np.mean(gains) > np.mean(others) + 2


def test_equal_colours_stay_equal_and_nothing_is_smoothed(grade: fp.Stylizer, photos: dict[str, Photo]) -> None:
    content, style = photos["coffee"], faded(photos["chelsea"])
    result, report = grade.apply(content, grade.analyze(style), return_report=True)
    assert report.smoothing is not None
    assert report.smoothing.method == "none"
    colours, index = np.unique(content.reshape(-1, 3), axis=0, return_inverse=True)
    first = np.zeros((len(colours), 3), np.float32)
    first[index.ravel()] = result.reshape(-1, 3)
    np.testing.assert_array_equal(result.reshape(-1, 3), first[index.ravel()])
    assert damage_scores(content.astype(float), result.astype(float))["inconsistency"] < 0.8


def test_a_look_is_applied_at_full_size(grade: fp.Stylizer, photos: dict[str, Photo]) -> None:
    """Enlarging changes no colour, so a photo above the working size gets what its pixels get in a small one."""
    content = np.repeat(np.repeat(photos["coffee"], 4, 0), 4, 1)
    assert max(content.shape) > 768
    look = grade.analyze(faded(photos["chelsea"]))
    large = grade.apply(content, look)
    small = grade.apply(photos["coffee"], look)
    # Only the thumbnails differ, by their resampling.
    np.testing.assert_allclose(large[2::4, 2::4], small, atol=0.02)


def test_who_insists_gets_more_of_the_look(grade: fp.Stylizer, photos: dict[str, Photo]) -> None:
    content, look = photos["astronaut"], grade.analyze(cold(photos["rocket"]))
    calm, report = grade.apply(content, look, return_report=True)
    bold, insisted = grade.apply(content, look, insist=True, return_report=True)
    assert report.look_fit is not None
    assert insisted.look_fit is not None
    assert insisted.look_fit.fit == report.look_fit.fit
    assert 0 < report.look_fit.applied_strength <= 1 < insisted.look_fit.applied_strength <= 2
    assert np.abs(bold - content).mean() > np.abs(calm - content).mean()


@pytest.mark.parametrize("model", MODELS)
def test_a_grey_style_leaves_no_colour(model: str, photos: dict[str, Photo]) -> None:
    stylizer = fp.Stylizer(model, "cpu", threads=1)
    grey = np.repeat((photos["chelsea"] @ np.array([0.3, 0.6, 0.1], np.float32))[..., None], 3, -1)
    for name in ("coffee", "astronaut"):
        result = stylizer.apply(photos[name], stylizer.analyze(grey))
        # Rounding of the smoothing and of Lab's matrix leaves a few hundredths.
        assert chroma(result).max() < 0.5


def test_a_sky_of_8_bits_is_as_smooth_as_one_of_16(grade: fp.Stylizer, photos: dict[str, Photo]) -> None:
    rows = np.linspace(0, 1, 600)[:, None, None]
    sky = (1 - rows) * np.array([0.25, 0.45, 0.75]) + rows * np.array([0.6, 0.72, 0.86]) + np.zeros((1, 80, 1))
    look = grade.analyze(cold(photos["rocket"]))
    rounded = (np.round(sky * 255) / 255).astype(np.float32)
    found, wanted = grade.apply(rounded, look), grade.apply(sky.astype(np.float32), look)
    # A map of colours makes a step of half a level larger by its slope, which is below 3 here, and bends nothing.
    assert np.abs(found - wanted).max() < 1.5 / 255
    assert (np.diff(wanted[:, 0], axis=0) > -1e-6).all()


def test_a_style_out_of_focus_keeps_the_content_sharp(grade: fp.Stylizer, photos: dict[str, Photo]) -> None:
    content, style = photos["coffee"], photos["chelsea"]
    soft = ndimage.gaussian_filter(style, (8, 8, 0)).astype(np.float32)

    def sharpness(photo: Photo) -> float:
        luma = photo @ np.array([0.2126, 0.7152, 0.0722], np.float32)
        return float((luma - ndimage.gaussian_filter(luma, 1.0)).std() / (luma.std() + 1e-6))

    assert sharpness(grade.apply(content, grade.analyze(soft))) > 0.85 * sharpness(content)


@pytest.mark.parametrize("size", [1, 4, 16, 48])
def test_a_tiny_style_makes_no_cast_of_its_own(grade: fp.Stylizer, photos: dict[str, Photo], size: int) -> None:
    content, style = photos["coffee"], photos["chelsea"]
    tiny = np.asarray(style[:: style.shape[0] // size, :: style.shape[1] // size][:size, :size])
    result, report = grade.apply(content, grade.analyze(tiny), return_report=True)
    assert report.look_fit is not None
    whole = grade.apply(content, grade.analyze(style))
    # A few pixels tell less than the photo does: what they change is no more than half again as much.
    change, usual = (float(np.sqrt(((photo - content) ** 2).mean())) for photo in (result, whole))
    assert change < max(0.12, 1.5 * usual)
    assert damage_scores(content.astype(float), result.astype(float))["invented_chroma"] < 0.05


@pytest.mark.parametrize("style", ["chelsea", "coffee"])
def test_clear_skies_and_flat_photos_get_no_patches(photos: dict[str, Photo], style: str) -> None:
    """Their deep features are noise and padding, which gains without a bound made frames and bands of."""
    stylizer = fp.Stylizer("photowct-lite", "cpu", threads=1)
    look = stylizer.analyze(photos[style])
    down = np.linspace(0, 1, 160)[:, None, None] * np.ones((1, 240, 1))
    sky = np.rint(np.array([90, 140, 200]) + np.array([60, 60, 40]) * down).astype(np.uint8)
    result = stylizer.apply(sky, look).astype(np.float64)
    assert damage_scores(sky / 255, result)["inconsistency"] < 2.05  # it was 2.3 and 3.8
    assert result.std(axis=1).max() < 1.3 / 255  # along rows, which are of one colour; it was 1.7 and 4.1
    flat = np.full((96, 128, 3), (60, 110, 200), np.uint8)
    assert stylizer.apply(flat, look).std((0, 1)).max() < 1.1 / 255  # it was 1.2 and 2
