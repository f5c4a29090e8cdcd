"""Colour of photo files: what a file says of its colours counts, and a result is right in the content's own space."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import fastphoto_native as fp
import numpy as np
import photo_files as make
import pytest
import tifffile
from fastphoto_native.errors import PhotoError
from fastphoto_native.files.color_space import (
    ADOBE_RGB,
    BT709,
    BT2020,
    DISPLAY_P3,
    Primaries,
    linear_srgb,
    named_space,
    space_of_primaries,
    space_of_profile,
    srgb,
)
from fastphoto_native.files.curves import LINEAR, SRGB_CURVE, ParametricCurve, SampledCurve, decode_srgb, encode_srgb
from fastphoto_native.files.excess import Excess
from fastphoto_native.files.icc import read_matrix_profile
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageCms

PROPHOTO: Primaries = ((0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001), (0.3457, 0.3585))
WIDE = {
    "p3": (DISPLAY_P3, SRGB_CURVE),
    "adobe": (ADOBE_RGB, ParametricCurve(2 + 51 / 256)),
    "prophoto": (PROPHOTO, ParametricCurve(1.8)),
    "rec2020": (BT2020, SRGB_CURVE),
}


def cube(top: int, steps: int = 9) -> NDArray[np.int64]:
    """Every corner and what lies between, as a photo."""
    levels = np.rint(np.linspace(0, top, steps)).astype(np.int64)
    return np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(steps, steps * steps, 3)


def put(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def profile_of(name: str) -> bytes:
    return space_of_primaries(name, *WIDE[name]).profile


def tagged(path: Path, pixels: NDArray[Any], depth: int, profile: bytes) -> Path:
    return put(path, make.png(pixels, make.RGB, depth, [make.iccp(profile)]))


# ------------------------------------------------------------------------------------------------------------- profiles


@pytest.mark.parametrize("name", WIDE)
def test_profiles_agree_with_little_cms(name: str) -> None:
    """littleCMS, by way of Pillow, is the independent judge; it works in 8 bits."""
    pixels = cube(255, 6).astype(np.uint8)
    theirs = ImageCms.ImageCmsProfile(io.BytesIO(profile_of(name)))
    converted = ImageCms.profileToProfile(
        Image.fromarray(pixels), theirs, ImageCms.createProfile("sRGB"), ImageCms.Intent.RELATIVE_COLORIMETRIC
    )
    space = space_of_profile(profile_of(name))
    assert space is not None
    ours = np.clip(encode_srgb(space.decode(pixels / 255)), 0, 1)
    difference = np.abs(ours * 255 - np.asarray(converted, np.float64))
    # In the darkest shadows of gamma curves littleCMS interpolates in tables.
    assert difference.max() < 3
    assert difference.mean() < 0.35


@pytest.mark.parametrize("name", WIDE)
@pytest.mark.parametrize("depth", [8, 16])
def test_saturated_colours_of_wide_profiles_are_exact(tmp_path: Path, name: str, depth: int) -> None:
    top = 2**depth - 1
    photo = fp.read_photo(tagged(tmp_path / "a.png", cube(top), depth, profile_of(name)))
    primaries, curve = WIDE[name]
    read = read_matrix_profile(profile_of(name))
    assert read is not None
    light = read.curves[0].decode(cube(top) / top)
    # From the primaries alone: XYZ of the profile's white, whose rounding is taken out.
    ours = space_of_primaries("same", primaries, curve)
    assert ours.to_srgb is not None
    expected = np.clip(encode_srgb(light @ ours.to_srgb.T), 0, 1)
    seen = photo.pixels.astype(np.float64)
    assert np.abs(seen - expected)[photo.pixels.max(axis=-1) < 1].max() < 3e-4
    assert photo.excess is not None


def test_a_known_colour_of_prophoto() -> None:
    """ProPhoto's blue lies so far outside that sRGB's own blue is all that can be seen of it."""
    space = space_of_profile(profile_of("prophoto"))
    assert space is not None
    seen = np.clip(encode_srgb(space.decode(np.array([[[0.0, 0.0, 1.0]]]))), 0, 1)
    np.testing.assert_allclose(seen * 255, [[[0, 0, 255]]], atol=1)


@given(st.floats(0.1, 5), st.lists(st.floats(-0.5, 1.5), min_size=1, max_size=20))
def test_gamma_curves_turn_round(gamma: float, values: list[float]) -> None:
    x = np.array(values)
    curve = ParametricCurve(gamma)
    np.testing.assert_allclose(curve.encode(curve.decode(x)), x, atol=1e-9)


REC709 = ParametricCurve(1 / 0.45, 1 / 1.099, 0.099 / 1.099, 1 / 4.5, 0.081)


@pytest.mark.parametrize("curve", [SRGB_CURVE, LINEAR, REC709])
def test_parametric_curves_turn_round(curve: ParametricCurve) -> None:
    x = np.linspace(0, 1, 1001)
    np.testing.assert_allclose(curve.encode(curve.decode(x)), x, atol=1e-4)  # the standards' bends are rounded


def test_sampled_curves_turn_round() -> None:
    curve = SampledCurve(tuple(np.linspace(0, 1, 64) ** 2.2))
    x = np.linspace(0, 1, 333)
    np.testing.assert_allclose(curve.encode(curve.decode(x)), x, atol=1e-9)


@pytest.mark.parametrize("junk", [b"", b"no profile" * 30, make.icc_grey_profile(make.icc_gamma(0.01))])
def test_broken_profiles_are_none(junk: bytes) -> None:
    assert read_matrix_profile(junk) is None


@given(st.data())
def test_profiles_with_flipped_bytes_never_raise(data: st.DataObject) -> None:
    profile = bytearray(profile_of("p3"))
    for _ in range(data.draw(st.integers(1, 6))):
        profile[data.draw(st.integers(0, len(profile) - 1))] = data.draw(st.integers(0, 255))
    space = space_of_profile(bytes(profile[: data.draw(st.integers(0, len(profile)))]))
    if space is not None:
        space.decode(np.zeros((1, 1, 3)))


def test_grey_linear_profile_is_exact(tmp_path: Path) -> None:
    ramp = np.arange(0, 65536, 64)[None]
    chunk = make.iccp(make.icc_grey_profile(make.icc_gamma(1.0)))
    photo = fp.read_photo(put(tmp_path / "a.png", make.png(ramp, make.GREY, 16, [chunk])))
    np.testing.assert_allclose(photo.pixels[0, :, 0], encode_srgb(ramp[0] / 65535), atol=1e-4)


def test_a_profile_of_junk_tables_counts_as_none(tmp_path: Path) -> None:
    """The library quotes bytes of such a profile in its message; they need not be UTF-8."""
    junk = b"mAB " + bytes(4) + bytes([3, 3, 0, 0]) + struct.pack(">5I", 32, 40, 50, 60, 70) + b"\xff\xfe\x80" * 90
    profile = make.icc_profile(b"RGB ", {b"A2B0": junk, b"wtpt": make.icc_xyz([0.9642, 1, 0.8249])})
    pixels = cube(255, 4)
    photo = fp.read_photo(tagged(tmp_path / "a.png", pixels, 8, profile))
    np.testing.assert_array_equal(photo.pixels, (pixels / np.float32(255)).astype(np.float32))


# ----------------------------------------------------------------------------------------------------- what files say


def chromaticities(primaries: Primaries) -> bytes:
    red, green, blue, white = primaries
    return b"".join(struct.pack(">II", round(x * 1e5), round(y * 1e5)) for x, y in (white, red, green, blue))


def test_png_gamma_and_chromaticities(tmp_path: Path) -> None:
    pixels = cube(255, 5)
    linear = [(b"gAMA", struct.pack(">I", 100_000))]
    photo = fp.read_photo(put(tmp_path / "a.png", make.png(pixels, make.RGB, 8, linear)))
    np.testing.assert_allclose(photo.pixels, encode_srgb(pixels / 255), atol=1e-4)

    usual = [(b"gAMA", struct.pack(">I", 45455)), (b"cHRM", chromaticities(BT709))]
    photo = fp.read_photo(put(tmp_path / "b.png", make.png(pixels, make.RGB, 8, usual)))
    np.testing.assert_array_equal(photo.pixels, (pixels / np.float32(255)).astype(np.float32))

    swapped = [(b"gAMA", struct.pack(">I", 45455)), (b"cHRM", chromaticities((BT709[1], BT709[0], *BT709[2:])))]
    photo = fp.read_photo(put(tmp_path / "c.png", make.png(pixels, make.RGB, 8, swapped)))
    np.testing.assert_allclose(photo.pixels, pixels[..., [1, 0, 2]] / 255, atol=2e-3)


def test_png_says_srgb_before_gamma_and_a_profile_before_both(tmp_path: Path) -> None:
    pixels = cube(255, 5)
    gamma = (b"gAMA", struct.pack(">I", 100_000))
    photo = fp.read_photo(put(tmp_path / "a.png", make.png(pixels, make.RGB, 8, [(b"sRGB", b"\0"), gamma])))
    np.testing.assert_array_equal(photo.pixels, (pixels / np.float32(255)).astype(np.float32))
    both = [make.iccp(profile_of("p3")), gamma]
    photo = fp.read_photo(put(tmp_path / "b.png", make.png(pixels, make.RGB, 8, both)))
    assert photo.space is not None
    assert photo.space.profile == profile_of("p3")


def test_png_code_points(tmp_path: Path) -> None:
    pixels = cube(255, 5)
    p3 = [(b"cICP", bytes([12, 13, 0, 1]))]
    photo = fp.read_photo(put(tmp_path / "a.png", make.png(pixels, make.RGB, 8, p3)))
    other = fp.read_photo(tagged(tmp_path / "b.png", pixels, 8, profile_of("p3")))
    np.testing.assert_allclose(photo.pixels, other.pixels, atol=3e-4)  # numbers in profiles are rounded
    for transfer, name in ((16, "PQ"), (18, "HLG")):
        hdr = make.png(pixels, make.RGB, 8, [(b"cICP", bytes([9, transfer, 0, 1]))])
        with pytest.raises(PhotoError, match=rf"HDR \({name}\) pixels; expected a photo of ordinary range"):
            fp.read_photo(put(tmp_path / "c.png", hdr))


def avif(primaries: int, transfer: int) -> bytes:
    """A real AVIF whose nclx box says something else; libavif writes it with Pillow."""
    buffer = io.BytesIO()
    Image.fromarray(np.full((16, 16, 3), 120, np.uint8)).save(buffer, "AVIF", quality=100, subsampling="4:4:4")
    data = bytearray(buffer.getvalue())
    at = data.index(b"nclx")
    data[at + 4 : at + 8] = struct.pack(">HH", primaries, transfer)
    return bytes(data)


def test_avif_code_points(tmp_path: Path) -> None:
    plain = fp.read_photo(put(tmp_path / "a.avif", avif(1, 13)))
    assert plain.space is None
    np.testing.assert_allclose(plain.pixels, 120 / 255, atol=1.5 / 255)
    wide = fp.read_photo(put(tmp_path / "b.avif", avif(9, 13)))
    assert wide.space is not None  # greys stay, since white is the same
    np.testing.assert_allclose(wide.pixels, plain.pixels, atol=1e-3)
    with pytest.raises(PhotoError, match=r"HDR \(PQ\)"):
        fp.read_photo(put(tmp_path / "c.avif", avif(9, 16)))


def test_a_camera_says_adobe_rgb_without_a_profile(tmp_path: Path) -> None:
    pixels = np.full((16, 16, 3), (200, 80, 60), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=100, subsampling=0)
    exif = make.exif_block({}, {0xA001: (make.SHORT, 0xFFFF)}, interop={1: (make.ASCII, "R03")})
    photo = fp.read_photo(put(tmp_path / "a.jpg", make.jpeg_with(buffer.getvalue(), (0xE1, exif))))
    space = named_space("adobe")
    expected = np.clip(encode_srgb(space.decode(pixels[:1, :1] / 255)), 0, 1)
    np.testing.assert_allclose(photo.pixels[8, 8], expected[0, 0], atol=2 / 255)


# ------------------------------------------------------------------------------------------------- results in a space


@pytest.mark.parametrize("name", WIDE)
def test_a_photo_that_nobody_changed_comes_back_in_its_own_space(tmp_path: Path, name: str) -> None:
    """Every colour, also those that sRGB lacks."""
    pixels = cube(65535)
    photo = fp.read_photo(tagged(tmp_path / "a.png", pixels, 16, profile_of(name)))
    fp.write_photo(tmp_path / "b.png", photo.restyled(photo.pixels.copy()))
    written = np.asarray(tifffile_of(tmp_path / "b.png"))
    # Shadows of a gamma curve are steep: 1e-6 of light is 30 of 65535 there.
    assert np.abs(written.astype(int) - pixels)[pixels.min(axis=-1) > 4000].max() <= 4
    assert np.abs(written.astype(int) - pixels).max() <= 80
    with Image.open(tmp_path / "b.png") as image:
        assert image.info["icc_profile"] == profile_of(name)


def tifffile_of(path: Path) -> NDArray[Any]:
    """16-bit samples of a PNG, by libvips without any conversion."""
    import pyvips

    return pyvips.Image.new_from_file(str(path)).numpy()  # type: ignore[no-any-return]


def test_a_grey_look_leaves_no_tint_of_colours_outside(tmp_path: Path) -> None:
    photo = fp.read_photo(tagged(tmp_path / "a.png", cube(255), 8, profile_of("rec2020")))
    grey = np.repeat(photo.pixels.mean(axis=-1, keepdims=True), 3, axis=-1)
    fp.write_photo(tmp_path / "b.png", photo.restyled(grey), fp.Encoding(dither=False))
    with Image.open(tmp_path / "b.png") as image:
        written = np.asarray(image).astype(int)
    assert np.ptp(written, axis=-1).max() <= 2


def test_a_look_that_darkens_keeps_colours_outside_outside(tmp_path: Path) -> None:
    """Between unchanged and grey: half the light of a saturated green is a green that sRGB still lacks."""
    photo = fp.read_photo(tagged(tmp_path / "a.png", np.full((4, 4, 3), (0, 255, 0)), 8, profile_of("p3")))
    darker = encode_srgb(decode_srgb(photo.pixels) * 0.5).astype(np.float32)
    fp.write_photo(tmp_path / "b.png", photo.restyled(darker))
    again = fp.read_photo(tmp_path / "b.png")
    assert again.excess is not None
    assert again.excess.delta[:, 0].max() < -0.05  # less red than sRGB can say


@pytest.mark.parametrize("name", ["srgb", "p3", "adobe"])
def test_output_profiles_by_name(tmp_path: Path, name: str) -> None:
    """Read by littleCMS, the file has the colours that were written."""
    pixels = encode_srgb(np.random.default_rng(0).random((24, 32, 3)) * 0.8 + 0.1).astype(np.float32)
    fp.write_photo(tmp_path / "a.png", fp.Photo(pixels), fp.Encoding(dither=False), output_profile=name)
    with Image.open(tmp_path / "a.png") as image:
        source = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
        back = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"))
    assert np.abs(np.asarray(back) / 255 - pixels).max() < 3 / 255
    np.testing.assert_allclose(fp.read_photo(tmp_path / "a.png").pixels, pixels, atol=2.5 / 255)


def test_output_profile_of_a_file(tmp_path: Path) -> None:
    put(tmp_path / "wide.icc", profile_of("prophoto"))
    pixels = np.random.default_rng(0).random((24, 32, 3), np.float32)
    fp.write_photo(tmp_path / "a.tif", fp.Photo(pixels, depth=16), output_profile=tmp_path / "wide.icc")
    np.testing.assert_allclose(fp.read_photo(tmp_path / "a.tif").pixels, pixels, atol=1e-3)
    for junk in (b"junk", make.icc_grey_profile(make.icc_gamma(2.2))):
        put(tmp_path / "junk.icc", junk)
        with pytest.raises(fp.ArgumentError, match="found no ICC profile that results can be written in"):
            fp.write_photo(tmp_path / "b.tif", fp.Photo(pixels), output_profile=tmp_path / "junk.icc")
    with pytest.raises(fp.PhotoError, match="display-p3: found no such file; expected keep, srgb, p3, adobe, or"):
        fp.write_photo(tmp_path / "b.tif", fp.Photo(pixels), output_profile="display-p3")


def test_grey_and_cmyk_contents_become_srgb(tmp_path: Path) -> None:
    chunk = make.iccp(make.icc_grey_profile(make.icc_gamma(1.8)))
    photo = fp.read_photo(put(tmp_path / "a.png", make.png(np.arange(256)[None], make.GREY, 8, [chunk])))
    fp.write_photo(tmp_path / "b.png", photo)
    with Image.open(tmp_path / "b.png") as image:
        assert image.mode == "RGB"
        assert image.info["icc_profile"] == srgb().profile


# ------------------------------------------------------------------------------------------------------ floating point


def test_float_tiff_is_linear_light_in_and_out(tmp_path: Path) -> None:
    light = np.random.default_rng(0).random((20, 30, 3)).astype(np.float32)
    light[:3, :3] = (4.0, 3.0, 2.5)  # brighter than white
    tifffile.imwrite(tmp_path / "a.tif", light, photometric="rgb")
    photo = fp.read_photo(tmp_path / "a.tif")
    assert photo.depth == 32
    np.testing.assert_allclose(photo.pixels[5:], encode_srgb(light[5:]), atol=1e-5)
    assert photo.pixels.max() <= 1
    fp.write_photo(tmp_path / "b.tif", photo.restyled(photo.pixels))
    again = tifffile.imread(tmp_path / "b.tif")
    assert again.dtype == np.float32
    np.testing.assert_allclose(again, light, rtol=1e-4, atol=1e-5)


def test_lights_brighter_than_white_follow_the_look(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.full((4, 4, 3), 4, np.float32), photometric="rgb")
    photo = fp.read_photo(tmp_path / "a.tif")
    np.testing.assert_array_equal(photo.pixels, 1)
    half = photo.restyled(encode_srgb(np.full((4, 4, 3), 0.5)).astype(np.float32))
    fp.write_photo(tmp_path / "b.tif", half)
    np.testing.assert_allclose(tifffile.imread(tmp_path / "b.tif"), 2, rtol=1e-4)


def test_float_contents_as_whole_numbers_are_srgb(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.full((4, 4, 3), 0.25, np.float32), photometric="rgb")
    photo = fp.read_photo(tmp_path / "a.tif")
    fp.write_photo(tmp_path / "b.png", photo)
    written = tifffile_of(tmp_path / "b.png")
    assert written.dtype == np.uint16
    np.testing.assert_allclose(written / 65535, encode_srgb(np.full(1, 0.25))[0], atol=1e-4)


def test_open_exr_in_and_out(tmp_path: Path) -> None:
    library = pytest.importorskip("OpenEXR")
    light = np.random.default_rng(0).random((12, 18, 3)).astype(np.float32) * 2
    header = {"compression": library.ZIP_COMPRESSION, "type": library.scanlineimage}
    library.File(header, {"RGB": light}).write(str(tmp_path / "a.exr"))
    photo = fp.read_photo(tmp_path / "a.exr")
    fp.write_photo(tmp_path / "b.exr", photo.restyled(photo.pixels))
    again = library.File(str(tmp_path / "b.exr"))
    np.testing.assert_allclose(again.channels()["RGB"].pixels, light, rtol=2e-4, atol=1e-5)
    rec2020 = tuple(v for xy in BT2020 for v in xy)
    library.File(header | {"chromaticities": rec2020}, {"RGB": light / 2}).write(str(tmp_path / "c.exr"))
    wide = fp.read_photo(tmp_path / "c.exr")
    assert wide.excess is not None
    fp.write_photo(tmp_path / "d.exr", wide.restyled(wide.pixels))
    again = library.File(str(tmp_path / "d.exr"))
    np.testing.assert_allclose(again.header()["chromaticities"], rec2020, atol=2e-3)
    np.testing.assert_allclose(again.channels()["RGB"].pixels, light / 2, rtol=2e-3, atol=1e-4)


def test_open_exr_of_16_bits_stays_that(tmp_path: Path) -> None:
    library = pytest.importorskip("OpenEXR")
    light = (np.random.default_rng(1).random((6, 5, 3)) * 2).astype(np.float16)
    header = {"compression": library.ZIP_COMPRESSION, "type": library.scanlineimage}
    library.File(header, {"RGB": light}).write(str(tmp_path / "a.exr"))
    photo = fp.read_photo(tmp_path / "a.exr")
    fp.write_photo(tmp_path / "b.exr", photo.restyled(photo.pixels))
    again = library.File(str(tmp_path / "b.exr")).channels()["RGB"].pixels
    assert again.dtype == np.float16
    np.testing.assert_allclose(again, light, rtol=2e-3, atol=1e-4)
    fp.write_photo(tmp_path / "c.exr", photo, fp.Encoding(bits=32))
    assert library.File(str(tmp_path / "c.exr")).channels()["RGB"].pixels.dtype == np.float32
    # TIFF's 16 bits are whole numbers, which hold no light above white.
    fp.write_photo(tmp_path / "d.tif", photo)
    bright = fp.read_photo(tmp_path / "d.tif")
    assert bright.depth == 32
    assert bright.excess is not None
    assert len(bright.excess.index) == (light > 1).any(axis=2).sum()


def test_colours_beyond_srgb_follow_a_result_of_whole_numbers() -> None:
    beyond = Excess(np.zeros(1, np.int64), np.array([[0.1, 0, 0]], np.float32), np.ones(1, np.float32))
    photo = fp.Photo(np.array([[[1, 0.2, 0.1]]], np.float32), excess=beyond)
    results: list[NDArray[Any]] = [np.array([[[0.8, 0.4, 0.2]]], np.float32)]
    results.append(np.array([[[52428, 26214, 13107]]], np.uint16))
    followed = [photo.restyled(result).excess for result in results]
    assert followed[0] is not None
    assert followed[1] is not None
    np.testing.assert_allclose(followed[1].delta, followed[0].delta, rtol=1e-4)


def test_linear_srgb_is_what_floating_point_holds() -> None:
    space = linear_srgb()
    assert space.is_linear
    assert space.to_srgb is not None
    np.testing.assert_allclose(space.to_srgb, np.eye(3), atol=2e-4)
