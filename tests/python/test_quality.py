"""Smoothing at a smaller size: its steps beside their twins, what the whole pipeline makes of it, and previews."""

from __future__ import annotations

from typing import Any

import fastphoto_native as fp
import numpy as np
import pytest
from fastphoto_native import _core
from fastphoto_native.errors import ArgumentError
from numpy.typing import NDArray
from reference import smaller_smoothing as twin
from skimage import data

Float32Array = NDArray[np.float32]

DRAFT_PIXELS = 0.35e6  # QualityOptions in options.h


@pytest.fixture(scope="module")
def lite() -> fp.Stylizer:
    return fp.Stylizer("photowct-lite", device="cpu", threads=2)


@pytest.fixture(scope="module")
def photo() -> NDArray[np.uint8]:
    """0.74 MP with fur, a soft background and letters: a draft is smoothed at two thirds of its sides."""
    cup, cat = data.coffee(), data.chelsea()[:, :400]
    both = np.concatenate(
        [np.concatenate([cup, cup[:, ::-1]], 1)[:, :1056], np.concatenate([cat, cat, cat], 1)[:, :1056]]
    )
    return np.ascontiguousarray(both)


@pytest.fixture(scope="module")
def look(lite: fp.Stylizer) -> fp.Look:
    return lite.analyze(data.rocket())


# --- the steps beside their twins -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("ratio", "size"), [(1.0, (20, 30)), (1.7, (21, 30)), (3.0, (16, 33))])
def test_smaller_smoothing_equals_its_twin(
    content_photo: Float32Array, stylized_photo: Float32Array, ratio: float, size: tuple[int, int]
) -> None:
    box = np.s_[30 : 30 + size[0], 40 : 40 + size[1]]
    content, stylized = content_photo[box], stylized_photo[box]
    options = _core.SmoothingOptions(lam=2e-4, eps=1e-6)
    found, info, expected_error = _core.smooth_smaller(content, stylized, ratio, options, 1)
    assert info.converged
    solve = twin.solve if ratio == 1 else twin.smooth_smaller
    expected = solve(content.astype(np.float64), stylized.astype(np.float64), ratio, 2e-4, 1e-6)
    # A residual of 3e-3 leaves at most 0.5/255 (docs/smoothing.md has 0.06 for 1e-3), twice.
    assert np.abs(found - expected).max() < 1.0 / 255
    assert (expected_error == 0) == (ratio == 1)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_the_full_size_equals_its_twin(content_photo: Float32Array, dtype: type[Any]) -> None:
    content = content_photo[10:66, 20:89]
    small = _core.resize(content, 28, 35, 1)
    smoothed = (1.5 * small[..., ::-1] ** 2 - 0.1).astype(np.float32)  # beyond the range at both ends
    scale = 1 if dtype is np.float32 else np.iinfo(dtype).max
    pixels = np.ascontiguousarray(np.rint(content * scale) if scale > 1 else content).astype(dtype)
    result = np.empty_like(pixels)
    _core.finish_at_full_size(pixels, small, smoothed, result, _core.GamutOptions(), _core.DetailOptions(), 1)
    expected = twin.finish(pixels.astype(np.float64) / scale, small.astype(np.float64), smoothed.astype(np.float64))
    error = np.abs(result.astype(np.float64) / scale - expected)
    # Float32 against float64, and the rounding to whole numbers.
    assert error.max() < 2e-5 + (0.5 / scale if scale > 1 else 0)


# --- the pipeline -----------------------------------------------------------------------------------------------------


def test_small_photos_are_smoothed_exactly(lite: fp.Stylizer, look: fp.Look, photo: NDArray[np.uint8]) -> None:
    content = photo[:400, :500]
    results = [lite.apply(content, look, quality=q, return_report=True) for q in ("draft", "balanced", "exact")]
    for result, report in results:
        assert np.array_equal(result, results[0][0])
        assert report.smoothing is not None
        assert report.smoothing.size == (400, 500)
        assert report.smoothing.expected_error == 0


def test_a_draft_is_near_the_exact_result_and_says_how_near(
    lite: fp.Stylizer, look: fp.Look, photo: NDArray[np.uint8]
) -> None:
    exact = lite.apply(photo, look, quality="exact")
    found, report = lite.apply(photo, look, quality="draft", return_report=True)
    error = 255 * np.abs(found - exact)
    # What balanced reaches at half the sides of large photos (docs/smoothing.md); this one is smoothed at two thirds.
    assert error.mean() < 0.5
    assert np.quantile(error, 0.99) < 2.5
    guided = 255 * np.abs(lite.apply(photo, look, smoothing="guided") - exact)
    assert error.mean() < 0.5 * guided.mean()
    assert report.smoothing is not None
    height, width = report.smoothing.size
    assert abs(height * width - DRAFT_PIXELS) < 0.01 * DRAFT_PIXELS
    assert report.smoothing.converged
    assert 0.4 < 255 * report.smoothing.expected_error / error.mean() < 2.5
    assert [s.name for s in report.stages] == [
        "reduce to working size", "network", "enlarge to smoothing size", "smoothing", "full size",
    ]  # fmt: skip


def test_results_in_the_callers_memory(lite: fp.Stylizer, look: fp.Look, photo: NDArray[np.uint8]) -> None:
    expected = lite.apply(photo, look, quality="draft")
    for number, white in ((np.uint8, 255), (np.uint16, 65535)):
        result = np.empty(photo.shape, number)
        report = lite.apply_into(result, photo, look, quality="draft")
        assert report.smoothing is not None
        assert np.array_equal(result, np.rint(expected * np.float32(white)).astype(number))
    in_place = photo.copy()
    lite.apply_into(in_place, in_place, look, quality="draft")
    assert np.array_equal(in_place, np.rint(expected * np.float32(255)).astype(np.uint8))
    # The content's memory in another order: rows that are written are others than those that are read.
    upside_down = photo.copy()
    lite.apply_into(upside_down[::-1], upside_down, look, quality="draft")
    assert np.array_equal(upside_down[::-1], in_place)


def test_threads_strides_and_halves_change_nothing(look: fp.Look, photo: NDArray[np.uint8]) -> None:
    one, two = (fp.Stylizer("photowct-lite", device="cpu", threads=n) for n in (1, 2))
    a = one.apply(photo, look, quality="draft")
    b = two.apply(np.asfortranarray(photo), look, quality="draft")
    # The runtime may split sums differently between threads: rounding, amplified by the alignments.
    assert np.abs(a - b).max() < 2e-3
    (stream,) = one.apply_stream([photo], look, quality="draft")
    assert np.array_equal(stream, a)
    assert np.array_equal(one.apply(photo / np.float32(255), look, quality="draft"), a)


def test_strength_zero_is_exact(lite: fp.Stylizer, look: fp.Look, photo: NDArray[np.uint8]) -> None:
    found = lite.apply(photo, look, quality="draft", strength=0)
    assert np.array_equal(found, photo / np.float32(255))


def test_masks_and_progress(lite: fp.Stylizer, photo: NDArray[np.uint8]) -> None:
    mask = np.zeros(photo.shape[:2], np.uint8)
    mask[:, 500:] = 1
    look = lite.analyze(photo, mask)
    seen: list[tuple[str, float]] = []
    found = lite.apply(photo, look, mask, quality="draft", progress=lambda step, done: seen.append((step, done)))
    assert np.abs(found - photo / 255).mean() < 0.02  # its own look changes little
    shares = [done for _, done in seen]
    assert shares == sorted(shares)
    assert {"smoothing", "full size"} <= {step for step, _ in seen}
    assert seen[-1] == ("done", 1.0)


def test_what_is_no_photo_is_refused_at_every_quality(lite: fp.Stylizer, look: fp.Look) -> None:
    bright = np.full((700, 800, 3), 2.0, np.float32)
    with pytest.raises(ArgumentError, match=r"content must lie in 0\.\.1.*from 2 to 2"):
        lite.apply(bright, look, quality="draft")
    with pytest.raises(ArgumentError, match="quality must be one of draft, balanced, exact, got 'best'"):
        lite.apply(bright, look, quality="best")  # type: ignore[call-overload]
    with pytest.raises(ArgumentError, match="result"):
        lite.apply_into(np.empty((700, 700, 3), np.uint8), bright * 0, look, quality="draft")


# --- previews ---------------------------------------------------------------------------------------------------------


def test_a_preview_looks_like_the_result(lite: fp.Stylizer, look: fp.Look, photo: NDArray[np.uint8]) -> None:
    final = lite.apply(photo, look)
    preview = lite.preview(photo, look, side=400)
    assert preview.shape == (265, 400, 3)
    assert 255 * np.abs(_core.resize(final, 265, 400, 1) - preview).mean() < 1.5


def test_previews_are_never_larger_than_the_content(lite: fp.Stylizer, look: fp.Look, photo: NDArray[np.uint8]) -> None:
    content = photo[:60, :80]
    assert np.array_equal(lite.preview(content, look), lite.apply(content, look))
    with pytest.raises(ArgumentError, match="side must be at least 1 pixel, got 0"):
        lite.preview(content, look, side=0)


def test_less_memory_is_needed_than_for_exact_smoothing(lite: fp.Stylizer) -> None:
    balanced, exact = (lite.memory_needed(6000, 4000, quality=q) for q in ("balanced", "exact"))
    assert balanced < 1.2e9
    assert exact > 4e9
