"""EXIF, GPS, XMP, IPTC and resolution: kept where they hold, gone where they do not. ExifTool and Pillow judge."""

from __future__ import annotations

import io
import json
import shutil
import struct
import subprocess
from pathlib import Path
from typing import Any

import fastphoto_native as fp
import numpy as np
import photo_files as make
import pytest
from fastphoto_native.files.exif import upright_exif
from fastphoto_native.files.metadata import upright_xmp
from fastphoto_native.files.tiff_exif import exif_of_tiff, iptc_of_tiff, tiff_with_metadata
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

EXIFTOOL = shutil.which("exiftool")
THUMBNAIL = b"\xff\xd8 a thumbnail of the photo before \xff\xd9"
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:tiff="http://ns.adobe.com/tiff/1.0/"'
    b' xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/"'
    b' tiff:Orientation="6" xmp:Rating="4" hdrgm:Version="1.0">'
    b"<xmp:Thumbnails><rdf:Alt><rdf:li>stale</rdf:li></rdf:Alt></xmp:Thumbnails>"
    b"<dc:title><rdf:Alt><rdf:li xml:lang='x-default'>Evening</rdf:li></rdf:Alt></dc:title>"
    b"</rdf:Description></rdf:RDF></x:xmpmeta>"
)


def iptc(caption: bytes) -> bytes:
    """IPTC-IIM with one caption, as Photoshop stores it in a JPEG."""
    record = struct.pack(">BBBH", 0x1C, 2, 120, len(caption)) + caption
    block = b"8BIM" + struct.pack(">HHI", 0x0404, 0, len(record)) + record + bytes(len(record) % 2)
    return b"Photoshop 3.0\0" + block


def exif(order: str = "<", orientation: int = 6) -> bytes:
    return make.exif_block(
        {
            0x010F: (make.ASCII, "Leica"),
            0x0112: (make.SHORT, orientation),
            0x011A: (make.RATIONAL, [(300, 1)]),
            0x011B: (make.RATIONAL, [(300, 1)]),
            0x0128: (make.SHORT, 2),
            0x013B: (make.ASCII, "Ansel Adams"),
            0x8298: (make.ASCII, "nobody"),
        },
        {
            0x829A: (make.RATIONAL, [(1, 250)]),
            0x9003: (make.ASCII, "2020:01:02 03:04:05"),
            0xA001: (make.SHORT, 1),
            0xA002: (make.LONG, 48),
            0xA003: (make.LONG, 32),
        },
        gps={1: (make.ASCII, "N"), 2: (make.RATIONAL, [(47, 1), (30, 1), (0, 1)])},
        thumbnail=THUMBNAIL,
        order=order,
    )


@pytest.fixture
def content(tmp_path: Path) -> Path:
    """A JPEG with everything, 32 rows of 48, to be turned by EXIF."""
    pixels = np.full((32, 48, 3), 128, np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=95, dpi=(300, 300))
    xmp = b"http://ns.adobe.com/xap/1.0/\0" + XMP
    data = make.jpeg_with(buffer.getvalue(), (0xE1, exif()), (0xE1, xmp), (0xED, iptc(b"a caption")))
    path = tmp_path / "content.jpg"
    path.write_bytes(data)
    return path


def result_of(content: Path, path: Path, **options: Any) -> Path:
    photo = fp.read_photo(content)
    fp.write_photo(path, photo.restyled(photo.pixels * np.float32(0.9)), **options)
    return path


def told(path: Path) -> dict[str, Any]:
    """What ExifTool finds."""
    if EXIFTOOL is None:
        pytest.skip("needs ExifTool")
    done = subprocess.run([EXIFTOOL, "-j", "-n", "-G1", str(path)], capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)[0]
    return {key.split(":")[-1]: value for key, value in found.items()}


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp", ".avif"])
def test_exiftool_finds_what_the_content_said(content: Path, tmp_path: Path, suffix: str) -> None:
    found = told(result_of(content, tmp_path / f"r{suffix}"))
    expected = {
        "Make": "Leica",
        "Artist": "Ansel Adams",
        "Copyright": "nobody",
        "DateTimeOriginal": "2020:01:02 03:04:05",
        "ExposureTime": 0.004,
        "GPSLatitudeRef": "N",
        "GPSLatitude": 47.5,
        "Rating": 4,
        "Title": "Evening",
    }
    assert {key: found.get(key) for key in expected} == expected
    assert found.get("Orientation", 1) == 1
    assert "ThumbnailImage" not in found
    assert found.get("ExifImageWidth", 32) == 32  # upright: 48 rows of 32
    assert found.get("ExifImageHeight", 48) == 48
    assert found.get("Warning", "[minor]").startswith("[minor]")  # libvips writes a prefix that WebP does not need
    if suffix in (".jpg", ".tif", ".png"):
        assert round(found["XResolution"]) in (300, 11811)  # PNG counts pixels per metre
    if suffix in (".jpg", ".tif"):
        assert found["Caption-Abstract"] == "a caption"


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp", ".avif"])
def test_strip_leaves_nothing_but_the_profile(content: Path, tmp_path: Path, suffix: str) -> None:
    path = result_of(content, tmp_path / f"r{suffix}", strip=True)
    data = path.read_bytes()
    for word in (b"Leica", b"Ansel", b"Evening", b"a caption", b"thumbnail", b"2020:01:02"):
        assert word not in data
    again = fp.read_photo(path)
    assert again.metadata.iptc is None
    assert again.metadata.xmp is None
    if suffix != ".tif":  # a TIFF's own tags are those of EXIF
        assert again.metadata.exif is None


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp", ".avif"])
def test_pillow_finds_exif_and_resolution(content: Path, tmp_path: Path, suffix: str) -> None:
    path = result_of(content, tmp_path / f"r{suffix}")
    with Image.open(path) as image:
        found = image.getexif()
        assert found[0x013B] == "Ansel Adams"
        assert found.get(0x0112, 1) == 1
        assert found.get_ifd(make.GPS_IFD)[1] == "N"
        assert THUMBNAIL not in path.read_bytes()
        if suffix != ".avif" and suffix != ".webp":
            assert image.info["dpi"][0] == pytest.approx(300, abs=0.1)


def test_a_second_generation_says_the_same(content: Path, tmp_path: Path) -> None:
    """Through TIFF, PNG and WebP and back to JPEG."""
    path = content
    for i, suffix in enumerate((".tif", ".png", ".tif", ".webp", ".jpg")):
        path = result_of(path, tmp_path / f"{i}{suffix}")
    with Image.open(path) as image:
        found = image.getexif()
        assert found[0x013B] == "Ansel Adams"
        assert found.get_ifd(make.EXIF_IFD)[0x9003] == "2020:01:02 03:04:05"
        assert found.get_ifd(make.GPS_IFD)[2] == (47.0, 30.0, 0.0)


def test_resolution_turns_with_the_photo(tmp_path: Path) -> None:
    pixels = np.zeros((8, 16, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.tif", dpi=(300, 150))
    photo = fp.read_photo(tmp_path / "a.tif")
    assert photo.metadata.resolution is not None
    assert photo.metadata.resolution == pytest.approx((300 / 25.4, 150 / 25.4), rel=1e-3)


def test_no_resolution_becomes_the_usual_one(tmp_path: Path) -> None:
    fp.write_photo(tmp_path / "a.jpg", fp.Photo(np.zeros((8, 8, 3), np.float32)))
    with Image.open(tmp_path / "a.jpg") as image:
        assert image.info["dpi"] == pytest.approx((72, 72), abs=1)


# --------------------------------------------------------------------------------------------------------------- blocks


@pytest.mark.parametrize("order", ["<", ">"])
def test_exif_is_patched_in_place(order: str) -> None:
    before = exif(order)
    after = upright_exif(before, 100, 200, False)
    assert after is not None
    assert THUMBNAIL not in after
    assert len(after) == len(before)
    with_makernote = upright_exif(make.exif_block({}, {0x927C: (make.UNDEFINED, b"notes of a maker")}), 1, 1, True)
    assert with_makernote is not None
    assert b"notes of a maker" in with_makernote


@given(st.data())
def test_damaged_exif_never_raises(data: st.DataObject) -> None:
    block = bytearray(exif(data.draw(st.sampled_from("<>"))))
    for _ in range(data.draw(st.integers(1, 8))):
        block[data.draw(st.integers(0, len(block) - 1))] = data.draw(st.integers(0, 255))
    damaged = bytes(block[: data.draw(st.integers(0, len(block)))])
    upright_exif(damaged, 10, 20, True)
    exif_of_tiff(bytearray(damaged[6:]))
    tiff = make.tiff(np.zeros((2, 2, 3), np.uint8), {})
    try:
        tiff_with_metadata(tiff, damaged, None)
    except ValueError:
        return


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_tiff_carries_exif_there_and_back(order: str) -> None:
    records = b"\x1c\x02\x78\0\x07caption"
    tiff = tiff_with_metadata(make.tiff(np.zeros((2, 2, 3), np.uint8), {}), exif(order), records)
    assert iptc_of_tiff(bytearray(tiff)) == records
    with Image.open(io.BytesIO(tiff)) as image:
        assert image.getexif()[0x013B] == "Ansel Adams"
        assert image.getexif().get_ifd(make.GPS_IFD)[1] == "N"
        assert np.asarray(image).shape == (2, 2, 3)
    back = exif_of_tiff(bytearray(tiff))
    assert back is not None
    found = Image.Exif()
    found.load(back)
    assert found[0x010F] == "Leica"
    assert found.get_ifd(make.EXIF_IFD)[0x9003] == "2020:01:02 03:04:05"


def test_xmp_loses_what_no_longer_holds() -> None:
    after = upright_xmp(XMP)
    assert after is not None
    assert b'tiff:Orientation="1"' in after
    assert b"stale" not in after
    assert b"hdrgm:Version" not in after
    assert b"Evening" in after
    assert upright_xmp(b"<xmp:Thumbnails>" * 100_000) is None  # never closed: not searched again and again
    assert upright_xmp(b"x" * (1 << 25)) is None
