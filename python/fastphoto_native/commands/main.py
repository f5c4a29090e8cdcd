"""The command line: photo files in, a photo file out."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click
import msgspec

from fastphoto_native import __version__
from fastphoto_native.commands.doctor import doctor
from fastphoto_native.commands.models import models
from fastphoto_native.commands.stopwatch import Stopwatch
from fastphoto_native.commands.terminal import echo_json, one_line_errors, progress_bar
from fastphoto_native.errors import ArgumentError
from fastphoto_native.files.photos import Photo, check_output, read_mask, read_photo, write_photo
from fastphoto_native.runtime.bundle import DEFAULT_MODEL
from fastphoto_native.runtime.device import DEVICES, PRECISIONS, Device, Precision
from fastphoto_native.smoothing.methods import SMOOTHINGS, Smoothing
from fastphoto_native.stylizer import Stylizer

PHOTO = click.Path(path_type=Path)  # existence is checked where files are read, with one kind of message


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="fastphoto")
def main() -> None:
    """Give a photo the look of another photo: light, weather, season, time of day, and nothing else."""


@main.command()
@click.argument("content", type=PHOTO)
@click.argument("style", type=PHOTO)
@click.option("-o", "--output", type=PHOTO, required=True, help="Result file; its suffix decides the format.")
@click.option("--content-mask", type=PHOTO, help="Label map of the content: one colour for each label.")
@click.option("--style-mask", type=PHOTO, help="Label map of the style, in the same colours.")
@click.option(
    "--smoothing",
    type=click.Choice(SMOOTHINGS),
    default=SMOOTHINGS[0],
    show_default=True,
    help="What undoes damage to structure: the paper's solver, its fast approximation (both followed by the "
    "content's detail), or nothing.",
)
@click.option(
    "--strength",
    type=click.FloatRange(0, 1),
    default=1.0,
    show_default=True,
    help="From the content as it is (0) to the full look (1).",
)
@click.option(
    "--model",
    default=DEFAULT_MODEL,
    show_default=True,
    help="Name of a model (fastphoto models list), or a bundle's folder.",
)
@click.option("--device", type=click.Choice(DEVICES), default="auto", show_default=True, help="Where the network runs.")
@click.option("--threads", type=click.IntRange(0), default=0, show_default=True, help="CPU threads; 0 takes all cores.")
@click.option(
    "--precision",
    type=click.Choice(PRECISIONS),
    default="auto",
    show_default=True,
    help="Of the convolutions that the model allows to run in float16; auto does so on a GPU.",
)
@click.option(
    "--max-side",
    type=click.IntRange(1),
    help="Longest side at which the network sees the photos, pixels [default: the model's]. "
    "The result has the content's size all the same.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a machine-readable report.")
def stylize(
    content: Path,
    style: Path,
    output: Path,
    content_mask: Path | None,
    style_mask: Path | None,
    smoothing: Smoothing,
    strength: float,
    model: str,
    device: Device,
    threads: int,
    precision: Precision,
    max_side: int | None,
    as_json: bool,
) -> None:
    """Give CONTENT the look of STYLE.

    Both are photo files (JPEG, PNG, TIFF, WebP, ...). The result has CONTENT's size, orientation, bit depth (where the
    format holds it) and transparency.
    """
    start, clock = time.perf_counter(), Stopwatch()
    with one_line_errors(), progress_bar() as progress:
        if (content_mask is None) != (style_mask is None):
            raise ArgumentError("--content-mask and --style-mask go together: give both or neither")
        progress("reading photos", 0.0)
        with clock.stage("read photos"):
            photo = read_photo(content)
            check_output(output, photo)
            style_photo = read_photo(style)
            content_labels = None if content_mask is None else read_mask(content_mask)
            style_labels = None if style_mask is None else read_mask(style_mask)
        progress("loading the model", 0.0)
        with clock.stage("load the model"):
            stylizer = Stylizer(model, device, threads, precision)
        progress("analysing the style", 0.0)
        with clock.stage("analyse the style"):
            look = stylizer.analyze(style_photo.pixels, style_labels, max_side=max_side)
        result, report = stylizer.apply(
            photo.pixels,
            look,
            content_labels,
            smoothing=smoothing,
            strength=strength,
            max_side=max_side,
            progress=progress,
            return_report=True,
        )
        clock.stages += report.stages
        with clock.stage("write the result"):
            write_photo(output, Photo(result, photo.alpha, photo.depth))
        report.stages = clock.stages
    seconds = time.perf_counter() - start
    if as_json:
        account = {"output": str(output), "seconds": seconds} | msgspec.to_builtins(report)
        echo_json(account)
    elif sys.stderr.isatty():
        click.echo(f"{output}  ({seconds:.1f} s on {report.device.used}: {report.device.reason})", err=True)


main.add_command(models)
main.add_command(doctor)
