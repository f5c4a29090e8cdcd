"""Colour-coded masks: labels come through whole, smeared borders join them, and what is no mask is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import pyvips
from fastphoto_native.errors import ArgumentError
from fastphoto_native.files.mask_colours import MAX_LABELS, labels_from_colours
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

NINE = np.array(
    [
        [0, 0, 255],
        [0, 255, 0],
        [0, 0, 0],
        [255] * 3,
        [255, 0, 0],
        [255, 255, 0],
        [128] * 3,
        [0, 255, 255],
        [255, 0, 255],
    ]
)


def pack(rgb: NDArray[Any]) -> NDArray[Any]:
    packed: NDArray[Any] = rgb.astype(np.int64) @ np.array([65536, 256, 1])
    return packed


def paint(index: NDArray[Any], palette: NDArray[Any]) -> NDArray[np.uint8]:
    rgb: NDArray[np.uint8] = palette[index].astype(np.uint8)
    return rgb


def blobs(height: int, width: int, count: int, seed: int = 0) -> NDArray[np.intp]:
    """Areas with oblique borders: each pixel belongs to the nearest of `count` points."""
    points = np.random.default_rng(seed).random((count, 2)) * (height, width)
    place = np.moveaxis(np.mgrid[0:height, 0:width], 0, -1)
    nearest: NDArray[np.intp] = ((place[..., None, :] - points) ** 2).sum(axis=-1).argmin(axis=-1)
    return nearest


def away_from_borders(index: NDArray[np.intp], distance: int) -> NDArray[np.bool_]:
    inside = np.ones(index.shape, np.bool_)
    for dy in range(-distance, distance + 1):
        for dx in range(-distance, distance + 1):
            inside &= np.roll(index, (dy, dx), (0, 1)) == index
    return inside


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (5, 1), (2, 2), (6, 9)])
def test_one_colour(shape: tuple[int, int]) -> None:
    labels = labels_from_colours(np.full((*shape, 3), (1, 2, 3), np.uint8))
    np.testing.assert_array_equal(labels, np.full(shape, 0x010203))
    assert labels.dtype == np.int32


@settings(max_examples=60, deadline=None)
@given(st.integers(1, MAX_LABELS), st.integers(0, 999), st.booleans())
def test_drawn_masks_come_through_exactly(count: int, seed: int, consecutive: bool) -> None:
    """Any colours, even 0, 1, 2, ..., as long as each fills areas of 3 x 3 pixels."""
    random = np.random.default_rng(seed)
    grey = np.arange(count) if consecutive else random.permutation(256)[:count]
    palette = np.repeat(grey[:, None], 3, axis=1)
    index = np.concatenate([np.arange(count), random.integers(0, count, 96 - count)]).reshape(8, 12)
    rgb = paint(index.repeat(3, axis=0).repeat(3, axis=1), palette)
    np.testing.assert_array_equal(labels_from_colours(rgb), pack(rgb))


def test_thin_lines_of_an_own_colour_stay() -> None:
    rgb = np.zeros((40, 40, 3), np.uint8)
    rgb[:, 20:] = 255
    rgb[10] = (255, 0, 0)
    np.testing.assert_array_equal(labels_from_colours(rgb), pack(rgb))


def test_mixtures_and_stray_pixels_join_a_neighbour() -> None:
    rgb = np.zeros((40, 40, 3), np.uint8)
    rgb[:, 21:] = 255
    rgb[:, 20] = 100  # an anti-aliased border
    rgb[5, 5] = (255, 0, 0)
    expected = np.where(np.arange(40) > 20, 0xFFFFFF, 0)[None].repeat(40, axis=0)
    np.testing.assert_array_equal(labels_from_colours(rgb), expected)


def test_a_border_takes_a_neighbour_and_not_a_colour_from_elsewhere() -> None:
    """Between black and white there is grey, and grey is a label too, but not here."""
    rgb = np.zeros((60, 60, 3), np.uint8)
    rgb[:, 30:] = 255
    rgb[:, 29] = np.arange(60)[:, None] + 100  # many greys, so that the mask counts as smeared
    rgb[50:] = 128
    labels = labels_from_colours(rgb)
    assert set(np.unique(labels[:49])) == {0, 0xFFFFFF}
    assert (labels[51:] == 0x808080).all()


@pytest.mark.parametrize("seed", range(4))
def test_anti_aliased_masks(seed: int) -> None:
    """Drawn four times as large and averaged: colours come back, and only pixels at borders can differ."""
    index = blobs(4 * 80, 4 * 100, 14, seed) % 9
    rgb = np.rint(paint(index, NINE).reshape(80, 4, 100, 4, 3).mean(axis=(1, 3))).astype(np.uint8)
    labels = labels_from_colours(rgb)
    small = index[2::4, 2::4]
    assert set(np.unique(labels)) == set(pack(NINE[np.unique(small)]))
    wrong = labels != pack(paint(small, NINE))
    assert wrong.mean() < 0.02
    assert not wrong[away_from_borders(small, 1)].any()
    for times in (3, 4, 11):  # without mixing colours, as editors enlarge masks
        larger = labels_from_colours(rgb.repeat(times, axis=0).repeat(times, axis=1))
        np.testing.assert_array_equal(larger, labels.repeat(times, axis=0).repeat(times, axis=1))


@pytest.mark.parametrize("quality", [50, 75, 95])
@pytest.mark.parametrize("subsample", ["off", "on"])
def test_masks_that_were_a_jpeg(quality: int, subsample: str) -> None:
    index = blobs(240, 300, 14) % 9
    jpeg = pyvips.Image.new_from_array(paint(index, NINE)).jpegsave_buffer(Q=quality, subsample_mode=subsample)
    labels = labels_from_colours(pyvips.Image.new_from_buffer(jpeg, "").numpy())
    assert set(np.unique(labels)) == set(pack(NINE[np.unique(index)]))
    wrong = labels != pack(paint(index, NINE))
    assert wrong.mean() < 0.03
    assert not wrong[away_from_borders(index, 4)].any()


def test_a_dark_jpeg_mask_of_few_colours_is_one_label() -> None:
    """All but black: noise of a few levels on a mask of one colour (as in a mask of Deep Photo Style Transfer)."""
    rgb = np.zeros((100, 100, 3), np.uint8)
    random = np.random.default_rng(0)
    rgb[random.integers(0, 100, 60), random.integers(0, 100, 60)] = random.integers(0, 8, (60, 3))
    rgb[50:53, 50:53] = 1
    assert (labels_from_colours(rgb) == 0).all()


def test_photos_and_gradients_are_refused() -> None:
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 9, axis=0).repeat(3, axis=1).repeat(3, axis=2)
    noise = np.random.default_rng(0).integers(0, 256, (50, 50, 3)).astype(np.uint8)
    for rgb in (ramp, noise):
        with pytest.raises(ArgumentError, match="a photo or a gradient, not a mask"):
            labels_from_colours(rgb)
