"""Photo files <-> arrays: the only module that knows file formats.

Photos go through libvips because it reads what photographers have: 16 bits, ICC profiles, CMYK, EXIF orientation,
palettes, transparency, in JPEG, PNG, TIFF, WebP, AVIF and more, and decodes as a stream.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyvips
from numpy.typing import NDArray

from fastphoto_native.errors import ArgumentError, PhotoError
from fastphoto_native.files.atomic import real_target, write_whole
from fastphoto_native.files.mask_colours import labels_from_colours

# A header can promise any size in a few bytes; what it promises is checked before anything is decoded. 200 MP is more
# than any camera's frame and 2.4 GB as float32 RGB.
MAX_PIXELS = 200_000_000

# What libvips's loaders are called and what people call it. Vector drawings, PDF, scientific formats: not photos.
FORMATS = {
    "jpeg": "JPEG",
    "png": "PNG",
    "tiff": "TIFF",
    "webp": "WebP",
    "heif": "HEIF/AVIF",
    "jxl": "JPEG XL",
    "jp2k": "JPEG 2000",
    "gif": "GIF",
    "ppm": "PNM",
    "rad": "Radiance HDR",
}
EXPECTED = "expected a complete photo file (JPEG, PNG, TIFF, WebP or another that libvips reads)"

# Suffixes that can be written: whether they hold transparency and 16 bits, and their longest side in pixels.
# The last two only where this libvips was built with them.
_WRITABLE = {
    ".png": (True, True, 2**31 - 1),
    ".jpg": (False, False, 65535),
    ".jpeg": (False, False, 65535),
    ".tif": (True, True, 2**31 - 1),
    ".tiff": (True, True, 2**31 - 1),
    ".webp": (True, False, 16383),
    ".avif": (True, False, 16384),
    ".jxl": (True, False, 2**30 - 1),
}

# A profile that moves no colour by this much (of 65535; half an 8-bit step) is sRGB by another name.
_SAME_COLOUR = 65535 // 510

PathLike = str | os.PathLike[str]


@dataclass(frozen=True)
class Photo:
    """A photo as arrays.

    Attributes:
        pixels: H x W x 3 float32 in 0..1, sRGB-encoded, not multiplied by alpha, upright.
        alpha: H x W float32 in 0..1 (1 is opaque), or None where the file had no transparency.
        depth: bits per channel of the file: 8 or 16 (10 and 12 count as 16).
    """

    pixels: NDArray[np.float32]
    alpha: NDArray[np.float32] | None = None
    depth: Literal[8, 16] = 8


# ---------------------------------------------------------------------------------------------------------- reading


def read_photo(path: PathLike) -> Photo:
    """Reads a photo file; of several pages or frames the first.

    Orientation is applied and colours are converted to sRGB: from the embedded ICC profile where there is a usable
    one; CMYK without one goes through libvips's own profile; anything else counts as sRGB already.

    Raises:
        PhotoError: the file is missing, not a photo, damaged, cut off or over MAX_PIXELS, or its pixels are no 8- or
            16-bit RGB, grey or CMYK (HDR and floating point have no agreed white: they need a tone mapping first).
    """
    with _vips_errors(path, "damaged or cut off", EXPECTED):
        image = _open(path)
        colours, alpha = _split_alpha(image, path)
        top = 255 if image.format == "uchar" else 65535
        depth: Literal[8, 16] = 8 if top == 255 else 16
        colours = _to_srgb(colours)
        both = _decode(_upright(image, colours if alpha is None else colours.bandjoin(_rescale(alpha, top, colours))))
        scale = np.float32(255 if both.dtype == np.uint8 else 65535)
        pixels = np.divide(both[..., :-1] if alpha is not None else both, scale, dtype=np.float32)
        if pixels.shape[2] == 1:
            pixels = np.repeat(pixels, 3, axis=2)
        return Photo(pixels, None if alpha is None else np.divide(both[..., -1], scale, dtype=np.float32), depth)


def read_mask(path: PathLike) -> NDArray[np.int32]:
    """Reads a colour-coded mask (palette, grey, RGB) as a label map: H x W int32.

    A label is its colour, 0xRRGGBB (grey v is 0xvvvvvv), so the same colour is the same label in every file. Colours
    are taken as stored, whatever the profile. Smeared borders (anti-aliasing, JPEG) join a neighbouring label, see
    mask_colours.py. Pixels less than half opaque are black, whatever colour hides there. Orientation is applied.

    Raises:
        PhotoError: as in read_photo, or the file is no mask: CMYK, 16-bit, floating point, a photo, a gradient.
    """
    expected = "expected a mask of 8 bits per channel (PNG is best), one colour per label"
    with _vips_errors(path, "damaged or cut off", expected):
        image = _open(path)
        if image.format != "uchar" or image.interpretation == "cmyk" or image.bands > 4:
            raise PhotoError(f"{path}: found {_describe(image)} pixels; {expected}")
        stored = _decode(_upright(image, image))
    colours = stored[..., : 1 if image.bands < 3 else 3]
    if image.hasalpha():
        colours = np.where(stored[..., -1:] < 128, np.uint8(0), colours)
    try:
        return labels_from_colours(np.broadcast_to(colours, (*colours.shape[:2], 3)))
    except ArgumentError as error:
        raise PhotoError(f"{path}: found {error}") from error


def _open(path: PathLike) -> Any:
    """The file as a lazy libvips image, its header read and judged."""
    path = Path(path)
    try:
        with path.open("rb") as file:  # for the system's own reason; libvips's messages do not tell them apart
            empty = not file.read(1)
    except (OSError, ValueError) as error:
        raise PhotoError(f"{path}: cannot be read: {_reason(error)}; {EXPECTED}") from error
    if empty:
        raise PhotoError(f"{path}: found an empty file; {EXPECTED}")
    # A source and not a file name: libvips would read options out of names such as "a[1].jpg", and cache the file.
    source = pyvips.Source.new_from_file(os.fspath(path))
    try:
        image = pyvips.Image.new_from_source(source, "", access="sequential", fail_on="error")
    except pyvips.Error as error:
        raise PhotoError(f"{path}: found no photo ({_first_line(error)}); {EXPECTED}") from error
    loader = image.get("vips-loader").split("load")[0]
    if loader not in FORMATS:
        raise PhotoError(f"{path}: found the format {loader.upper()}; {EXPECTED}")
    if image.width * image.height > MAX_PIXELS:
        size = f"{image.width} x {image.height} pixels ({image.width * image.height / 1e6:.0f} megapixels)"
        raise PhotoError(f"{path}: found {size}; expected at most {MAX_PIXELS // 1_000_000} megapixels")
    return image


def _split_alpha(image: Any, path: PathLike) -> tuple[Any, Any | None]:
    """Colour bands (grey, RGB or CMYK of 8 or 16 bits) and the alpha band, if any."""
    colours = image.bands - (1 if image.hasalpha() else 0)
    known = image.interpretation in ("b-w", "grey16", "srgb", "rgb", "rgb16", "cmyk", "multiband")
    counts = (4,) if image.interpretation == "cmyk" else (1, 3)
    if not known or image.format not in ("uchar", "ushort") or colours not in counts:
        expected = "expected RGB, grey or CMYK of 8 or 16 bits per channel"
        raise PhotoError(f"{path}: found {_describe(image)} pixels; {expected}")
    return image.extract_band(0, n=colours), image.extract_band(colours) if image.hasalpha() else None


def _to_srgb(colours: Any) -> Any:
    """Grey, RGB or CMYK to sRGB: the same bands if they are sRGB (or grey) already, otherwise 3 bands of 16 bits."""
    if colours.interpretation == "cmyk":
        options = {"input_profile": "cmyk", "intent": "relative", "black_point_compensation": True}
        return colours.icc_transform("srgb", embedded=True, depth=16, **options)
    if not _has_other_profile(colours):
        return colours
    # Measured with Display P3 and Adobe RGB against exact maths, in 8-bit steps: 8-bit pixels are off by at most 0.5,
    # 0.02 in the mean. The same call on 16-bit pixels interpolates in a coarse table: up to 20 off. In two steps, by
    # way of floating-point Lab, they are off by at most 2, close to black, and by 0.05 in the mean.
    if colours.format == "uchar":
        return colours.icc_transform("srgb", embedded=True, depth=16)
    return colours.icc_import(embedded=True, pcs="lab").icc_export(output_profile="srgb", depth=16, pcs="lab")


def _has_other_profile(colours: Any) -> bool:
    """Whether there is a usable embedded profile that is not sRGB, found by sending a few thousand colours through."""
    if colours.get_typeof("icc-profile-data") == 0:
        return False
    if colours.bands == 1:
        levels = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)
        probe = pyvips.Image.new_from_array(levels, interpretation="b-w")
    else:
        step = np.arange(0, 256, 15, dtype=np.uint8)
        levels = np.stack(np.meshgrid(step, step, step), axis=-1).reshape(len(step), -1, 3)
        probe = pyvips.Image.new_from_array(levels, interpretation="srgb")
    probe = probe.copy()
    probe.set_type(pyvips.GValue.blob_type, "icc-profile-data", colours.get("icc-profile-data"))
    try:
        converted = probe.icc_transform("srgb", embedded=True, depth=16).numpy()
    except pyvips.Error:  # broken, or for another kind of pixels: as good as none
        return False
    return bool(np.abs(converted.astype(np.int32) - levels.astype(np.int32) * 257).max() > _SAME_COLOUR)


def _rescale(alpha: Any, top: int, colours: Any) -> Any:
    """Alpha in the range of the converted colours."""
    return (alpha.cast("ushort") * 257).cast("ushort") if top == 255 and colours.format == "ushort" else alpha


def _upright(image: Any, pixels: Any) -> Any:
    """`pixels` (made from `image`), turned as the orientation tag of `image` says."""
    if image.get_typeof("orientation") == 0 or image.get("orientation") in (0, 1):
        return pixels
    # Turning needs pixels in any order, and the file comes as a stream.
    return pixels.copy_memory().autorot()


def _decode(image: Any) -> NDArray[Any]:
    """All pixels: H x W x bands. This is where a damaged file shows."""
    return np.frombuffer(image.write_to_memory(), np.uint8 if image.format == "uchar" else np.uint16).reshape(
        image.height, image.width, image.bands
    )


def _describe(image: Any) -> str:
    bits = {"uchar": "8-bit", "ushort": "16-bit", "float": "floating-point", "double": "floating-point"}
    return f"{bits.get(image.format, image.format)} {image.interpretation}, {image.bands}-channel"


# ---------------------------------------------------------------------------------------------------------- writing


def check_output(path: PathLike, photo: Photo) -> None:
    """Raises now what write_photo would raise after minutes of work.

    Args:
        path: where the result will go.
        photo: the result, or any photo of its size that agrees in having alpha or not.

    Raises:
        PhotoError: unknown suffix; a format without transparency for a photo that has it, or too small for it; no such
            directory; no permission; something that is not a file in the way.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    known = [name for name in _WRITABLE if name in pyvips.get_suffixes()]
    if suffix not in known:
        raise PhotoError(f"{path}: found the suffix '{suffix}'; expected one that can be written: {', '.join(known)}")
    holds_alpha, _, longest = _WRITABLE[suffix]
    if photo.alpha is not None and not holds_alpha:
        raise PhotoError(f"{path}: the photo has transparency, which JPEG cannot hold; expected .png or .tif")
    height, width = photo.pixels.shape[:2]
    if max(height, width) > longest:
        raise PhotoError(f"{path}: found {width} x {height} pixels; {suffix} holds at most {longest} a side")
    try:
        target = real_target(path)
        if not target.parent.is_dir():
            raise PhotoError(f"{path}: found no directory {target.parent}; expected one that exists")
        is_file = stat.S_ISREG(target.stat().st_mode)
        writable = os.access(target, os.W_OK)
    except FileNotFoundError:
        is_file = writable = True
    except (OSError, ValueError) as error:
        raise PhotoError(f"{path}: cannot be written: {_reason(error)}; expected a file name") from error
    if not is_file:
        raise PhotoError(f"{path}: found something that is not a file; expected a file name")
    if not (writable and os.access(target.parent, os.W_OK | os.X_OK)):
        raise PhotoError(f"{path}: cannot be written: no permission; expected a place that can be written to")


def write_photo(path: PathLike, photo: Photo, *, quality: int = 95) -> None:
    """Writes a photo file, all or nothing: to a temporary name beside it, then renamed.

    The suffix decides the format: .png, .jpg, .jpeg, .tif, .tiff, .webp, and .avif and .jxl where libvips has
    them. 16-bit photos keep their bits in PNG and TIFF; elsewhere values are rounded to 8 bits. The file says that it
    is sRGB and carries no orientation: its pixels are upright.

    Args:
        path: the file. An existing one is replaced, and left as it was if anything fails.
        photo: values outside 0..1 are clipped.
        quality: 1..100, of JPEG (never with subsampled colour), WebP, AVIF and JPEG XL.

    Raises:
        ArgumentError: quality out of range, arrays of other shapes or types than Photo's, values that are no numbers.
        PhotoError: as in check_output; no room; an input/output error.
    """
    _check_photo(photo)
    if not 1 <= quality <= 100:
        raise ArgumentError(f"quality must be 1..100, got {quality}")
    check_output(path, photo)
    suffix = Path(path).suffix.lower()
    with _vips_errors(path, "cannot be encoded", f"expected a photo that {suffix} can hold"):
        data = _encode(photo, suffix, quality)
    try:
        write_whole(Path(path), data)
    except OSError as error:
        raise PhotoError(f"{path}: cannot be written: {_reason(error)}; nothing was changed") from error


def _check_photo(photo: Photo) -> None:
    pixels, alpha = photo.pixels, photo.alpha
    if pixels.dtype != np.float32 or pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.size == 0:
        raise ArgumentError(f"pixels must be H x W x 3 float32, got shape {pixels.shape} of {pixels.dtype}")
    if alpha is not None and (alpha.dtype != np.float32 or alpha.shape != pixels.shape[:2]):
        raise ArgumentError(f"alpha must be H x W float32 like the pixels, got shape {alpha.shape} of {alpha.dtype}")
    for name, values in (("pixels", pixels), ("alpha", alpha)):
        # The sum of numbers is a number: cheaper than a look at each, and values in or near 0..1 cannot overflow.
        if values is not None and not np.isfinite(values.sum(dtype=np.float64)):
            raise ArgumentError(f"{name} must be numbers, found NaN or infinity")


def _encode(photo: Photo, suffix: str, quality: int) -> bytes:
    """The file's bytes."""
    _, holds_16, _ = _WRITABLE[suffix]
    top, number = (65535, np.uint16) if photo.depth == 16 and holds_16 else (255, np.uint8)
    height, width = photo.pixels.shape[:2]
    stored = np.empty((height, width, 3 if photo.alpha is None else 4), number)
    for row in range(0, height, 256):  # in strips: float copies of a whole photo are large
        rows = slice(row, row + 256)
        stored[rows, :, :3] = np.rint(np.clip(photo.pixels[rows], 0, 1) * np.float32(top))
        if photo.alpha is not None:
            stored[rows, :, 3] = np.rint(np.clip(photo.alpha[rows], 0, 1) * np.float32(top))
    image = pyvips.Image.new_from_memory(
        stored.data, width, height, stored.shape[2], "uchar" if top == 255 else "ushort"
    ).copy(interpretation="srgb" if top == 255 else "rgb16")
    image.set_type(pyvips.GValue.blob_type, "icc-profile-data", pyvips.Operation.call("profile_load", "srgb"))
    options: dict[str, Any] = {}
    if suffix in (".jpg", ".jpeg"):
        options = {"Q": quality, "subsample_mode": "off", "optimize_coding": True}
    elif suffix in (".tif", ".tiff"):
        options = {"compression": "deflate", "predictor": "horizontal"}
    elif suffix != ".png":
        options = {"Q": quality}
    data: bytes = image.write_to_buffer(suffix, **options)
    return data


# ----------------------------------------------------------------------------------------------------------- errors


@contextmanager
def _vips_errors(path: PathLike, found: str, expected: str) -> Iterator[None]:
    try:
        yield
    except pyvips.Error as error:
        raise PhotoError(f"{path}: {found} ({_first_line(error)}); {expected}") from error


def _first_line(error: pyvips.Error) -> str:
    """What libvips said first, without its own names for it."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    detail = next((line for line in lines if not line.startswith("unable to ")), lines[0] if lines else "unknown")
    return detail.rstrip(".")


def _reason(error: OSError | ValueError) -> str:
    return (getattr(error, "strerror", None) or str(error)).lower()
