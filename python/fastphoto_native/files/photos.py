"""Photo files <-> arrays: the face of this folder, the only one that knows file formats.

Photos go through libvips because it reads what photographers have: 16 bits, ICC profiles, CMYK, EXIF orientation,
palettes, transparency, in JPEG, PNG, TIFF, WebP, AVIF and more, and decodes as a stream.
"""

from fastphoto_native.files.decoding import MAX_PIXELS
from fastphoto_native.files.encoding import Encoding, parse_encoding
from fastphoto_native.files.masks import read_mask
from fastphoto_native.files.output_space import NAMED_PROFILES
from fastphoto_native.files.photo import Photo
from fastphoto_native.files.reading import photo_size, read_photo
from fastphoto_native.files.writing import check_output, check_target, writable_suffixes, write_photo

__all__ = [
    "MAX_PIXELS",
    "NAMED_PROFILES",
    "Encoding",
    "Photo",
    "check_output",
    "check_target",
    "parse_encoding",
    "photo_size",
    "read_mask",
    "read_photo",
    "writable_suffixes",
    "write_photo",
]
