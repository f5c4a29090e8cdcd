"""What is written: bits, encodings, dithering, and files that are there already."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import fastphoto_native as fp
import numpy as np
import pytest
import pyvips
import tifffile
from fastphoto_native.errors import ArgumentError, PhotoError
from fastphoto_native.files.encoding import Encoding, parse_encoding
from fastphoto_native.files.photos import check_output, writable_suffixes
from fastphoto_native.files.quantize import quantize
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from scipy.ndimage import uniform_filter

COMMAND = [sys.executable, "-m", "fastphoto_native", "stylize"]


def sky(height: int = 200, width: int = 60) -> np.ndarray:
    """A slope so slow that 8 bits hold each of its levels for 25 rows."""
    rows = np.linspace(0.5, 0.5 + 8 / 255, height, dtype=np.float32)
    return np.repeat(rows[:, None, None], width, axis=1).repeat(3, axis=2)


# ----------------------------------------------------------------------------------------------------------------- bits


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_16_bits_carry_more_than_8(tmp_path: Path, suffix: str) -> None:
    """Other libraries find the slope's own values, and more levels than 8 bits have."""
    fp.write_photo(tmp_path / f"a{suffix}", fp.Photo(sky(), depth=16))
    if suffix == ".tif":
        stored = tifffile.imread(tmp_path / "a.tif")
    else:
        stored = pyvips.Image.new_from_file(str(tmp_path / "a.png")).numpy()
    assert stored.dtype == np.uint16
    assert len(np.unique(stored)) == 200
    np.testing.assert_allclose(stored / 65535, sky(), atol=0.5 / 65535 + 1e-7)


@pytest.mark.parametrize("bits", [8, 10, 12])
def test_avif_holds_what_is_asked_for(tmp_path: Path, bits: int) -> None:
    fp.write_photo(tmp_path / "a.avif", fp.Photo(sky(), depth=16), Encoding(bits=bits, lossless=True))
    image = pyvips.Image.new_from_file(str(tmp_path / "a.avif"))
    assert image.get("heif-bitdepth") == bits
    step = {8: 8, 10: 2, 12: 2}[bits]
    np.testing.assert_allclose(fp.read_photo(tmp_path / "a.avif").pixels, sky(), atol=step / 1023)


@pytest.mark.parametrize(
    ("depth", "suffix", "bits"),
    [(8, ".png", 8), (16, ".png", 16), (32, ".png", 16), (8, ".tif", 8), (32, ".tif", 32), (16, ".jpg", 8),
     (16, ".avif", 10), (32, ".avif", 12)],
)  # fmt: skip
def test_bits_follow_the_content(tmp_path: Path, depth: Any, suffix: str, bits: int) -> None:
    fp.write_photo(tmp_path / f"a{suffix}", fp.Photo(sky(20, 20), depth=depth))
    image = pyvips.Image.new_from_file(str(tmp_path / f"a{suffix}"))
    found = {"uchar": 8, "ushort": 16, "float": 32}[image.format]
    if suffix == ".avif":
        found = image.get("heif-bitdepth")
    assert found == bits


# ------------------------------------------------------------------------------------------------------------ dithering


@pytest.mark.parametrize("suffix", [".png", ".webp"])
def test_skies_do_not_band(tmp_path: Path, suffix: str) -> None:
    """The mean of small areas follows the slope; without dithering it is a staircase, half a level off."""
    off = []
    for dither in (True, False):
        encoding = Encoding(dither=dither, lossless=suffix == ".webp")
        fp.write_photo(tmp_path / f"a{suffix}", fp.Photo(sky()), encoding)
        with Image.open(tmp_path / f"a{suffix}") as image:
            stored = np.asarray(image, np.float64)
        means = uniform_filter(stored, (7, 7, 0))[8:-8, 8:-8]
        off.append(np.abs(means - 255 * sky()[8:-8, 8:-8]).max())
    assert off[0] < 0.25
    assert off[1] > 0.33


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 999))
def test_values_that_are_whole_steps_stay(height: int, width: int, seed: int) -> None:
    stored = np.random.default_rng(seed).integers(0, 256, (height, width, 3))
    values = (stored / np.float32(255)).astype(np.float32)
    np.testing.assert_array_equal(quantize(values, 255, dither=True), stored)


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 999))
def test_whole_numbers_of_16_bits_become_what_their_values_would(height: int, width: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    deep = generator.integers(0, 65536, (height, width, 3)).astype(np.uint16)
    values = (deep / np.float32(65535)).astype(np.float32)
    for dither in (False, True):
        found, expected = (quantize(each, 255, dither=dither).astype(int) for each in (deep, values))
        # Where rounding decides between two numbers, either is right.
        assert np.abs(found - expected).max() <= 1
        assert (found != expected).mean() <= 0.01 + 1 / found.size
    np.testing.assert_array_equal(quantize(deep, 65535, dither=False), deep)
    stored = generator.integers(0, 256, (height, width, 3)).astype(np.uint8)
    np.testing.assert_array_equal(quantize(stored, 255, dither=True), stored)
    np.testing.assert_array_equal(quantize(stored.astype(np.uint16) * 257, 255, dither=True), stored)


@pytest.mark.parametrize(("suffix", "profile"), [(".png", "keep"), (".tif", "p3"), (".png", "adobe")])
@pytest.mark.parametrize("bits", [8, 16])
def test_whole_numbers_are_written_as_their_values_are(tmp_path: Path, suffix: str, profile: str, bits: int) -> None:
    deep = np.random.default_rng(bits).integers(0, 65536, (9, 7, 3)).astype(np.uint16)
    values = (deep / np.float32(65535)).astype(np.float32)
    read = []
    for name, pixels in (("deep", deep), ("float", values)):
        file = tmp_path / f"{name}{suffix}"
        fp.write_photo(file, fp.Photo(pixels, depth=bits), output_profile=profile)  # type: ignore[arg-type]
        read.append(fp.read_photo(file).pixels)
    np.testing.assert_allclose(read[0], read[1], atol=1.01 / (2**bits - 1))
    assert (read[0] != read[1]).mean() < 0.05


def test_dithering_is_the_same_in_strips_and_each_time() -> None:
    values = np.random.default_rng(0).random((64, 48, 3), np.float32)
    whole = quantize(values, 255, dither=True)
    strips = [quantize(values[row : row + 10], 255, dither=True, first_row=row) for row in range(0, 64, 10)]
    np.testing.assert_array_equal(whole, np.concatenate(strips))
    assert np.abs(whole / 255 - values).max() <= 1 / 255


# ------------------------------------------------------------------------------------------------------------- encoding


def test_words_of_an_encoding() -> None:
    assert parse_encoding(["quality=80", "bits=16,compression=lzw"]) == Encoding(80, 16, "lzw")
    assert parse_encoding(["lossless=yes,effort=3", "dither=no"]) == Encoding(lossless=True, effort=3, dither=False)
    assert parse_encoding([]) == Encoding()


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("quality", "expected .*quality"),
        ("colour=1", "found 'colour=1'"),
        ("quality=0", r"1\.\.100, got 0"),
        ("quality=101", r"1\.\.100, got 101"),
        ("quality=9e9", "whole number, got '9e9'"),
        ("quality=-5", "whole number"),
        ("quality=٣", "whole number"),
        ("bits=9", "one of 8, 10, 12, 16, 32, got 9"),
        ("effort=10", r"0\.\.9"),
        ("lossless=maybe", "yes or no"),
        ("quality=1,quality=2", "twice"),
    ],
)
def test_words_that_are_none(word: str, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        parse_encoding([word])


@pytest.mark.parametrize(
    ("suffix", "encoding", "message"),
    [
        (".png", Encoding(quality=90), "PNG has no quality"),
        (".jpg", Encoding(bits=16), "JPEG holds 8 bits, not 16"),
        (".jpg", Encoding(lossless=True), "JPEG has no choice of being lossless"),
        (".tif", Encoding(compression="zstd"), "TIFF has no compression 'zstd', but one of deflate"),
        (".png", Encoding(effort=3), "PNG has no effort"),
        (".webp", Encoding(compression="lzw"), "none to choose"),
    ],
)
def test_what_a_format_cannot_do_is_said_early(tmp_path: Path, suffix: str, encoding: Encoding, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        check_output(tmp_path / f"a{suffix}", fp.Photo(sky(4, 4)), encoding)


@pytest.mark.parametrize("compression", ["deflate", "lzw", "packbits", "none"])
@pytest.mark.parametrize("depth", [8, 16, 32])
def test_compressions_of_tiff_lose_nothing(tmp_path: Path, compression: str, depth: Any) -> None:
    values = np.random.default_rng(0).integers(0, 256, (17, 23, 3)).astype(np.float32) / np.float32(255)
    fp.write_photo(tmp_path / "a.tif", fp.Photo(values, depth=depth), Encoding(compression=compression))
    np.testing.assert_allclose(fp.read_photo(tmp_path / "a.tif").pixels, values, atol=1e-5)


@pytest.mark.parametrize("suffix", [".webp", ".avif"])
def test_lossless_loses_nothing_and_quality_counts(tmp_path: Path, suffix: str) -> None:
    values = np.random.default_rng(0).integers(0, 256, (40, 40, 3)).astype(np.float32) / np.float32(255)
    path = tmp_path / f"a{suffix}"
    sizes = []
    for quality in (20, 90):
        fp.write_photo(path, fp.Photo(values), Encoding(quality=quality))
        sizes.append(path.stat().st_size)
    assert sizes[0] < sizes[1]
    fp.write_photo(path, fp.Photo(values), Encoding(lossless=True))
    np.testing.assert_allclose(fp.read_photo(path).pixels, values, atol=0.5 / 255 if suffix == ".webp" else 2 / 255)


def test_png_compression_counts(tmp_path: Path) -> None:
    sizes = []
    for level in ("0", "9"):
        fp.write_photo(tmp_path / "a.png", fp.Photo(sky()), Encoding(compression=level))
        sizes.append((tmp_path / "a.png").stat().st_size)
    assert sizes[1] < sizes[0] / 2


def test_alpha_is_kept_where_the_format_holds_it(tmp_path: Path) -> None:
    alpha = np.linspace(0, 1, 400, dtype=np.float32).reshape(20, 20)
    for suffix in writable_suffixes():
        if suffix in (".jpg", ".jpeg"):
            continue
        fp.write_photo(tmp_path / f"a{suffix}", fp.Photo(sky(20, 20), alpha, 16), Encoding())
        again = fp.read_photo(tmp_path / f"a{suffix}").alpha
        assert again is not None
        np.testing.assert_allclose(again, alpha, atol=4 / 255)


# ------------------------------------------------------------------------------------------------------------ overwrite


def test_a_file_that_is_there_is_replaced_on_request_only(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"precious")
    for act in (fp.write_photo, check_output):
        with pytest.raises(PhotoError, match="found a file of that name; expected --overwrite, or another name"):
            act(path, fp.Photo(sky(4, 4)), overwrite=False)
    assert path.read_bytes() == b"precious"
    fp.write_photo(path, fp.Photo(sky(4, 4)), overwrite=True)
    assert fp.read_photo(path).pixels.shape == (4, 4, 3)
    fp.write_photo(tmp_path / "new.png", fp.Photo(sky(4, 4)), overwrite=False)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.png", "new.png"]


def test_the_command_replaces_on_request_only(tmp_path: Path) -> None:
    fp.write_photo(tmp_path / "a.png", fp.Photo(sky(24, 24)))
    (tmp_path / "r.png").write_bytes(b"precious")
    arguments = ["a.png", "a.png", "-o", "r.png", "--strength", "0"]
    done = subprocess.run([*COMMAND, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "--overwrite" in done.stderr
    assert (tmp_path / "r.png").read_bytes() == b"precious"
    subprocess.run([*COMMAND, *arguments, "--overwrite", "--encode", "bits=16"], cwd=tmp_path, check=True)
    assert fp.read_photo(tmp_path / "r.png").depth == 16


def test_arguments_that_are_no_photo(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"photo must be a Photo, got ndarray: wrap an array as Photo\(pixels\)"):
        fp.write_photo(tmp_path / "a.png", np.zeros((2, 2, 3), np.float32))  # type: ignore[arg-type]
