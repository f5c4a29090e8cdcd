"""What a photo file says beside its pixels: EXIF, XMP, IPTC and resolution."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pyvips

from fastphoto_native.files.exif import upright_exif
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
        iptc: IPTC-IIM, as Photoshop stores it.
        resolution: pixels per millimetre, across and down; None where the file does not say.
        resolution_unit: "in" or "cm", for the formats that keep the unit.
    """

    exif: bytes | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None
    resolution: tuple[float, float] | None = None
    resolution_unit: str = "in"


def read_metadata(image: Any, exif: bytes | None) -> Metadata:
    """Of a libvips image; `exif` is what was found where libvips does not look."""
    stated = (image.xres, image.yres)
    known = all(0.01 < v < 10_000 for v in stated) and stated != (1.0, 1.0)  # 1.0 is libvips's word for nothing
    unit = image.get("resolution-unit") if image.get_typeof("resolution-unit") else "in"
    turned = stated[::-1] if image.get_typeof("orientation") and image.get("orientation") >= 5 else stated
    return Metadata(
        blob(image, "exif-data") or exif,
        blob(image, "xmp-data"),
        blob(image, "iptc-data"),
        turned if known else None,
        unit if unit in ("in", "cm") else "in",
    )


def attach(image: Any, metadata: Metadata, is_srgb: bool) -> Any:
    """The libvips image with the metadata that still hold."""
    xres, yres = metadata.resolution or (_USUAL_RESOLUTION, _USUAL_RESOLUTION)
    tagged = image.copy(xres=xres, yres=yres)
    tagged.set_type(pyvips.GValue.gstr_type, "resolution-unit", metadata.resolution_unit)
    exif = None if metadata.exif is None else upright_exif(metadata.exif, image.width, image.height, is_srgb)
    xmp = None if metadata.xmp is None else upright_xmp(metadata.xmp)
    for field, data in (("exif-data", exif), ("xmp-data", xmp), ("iptc-data", metadata.iptc)):
        if data:
            tagged.set_type(pyvips.GValue.blob_type, field, data)
    return tagged


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
