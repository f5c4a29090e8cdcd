"""Files that are damaged, cut off, too large or no photo: one line, or the right picture, and never half of one."""

from __future__ import annotations

import gc
import io
import logging
import resource
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fastphoto_native as fp
import numpy as np
import photo_files as make
import pytest
import pyvips
import skimage
import tifffile
from fastphoto_native.errors import PhotoError
from numpy.typing import NDArray
from PIL import Image


def slopes(height: int = 64, width: int = 96) -> NDArray[np.uint8]:
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([60 + x, 70 + 2 * y, 200 - x], axis=-1).astype(np.uint8)


def jpeg(pixels: NDArray[np.uint8] | None = None, **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(slopes() if pixels is None else pixels).save(buffer, "JPEG", quality=92, **options)
    return buffer.getvalue()


def put(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def refused(path: Path, message: str) -> None:
    with pytest.raises(PhotoError, match=message) as caught:
        fp.read_photo(path)
    assert "\n" not in str(caught.value)
    assert "expected" in str(caught.value)


# ----------------------------------------------------------------------------------------------------------------- JPEG


def hole(data: bytes) -> bytes:
    at = len(data) * 2 // 3
    return data[:at] + bytes(2048) + data[at + 2048 :]  # a bad sector or four


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[: len(data) // 2] + b"\xff\xd9",  # a download that was patched up
        lambda data: data[: len(data) // 2] + bytes(len(data) // 2 - 2) + b"\xff\xd9",
        hole,
        lambda data: data[: len(data) // 2],
        lambda data: data[:-30],
    ],
)
def test_damaged_jpegs_are_refused(tmp_path: Path, progressive: bool, damage: Callable[[bytes], bytes]) -> None:
    photo = skimage.data.coffee()
    refused(put(tmp_path / "a.jpg", damage(jpeg(photo, progressive=progressive))), "damaged or cut off")


@pytest.mark.parametrize("options", [{}, {"optimize": True}, {"progressive": True}, {"subsampling": 0}])
def test_flat_pictures_are_no_holes(tmp_path: Path, options: dict[str, Any]) -> None:
    """Their streams may be zeros for long, and are meant."""
    flat = np.full((1024, 1024, 3), 90, np.uint8)
    flat[:8, :8] = 200
    photo = fp.read_photo(put(tmp_path / "a.jpg", jpeg(flat, **options)))
    np.testing.assert_allclose(photo.pixels[100:], 90 / 255, atol=2 / 255)


def test_a_jpeg_whose_header_promises_more_than_there_is(tmp_path: Path) -> None:
    data = bytearray(jpeg())
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", 14000, 14000)
    refused(put(tmp_path / "a.jpg", bytes(data)), "damaged or cut off|free")


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_without_its_end_marker_is_read(tmp_path: Path, progressive: bool) -> None:
    data = jpeg(progressive=progressive)
    assert data.endswith(b"\xff\xd9")
    whole = fp.read_photo(put(tmp_path / "a.jpg", data))
    without = fp.read_photo(put(tmp_path / "b.jpg", data[:-2]))
    np.testing.assert_array_equal(without.pixels, whole.pixels)


def test_bytes_between_the_parts_of_a_jpeg_are_harmless(tmp_path: Path) -> None:
    data = jpeg()
    at = data.index(b"\xff\xc0")
    odd = data[:at] + b"\0\x01\x02" + data[at:]
    np.testing.assert_array_equal(
        fp.read_photo(put(tmp_path / "a.jpg", odd)).pixels, fp.read_photo(put(tmp_path / "b.jpg", data)).pixels
    )
    # Both at once: what is harmless does not hide what is not.
    refused(put(tmp_path / "c.jpg", odd[: len(odd) // 2] + b"\xff\xd9"), "damaged or cut off")


def test_of_a_photo_with_a_gain_map_the_base_picture_is_read(tmp_path: Path) -> None:
    """As phones write it: an Ultra HDR JPEG, made by libvips' own writer."""
    light = pyvips.Image.new_from_array(slopes()).copy(interpretation="srgb").colourspace("scrgb") * 1.5
    data = pyvips.Operation.call("uhdrsave_buffer", light.copy(interpretation="scrgb").cast("float"))
    assert data.count(b"\xff\xd8\xff") > 1  # a second picture, the gain map, stands behind the first
    photo = fp.read_photo(put(tmp_path / "a.jpg", data))
    fp.write_photo(tmp_path / "b.png", photo, fp.Encoding(dither=False))  # in the base picture's own space
    with Image.open(tmp_path / "a.jpg") as image, Image.open(tmp_path / "b.png") as written:
        np.testing.assert_allclose(np.asarray(written, int), np.asarray(image.convert("RGB"), int), atol=2)
    fp.write_photo(tmp_path / "b.jpg", photo)
    result = (tmp_path / "b.jpg").read_bytes()
    assert result.count(b"\xff\xd8\xff") == 1
    assert b"hdrgm" not in result  # it would be another photo's gain map
    labels = np.zeros((64, 96, 3), np.uint8)
    labels[:, 48:] = 255
    light = pyvips.Image.new_from_array(labels).copy(interpretation="srgb").colourspace("scrgb")
    data = pyvips.Operation.call("uhdrsave_buffer", light.copy(interpretation="scrgb").cast("float"), Q=100)
    assert len(np.unique(fp.read_mask(put(tmp_path / "m.jpg", data)))) == 2


class _Collecting(logging.Handler):
    """Notes whether a garbage collection could begin where a warning is logged."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.seen: list[bool] = []

    def emit(self, record: logging.LogRecord) -> None:
        del record
        self.seen.append(gc.isenabled())


def test_no_collection_begins_within_a_warning(tmp_path: Path) -> None:
    """It could free an image that warns as well, and GLib ends a process on a warning within a warning."""
    data = jpeg()
    at = data.index(b"\xff\xc0")
    path = put(tmp_path / "a.jpg", data[:at] + b"\0\x01\x02" + data[at:])
    handler = _Collecting()
    logging.getLogger("pyvips").addHandler(handler)
    try:
        fp.read_photo(path)
    finally:
        logging.getLogger("pyvips").removeHandler(handler)
    assert handler.seen
    assert not any(handler.seen)
    assert gc.isenabled()


# ----------------------------------------------------------------------------------------------------------------- TIFF


def tiles(compression: str | None) -> bytes:
    buffer = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 256, (96, 96, 3)).astype(np.uint8)
    tifffile.imwrite(buffer, pixels, tile=(32, 32), photometric="rgb", compression=compression)
    return buffer.getvalue()


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("share", [0.3, 0.75])
def test_tiles_that_are_cut_off_are_refused(tmp_path: Path, compression: str | None, share: float) -> None:
    data = tiles(compression)
    refused(put(tmp_path / "a.tif", data[: int(share * len(data))]), "damaged or cut off")


def recompressed(code: int) -> bytes:
    """A tiled TIFF that says another compression."""
    data = bytearray(tiles("zlib"))
    (at,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, at)
    for i in range(count):
        entry = at + 2 + 12 * i
        if struct.unpack_from("<H", data, entry)[0] == 259:
            struct.pack_into("<H", data, entry + 8, code)
    return bytes(data)


@pytest.mark.parametrize(("code", "name"), [(50000, "Zstandard"), (34925, "LZMA"), (34712, "JPEG 2000")])
def test_compressions_that_libvips_lacks_are_named(tmp_path: Path, code: int, name: str) -> None:
    refused(put(tmp_path / "a.tif", recompressed(code)), f"compression {name}, which this build|damaged or cut off")


def raw_file(dng: bool) -> bytes:
    """A camera's raw file as TIFF: a thumbnail first, the mosaic in a sub-directory."""
    buffer = io.BytesIO()
    thumbnail = np.full((12, 16, 3), 200, np.uint8)
    mosaic = np.random.default_rng(0).integers(0, 4096, (48, 64)).astype(np.uint16)
    with tifffile.TiffWriter(buffer) as writer:
        tags = [(50706, "B", 4, (1, 4, 0, 0), True)] if dng else None
        writer.write(thumbnail, photometric="rgb", subfiletype=1, subifds=1, extratags=tags, metadata=None)
        writer.write(mosaic, photometric=32803, subfiletype=0, metadata=None)
    return buffer.getvalue()


@pytest.mark.parametrize("dng", [False, True])
def test_camera_raw_files_are_refused(tmp_path: Path, dng: bool) -> None:
    refused(put(tmp_path / "a.nef", raw_file(dng)), "found a camera raw file; expected a photo: develop it first")


@pytest.mark.parametrize(
    "head", [b"II*\0\x10\0\0\0CR\x02\0", b"FUJIFILMCCD-RAW 0201", b"IIRO\x08\0\0\0", b"IIU\0\x18\0"]
)
def test_raw_files_that_are_no_tiff_are_refused_by_name(tmp_path: Path, head: bytes) -> None:
    refused(put(tmp_path / "a.cr2", head + bytes(900)), "camera raw file; develop it first")


def test_of_a_scan_with_a_thumbnail_first_the_photo_is_read(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        writer.write(np.zeros((13, 19, 3), np.uint8), photometric="rgb", subfiletype=1)
        writer.write(slopes(), photometric="rgb", subfiletype=0)
    np.testing.assert_array_equal(fp.read_photo(tmp_path / "a.tif").pixels, (slopes() / np.float32(255)).astype("f4"))


def test_planes_of_grey_and_alpha_are_refused_and_of_colours_read(tmp_path: Path) -> None:
    planes = np.random.default_rng(0).integers(0, 256, (3, 40, 56)).astype(np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", planes, photometric="rgb", planarconfig="separate")
    expected = (np.moveaxis(planes, 0, -1) / np.float32(255)).astype(np.float32)
    np.testing.assert_array_equal(fp.read_photo(tmp_path / "a.tif").pixels, expected)
    tifffile.imwrite(
        tmp_path / "b.tif", planes[:2], photometric="minisblack", planarconfig="separate", extrasamples=["unassalpha"]
    )
    refused(tmp_path / "b.tif", "a TIFF of grey and alpha in separate planes")


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        ({258: 12}, "12 bits per channel|damaged"),
        ({262: 8}, "CIE Lab"),
        ({262: 3, 277: 1, 258: 8}, "palette that is missing"),
    ],
)
def test_tiffs_that_would_be_read_wrongly_are_refused(tmp_path: Path, tags: dict[int, int], message: str) -> None:
    data = make.tiff(np.full((4, 4, 1), 7, np.uint8), tags)
    refused(put(tmp_path / "a.tif", data), message)


@pytest.mark.parametrize("orientation", [0, 77])
def test_an_orientation_that_is_none_counts_as_upright(tmp_path: Path, orientation: int) -> None:
    pixels = slopes(4, 6)
    photo = fp.read_photo(put(tmp_path / "a.tif", make.tiff(pixels, {274: orientation})))
    np.testing.assert_array_equal(photo.pixels, (pixels / np.float32(255)).astype(np.float32))
    exif = make.exif_block({0x0112: (make.SHORT, orientation)})
    assert fp.read_photo(put(tmp_path / "a.jpg", make.jpeg_with(jpeg(), (0xE1, exif)))).pixels.shape == (64, 96, 3)


@pytest.mark.parametrize("data", [b"II*\0" + struct.pack("<I", 8) * 9, b"MM\0*\0\0\0\x08\xff\xff" + bytes(60)])
def test_tiff_directories_that_lead_nowhere(tmp_path: Path, data: bytes) -> None:
    refused(put(tmp_path / "a.tif", data), "damaged or cut off")


# --------------------------------------------------------------------------------------------------------------- others


def opaque(mode: str, suffix: str) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.dstack([slopes(), np.full((64, 96), 255, np.uint8)])).convert(mode).save(buffer, suffix)
    return buffer.getvalue()


@pytest.mark.parametrize(("mode", "suffix"), [("RGBA", "PNG"), ("LA", "PNG"), ("RGBA", "WEBP"), ("RGBA", "TIFF")])
def test_transparency_that_is_opaque_is_none(tmp_path: Path, mode: str, suffix: str) -> None:
    photo = fp.read_photo(put(tmp_path / "a", opaque(mode, suffix)))
    assert photo.alpha is None
    fp.write_photo(tmp_path / "b.jpg", photo)  # a screenshot as JPEG


def iso_media(brand: bytes, *others: bytes) -> bytes:
    brands = b"".join(others)
    return struct.pack(">I", 16 + len(brands)) + b"ftyp" + brand + bytes(4) + brands + bytes(400)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (iso_media(b"heic", b"mif1", b"heic"), "HEIC"),
        (iso_media(b"mif1", b"mif1", b"heic"), "HEIC"),
        (iso_media(b"crx ", b"crx "), "camera raw"),
        (iso_media(b"isom", b"mp42"), "film"),
        (b"BM" + bytes(80), "BMP"),
        (b"8BPS\0\x01" + bytes(80), "Photoshop"),
        (b"%PDF-1.7\n", "PDF"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"  \n<?xml version='1.0'?><svg/>", "XML"),
        (b"\x1f\x8b\x08" + bytes(60), "gzip"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS"),
        (b"\x00\x01\x02\x03" * 9, "no format that is known here"),
    ],
)
def test_other_files_are_refused_by_name(tmp_path: Path, data: bytes, message: str) -> None:
    refused(put(tmp_path / "a.jpg", data), message)


def test_drawings_are_not_parsed(tmp_path: Path) -> None:
    """25 MB of rectangles once took 8 s and 1.5 GB before they were refused."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    rows = b"<rect width='1' height='1'/>" * 400_000
    refused(put(tmp_path / "a.svg", b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'>" + rows), "SVG")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kB


def test_memory_is_judged_before_anything_is_decoded(tmp_path: Path) -> None:
    """A few bytes that promise 196 megapixels, for a process that may take 1.5 GB."""
    data = make.png(np.zeros((1, 1), np.uint8), make.GREY, 1, size=(14_000, 14_000))
    put(tmp_path / "a.png", data)
    script = (
        "import resource, sys\nfrom fastphoto_native.files.photos import read_photo\n"
        "resource.setrlimit(resource.RLIMIT_AS, (3 << 29, resource.RLIM_INFINITY))\n"
        "try: read_photo(sys.argv[1])\nexcept Exception as error: print(type(error).__name__, error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "a.png")], capture_output=True, text=True, check=True
    )
    assert "PhotoError" in done.stdout
    assert "14000 x 14000 pixels (196 megapixels), which take 4.7 GB to decode; expected a photo for the" in done.stdout


def test_messages_do_not_repeat_an_earlier_file(tmp_path: Path) -> None:
    """The library keeps one text of errors for a process."""
    refused(put(tmp_path / "a.jpg", jpeg()[:600]), "damaged or cut off")
    refused(put(tmp_path / "b.png", make.png(slopes(), make.RGB, 8)[:200]), r"damaged or cut off \((?!VipsJpeg)")
