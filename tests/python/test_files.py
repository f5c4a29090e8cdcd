"""Photo files: what is read is what the file means, and what is written is what is read back."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import photo_files as make
import pytest
import pyvips
from fastphoto_native.errors import ArgumentError, PhotoError
from fastphoto_native.files.photos import MAX_PIXELS, Encoding, Photo, check_output, read_mask, read_photo, write_photo
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

# XYZ (D50) of the primaries, from the standards' chromaticities and Bradford's adaptation.
SRGB_D50 = np.array(
    [[0.4360747, 0.3850649, 0.1430804], [0.2225045, 0.7168786, 0.0606169], [0.0139322, 0.0971045, 0.7141733]]
)
ADOBE_D50 = np.array(
    [[0.6097559, 0.2052401, 0.1492240], [0.3111242, 0.6256560, 0.0632197], [0.0194811, 0.0608902, 0.7448387]]
)
P3_D50 = np.array(
    [[0.5151187, 0.2919778, 0.1571035], [0.2411892, 0.6922441, 0.0665668], [-0.0010505, 0.0418791, 0.7840713]]
)
BIT_DEPTHS = st.sampled_from([8, 16])


def decode_srgb(v: NDArray[Any]) -> NDArray[Any]:
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)


def encode_srgb(v: NDArray[Any]) -> NDArray[Any]:
    v = np.clip(v, 0, 1)
    return np.where(v <= 0.0031308, v * 12.92, 1.055 * v ** (1 / 2.4) - 0.055)


def random_pixels(*shape: int, top: int = 255, seed: int = 0) -> NDArray[Any]:
    return np.random.default_rng(seed).integers(0, top + 1, shape)


def smooth_pixels(height: int, width: int) -> NDArray[np.uint8]:
    """Colours that JPEG keeps: gentle slopes."""
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([60 + 120 * x / width, 70 + 100 * y / height, 180 - 80 * x / width], axis=-1).astype(np.uint8)


def save(
    path: Path, pixels: NDArray[Any], *, interpretation: str = "srgb", orientation: int = 0, **options: Any
) -> Path:
    image = pyvips.Image.new_from_array(np.ascontiguousarray(pixels), interpretation=interpretation).copy()
    if orientation:
        image.set_type(pyvips.GValue.gint_type, "orientation", orientation)
    image.write_to_file(str(path), **options)
    return path


def put(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


# ----------------------------------------------------------------------------------------------------------- layouts


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1), (5, 4)])
def test_rgb_8_bit_is_value_over_255(tmp_path: Path, shape: tuple[int, int]) -> None:
    pixels = random_pixels(*shape, 3)
    photo = read_photo(put(tmp_path / "a.png", make.png(pixels, make.RGB, 8)))
    np.testing.assert_array_equal(photo.pixels, pixels.astype(np.float32) / np.float32(255))
    assert photo.pixels.dtype == np.float32
    assert photo.pixels.flags.c_contiguous
    assert photo.pixels.flags.writeable
    assert photo.alpha is None
    assert photo.depth == 8


def test_16_bit_keeps_its_bits(tmp_path: Path) -> None:
    pixels = random_pixels(5, 4, 3, top=65535)
    for name, data in (("a.png", make.png(pixels, make.RGB, 16)), ("a.tif", make.tiff(pixels.astype(np.uint16), {}))):
        photo = read_photo(put(tmp_path / name, data))
        np.testing.assert_array_equal(photo.pixels, pixels.astype(np.float32) / np.float32(65535))
        assert photo.depth == 16


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("colour_type", [make.GREY, make.RGB, make.RGBA])
def test_srgb_as_stored_is_the_files_own_numbers(tmp_path: Path, colour_type: int, depth: int) -> None:
    shape = (5, 4) if colour_type == make.GREY else (5, 4, 4 if colour_type == make.RGBA else 3)
    pixels = random_pixels(*shape, top=2**depth - 1)
    path = put(tmp_path / "a.png", make.png(pixels, colour_type, depth))
    photo, usual = read_photo(path, as_stored=True), read_photo(path)
    assert photo.pixels.dtype == (np.uint8 if depth == 8 else np.uint16)
    np.testing.assert_array_equal(photo.pixels.astype(np.float32) / np.float32(2**depth - 1), usual.pixels)
    np.testing.assert_array_equal(photo.alpha, usual.alpha)
    assert photo.depth == depth


def test_what_is_covered_is_float_of_whole_numbers_too(tmp_path: Path) -> None:
    pixels = random_pixels(5, 4, 4, top=255)
    pixels[:2, :, 3] = 0
    path = put(tmp_path / "a.png", make.png(pixels, make.RGBA, 8))
    covered = read_photo(path, as_stored=True).covered()
    np.testing.assert_array_equal(covered, read_photo(path).covered())
    assert covered.dtype == np.float32


def test_other_spaces_as_stored_are_floats_all_the_same(tmp_path: Path) -> None:
    profile = make.icc_matrix_profile(P3_D50, make.icc_gamma(2.2))
    path = put(tmp_path / "a.png", make.png(random_pixels(5, 4, 3), make.RGB, 8, [make.iccp(profile)]))
    np.testing.assert_array_equal(read_photo(path, as_stored=True).pixels, read_photo(path).pixels)
    light = save(tmp_path / "a.tif", np.linspace(0, 1, 60, dtype=np.float32).reshape(5, 4, 3), interpretation="scrgb")
    assert read_photo(light, as_stored=True).pixels.dtype == np.float32


@pytest.mark.parametrize("depth", [8, 16])
def test_grey_becomes_three_equal_channels(tmp_path: Path, depth: int) -> None:
    top = 2**depth - 1
    pixels = random_pixels(5, 4, top=top)
    photo = read_photo(put(tmp_path / "a.png", make.png(pixels, make.GREY, depth)))
    np.testing.assert_array_equal(photo.pixels, np.repeat(pixels[..., None], 3, 2).astype(np.float32) / np.float32(top))
    assert photo.pixels.flags.c_contiguous
    assert photo.depth == depth


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("colour_type", [make.GREY_ALPHA, make.RGBA])
def test_alpha_is_kept_apart_and_colours_are_not_multiplied(tmp_path: Path, colour_type: int, depth: int) -> None:
    top = 2**depth - 1
    channels = 2 if colour_type == make.GREY_ALPHA else 4
    pixels = random_pixels(6, 5, channels, top=top)
    pixels[0, :, -1] = 0  # colours under full transparency stay too
    photo = read_photo(put(tmp_path / "a.png", make.png(pixels, colour_type, depth)))
    colours = np.broadcast_to(pixels[..., :-1], (6, 5, 3))
    np.testing.assert_array_equal(photo.pixels, colours.astype(np.float32) / np.float32(top))
    assert photo.alpha is not None
    assert photo.alpha.dtype == np.float32
    np.testing.assert_array_equal(photo.alpha, pixels[..., -1].astype(np.float32) / np.float32(top))


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_palette(tmp_path: Path, depth: int) -> None:
    count = 2**depth
    palette = random_pixels(count, 3, seed=1)
    index = random_pixels(5, 9, top=count - 1)
    file = make.png(index, make.PALETTE, depth, [(b"PLTE", palette.astype(np.uint8).tobytes())])
    photo = read_photo(put(tmp_path / "a.png", file))
    np.testing.assert_array_equal(photo.pixels, palette[index].astype(np.float32) / np.float32(255))
    assert photo.alpha is None


def test_palette_with_transparency(tmp_path: Path) -> None:
    palette = random_pixels(4, 3, seed=1)
    index = random_pixels(5, 9, top=3)
    chunks = [(b"PLTE", palette.astype(np.uint8).tobytes()), (b"tRNS", bytes([0, 128]))]
    photo = read_photo(put(tmp_path / "a.png", make.png(index, make.PALETTE, 8, chunks)))
    np.testing.assert_array_equal(photo.pixels, palette[index].astype(np.float32) / np.float32(255))
    np.testing.assert_array_equal(
        photo.alpha, (np.array([0, 128, 255, 255]) / np.float32(255)).astype(np.float32)[index]
    )


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_few_bits_reach_from_black_to_white(tmp_path: Path, depth: int) -> None:
    top = 2**depth - 1
    pixels = random_pixels(5, 9, top=top)
    photo = read_photo(put(tmp_path / "a.png", make.png(pixels, make.GREY, depth)))
    np.testing.assert_allclose(photo.pixels[..., 0], pixels / top, atol=1e-6)
    assert photo.depth == 8


def test_1_bit_tiff(tmp_path: Path) -> None:
    pixels = random_pixels(5, 9, top=1)
    path = save(tmp_path / "a.tif", (pixels * 255).astype(np.uint8), interpretation="b-w", bitdepth=1)
    np.testing.assert_array_equal(read_photo(path).pixels[..., 1], pixels)


def test_tiff_with_multiplied_alpha_is_divided_again(tmp_path: Path) -> None:
    colours, alpha = random_pixels(6, 5, 3, top=65535), random_pixels(6, 5, 1, top=65535, seed=1)
    alpha[alpha < 9000] = 65535
    stored = np.concatenate([np.rint(colours * (alpha / 65535)), alpha], axis=2).astype(np.uint16)
    photo = read_photo(put(tmp_path / "a.tif", make.tiff(stored, {338: 1})))  # ExtraSamples: associated alpha
    np.testing.assert_allclose(photo.pixels, colours / 65535, atol=2e-4)
    np.testing.assert_array_equal(photo.alpha, alpha[..., 0].astype(np.float32) / np.float32(65535))


def test_first_page_and_first_frame(tmp_path: Path) -> None:
    frames = np.concatenate([np.full((8, 8, 3), 40, np.uint8), np.full((8, 8, 3), 200, np.uint8)])
    for name in ("a.tif", "a.gif", "a.webp"):
        image = pyvips.Image.new_from_array(frames, interpretation="srgb").copy()
        image.set_type(pyvips.GValue.gint_type, "page-height", 8)
        image.write_to_file(str(tmp_path / name))
        photo = read_photo(tmp_path / name)
        assert photo.pixels.shape == (8, 8, 3)
        np.testing.assert_allclose(photo.pixels, 40 / 255, atol=0.02)


def test_file_names_are_not_options(tmp_path: Path) -> None:
    path = put(tmp_path / "a[page=7].png", make.png(random_pixels(2, 3, 3), make.RGB, 8))
    photo = read_photo(str(path))
    write_photo(tmp_path / "[strip] b.png", photo)
    np.testing.assert_array_equal(read_photo(tmp_path / "[strip] b.png").pixels, photo.pixels)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["[strip] b.png", "a[page=7].png"]


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    for value in (10, 20):
        write_photo(path, Photo(np.full((2, 2, 3), value / 255, np.float32)))
        np.testing.assert_allclose(read_photo(path).pixels, value / 255)


# ------------------------------------------------------------------------------------------------------- orientation

# What EXIF says the stored rows and columns are, as what makes them upright.
UPRIGHT: dict[int, Callable[[NDArray[Any]], NDArray[Any]]] = {
    1: lambda a: a,
    2: np.fliplr,
    3: lambda a: np.rot90(a, 2),
    4: np.flipud,
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: np.rot90(a, 2).swapaxes(0, 1),
    8: np.rot90,
}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".png", ".tif", ".jpg", ".webp"])
def test_orientation(tmp_path: Path, orientation: int, suffix: str) -> None:
    pixels = smooth_pixels(32, 48)
    options: dict[str, Any] = {"Q": 95} if suffix in (".jpg", ".webp") else {}
    path = save(tmp_path / f"a{suffix}", pixels, orientation=orientation, **options)
    photo = read_photo(path)
    assert photo.pixels.shape == UPRIGHT[orientation](pixels).shape
    tolerance = 8 / 255 if options else 1e-6
    np.testing.assert_allclose(photo.pixels, UPRIGHT[orientation](pixels / 255), atol=tolerance)
    assert photo.pixels.flags.c_contiguous
    # Written upright, with nothing that turns it again.
    write_photo(tmp_path / "b.png", photo)
    np.testing.assert_allclose(read_photo(tmp_path / "b.png").pixels, photo.pixels, atol=1e-7)
    written = pyvips.Image.new_from_file(str(tmp_path / "b.png"))
    assert written.get_typeof("orientation") == 0 or written.get("orientation") == 1


def test_orientation_turns_alpha_and_masks_too(tmp_path: Path) -> None:
    pixels = random_pixels(4, 6, 4).astype(np.uint8)
    pixels[..., 3] |= 128
    path = save(tmp_path / "a.png", pixels, orientation=6)
    np.testing.assert_array_equal(
        read_photo(path).alpha, (np.rot90(pixels, -1)[..., 3] / np.float32(255)).astype(np.float32)
    )
    labels = np.repeat(np.arange(2, dtype=np.uint8)[:, None] * 255, 6, axis=1).repeat(4, axis=0)
    path = save(tmp_path / "m.png", labels, interpretation="b-w", orientation=6)
    np.testing.assert_array_equal(read_mask(path), np.rot90(labels.astype(np.int32) * 0x010101, -1))


# ----------------------------------------------------------------------------------------------------------- colours


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("name", ["adobe", "p3", "prophoto-like"])
def test_wide_profiles_become_srgb(tmp_path: Path, name: str, depth: int) -> None:
    matrix, gamma = {
        "adobe": (ADOBE_D50, 2.19921875),
        "p3": (P3_D50, 2.2),
        "prophoto-like": (0.5 * SRGB_D50 + 0.5 * np.array([0.9642, 1, 0.8249])[:, None] * np.eye(3), 1.8),
    }[name]
    top = 2**depth - 1
    # Colours within sRGB, so that clipping plays no part: chosen there, sent to the profile's space.
    linear = decode_srgb(random_pixels(40, 40, 3) / 255) * 0.7 + 0.15
    inside = np.linalg.solve(matrix, SRGB_D50 @ linear.reshape(-1, 3).T).T.reshape(linear.shape)
    stored = np.rint(np.clip(inside, 0, 1) ** (1 / gamma) * top).astype(np.int64)
    assert (inside > 0).all()
    assert (inside < 1).all()
    expected = encode_srgb((np.linalg.solve(SRGB_D50, matrix) @ ((stored / top) ** gamma).reshape(-1, 3).T).T)
    profile = make.icc_matrix_profile(matrix, make.icc_gamma(gamma))
    photo = read_photo(put(tmp_path / "a.png", make.png(stored, make.RGB, depth, [make.iccp(profile)])))
    np.testing.assert_allclose(photo.pixels.reshape(-1, 3), expected, atol=0.5 / 255)
    assert np.abs(photo.pixels - stored / top).max() > 5 / 255  # it was needed
    assert photo.depth == depth


def test_8_bits_with_a_wide_profile_are_not_rounded_to_8_bits_again(tmp_path: Path) -> None:
    ramp = np.repeat(np.arange(256)[None, :, None], 3, axis=2)
    profile = make.icc_matrix_profile(SRGB_D50, make.icc_gamma(1.8))
    photo = read_photo(put(tmp_path / "a.png", make.png(ramp, make.RGB, 8, [make.iccp(profile)])))
    assert len(np.unique(photo.pixels[0, :, 1])) == 256
    np.testing.assert_allclose(photo.pixels[0, :, 1], encode_srgb((np.arange(256) / 255) ** 1.8), atol=0.4 / 255)


def test_alpha_survives_a_profile_unchanged(tmp_path: Path) -> None:
    pixels = random_pixels(6, 5, 4)
    profile = make.icc_matrix_profile(P3_D50, make.icc_gamma(2.2))
    photo = read_photo(put(tmp_path / "a.png", make.png(pixels, make.RGBA, 8, [make.iccp(profile)])))
    np.testing.assert_array_equal(photo.alpha, pixels[..., 3].astype(np.float32) / np.float32(255))
    opaque = read_photo(put(tmp_path / "b.png", make.png(pixels[..., :3], make.RGB, 8, [make.iccp(profile)])))
    np.testing.assert_array_equal(photo.pixels, opaque.pixels)


@pytest.mark.parametrize("depth", [8, 16])
def test_srgb_by_any_name_changes_nothing(tmp_path: Path, depth: int) -> None:
    curve = make.icc_table(decode_srgb(np.linspace(0, 1, 1024)))  # as in the oldest and most common sRGB profile
    pixels = random_pixels(20, 20, 3, top=2**depth - 1)
    chunk = make.iccp(make.icc_matrix_profile(SRGB_D50, curve))
    tagged = read_photo(put(tmp_path / "a.png", make.png(pixels, make.RGB, depth, [chunk])))
    plain = read_photo(put(tmp_path / "b.png", make.png(pixels, make.RGB, depth)))
    np.testing.assert_array_equal(tagged.pixels, plain.pixels)


def test_grey_profile(tmp_path: Path) -> None:
    ramp = np.arange(256)[None]
    chunk = make.iccp(make.icc_grey_profile(make.icc_gamma(1.8)))
    photo = read_photo(put(tmp_path / "a.png", make.png(ramp, make.GREY, 8, [chunk])))
    np.testing.assert_allclose(
        photo.pixels[0], np.repeat(encode_srgb((ramp[0] / 255) ** 1.8)[:, None], 3, 1), atol=1.5 / 255
    )


@pytest.mark.parametrize("kind", ["broken", "for grey"])
def test_unusable_profile_counts_as_none(tmp_path: Path, kind: str, capfd: pytest.CaptureFixture[str]) -> None:
    pixels = random_pixels(3, 4, 3)
    profile = b"no profile at all" * 20 if kind == "broken" else make.icc_grey_profile(make.icc_gamma(1.8))
    image = pyvips.Image.new_from_array(pixels.astype(np.uint8), interpretation="srgb").copy()
    image.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
    image.write_to_file(str(tmp_path / "a.tif"))
    np.testing.assert_array_equal(read_photo(tmp_path / "a.tif").pixels, pixels.astype(np.float32) / np.float32(255))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("embedded", [True, False])
@pytest.mark.parametrize("suffix", [".jpg", ".tif"])
def test_cmyk(tmp_path: Path, suffix: str, embedded: bool) -> None:
    pixels = smooth_pixels(32, 48) // 3 + 85  # colours that ink can print
    cmyk = pyvips.Image.new_from_array(pixels, interpretation="srgb").icc_export(
        output_profile="cmyk", intent="relative"
    )
    assert cmyk.interpretation == "cmyk"
    assert cmyk.bands == 4
    options = {"Q": 100} if suffix == ".jpg" else {}
    cmyk.write_to_file(str(tmp_path / f"a{suffix}"), keep="all" if embedded else "none", **options)
    photo = read_photo(tmp_path / f"a{suffix}")
    assert photo.pixels.shape == pixels.shape
    assert photo.alpha is None
    assert photo.depth == 8
    np.testing.assert_allclose(photo.pixels, pixels / 255, atol=16 / 255)


def test_cmyk_paper_is_white_and_ink_is_dark(tmp_path: Path) -> None:
    ink = np.zeros((4, 8, 4), np.uint8)
    ink[:, 4:] = (200, 180, 180, 255)
    path = save(tmp_path / "a.tif", ink, interpretation="cmyk")
    pixels = read_photo(path).pixels
    np.testing.assert_allclose(pixels[:, :4], 1, atol=0.01)
    assert pixels[:, 4:].max() < 0.1


# ------------------------------------------------------------------------------------------------------------ refused

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'
GOOD_PNG = make.png(random_pixels(64, 64, 3), make.RGB, 8)


def damaged_files() -> dict[str, bytes]:
    jpeg: bytes = pyvips.Image.new_from_array(random_pixels(64, 64, 3).astype(np.uint8)).jpegsave_buffer()
    tiff = make.tiff(random_pixels(64, 64, 3).astype(np.uint8), {})
    webp: bytes = pyvips.Image.new_from_array(random_pixels(64, 64, 3).astype(np.uint8)).webpsave_buffer()
    flipped = bytearray(GOOD_PNG)
    flipped[len(flipped) // 2] ^= 255
    return {
        "empty.jpg": b"",
        "text.png": b"this is no photo\n" * 9,
        "zeros.jpg": bytes(4096),
        "drawing.svg": SVG,
        "head only.jpg": jpeg[:20],
        "half.jpg": jpeg[: len(jpeg) // 2],
        "almost whole.jpg": jpeg[:-200],
        "half.png": GOOD_PNG[: len(GOOD_PNG) // 2],
        "flipped.png": bytes(flipped),
        "half.tif": tiff[: len(tiff) // 2],
        "half.webp": webp[: len(webp) // 2],
        "no pixels.png": make.png(random_pixels(1, 1, 3), make.RGB, 8, size=(0, 0)),
        "bomb.png": make.png(random_pixels(1, 1, 3), make.RGB, 8, size=(50_000, 50_000)),
        "not a number.tif": make.tiff(np.full((4, 4, 3), np.nan, np.float32), {}),
        "32 bits.tif": make.tiff(random_pixels(4, 4, 3).astype(np.uint32), {}),
        "light.hdr": b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 4 +X 4\n" + bytes([128, 64, 32, 129]) * 16,
        "seven channels.tif": make.tiff(random_pixels(4, 4, 7).astype(np.uint8), {}),
    }


@pytest.mark.parametrize("name", damaged_files())
@pytest.mark.parametrize("read", [read_photo, read_mask])
def test_refused_with_one_line_and_nothing_on_the_terminal(
    tmp_path: Path, name: str, read: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    path = put(tmp_path / name, damaged_files()[name])
    with pytest.raises(PhotoError) as caught:
        read(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "expected" in message
    assert "\n" not in message
    assert capfd.readouterr() == ("", "")


def test_refused_quietly_in_a_process_of_its_own(tmp_path: Path) -> None:
    """As capfd, but with nothing of pytest's in between: no handlers, no captured logging."""
    for name, data in damaged_files().items():
        put(tmp_path / name, data)
    script = (
        "import pathlib, sys\nfrom fastphoto_native.errors import PhotoError\n"
        "from fastphoto_native.files.photos import read_photo\n"
        "for path in pathlib.Path(sys.argv[1]).iterdir():\n"
        "    try: read_photo(path)\n    except PhotoError: continue\n    sys.exit(f'{path} was read')\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("read", [read_photo, read_mask])
def test_missing_file_and_directory(tmp_path: Path, read: Any) -> None:
    with pytest.raises(PhotoError, match=r"nowhere\.jpg: cannot be read: no such file or directory"):
        read(tmp_path / "nowhere.jpg")
    with pytest.raises(PhotoError, match="cannot be read: is a directory"):
        read(tmp_path)
    with pytest.raises(PhotoError, match="cannot be read: embedded null byte"):
        read("a\0b.jpg")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable_file(tmp_path: Path) -> None:
    path = put(tmp_path / "a.png", GOOD_PNG)
    path.chmod(0)
    with pytest.raises(PhotoError, match="permission denied"):
        read_photo(path)


def test_the_limit_is_judged_by_the_header_alone(tmp_path: Path) -> None:
    side = int(MAX_PIXELS**0.5)
    for sides, inside in (((side, side), True), ((side + 1, side + 1), False)):
        file = make.png(random_pixels(1, 1, 3), make.RGB, 8, size=sides)
        with pytest.raises(PhotoError, match="damaged or cut off" if inside else "expected at most 200 megapixels"):
            read_photo(put(tmp_path / "a.png", file))


# ------------------------------------------------------------------------------------------------------------ written


@settings(max_examples=60, deadline=None)
@given(
    st.tuples(st.integers(1, 9), st.integers(1, 9)),
    st.sampled_from([".png", ".tif", ".tiff"]),
    BIT_DEPTHS,
    st.booleans(),
    st.integers(0, 99),
)
def test_lossless_formats_give_back_every_bit(
    tmp_path_factory: pytest.TempPathFactory, size: tuple[int, int], suffix: str, depth: Any, alpha: bool, seed: int
) -> None:
    path = tmp_path_factory.mktemp("photo") / f"a{suffix}"
    top = np.float32(2**depth - 1)
    stored = random_pixels(*size, 4, top=int(top), seed=seed).astype(np.float32) / top
    photo = Photo(stored[..., :3].copy(), stored[..., 3].copy() if alpha else None, depth)
    write_photo(path, photo)
    again = read_photo(path)
    np.testing.assert_array_equal(again.pixels, photo.pixels)
    assert again.depth == depth
    assert (again.alpha is None) == (not alpha)
    if alpha:
        np.testing.assert_array_equal(again.alpha, photo.alpha)


def test_values_are_rounded_and_clipped_without_dithering(tmp_path: Path) -> None:
    values = np.array([-1, 0, 0.4 / 255, 0.6 / 255, 100.4 / 255, 100.6 / 255, 254.6 / 255, 1, 7], np.float32)
    photo = Photo(np.repeat(values[None, :, None], 3, axis=2))
    write_photo(tmp_path / "a.png", photo, Encoding(dither=False))
    stored = pyvips.Image.new_from_file(str(tmp_path / "a.png")).numpy()
    np.testing.assert_array_equal(stored[0, :, 0], [0, 0, 0, 1, 100, 101, 255, 255, 255])


@pytest.mark.parametrize("suffix", [".jpg", ".jpeg", ".JPG", ".webp", ".avif", ".Png"])
def test_formats(tmp_path: Path, suffix: str) -> None:
    if suffix.lower() not in pyvips.get_suffixes():
        pytest.skip("not in this libvips")
    photo = Photo((smooth_pixels(32, 48) / 255).astype(np.float32), None, 16)
    write_photo(tmp_path / f"a{suffix}", photo)
    again = read_photo(tmp_path / f"a{suffix}")
    np.testing.assert_allclose(again.pixels, photo.pixels, atol=6 / 255)


def test_webp_keeps_alpha(tmp_path: Path) -> None:
    alpha = np.repeat(np.linspace(0.2, 1, 48, dtype=np.float32)[None], 32, axis=0)
    write_photo(tmp_path / "a.webp", Photo((smooth_pixels(32, 48) / 255).astype(np.float32), alpha))
    again = read_photo(tmp_path / "a.webp")
    assert again.alpha is not None
    np.testing.assert_allclose(again.alpha, alpha, atol=3 / 255)


def test_jpeg_colour_is_not_subsampled_and_quality_counts(tmp_path: Path) -> None:
    photo = Photo((random_pixels(64, 64, 3) / 255).astype(np.float32))
    sizes = []
    for quality in (30, 95):
        write_photo(tmp_path / "a.jpg", photo, Encoding(quality=quality))
        sizes.append((tmp_path / "a.jpg").stat().st_size)
        assert pyvips.Image.new_from_file(str(tmp_path / "a.jpg")).get("jpeg-chroma-subsample") == "4:4:4"
    assert sizes[0] < sizes[1]


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".webp"])
def test_files_say_that_they_are_srgb(tmp_path: Path, suffix: str) -> None:
    write_photo(tmp_path / f"a{suffix}", Photo(np.zeros((2, 2, 3), np.float32)))
    profile = pyvips.Image.new_from_file(str(tmp_path / f"a{suffix}")).get("icc-profile-data")
    assert profile == pyvips.Operation.call("profile_load", "srgb")


@pytest.mark.parametrize(
    ("name", "alpha", "message"),
    [
        ("a.xyz", False, r"'\.xyz'; expected one that can be written: \.png, \.jpg"),
        ("a", False, r"''; expected one that can be written"),
        ("a.jpg", True, r"JPEG cannot hold; expected \.png, \.tif, \.webp or \.avif"),
        ("nowhere/a.png", False, "found no directory"),
        ("directory.png", False, "not a file"),
        ("pipe.png", False, "not a file"),
        ("x" * 300 + ".png", False, "file name too long"),
        ("loop.png", False, "too many levels of symbolic links"),
        ("a\0.png", False, "null"),
    ],
)
def test_output_is_refused_early_and_late(tmp_path: Path, name: str, alpha: bool, message: str) -> None:
    (tmp_path / "directory.png").mkdir()
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "loop.png").symlink_to(tmp_path / "loop.png")
    before = sorted(tmp_path.iterdir())
    photo = Photo(np.zeros((2, 2, 3), np.float32), np.zeros((2, 2), np.float32) if alpha else None)
    for act in (check_output, write_photo):
        with pytest.raises(PhotoError, match=message) as caught:
            act(tmp_path / name, photo)
        assert "\n" not in str(caught.value)
    assert sorted(tmp_path.iterdir()) == before


def test_too_long_a_side_for_the_format(tmp_path: Path) -> None:
    photo = Photo(np.broadcast_to(np.float32(0), (1, 16384, 3)))
    check_output(tmp_path / "a.jpg", photo)
    with pytest.raises(PhotoError, match="16384 x 1 pixels; WebP holds at most 16383"):
        check_output(tmp_path / "a.webp", photo)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_no_permission(tmp_path: Path) -> None:
    photo = Photo(np.zeros((2, 2, 3), np.float32))
    write_photo(tmp_path / "a.png", photo)
    (tmp_path / "a.png").chmod(0o444)
    with pytest.raises(PhotoError, match="no permission"):
        check_output(tmp_path / "a.png", photo)
    tmp_path.chmod(0o555)
    try:
        with pytest.raises(PhotoError, match="no permission"):
            check_output(tmp_path / "b.png", photo)
    finally:
        tmp_path.chmod(0o755)


def test_a_failed_write_leaves_everything_as_it_was(tmp_path: Path) -> None:
    """A real failure in the middle: the process may write files of 1000 bytes only."""
    script = (
        "import resource, sys, numpy as np\nfrom fastphoto_native.errors import PhotoError\n"
        "from fastphoto_native.files.photos import Photo, write_photo\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))\n"
        "noise = np.random.default_rng(0).random((64, 64, 3), np.float32)\n"
        "for name in sys.argv[1:]:\n"
        "    try: write_photo(name, Photo(noise))\n    except PhotoError as error: print(error)\n"
    )
    old = put(tmp_path / "old.png", b"precious")
    paths = [str(old), str(tmp_path / "new.png")]
    done = subprocess.run([sys.executable, "-c", script, *paths], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [f"{p}: cannot be written: file too large; nothing was changed" for p in paths]
    assert [p.name for p in tmp_path.iterdir()] == ["old.png"]
    assert old.read_bytes() == b"precious"


def test_an_interrupt_leaves_everything_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    old = put(tmp_path / "old.png", b"precious")
    with pytest.raises(KeyboardInterrupt):
        write_photo(old, Photo(np.zeros((2, 2, 3), np.float32)))
    assert [p.name for p in tmp_path.iterdir()] == ["old.png"]
    assert old.read_bytes() == b"precious"


def test_links_stay_links_and_permissions_are_ordinary(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "link.png"
    link.symlink_to(tmp_path / "real" / "photo.png")
    mask = os.umask(0o027)
    try:
        write_photo(link, Photo(np.zeros((2, 2, 3), np.float32)))
    finally:
        os.umask(mask)
    assert link.is_symlink()
    assert read_photo(tmp_path / "real" / "photo.png").pixels.shape == (2, 2, 3)
    assert stat.S_IMODE((tmp_path / "real" / "photo.png").stat().st_mode) == 0o640


@pytest.mark.parametrize(
    "photo",
    [
        Photo(np.zeros((2, 2), np.float32)),
        Photo(np.zeros((2, 2, 3), np.int8)),
        Photo(np.zeros((2, 2, 3), np.float64)),  # type: ignore[arg-type,unused-ignore]
        Photo(np.zeros((0, 2, 3), np.float32)),
        Photo(np.full((2, 2, 3), np.nan, np.float32)),
        Photo(np.full((2, 2, 3), np.inf, np.float32)),
        Photo(np.zeros((2, 2, 3), np.float32), np.zeros((2, 3), np.float32)),
        Photo(np.zeros((2, 2, 3), np.float32), np.full((2, 2), np.nan, np.float32)),
    ],
)
def test_arrays_that_are_no_photo(tmp_path: Path, photo: Photo) -> None:
    with pytest.raises(ArgumentError):
        write_photo(tmp_path / "a.png", photo)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("quality", [0, 101])
def test_quality_out_of_range(tmp_path: Path, quality: int) -> None:
    with pytest.raises(ArgumentError, match="quality"):
        write_photo(tmp_path / "a.jpg", Photo(np.zeros((2, 2, 3), np.float32)), Encoding(quality=quality))


# -------------------------------------------------------------------------------------------------------------- masks


def test_masks_agree_whatever_they_are_stored_as(tmp_path: Path) -> None:
    levels = np.array([[0, 0, 0, 128, 128, 128, 255, 255, 255]]).repeat(6, axis=0)
    rgb = np.repeat(levels[..., None], 3, axis=2)
    palette = [(b"PLTE", bytes([255] * 3 + [0] * 3 + [128] * 3))]
    index = np.select([levels == 255, levels == 0], [0, 1], 2)
    files = {
        "grey.png": make.png(levels, make.GREY, 8),
        "rgb.png": make.png(rgb, make.RGB, 8),
        "palette.png": make.png(index, make.PALETTE, 2, palette),
        "opaque.png": make.png(np.concatenate([rgb, np.full((6, 9, 1), 255)], axis=2), make.RGBA, 8),
        "grey opaque.png": make.png(np.stack([levels, np.full((6, 9), 255)], axis=2), make.GREY_ALPHA, 8),
        "rgb.tif": make.tiff(rgb.astype(np.uint8), {}),
    }
    for name, data in files.items():
        labels = read_mask(put(tmp_path / name, data))
        assert labels.dtype == np.int32
        np.testing.assert_array_equal(labels, levels * 0x010101, err_msg=name)


def test_mask_colours_are_taken_as_stored(tmp_path: Path) -> None:
    rgb = np.full((4, 4, 3), (10, 200, 30))
    chunk = make.iccp(make.icc_matrix_profile(P3_D50, make.icc_gamma(2.2)))
    assert (read_mask(put(tmp_path / "a.png", make.png(rgb, make.RGB, 8, [chunk]))) == 0x0AC81E).all()


def test_transparent_mask_pixels_are_black(tmp_path: Path) -> None:
    rgba = np.full((4, 8, 4), (255, 0, 0, 255))
    rgba[:, 4:] = (0, 255, 0, 0)
    labels = read_mask(put(tmp_path / "a.png", make.png(rgba, make.RGBA, 8)))
    assert (labels[:, :4] == 0xFF0000).all()
    assert (labels[:, 4:] == 0).all()


def test_what_is_no_mask_is_refused(tmp_path: Path) -> None:
    cases = {
        "16-bit": make.png(random_pixels(4, 4, top=65535), make.GREY, 16),
        "photo or a gradient": GOOD_PNG,
    }
    for message, data in cases.items():
        with pytest.raises(PhotoError, match=message):
            read_mask(put(tmp_path / "a.png", data))
    save(tmp_path / "a.tif", np.zeros((4, 4, 4), np.uint8), interpretation="cmyk")
    with pytest.raises(PhotoError, match="cmyk"):
        read_mask(tmp_path / "a.tif")
