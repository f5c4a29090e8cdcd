"""Options and checks of commands that read and write photo files."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from fastphoto_native.commands.terminal import one_line_errors, say
from fastphoto_native.errors import ArgumentError, PhotoError
from fastphoto_native.files.formats import WRITABLE
from fastphoto_native.files.mask_pairs import agreeing_masks, mask_of_photo
from fastphoto_native.files.memory import available_memory
from fastphoto_native.files.names import PathLike, shown
from fastphoto_native.files.photos import (
    NAMED_PROFILES,
    Encoding,
    Photo,
    check_output,
    parse_encoding,
    read_mask,
)
from fastphoto_native.smoothing.methods import Quality, Smoothing
from fastphoto_native.stylizer import Stylizer

# Existence and permission are checked where files are read, with one kind of message.
FILE = click.Path(path_type=Path, readable=False)

Labels = NDArray[np.int32]


@dataclass(frozen=True)
class OutputOptions:
    """How results are written; the attributes are arguments of write_photo."""

    encoding: Encoding
    output_profile: str
    strip: bool
    overwrite: bool
    suffix: str | None

    def keywords(self) -> dict[str, Any]:
        """The arguments that check_output and write_photo share."""
        return {
            "encoding": self.encoding,
            "output_profile": self.output_profile,
            "overwrite": self.overwrite,
            "suffix": self.suffix,
        }


def overwrite_option(command: Callable[..., None]) -> Callable[..., None]:
    """Adds --overwrite to a command."""
    return click.option("--overwrite", is_flag=True, help="Replace a file that is there already.")(command)


def output_options(command: Callable[..., None]) -> Callable[..., None]:
    """Adds the options of results to a command, which is given them as `written`."""

    @click.option(
        "--encode",
        "words",
        multiple=True,
        metavar="KEY=VALUE",
        help="How the result is encoded: quality=1..100, bits=8|10|12|16|32, compression=..., lossless=yes, "
        "effort=0..9, dither=no. May be repeated, or several at once with commas.",
    )
    @click.option(
        "--output-profile",
        default="keep",
        show_default=True,
        metavar=f"keep|{'|'.join(NAMED_PROFILES)}|FILE",
        help="The result's colour space: the content's own, sRGB, Display P3, Adobe RGB, or that of an ICC file.",
    )
    @click.option("--strip", is_flag=True, help="Leave out EXIF, XMP, IPTC, GPS and resolution.")
    @overwrite_option
    @click.option(
        "--format",
        "suffix",
        type=click.Choice([suffix[1:] for suffix in WRITABLE]),
        help="The result's format, whatever its name says; needed for standard output.",
    )
    @functools.wraps(command)
    def with_options(
        *args: Any, words: tuple[str, ...], output_profile: str, strip: bool, overwrite: bool, suffix: str | None,
        **others: Any,
    ) -> None:  # fmt: skip
        with one_line_errors():
            encoding = parse_encoding(list(words))
        written = OutputOptions(encoding, output_profile, strip, overwrite, None if suffix is None else f".{suffix}")
        command(*args, written=written, **others)

    return with_options


def require_different_files(*paths: Path) -> None:
    """Refuses to write two results to one file.

    Raises:
        ArgumentError: two paths lead to the same file.
    """
    taken: set[Path] = set()
    for path in paths:
        place = path.resolve()
        if place in taken:
            raise ArgumentError(f"{shown(path)} is named for two results; expected a file for each")
        taken.add(place)


def check_picture(path: Path, overwrite: bool) -> None:
    """Raises now what writing a picture without transparency would raise after minutes of work.

    Raises:
        PhotoError: as for check_output.
    """
    check_output(path, Photo(np.zeros((1, 1, 3), np.float32)), overwrite=overwrite)


def read_masks(
    content_mask: Path | None, content: Photo, style_mask: Path | None, style: Photo
) -> tuple[Labels | None, Labels | None]:
    """Both masks or none, as their photos lie and with colours that agree. What was done to them is said."""
    if content_mask is None or style_mask is None:
        return None, None
    ours, notes = mask_of_photo(read_mask(content_mask), content, "content mask")
    theirs, more = mask_of_photo(read_mask(style_mask), style, "style mask")
    theirs, most = agreeing_masks(ours, theirs)
    for note in notes + more + most:
        say(f"fastphoto: warning: {note}")
    return ours, theirs


def require_memory(
    stylizer: Stylizer,
    path: PathLike,
    size: tuple[int, int],
    smoothing: Smoothing,
    quality: Quality,
    max_side: int | None,
) -> None:
    """Refuses a content that cannot be stylised in the memory at hand, before minutes of work.

    Raises:
        PhotoError: too little memory.
    """
    height, width = size
    free = available_memory()
    if free is None:
        return
    needed = stylizer.memory_needed(width, height, smoothing=smoothing, quality=quality, max_side=max_side)
    if needed > free:
        raise PhotoError(
            f"{shown(path)}: found {width} x {height} pixels, which take up to {needed / 1e9:.1f} GB with smoothing "
            f"{smoothing}; {free / 1e9:.1f} GB are free; expected a smaller photo, or --smoothing guided"
        )
