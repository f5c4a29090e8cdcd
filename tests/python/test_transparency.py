"""What is transparent in a photo has no say in its statistics, whatever colour hides there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import fastphoto_native as fp
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import zoom
from skimage import data
from tiny_model import make_tiny_bundle

FloatArray = NDArray[np.float32]


@pytest.fixture(scope="module")
def stylizer(tmp_path_factory: pytest.TempPathFactory) -> fp.Stylizer:
    return fp.Stylizer(make_tiny_bundle(tmp_path_factory.mktemp("models") / "tiny"), "cpu")


@pytest.fixture(scope="module")
def cat() -> FloatArray:
    photo: FloatArray = (data.chelsea()[::3, ::3] / np.float32(255)).astype(np.float32)
    return photo


@pytest.fixture(scope="module")
def cup() -> FloatArray:
    photo: FloatArray = (data.coffee()[::4, ::4] / np.float32(255)).astype(np.float32)
    return photo


def half_hidden(photo: FloatArray, hidden: tuple[float, float, float]) -> tuple[FloatArray, FloatArray]:
    """The photo with a colour on its right half, and alpha that hides this half."""
    middle = photo.shape[1] // 2
    covered, alpha = photo.copy(), np.ones(photo.shape[:2], np.float32)
    covered[:, middle:] = hidden
    alpha[:, middle:] = 0
    return covered, alpha


MAGENTA, GREEN = (1.0, 0.0, 1.0), (0.0, 1.0, 0.0)


def colours(look: fp.Look) -> fp.Statistics:
    return look.labels[0].statistics[0]


def test_statistics_of_a_style_are_those_of_what_is_visible(stylizer: fp.Stylizer, cup: FloatArray) -> None:
    magenta, alpha = half_hidden(cup, MAGENTA)
    green, _ = half_hidden(cup, GREEN)
    look = stylizer.analyze(magenta, alpha=alpha)
    np.testing.assert_array_equal(colours(look).mean, colours(stylizer.analyze(green, alpha=alpha)).mean)
    visible = stylizer.analyze(np.ascontiguousarray(cup[:, : cup.shape[1] // 2]))
    # The same pixels, but for what the network's padding and strides mix in at the edge.
    np.testing.assert_allclose(colours(look).mean, colours(visible).mean, atol=5e-3)
    np.testing.assert_allclose(colours(look).covariance, colours(visible).covariance, atol=2e-3)
    assert look.labels[0].area == pytest.approx(visible.labels[0].area, rel=0.01)
    assert not look.masked
    assert np.abs(colours(stylizer.analyze(magenta)).mean - colours(look).mean).max() > 0.1  # it was needed


def test_hidden_colours_of_a_content_change_nothing_visible(
    stylizer: fp.Stylizer, cat: FloatArray, cup: FloatArray
) -> None:
    look = stylizer.analyze(cup)
    magenta, alpha = half_hidden(cat, MAGENTA)
    green, _ = half_hidden(cat, GREEN)
    results = [stylizer.apply(photo, look, alpha=alpha, smoothing="none") for photo in (magenta, green)]
    seen = alpha > 0
    np.testing.assert_array_equal(results[0][seen], results[1][seen])
    alone = stylizer.apply(np.ascontiguousarray(cat[:, : cat.shape[1] // 2]), look, smoothing="none")
    away = alone.shape[1] - 24  # from the edge, where the network sees what is beside it
    assert np.abs(results[0][:, :away] - alone[:, :away]).mean() < 0.01


def test_half_transparent_pixels_take_the_whole_look(stylizer: fp.Stylizer, cat: FloatArray, cup: FloatArray) -> None:
    """Alpha weighs statistics; it does not weaken the look."""
    look = stylizer.analyze(cup)
    opaque = stylizer.apply(cat, look, smoothing="none")
    half = stylizer.apply(cat, look, smoothing="none", alpha=np.full(cat.shape[:2], 0.5, np.float32))
    # All weights are equal, so the statistics are those of the opaque photo, seen over its own mean colour.
    assert np.abs(half - opaque).mean() < 0.5 * np.abs(opaque - cat).mean()
    assert np.abs(half - cat).mean() > 0.5 * np.abs(opaque - cat).mean()


def test_opaque_alpha_is_none(stylizer: fp.Stylizer, cat: FloatArray, cup: FloatArray) -> None:
    opaque = np.ones(cup.shape[:2], np.float32)
    look, other = stylizer.analyze(cup), stylizer.analyze(cup, alpha=opaque)
    np.testing.assert_allclose(colours(look).mean, colours(other).mean, atol=1e-6)
    with_alpha = stylizer.apply(cat, look, alpha=np.ones(cat.shape[:2], np.float32), smoothing="none")
    np.testing.assert_allclose(with_alpha, stylizer.apply(cat, look, smoothing="none"), atol=1e-4)


def test_masks_and_alpha_together(stylizer: fp.Stylizer, cup: FloatArray) -> None:
    magenta, alpha = half_hidden(cup, MAGENTA)
    green, _ = half_hidden(cup, GREEN)
    mask = np.zeros(cup.shape[:2], np.int32)
    mask[: len(mask) // 2] = 1
    looks = [stylizer.analyze(photo, mask, alpha=alpha) for photo in (magenta, green)]
    for label in (0, 1):
        first, second = (look.labels[label].statistics[0].mean for look in looks)
        np.testing.assert_array_equal(first, second)
        assert looks[0].labels[label].area == pytest.approx(mask.size / 4, rel=0.02)


@pytest.mark.parametrize(
    ("alpha", "message"),
    [
        (np.zeros((4, 4), np.float32), "the alpha of the style must have the photo's size"),
        (np.zeros((80, 100, 1), np.float32), "alpha of the style must be H x W"),
        (np.full((100, 150), 2, np.float32), "must lie in 0..1"),
        (np.full((100, 150), np.nan, np.float32), "must lie in 0..1"),
        (np.zeros((100, 150), np.float32), "the style is transparent everywhere"),
        ("opaque", "must be uint8, uint16 or floating-point"),
    ],
)
def test_what_is_no_alpha(stylizer: fp.Stylizer, cup: FloatArray, alpha: object, message: str) -> None:
    with pytest.raises(fp.ArgumentError, match=message):
        stylizer.analyze(cup, alpha=alpha)  # type: ignore[arg-type]


def test_the_command_weighs_by_alpha(tmp_path: Path, cat: FloatArray, cup: FloatArray) -> None:
    """A cut-out as style: the colour that hides behind it is not in the result."""
    make_tiny_bundle(tmp_path / "tiny")
    fp.write_photo(tmp_path / "cat.png", fp.Photo(cat))
    results = []
    for name, hidden in (("magenta.png", MAGENTA), ("green.png", GREEN)):
        fp.write_photo(tmp_path / name, fp.Photo(*half_hidden(cup, hidden)))
        subprocess.run(
            [sys.executable, "-m", "fastphoto_native", "stylize", "cat.png", name, "-o", f"r_{name}",
             "--model", "tiny"],
            cwd=tmp_path, check=True,
        )  # fmt: skip
        results.append(fp.read_photo(tmp_path / f"r_{name}").pixels)
    np.testing.assert_array_equal(results[0], results[1])


def test_a_large_photo_with_transparency_is_smoothed_at_a_smaller_size_too() -> None:
    rng = np.random.default_rng(3)
    content = zoom(rng.random((8, 9, 3)), (90, 100, 1), order=1).clip(0, 1).astype(np.float32)
    style = zoom(rng.random((6, 6, 3)), (16, 16, 1), order=1).clip(0, 1).astype(np.float32)
    alpha = np.ones(content.shape[:2], np.float32)
    alpha[:, :300] = 0
    alpha[:, 300:310] = 0.5
    other = content.copy()
    other[alpha == 0] = (1, 0, 1)
    stylizer = fp.Stylizer("photowct-lite", "cpu")
    look = stylizer.analyze(style)
    found, report = stylizer.apply(content, look, alpha=alpha, quality="draft", return_report=True)
    assert report.smoothing is not None
    assert report.smoothing.size != report.content_size
    exact = stylizer.apply(content, look, alpha=alpha, quality="exact")
    assert np.abs(found - exact)[alpha > 0].mean() < 1 / 255
    # What is hidden has no say.
    np.testing.assert_array_equal(
        stylizer.apply(other, look, alpha=alpha, quality="draft")[alpha > 0], found[alpha > 0]
    )
