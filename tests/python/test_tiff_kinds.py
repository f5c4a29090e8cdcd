"""TIFF files as editors write them: floating point, CMYK, Lab, and samples beside colours and transparency."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import fastphoto_native as fp
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image
from skimage import data
from skimage.color import rgb2lab

RGB = data.coffee()[::20, ::20].copy()
ENCODED = RGB.astype(np.float64) / 255
LIGHT = np.where(ENCODED <= 0.04045, ENCODED / 12.92, ((ENCODED + 0.055) / 1.055) ** 2.4)
OTHER, MORE = RGB[..., :1], RGB[..., 1:2]


def read(tmp_path: Path, pixels: NDArray[Any], photometric: str = "rgb", **options: Any) -> fp.Photo:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, pixels, photometric=photometric, metadata=None, **options)
    return fp.read_photo(path)


@pytest.mark.parametrize("kind", [np.float32, np.float16])
def test_floating_point_is_linear_light(tmp_path: Path, kind: type[np.floating[Any]]) -> None:
    tolerance = 1e-5 if kind is np.float32 else 1e-3  # half precision has 11 bits
    planes = np.ascontiguousarray(np.moveaxis(LIGHT, -1, 0).astype(kind))
    layouts: list[tuple[NDArray[Any], dict[str, Any]]] = [
        (LIGHT.astype(kind), {}),
        (LIGHT.astype(kind), {"rowsperstrip": 3, "compression": "zlib"}),
        (LIGHT.astype(kind), {"tile": (16, 16)}),
    ]
    if kind is np.float32:
        layouts.append((planes, {"planarconfig": "separate"}))
    else:
        with pytest.raises(fp.PhotoError, match="half precision in separate planes"):
            read(tmp_path, planes, planarconfig="separate")
    with pytest.raises(fp.PhotoError, match="tiles in separate planes"):
        read(tmp_path, planes, planarconfig="separate", tile=(16, 16))
    for stored, layout in layouts:
        photo = read(tmp_path, stored, **layout)
        assert photo.depth == 32
        np.testing.assert_allclose(photo.pixels, ENCODED, atol=tolerance)
    grey = read(tmp_path, LIGHT[..., 1].astype(kind), "minisblack").pixels
    np.testing.assert_allclose(grey, np.repeat(ENCODED[..., 1:2], 3, axis=2), atol=tolerance)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_samples_that_are_no_transparency_are_left_out(tmp_path: Path, kind: type[np.unsignedinteger[Any]]) -> None:
    """Saved selections and spot colours; the transparency may stand among them."""
    factor = 1 if kind is np.uint8 else 257
    rgb, other, more = (plane.astype(kind) * factor for plane in (RGB, OTHER, MORE))
    opaque = read(tmp_path, np.concatenate([rgb, other], -1), extrasamples=["unspecified"])
    assert opaque.alpha is None
    np.testing.assert_allclose(opaque.pixels, ENCODED, atol=1e-6)
    for samples, kinds in (
        ([rgb, more, other], ["unassalpha", "unspecified"]),
        ([rgb, other, more], ["unspecified", "unassalpha"]),
    ):
        photo = read(tmp_path, np.concatenate(samples, -1), extrasamples=kinds)
        np.testing.assert_allclose(photo.pixels, ENCODED, atol=1e-6)
        assert photo.alpha is not None
        np.testing.assert_allclose(photo.alpha, ENCODED[..., 1], atol=1e-6)
    grey = read(tmp_path, np.concatenate([more, other], -1), "minisblack", extrasamples=["unspecified"])
    assert grey.alpha is None
    np.testing.assert_allclose(grey.pixels[..., 0], ENCODED[..., 1], atol=1e-6)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_cmyk_is_that_of_8_bits_in_another_program(tmp_path: Path, kind: type[np.unsignedinteger[Any]]) -> None:
    """The same inks as a JPEG's, which an independent program has packed, with and without a spot colour."""
    black = 1 - ENCODED.max(axis=2, keepdims=True)
    inks = np.concatenate([(1 - ENCODED - black) / np.maximum(1 - black, 1e-6), black], axis=2)
    whole = np.rint(inks * 255)
    buffer = io.BytesIO()
    Image.fromarray(whole.astype(np.uint8), "CMYK").save(buffer, "TIFF")
    (tmp_path / "b.tif").write_bytes(buffer.getvalue())
    expected = fp.read_photo(tmp_path / "b.tif").pixels
    stored = (whole * (1 if kind is np.uint8 else 257)).astype(kind)
    np.testing.assert_allclose(read(tmp_path, stored, "separated").pixels, expected, atol=1.5 / 255)
    spot = np.concatenate([stored, stored[..., :1], stored[..., :1]], -1)
    spotted = read(tmp_path, spot, "separated", extrasamples=["unspecified", "unspecified"])
    assert spotted.alpha is None
    np.testing.assert_allclose(spotted.pixels, expected, atol=1.5 / 255)
    assert np.abs(expected - ENCODED).mean() < 0.08  # the right way round


LAB = rgb2lab(ENCODED)
LAB_8 = np.concatenate([np.rint(LAB[..., :1] * 2.55), np.rint(LAB[..., 1:]).astype(np.int8).view(np.uint8)], -1)


@pytest.mark.parametrize(
    ("pixels", "photometric", "message"),
    [
        (LAB_8.astype(np.uint8), "cielab", "CIE Lab colours; expected RGB, grey or CMYK: save it as RGB"),
        (LAB_8.astype(np.uint8), "icclab", "ICC Lab colours; expected RGB, grey or CMYK: save it as RGB"),
        ((LAB_8 * 257).astype(np.uint16), "cielab", "CIE Lab colours"),
        (LAB.astype(np.float32), "cielab", "CIE Lab colours"),
        (LIGHT, "rgb", "64 bits per channel; expected 8 or 16, or floating point of 16 or 32"),
        (LIGHT[..., 0], "minisblack", "64 bits per channel"),
        (LIGHT[..., 0].astype(np.complex64), "minisblack", "64 bits per channel"),
        ((LIGHT * 2**31).astype(np.uint32), "rgb", "found uint srgb"),
        ((LIGHT * 2**62).astype(np.uint64), "rgb", "64 bits per channel"),
        ((LIGHT * 2**14).astype(np.int16), "rgb", "found short srgb"),
        ((LIGHT * 127).astype(np.int8), "rgb", "found char srgb"),
        (np.repeat(LIGHT[..., :1], 4, -1).astype(np.float32), "separated", "CMYK in floating point"),
    ],
)
def test_what_is_not_read_is_named(tmp_path: Path, pixels: NDArray[Any], photometric: str, message: str) -> None:
    with pytest.raises(fp.PhotoError, match="found ") as found:
        read(tmp_path, pixels, photometric)
    assert message in str(found.value)
    assert "\n" not in str(found.value)
