"""`fastphoto look`: looks of style photos as files, and what such files say of themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import numpy as np

from fastphoto_native.commands.default_group import DefaultGroup
from fastphoto_native.commands.photo_files import overwrite_option
from fastphoto_native.commands.run_options import device_option, threads_option
from fastphoto_native.commands.terminal import echo, echo_json, one_line_errors, progress_bar
from fastphoto_native.errors import PhotoError
from fastphoto_native.files.photos import Photo, check_target, write_photo
from fastphoto_native.looks.look import Look
from fastphoto_native.masking.mask import color_name
from fastphoto_native.masking.segmentation import Segmenter
from fastphoto_native.runtime.bundle import DEFAULT_MODEL, find_bundle, model_folders
from fastphoto_native.runtime.device import Device
from fastphoto_native.sources import StyleFiles, read_style
from fastphoto_native.stylizer import Stylizer

PATH = click.Path(path_type=Path)  # existence is checked where files are read, with one kind of message


@click.group(cls=DefaultGroup, default="make")
def look() -> None:
    """Keep the look of style photos in a file, or show such a file.

    `fastphoto look STYLE... -o evening.look` is short for `fastphoto look make`.
    """


@look.command()
@click.argument("styles", nargs=-1, type=PATH, metavar="STYLE...")
@click.option("-o", "--output", type=PATH, required=True, help="The look's file.")
@click.option("--look", "looks", multiple=True, metavar="FILE[:WEIGHT]", help="Blend look files instead of photos.")
@click.option("--name", help="The look's name [default: that of its file].")
@click.option("--mask", "masks", multiple=True, metavar="FILE", help="Labels of STYLE, as for stylize --style-mask.")
@click.option("--auto-mask", type=PATH, metavar="MODEL.onnx", help="Make the masks by a segmentation network.")
@click.option("--model", default=DEFAULT_MODEL, show_default=True, help="The model that the look is for.")
@device_option
@threads_option
@click.option("--max-side", type=click.IntRange(1), help="Longest side at which the network sees the photos, pixels.")
@overwrite_option
def make(
    styles: tuple[Path, ...],
    output: Path,
    looks: tuple[str, ...],
    name: str | None,
    masks: tuple[str, ...],
    auto_mask: Path | None,
    model: str,
    device: Device,
    threads: int,
    max_side: int | None,
    overwrite: bool,
) -> None:
    """Make a look of one or more style photos, or of other looks.

    Several photos make one look, as if they were one photo: their statistics are pooled. Looks are blended by their
    weights along the Bures-Wasserstein geodesic between them.
    """
    with one_line_errors(), progress_bar() as progress:
        files = StyleFiles(styles, masks, looks)
        check_target(output, overwrite)
        progress("loading the model", 0.0)
        stylizer = Stylizer(model, device, threads)
        segmenter = None if auto_mask is None else Segmenter(auto_mask, device, threads)
        progress("analysing", 0.2)
        made = read_style(stylizer, files, segmenter, max_side).look
        made.with_details(name=name or output.stem).save(output)


@look.command()
@click.argument("file", type=PATH)
@click.option("--preview", type=PATH, help="Write the preview to this picture.")
@overwrite_option
@click.option("--json", "as_json", is_flag=True, help="Print a machine-readable report.")
def show(file: Path, preview: Path | None, overwrite: bool, as_json: bool) -> None:
    """Show what FILE, a look, says of itself: name, model, labels, sources."""
    with one_line_errors():
        found = Look.load(file)
        if preview is not None:
            if found.preview is None:
                raise PhotoError(f"{file}: found no preview in the look; expected one that `fastphoto look` made")
            picture = Photo(found.preview.astype(np.float32) / np.float32(255))
            write_photo(preview, picture, overwrite=overwrite)
        account = _account(file, found)
    if as_json:
        echo_json(account)
        return
    for key, value in account.items():
        if key == "labels":
            for label in value:
                echo(f"label        {label['name']}: {label['share']:.1%} of the style")
        elif value not in ("", [], None):
            echo(f"{key.replace('_', ' '):12} {', '.join(value) if isinstance(value, list) else value}")


def _account(file: Path, found: Look) -> dict[str, Any]:
    total = sum(label.area for label in found.labels.values())
    labels = [
        {
            "label": number,
            "name": found.label_names.get(number, color_name(number) if number >= 0 else str(number)),
            "share": label.area / total,
        }
        for number, label in found.labels.items()
    ]
    preview = found.preview
    return {
        "file": str(file),
        "name": found.name,
        "model": found.model,
        "fingerprint": found.fingerprint,
        "fits": _models_with(found.fingerprint),
        "masked": found.masked,
        "labels": labels if found.masked else [],
        "sources": list(found.sources),
        "preview": None if preview is None else f"{preview.shape[1]} x {preview.shape[0]}",
    }


def _models_with(fingerprint: str) -> list[str]:
    """The models that can be named and take the look."""
    names = []
    for name in sorted(model_folders()):
        try:
            if find_bundle(name).fingerprint == fingerprint:
                names.append(name)
        except Exception:
            continue
    return names
