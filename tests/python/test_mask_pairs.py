"""Masks beside their photos and each other; and masks that were made to hurt."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import fastphoto_native as fp
import numpy as np
import photo_files as make
import pytest
from fastphoto_native.errors import ArgumentError, PhotoError
from fastphoto_native.files.mask_colours import labels_from_colours
from fastphoto_native.files.mask_pairs import agreeing_masks, mask_of_photo
from fastphoto_native.files.masks import MOST_PIXELS

RED, NEARLY_RED, BLUE = 0xFF0000, 0xFE0000, 0x0000FF


def photo_of(height: int, width: int, orientation: int) -> fp.Photo:
    return replace(fp.Photo(np.zeros((height, width, 3), np.float32)), orientation=orientation)


@pytest.mark.parametrize("orientation", [5, 6, 7, 8])
def test_a_mask_that_lies_as_the_photo_is_stored_is_turned_with_it(tmp_path: Path, orientation: int) -> None:
    stored = np.zeros((30, 48), np.int32)
    stored[:10, :20] = RED
    rgb = np.stack([stored >> 16, stored * 0, stored * 0], axis=-1)
    exif = make.exif_block({0x0112: (make.SHORT, orientation)})
    # The same picture as a photo that EXIF turns, and as a mask that nothing turns.
    (tmp_path / "photo.png").write_bytes(make.png(rgb, make.RGB, 8, [(b"eXIf", exif[6:])]))
    photo = fp.read_photo(tmp_path / "photo.png")
    assert photo.orientation == orientation
    labels, notes = mask_of_photo(stored, photo, "content mask")
    np.testing.assert_array_equal(labels == RED, photo.pixels[..., 0] > 0.5)
    assert notes == ["the content mask lies as the photo is stored; it was turned with the photo"]


def test_a_mask_of_another_aspect_is_said() -> None:
    mask = np.zeros((30, 40), np.int32)
    mask[5:] = 1
    assert mask_of_photo(mask, photo_of(300, 400, 6), "style mask")[1] == []
    assert mask_of_photo(mask[:, :39], photo_of(300, 400, 1), "style mask")[1] == []  # rounded
    (note,) = mask_of_photo(mask, photo_of(400, 300, 1), "style mask")[1]
    assert note == "the style mask has 40 x 30 pixels and the photo 300 x 400: it is stretched"


def test_a_mask_of_one_label_is_said() -> None:
    (note,) = mask_of_photo(np.full((3, 4), RED, np.int32), photo_of(3, 4, 1), "content mask")[1]
    assert "one label only (#ff0000)" in note


def test_colours_that_all_but_agree_are_one() -> None:
    content = np.array([[RED, BLUE]], np.int32)
    style, notes = agreeing_masks(content, np.array([[NEARLY_RED, BLUE]], np.int32))
    np.testing.assert_array_equal(style, [[RED, BLUE]])
    assert notes == ["the style mask's #fe0000 counts as the content mask's #ff0000"]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ([RED, BLUE], [RED, BLUE]),
        ([0, 1, 2], [0, 1, 2]),
        ([0, 1, 2], [0, 1, 2, 3]),  # label maps of consecutive numbers: 3 is another label, and no 2
        ([RED], [BLUE]),
        ([RED, BLUE], [0xFE0000, 0xFD0000]),  # two are as close: nobody knows which
    ],
)
def test_other_colours_stay_what_they_are(ours: list[int], theirs: list[int]) -> None:
    style = np.array([theirs], np.int32)
    found, notes = agreeing_masks(np.array([ours], np.int32), style)
    np.testing.assert_array_equal(found, style)
    assert notes == []


def test_the_command_says_what_it_did_to_masks(tmp_path: Path) -> None:
    rgb = np.zeros((40, 60, 3), np.uint8)
    fp.write_photo(tmp_path / "a.png", fp.Photo(np.random.default_rng(0).random((40, 60, 3), np.float32)))
    for name, red in (("c.png", 255), ("s.png", 254)):
        rgb[:20] = (red, 0, 0)
        (tmp_path / name).write_bytes(make.png(rgb, make.RGB, 8))
    done = subprocess.run(
        [sys.executable, "-m", "fastphoto_native", "stylize", "a.png", "a.png", "-o", "r.png", "--smoothing", "none",
         "--content-mask", "c.png", "--style-mask", "s.png"],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "fastphoto: warning: the style mask's #fe0000 counts as the content mask's #ff0000\n" in done.stderr


# -------------------------------------------------------------------------------------------------------- made to hurt


def cpu_seconds(rgb: np.ndarray) -> float:
    start = time.process_time()
    with pytest.raises(ArgumentError, match="a photo or a gradient, not a mask"):
        labels_from_colours(rgb)
    return time.process_time() - start


def test_a_cut_out_subject_is_a_photo() -> None:
    """Half black, half a noisy photo: filling it ring after ring once took minutes.

    Four times the pixels may take about four times the work, not sixteen.
    """
    noise = np.random.default_rng(0).integers(0, 256, (1000, 1000, 3)).astype(np.uint8)
    noise[:, :500] = 0
    small = cpu_seconds(np.ascontiguousarray(noise[:500, 250:750]))
    large = cpu_seconds(noise)
    assert large < 10 * small + 1


def test_noise_with_many_flat_patches_is_a_photo() -> None:
    rng = np.random.default_rng(0)
    rgb = rng.integers(0, 256, (800, 1000, 3)).astype(np.uint8)
    for i in range(125):
        y, x = divmod(i, 25)
        rgb[y * 100 : y * 100 + 60, x * 40 : x * 40 + 36] = rng.integers(0, 256, 3)
    assert cpu_seconds(rgb) < 60


def test_wide_feathered_borders_are_still_a_mask() -> None:
    x = np.clip((np.arange(400) - 180) / 40, 0, 1)
    rgb = np.repeat(np.rint(255 * x)[None, :, None], 300, axis=0).repeat(3, axis=2).astype(np.uint8)
    labels = labels_from_colours(rgb)
    assert set(np.unique(labels)) == {0, 0xFFFFFF}
    assert (labels[:, :175] == 0).all()
    assert (labels[:, 225:] == 0xFFFFFF).all()


def test_a_huge_mask_is_read_smaller(tmp_path: Path) -> None:
    """A few bytes that hold 16 megapixels."""
    labels = np.zeros((4000, 4000), np.uint8)
    labels[2000:] = 1
    (tmp_path / "a.png").write_bytes(make.png(labels, make.GREY, 1))
    found = fp.read_mask(tmp_path / "a.png")
    assert found.size <= MOST_PIXELS
    assert found.shape == (2000, 2000)
    assert set(np.unique(found)) == {0, 0xFFFFFF}
    np.testing.assert_array_equal(found[:999], 0)


def test_a_mask_of_open_exr_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.exr").write_bytes(b"\x76\x2f\x31\x01" + bytes(60))
    with pytest.raises(PhotoError, match="OpenEXR pixels; expected a mask of 8 bits"):
        fp.read_mask(tmp_path / "a.exr")
