"""`fastphoto mask`: a photo's mask by a segmentation network, as a picture that can be painted over."""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from fastphoto_native.commands.photo_files import check_picture, overwrite_option, require_different_files
from fastphoto_native.commands.run_options import device_option, threads_option
from fastphoto_native.commands.terminal import echo, echo_json, one_line_errors
from fastphoto_native.errors import ArgumentError, PhotoError
from fastphoto_native.files.photos import Photo, check_target, read_photo, write_photo
from fastphoto_native.masking.mask import Mask
from fastphoto_native.masking.preview import mask_preview
from fastphoto_native.masking.segmentation import Segmenter, color_of
from fastphoto_native.runtime.device import Device

PATH = click.Path(path_type=Path)  # existence is checked where files are read, with one kind of message


@click.command()
@click.argument("photo", type=PATH)
@click.option("-o", "--output", type=PATH, required=True, help="The mask: a .png with a colour for each label.")
@click.option(
    "--auto-mask", type=PATH, envvar="FASTPHOTO_AUTO_MASK", metavar="MODEL.onnx",
    help="The segmentation network [default: $FASTPHOTO_AUTO_MASK].",
)  # fmt: skip
@click.option("--preview", type=PATH, help="Write a picture of the labels over the photo.")
@device_option
@threads_option
@overwrite_option
@click.option("--json", "as_json", is_flag=True, help="Print a machine-readable report.")
def mask(
    photo: Path,
    output: Path,
    auto_mask: Path | None,
    preview: Path | None,
    device: Device,
    threads: int,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Make the mask of PHOTO: a picture in which every kind of thing has a colour.

    The colours are the same for every photo, so that masks of content and style fit each other.
    """
    with one_line_errors():
        if auto_mask is None:
            raise ArgumentError("no segmentation network was given: name one with --auto-mask MODEL.onnx")
        if output.suffix.lower() != ".png":
            raise PhotoError(
                f"{output}: found the suffix '{output.suffix}'; expected .png, which keeps colours exactly"
            )
        check_target(output, overwrite)
        if preview is not None:
            check_picture(preview, overwrite)
            require_different_files(output, preview)
        pixels = read_photo(photo).pixels
        found = Segmenter(auto_mask, device, threads)(pixels)
        shares = found.shares()
        write_photo(output, Photo(painted(found, *pixels.shape[:2])))
        if preview is not None:
            write_photo(preview, Photo(mask_preview([(pixels, found)], list(found.names))))
    labels = [
        {"label": found.names[k], "color": f"#{color_of(found.names[k]):06x}", "share": shares[k]}
        for k in sorted(shares, key=lambda k: -shares[k])
    ]
    if as_json:
        echo_json({"output": str(output), "labels": labels})
    else:
        for label in labels:
            echo(f"{label['color']}  {label['share']:6.1%}  {label['label']}")


def painted(found: Mask, height: int, width: int) -> NDArray[np.float32]:
    """The mask as a photo of that size, in the colours of its labels."""
    rows = ((np.arange(height) + 0.5) * found.array.shape[0] / height).astype(int)
    columns = ((np.arange(width) + 0.5) * found.array.shape[1] / width).astype(int)
    table = np.zeros((max(found.names) + 1, 3), np.float32)
    for label, name in found.names.items():
        table[label] = [(color_of(name) >> shift & 255) / 255 for shift in (16, 8, 0)]
    picture: NDArray[np.float32] = table[found.array[rows][:, columns]]
    return picture
