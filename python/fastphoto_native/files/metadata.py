"""What a photo file says beside its pixels: EXIF, XMP, IPTC and resolution."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import Any

import pyvips

from fastphoto_native.files.exif import upright_exif
from fastphoto_native.files.formats import Format
from fastphoto_native.files.vips import blob

# Pixels per millimetre of a file that says nothing: 72 dpi.
_USUAL_RESOLUTION = 72 / 25.4
_LARGEST_XMP = 1 << 24


@dataclass(frozen=True)
class Metadata:
    """As the content's file has it.

    Attributes:
        exif: a block of EXIF, GPS included.
        xmp: an XMP packet.
        iptc: IPTC-IIM, its records alone.
        resolution: pixels per millimetre, across and down; None where the file does not say.
        resolution_unit: "in" or "cm", for the formats that keep the unit.
    """

    exif: bytes | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None
    resolution: tuple[float, float] | None = None
    resolution_unit: str = "in"


def read_metadata(image: Any, exif: bytes | None = None, iptc: bytes | None = None) -> Metadata:
    """Of a libvips image; `exif` and `iptc` are what was found where libvips does not look."""
    stated = (image.xres, image.yres)
    known = all(0.01 < v < 10_000 for v in stated) and stated != (1.0, 1.0)  # 1.0 is libvips's word for nothing
    unit = image.get("resolution-unit") if image.get_typeof("resolution-unit") else "in"
    turned = stated[::-1] if image.get_typeof("orientation") and image.get("orientation") >= 5 else stated
    return Metadata(
        blob(image, "exif-data") or exif,
        blob(image, "xmp-data"),
        iptc or (None if (found := blob(image, "iptc-data")) is None else iptc_records(found)),
        turned if known else None,
        unit if unit in ("in", "cm") else "in",
    )


def attach(image: Any, metadata: Metadata, is_srgb: bool, form: Format) -> Any:
    """The libvips image with the metadata that still hold, as a format stores them."""
    xres, yres = metadata.resolution or (_USUAL_RESOLUTION, _USUAL_RESOLUTION)
    tagged = image.copy(xres=xres, yres=yres)
    tagged.set_type(pyvips.GValue.gstr_type, "resolution-unit", metadata.resolution_unit)
    exif = None if metadata.exif is None else upright_exif(metadata.exif, image.width, image.height, is_srgb)
    xmp = None if metadata.xmp is None else upright_xmp(metadata.xmp)
    iptc = metadata.iptc
    if iptc is not None:
        iptc = None if form == "TIFF" else iptc_resource(iptc)  # into a TIFF it is put afterwards
    for field, data in (("exif-data", exif), ("xmp-data", xmp), ("iptc-data", iptc)):
        if data:
            tagged.set_type(pyvips.GValue.blob_type, field, data)
    return tagged


# How Photoshop stores IPTC in a JPEG: a resource of this number.
_PHOTOSHOP = b"Photoshop 3.0\0"
_IPTC_RESOURCE = 0x0404


def iptc_records(data: bytes) -> bytes | None:
    """The records of IPTC, also where they lie among Photoshop's resources; None if there are none."""
    if data[:1] == b"\x1c":
        return data
    at = len(_PHOTOSHOP) if data.startswith(_PHOTOSHOP) else 0
    while data[at : at + 4] == b"8BIM" and at + 12 <= len(data):
        (number,) = struct.unpack_from(">H", data, at + 4)
        start = at + 6 + (data[at + 6] + 2) // 2 * 2  # a name of even length, its own included
        if start + 4 > len(data):
            return None
        (length,) = struct.unpack_from(">I", data, start)
        if number == _IPTC_RESOURCE:
            return data[start + 4 : start + 4 + length] or None
        at = start + 4 + length + length % 2
    return None


def iptc_resource(records: bytes) -> bytes:
    """Records of IPTC as Photoshop's resource."""
    head = b"8BIM" + struct.pack(">HHI", _IPTC_RESOURCE, 0, len(records))
    return _PHOTOSHOP + head + records + bytes(len(records) % 2)


_XMP_ORIENTATION = re.compile(rb"(tiff:Orientation(?:=[\"']|>))\d")
# Previews of the photo before; gain maps and films that stood behind the picture in the content's file.
_STALE_ELEMENT = re.compile(
    rb"<((?:xmp|xap|xapGImg|xmpGImg):Thumbnails|G?Container:Directory|(?:hdrgm|HDRGainMap|GCamera):\w{1,64})\b"
)
_STALE_ATTRIBUTE = re.compile(
    rb"\s(?:hdrgm:\w{1,64}|HDRGainMap:\w{1,64}|GCamera:(?:MicroVideo|MotionPhoto)\w{0,64})="
    rb"(?:\"[^\"<]{0,1024}\"|'[^'<]{0,1024}')"
)


def upright_xmp(packet: bytes) -> bytes | None:
    """An XMP packet for a result: no orientation to apply, no previews, no word of pictures that are not there.

    Returns:
        None for a packet that is too long or broken.
    """
    if len(packet) > _LARGEST_XMP:
        return None
    kept, at = [], 0
    while found := _STALE_ELEMENT.search(packet, at):
        kept.append(packet[at : found.start()])
        close = b"</" + found[1] + b">"
        end = packet.find(b">", found.end())
        if end < 0:
            return None
        at = end + 1
        if packet[end - 1 : end] != b"/":
            if (end := packet.find(close, at)) < 0:
                return None
            at = end + len(close)
    kept.append(packet[at:])
    return _STALE_ATTRIBUTE.sub(b"", _XMP_ORIENTATION.sub(rb"\g<1>1", b"".join(kept)))
