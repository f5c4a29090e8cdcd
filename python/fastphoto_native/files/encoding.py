"""How a result is encoded: quality, bits, compression; and whether its format can do that."""

from __future__ import annotations

from dataclasses import dataclass, fields

from fastphoto_native.errors import ArgumentError
from fastphoto_native.files.formats import WRITABLE, Writable
from fastphoto_native.files.photo import Photo

USUAL_QUALITY = 95
_LARGEST_EFFORT = 9


@dataclass(frozen=True)
class Encoding:
    """Options of the encoder; None leaves the format's usual one.

    Attributes:
        quality: 1 to 100, of JPEG, WebP, AVIF and JPEG XL; 95 if None. Colour is never subsampled in JPEG.
        bits: bits for each channel: 8; 16 for PNG, TIFF, JPEG XL; 10 or 12 for AVIF; 16 or 32, floating point in linear
            light, for OpenEXR, and 32 for TIFF. None takes the nearest to the photo's own.
        compression: of PNG "0" to "9"; of TIFF "deflate", "lzw", "packbits", "none"; of OpenEXR "zip", "zips", "piz",
            "rle", "none".
        lossless: WebP, AVIF and JPEG XL without loss.
        effort: 0 (fast) to 9 (small), of WebP, AVIF and JPEG XL.
        dither: whether values that fall between two of 8 bits are dithered, so that skies do not band.
    """

    quality: int | None = None
    bits: int | None = None
    compression: str | None = None
    lossless: bool = False
    effort: int | None = None
    dither: bool = True

    def __post_init__(self) -> None:
        if self.quality is not None and not 1 <= self.quality <= 100:
            raise ArgumentError(f"quality must be 1..100, got {self.quality}")
        if self.effort is not None and not 0 <= self.effort <= _LARGEST_EFFORT:
            raise ArgumentError(f"effort must be 0..{_LARGEST_EFFORT}, got {self.effort}")
        every = sorted({bits for form in WRITABLE.values() for bits in form.bits})
        if self.bits is not None and self.bits not in every:
            raise ArgumentError(f"bits must be one of {', '.join(map(str, every))}, got {self.bits}")

    def complaint(self, form: Writable) -> str | None:
        """What this format cannot do, in words, or None."""
        if self.quality is not None and not form.quality:
            return f"{form.format} has no quality"
        if self.effort is not None and not form.lossless:
            return f"{form.format} has no effort"
        if self.lossless and not form.lossless:
            return f"{form.format} has no choice of being lossless"
        if self.bits is not None and self.bits not in form.bits:
            return f"{form.format} holds {' or '.join(map(str, form.bits))} bits, not {self.bits}"
        if self.compression is not None and self.compression not in form.compressions:
            choices = ", ".join(form.compressions)
            offer = f"one of {choices}" if choices else "none to choose"
            return f"{form.format} has no compression '{self.compression}', but {offer}"
        return None

    def bits_for(self, form: Writable, photo: Photo) -> int:
        """The bits to write for a photo: what was asked for, else those of its file or the nearest that there are."""
        if self.bits is not None:
            return self.bits
        if photo.depth == 8:
            return form.bits[0]
        deeper = [bits for bits in form.bits if bits > 8]
        if not deeper:
            return form.bits[0]
        keeps_half = photo.half and form.format == "OpenEXR"  # elsewhere 16 bits are whole numbers, without highlights
        return deeper[-1] if photo.depth == 32 and not keeps_half else deeper[0]


def parse_encoding(words: list[str]) -> Encoding:
    """An encoding from words such as "quality=90" or "bits=16,compression=lzw".

    Raises:
        ArgumentError: a word that is none of these, or given twice.
    """
    known = {field.name for field in fields(Encoding)}
    found: dict[str, int | str | bool] = {}
    for word in ",".join(words).split(","):
        key, equals, value = word.strip().partition("=")
        if not word.strip():
            continue
        if key not in known or not equals:
            raise ArgumentError(
                f"encoding: found '{word.strip()}'; expected {', '.join(sorted(known))}, as in quality=90"
            )
        if key in found:
            raise ArgumentError(f"encoding: found '{key}' twice; expected it once")
        found[key] = _value(key, value.strip())
    return Encoding(**found)  # type: ignore[arg-type]  # each value was read as its field's type


def _value(key: str, value: str) -> int | str | bool:
    if key == "compression":
        return value
    if key in ("lossless", "dither"):
        if value not in ("yes", "no"):
            raise ArgumentError(f"encoding: {key} must be yes or no, got '{value}'")
        return value == "yes"
    if not value.isascii() or not value.isdigit() or len(value) > 4:
        raise ArgumentError(f"encoding: {key} must be a whole number, got '{value}'")
    return int(value)
