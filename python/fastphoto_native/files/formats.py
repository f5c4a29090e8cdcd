"""Tells what a file is from its first bytes, and what the formats that can be written hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Format = Literal["JPEG", "PNG", "TIFF", "WebP", "AVIF", "GIF", "JPEG XL", "JPEG 2000", "PNM", "Radiance HDR", "OpenEXR"]

# libvips's loader of each format. Naming it keeps all others out: SVG, PDF and scientific formats are never parsed, and
# a phone's JPEG with a gain map is read as the JPEG that it is. OpenEXR is read by a library of its own.
LOADERS: dict[Format, str] = {
    "JPEG": "jpegload_source",
    "PNG": "pngload_source",
    "TIFF": "tiffload_source",
    "WebP": "webpload_source",
    "AVIF": "heifload_source",
    "GIF": "gifload_source",
    "JPEG XL": "jxlload_source",
    "JPEG 2000": "jp2kload_source",
    "PNM": "ppmload_source",
    "Radiance HDR": "radload_source",
}

_MAGIC: tuple[tuple[bytes, Format], ...] = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"#?RADIANCE", "Radiance HDR"),
    (b"#?RGBE", "Radiance HDR"),
    (b"\x76\x2f\x31\x01", "OpenEXR"),
)

_RAW = "a camera raw file; develop it first and save it as TIFF or JPEG"
# What photographers have as well, and cannot be read here.
_OTHERS: tuple[tuple[bytes, str], ...] = (
    (b"FUJIFILMCCD-RAW", _RAW),
    (b"IIRO", _RAW),
    (b"IIRS", _RAW),
    (b"MMOR", _RAW),
    (b"IIU\0", _RAW),
    (b"FOVb", _RAW),
    (b"\0MRM", _RAW),
    (b"BM", "a BMP file"),
    (b"8BPS", "a Photoshop file (PSD); save it as TIFF"),
    (b"gimp xcf", "a GIMP file (XCF); export it as TIFF"),
    (b"%PDF", "a PDF file"),
    (b"%!PS", "a PostScript file"),
    (b"<svg", "a drawing (SVG)"),
    (b"<?xml", "an XML file"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"PK\x03\x04", "a zip archive"),
    (b"SIMPLE  =", "a FITS file"),
    (b"DDS ", "a DDS texture"),
    (b"\0\0\x01\0", "an icon (ICO)"),
    (b"qoif", "a QOI file"),
    (b"version https://git-lfs", "a Git LFS pointer instead of the file; fetch it with git lfs pull"),
)

# The first brand, or one of the compatible ones, of files in the boxes of ISO media.
_AVIF_BRANDS = {b"avif", b"avis"}
_HEVC_BRANDS = {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"hevs"}


def identify(head: bytes) -> tuple[Format | None, str]:
    """The format of a file that begins with `head`; of one that is not read here None, and what it is."""
    for magic, name in _MAGIC:
        if head.startswith(magic):
            if name == "TIFF" and head[8:10] == b"CR":  # Canon's, which begins as a TIFF does
                return None, _RAW
            return name, name
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WebP", "WebP"
    if head[4:8] == b"ftyp":
        return _iso_media(head)
    if head[:1] == b"P" and head[1:2] in b"1234567" and head[2:3].isspace():
        return "PNM", "PNM"
    text = head[:256].lstrip()
    for magic, what in _OTHERS:
        if text.startswith(magic) or head.startswith(magic):
            return None, what
    return None, "no format that is known here"


def _iso_media(head: bytes) -> tuple[Format | None, str]:
    length = min(int.from_bytes(head[:4], "big"), 4096)
    brands = [head[8:12], *(head[i : i + 4] for i in range(16, length - 3, 4))]
    if head[8:12] == b"crx ":
        return None, _RAW
    if _HEVC_BRANDS & set(brands[:1]):
        return None, "HEIC (HEVC), as iPhones write it, which is not supported here; export it as JPEG"
    if _AVIF_BRANDS & set(brands):
        return "AVIF", "AVIF"
    if _HEVC_BRANDS & set(brands):
        return None, "HEIC (HEVC), as iPhones write it, which is not supported here; export it as JPEG"
    return None, "a film or another file in the boxes of ISO media"


@dataclass(frozen=True)
class Writable:
    """What a format holds.

    Attributes:
        format: its name.
        alpha: whether it holds transparency.
        bits: bits for each channel that it holds, in ascending order.
        longest: the longest side, pixels.
        compressions: what the encoding's `compression` may be.
        quality: whether it has one.
        lossless: whether it can be lossless where it is not by nature.
        saver: libvips's function; "" where another library writes it.
    """

    format: Format
    alpha: bool
    bits: tuple[int, ...]
    longest: int
    compressions: tuple[str, ...] = ()
    quality: bool = False
    lossless: bool = False
    saver: str = ""


_TIFF = Writable("TIFF", True, (8, 16, 32), 2**31 - 1, ("deflate", "lzw", "none", "packbits"), saver="tiffsave_buffer")
_JPEG = Writable("JPEG", False, (8,), 65535, quality=True, saver="jpegsave_buffer")
WRITABLE: dict[str, Writable] = {
    ".png": Writable("PNG", True, (8, 16), 2**31 - 1, tuple("0123456789"), saver="pngsave_buffer"),
    ".jpg": _JPEG,
    ".jpeg": _JPEG,
    ".tif": _TIFF,
    ".tiff": _TIFF,
    ".webp": Writable("WebP", True, (8,), 16383, quality=True, lossless=True, saver="webpsave_buffer"),
    ".avif": Writable("AVIF", True, (8, 10, 12), 16384, quality=True, lossless=True, saver="heifsave_buffer"),
    ".jxl": Writable("JPEG XL", True, (8, 16), 2**30 - 1, quality=True, lossless=True, saver="jxlsave_buffer"),
    ".exr": Writable("OpenEXR", True, (16, 32), 2**31 - 1, ("zip", "zips", "piz", "rle", "none")),
}
