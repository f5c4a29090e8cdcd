"""`fastphoto lut`: fit a LUT to a pair of photos, and apply LUT files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click
import msgspec
import numpy as np

from fastphoto_native.commands.photo_files import OutputOptions, output_options, overwrite_option
from fastphoto_native.commands.terminal import echo_json, one_line_errors, say
from fastphoto_native.errors import PhotoError
from fastphoto_native.files.photos import check_output, read_photo, write_photo
from fastphoto_native.luts.explained import Explained, explained_by
from fastphoto_native.luts.files import check_lut_output, read_lut, write_lut
from fastphoto_native.luts.fit import fit_lut
from fastphoto_native.luts.lut import SIZES

PATH = click.Path(path_type=Path)  # existence is checked where files are read, with one kind of message


@click.group()
def lut() -> None:
    """Fit a 3D LUT to a pair of photos, or apply a LUT file to a photo."""


@lut.command()
@click.argument("before", type=PATH)
@click.argument("after", type=PATH)
@click.option("-o", "--output", type=PATH, required=True, help="The LUT: .cube, or .png for a HaldCLUT.")
@click.option(
    "--size",
    type=click.Choice([str(n) for n in SIZES]),
    default="33",
    show_default=True,
    help="Points a side of a .cube.",
)
@click.option("--title", help="The LUT's title [default: the name of its file].")
@overwrite_option
@click.option("--json", "as_json", is_flag=True, help="Print a machine-readable report.")
def fit(before: Path, after: Path, output: Path, size: str, title: str | None, overwrite: bool, as_json: bool) -> None:
    """Fit the LUT that makes AFTER of BEFORE: the same photo, before and after it was graded.

    What is transparent does not count.
    """
    with one_line_errors():
        points = check_lut_output(output, int(size), overwrite=overwrite)
        photos = read_photo(before), read_photo(after)
        photo, goal = (each.pixels for each in photos)
        if photo.shape != goal.shape:
            raise PhotoError(
                f"{after}: found {goal.shape[1]} x {goal.shape[0]} pixels; expected {photo.shape[1]} x "
                f"{photo.shape[0]} as {before} has"
            )
        alphas = [each.alpha for each in photos if each.alpha is not None]
        weights = np.prod(alphas, axis=0) if alphas else None
        if weights is not None and not weights.any():
            raise PhotoError(f"{after}: found no pixel that is seen in both photos; expected some")
        fitted = replace(fit_lut(photo, goal, points, weights), title=title or output.stem)
        write_lut(output, fitted, overwrite=overwrite)
        explained = explained_by(fitted, photo, goal, weights)
    if as_json:
        echo_json({"file": str(output), "size": points} | msgspec.to_builtins(explained))
    else:
        say(f"{output}: {summary(explained)}")


@lut.command()
@click.argument("photo", type=PATH)
@click.argument("file", type=PATH)
@click.option("-o", "--output", type=PATH, required=True, help="Result file; its suffix decides the format.")
@output_options
@click.option(
    "--strength", type=click.FloatRange(0, 1), default=1.0, show_default=True, help="0 leaves the photo as it is."
)
def apply(photo: Path, file: Path, output: Path, written: OutputOptions, strength: float) -> None:
    """Apply FILE, a LUT (.cube and others that OpenColorIO reads, or a HaldCLUT picture), to PHOTO.

    Colours between the table's are found by tetrahedral interpolation. The table counts as one of sRGB-encoded values.
    """
    with one_line_errors():
        content = read_photo(photo)
        check_output(output, content, **written.keywords())
        result = np.clip(read_lut(file).apply(content.pixels, strength), 0, 1)
        write_photo(output, content.restyled(result), strip=written.strip, **written.keywords())


def summary(explained: Explained) -> str:
    """One line for people."""
    return (
        f"explains {explained.explained:.0%} of the change; leaves dE2000 {explained.left_mean:.2f} in the mean, "
        f"{explained.left_p95:.2f} at the 95th percentile ({explained.color_space})"
    )
