"""Photo files to arrays: pixels in sRGB, with what lies beyond sRGB, and what the file says of itself, beside them."""

from __future__ import annotations

import mmap
from typing import Any

import numpy as np
import pyvips
from numpy.typing import NDArray

from fastphoto_native.errors import PhotoError
from fastphoto_native.files.code_points import avif_space, png_space
from fastphoto_native.files.color_space import ColorSpace, linear_srgb, named_space, space_of_profile, srgb
from fastphoto_native.files.decoding import decoded, judge_size, known_format, open_image
from fastphoto_native.files.excess import Excess, join, split
from fastphoto_native.files.exif import is_adobe_rgb
from fastphoto_native.files.exr import decode_exr, exr_size
from fastphoto_native.files.formats import Format
from fastphoto_native.files.input import EXPECTED, Input, is_regular, open_input
from fastphoto_native.files.metadata import Metadata, read_metadata
from fastphoto_native.files.names import PathLike
from fastphoto_native.files.photo import Depth, Photo
from fastphoto_native.files.tiff_exif import exif_of_tiff, iptc_of_tiff
from fastphoto_native.files.vips import blob, require_own_process, vips_errors

_STRIP = 256


def read_photo(path: PathLike, *, as_stored: bool = False) -> Photo:
    """Reads a photo file; of several pages or frames the first. "-" reads standard input.

    Orientation is applied. Colours are converted to sRGB from what the file says of them: an ICC profile, PNG's cICP,
    gAMA and cHRM, AVIF's nclx, a camera's word for Adobe RGB. CMYK without a profile goes through libvips's own;
    anything else counts as sRGB already. Floating point is linear light. What lies outside sRGB stays with the photo,
    as do its profile, EXIF, XMP, IPTC and resolution, for a result that keeps them. Of a phone's photo with a gain map
    the base picture is read. Transparency that is opaque everywhere is none.

    Args:
        path: the file.
        as_stored: leave whole numbers that are sRGB already as they are, uint8 or uint16, where white is the largest
            number: a fourth or half of the memory. All others become float32 in 0..1, and without `as_stored` these do
            as well.

    Raises:
        PhotoError: the file is missing, not a photo, a camera's raw file, HDR, damaged, cut off, over MAX_PIXELS or too
            large for the memory at hand, or its pixels are no RGB, grey, CMYK of 8 or 16 bits or floating point.
    """
    require_own_process()
    with open_input(path) as file:
        kind = known_format(file)
        if kind == "OpenEXR":
            return _read_exr(file)
        return decoded(file, kind, lambda image: _photo_of(file, kind, image, as_stored))


def photo_size(path: PathLike) -> tuple[int, int] | None:
    """Height and width of an upright photo by its header; None for a pipe, which can be read once only.

    Raises:
        PhotoError: as read_photo, as far as the header tells.
    """
    require_own_process()
    if not is_regular(path):
        return None
    with open_input(path) as file:
        kind = known_format(file)
        if kind == "OpenEXR":
            return exr_size(file.whole(), file.name)
        with vips_errors(file.name, "found no photo", EXPECTED):
            image = open_image(file, kind, None, "error")
            turned = orientation_of(image) >= 5
            return (image.width, image.height) if turned else (image.height, image.width)


# --------------------------------------------------------------------------------------------------------------- pixels


def orientation_of(image: Any) -> int:
    """EXIF's orientation, 1 to 8; what is none of these counts as 1."""
    stated = image.get("orientation") if image.get_typeof("orientation") else 1
    return stated if 1 <= stated <= 8 else 1


def samples(image: Any) -> NDArray[Any]:
    """All pixels of a libvips image, upright: H x W x bands. This is where a damaged file shows."""
    if orientation_of(image) != 1:
        # Turning needs pixels in any order, and the file comes as a stream.
        image = image.copy_memory().autorot()
    kinds = {"uchar": np.uint8, "ushort": np.uint16, "float": np.float32, "double": np.float64}
    stored = np.frombuffer(image.write_to_memory(), kinds[image.format])
    return stored.reshape(image.height, image.width, image.bands)


def describe(image: Any) -> str:
    """The kind of an image's pixels, in words."""
    bits = {"uchar": "8-bit", "ushort": "16-bit", "float": "floating-point", "double": "floating-point"}
    return f"{bits.get(image.format, image.format)} {image.interpretation}, {image.bands}-channel"


def _photo_of(file: Input, kind: Format, image: Any, as_stored: bool) -> Photo:
    if image.coding == "rad":
        image = image.rad2float()
    colours = image.bands - (1 if image.hasalpha() else 0)
    known = image.interpretation in ("b-w", "grey16", "srgb", "rgb", "rgb16", "scrgb", "cmyk", "multiband")
    counts = (4,) if image.interpretation == "cmyk" else (1, 3)
    if not known or image.format not in ("uchar", "ushort", "float", "double") or colours not in counts:
        raise PhotoError(
            f"{file.name}: found {describe(image)} pixels; expected RGB, grey or CMYK of 8 or 16 bits per channel, or "
            "RGB or grey in floating point"
        )
    whole_numbers = image.format in ("uchar", "ushort")
    depth: Depth = 8 if image.format == "uchar" else 16 if whole_numbers else 32
    metadata = _metadata_of(file, kind, image)
    space = _space(file, kind, image, colours, metadata, whole_numbers)
    if whole_numbers and space is None:
        image = _by_tables(image, colours)
    stored = samples(image)
    alpha = _alpha(stored[..., -1]) if image.hasalpha() else None
    bands = stored[..., : min(3, image.bands - image.hasalpha())]
    excess: Excess | None = None
    if as_stored and whole_numbers and (space is None or space.is_srgb):
        pixels: NDArray[Any] = bands if bands.shape[2] == 3 else np.repeat(bands, 3, axis=2)
    else:
        pixels, excess = _to_srgb(file.name, bands, space)
    kept = None if space is None or space.to_srgb is None or space is srgb() else space
    return Photo(pixels, alpha, depth, kept, excess, metadata, orientation_of(image))


def _metadata_of(file: Input, kind: Format, image: Any) -> Metadata:
    if kind != "TIFF":
        return read_metadata(image)
    if file.descriptor is None:
        head = bytearray(file.head)
        return read_metadata(image, exif_of_tiff(head), iptc_of_tiff(head))
    with mmap.mmap(file.descriptor, 0, access=mmap.ACCESS_READ) as data:
        return read_metadata(image, exif_of_tiff(data), iptc_of_tiff(data))


def _space(
    file: Input, kind: Format, image: Any, colours: int, metadata: Metadata, whole_numbers: bool
) -> ColorSpace | None:
    """The file's space; None for one that only libvips can convert (CMYK and profiles made of tables).

    A profile that is broken, or for another kind of pixels, counts as none.
    """
    if colours == 4:
        return None
    said = png_space(file.head) if kind == "PNG" else None
    if said is not None and said is not srgb():
        return said
    profile = blob(image, "icc-profile-data")
    if profile is not None:
        found = space_of_profile(profile)
        if found is not None and len(found.curves) == colours:
            return found
        if whole_numbers and found is None and _is_usable(profile, colours):
            return None
    elif kind == "AVIF" and (said := avif_space(file.head)) is not None:
        return said
    elif kind == "JPEG" and metadata.exif is not None and colours == 3 and is_adobe_rgb(metadata.exif):
        return named_space("adobe")
    return srgb() if whole_numbers else linear_srgb()


def _is_usable(profile: bytes, colours: int) -> bool:
    """Whether libvips can convert from a profile, found by sending a few colours through."""
    levels = np.arange(0, 256, 15, dtype=np.uint8)
    probe = np.repeat(levels[None, :, None], colours, axis=2)
    image = pyvips.Image.new_from_array(probe, interpretation="b-w" if colours == 1 else "srgb").copy()
    image.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
    try:
        image.icc_transform("srgb", embedded=True, depth=16).write_to_memory()
    except (pyvips.Error, UnicodeDecodeError):  # its messages may quote bytes of the profile
        return False
    return True


def _by_tables(image: Any, colours: int) -> Any:
    """CMYK, and RGB or grey whose profile is made of tables, to sRGB of 16 bits by libvips; alpha stays."""
    alpha = image.extract_band(colours) if image.hasalpha() else None
    bands = image.extract_band(0, n=colours)
    if colours == 4:
        options = {"input_profile": "cmyk", "intent": "relative", "black_point_compensation": True}
        converted = bands.icc_transform("srgb", embedded=True, depth=16, **options)
    elif bands.format == "uchar":
        converted = bands.icc_transform("srgb", embedded=True, depth=16)
    else:
        # The same call on 16-bit pixels interpolates in a coarse table; by way of floating-point Lab it does not.
        converted = bands.icc_import(embedded=True, pcs="lab").icc_export(output_profile="srgb", depth=16, pcs="lab")
    if alpha is None:
        return converted
    return converted.bandjoin((alpha.cast("ushort") * 257).cast("ushort") if alpha.format == "uchar" else alpha)


def _alpha(stored: NDArray[Any]) -> NDArray[np.float32] | None:
    """Alpha in 0..1; None if all is opaque."""
    if stored.dtype.kind == "f":
        alpha = np.clip(np.nan_to_num(stored.astype(np.float32), nan=1.0), 0, 1)
    else:
        alpha = np.divide(stored, np.float32(np.iinfo(stored.dtype).max), dtype=np.float32)
    return None if alpha.min() == 1 else alpha


def _to_srgb(name: str, stored: NDArray[Any], space: ColorSpace | None) -> tuple[NDArray[np.float32], Excess | None]:
    """H x W x 1 or 3 samples as H x W x 3 of sRGB in 0..1, and what lies beyond."""
    height, width = stored.shape[:2]
    pixels = np.empty((height, width, 3), np.float32)
    top = np.iinfo(stored.dtype).max if stored.dtype.kind == "u" else None
    if top is not None and (space is None or space.is_srgb):
        np.divide(stored, np.float32(top), out=pixels, dtype=np.float32)
        return pixels, None
    if space is None:
        raise PhotoError(f"{name}: found floating-point pixels without a usable profile; {EXPECTED}")
    tables = None if top is None else space.table(top)
    parts = []
    for row in range(0, height, _STRIP):
        strip = stored[row : row + _STRIP]
        if strip.shape[2] == 1 and space.to_srgb is not None:
            strip = np.repeat(strip, 3, axis=2)  # grey without a profile of grey
        linear = space.decode(_finite(name, strip)) if tables is None else _looked_up(strip, tables, space)
        pixels[row : row + _STRIP], excess = split(linear.astype(np.float32, copy=False), row * width)
        if excess is not None:
            parts.append(excess)
    return pixels, join(parts)


def _finite(name: str, strip: NDArray[Any]) -> NDArray[np.float32]:
    values: NDArray[np.float32] = strip.astype(np.float32)
    if not np.isfinite(values).all():
        raise PhotoError(f"{name}: found NaN, infinity or numbers beyond float32; expected numbers")
    return values


def _looked_up(strip: NDArray[Any], tables: list[NDArray[np.float32]], space: ColorSpace) -> NDArray[np.float32]:
    if space.to_srgb is None:
        return np.repeat(tables[0][strip], 3, axis=2)
    light = np.stack([table[strip[..., i]] for i, table in enumerate(tables)], axis=-1)
    linear: NDArray[np.float32] = light @ space.to_srgb.T.astype(np.float32)
    return linear


def _read_exr(file: Input) -> Photo:
    data = file.whole()
    height, width = exr_size(data, file.name)
    judge_size(file.name, width, height)
    found = decode_exr(data, file.name)
    light = _finite(file.name, found.light)
    linear = light if found.space.to_srgb is None else light @ found.space.to_srgb.T.astype(np.float32)
    pixels, excess = split(linear, 0)
    alpha = None if found.alpha is None else _alpha(found.alpha)
    return Photo(pixels, alpha, 32, found.space, excess, half=found.half)
