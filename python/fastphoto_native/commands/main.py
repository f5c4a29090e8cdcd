"""The command line: photo files in, a photo file out."""

from __future__ import annotations

import time
from pathlib import Path

import click
import msgspec

from fastphoto_native import __version__
from fastphoto_native.commands.doctor import doctor
from fastphoto_native.commands.evaluate import evaluate
from fastphoto_native.commands.interrupt import ignore_interrupt, raise_on_interrupt, stop_if_interrupted
from fastphoto_native.commands.models import models
from fastphoto_native.commands.photo_files import FILE, OutputOptions, output_options, read_masks, require_memory
from fastphoto_native.commands.stopwatch import Stopwatch
from fastphoto_native.commands.terminal import echo_json, on_terminal, one_line_errors, progress_bar, say
from fastphoto_native.commands.transfer import transfer
from fastphoto_native.errors import ArgumentError
from fastphoto_native.files.names import shown
from fastphoto_native.files.photos import check_output, photo_size, read_photo, write_photo
from fastphoto_native.runtime.bundle import DEFAULT_MODEL
from fastphoto_native.runtime.device import DEVICES, MOST_THREADS, PRECISIONS, Device, Precision
from fastphoto_native.smoothing.methods import SMOOTHINGS, Smoothing
from fastphoto_native.stylizer import Stylizer


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="fastphoto")
def main() -> None:
    """Give a photo the look of another photo: light, weather, season, time of day, and nothing else."""


@main.command()
@click.argument("content", type=FILE)
@click.argument("style", type=FILE)
@click.option("-o", "--output", type=FILE, required=True, help="Result file; its suffix decides the format.")
@click.option("--content-mask", type=FILE, help="Label map of the content: one colour for each label.")
@click.option("--style-mask", type=FILE, help="Label map of the style, in the same colours.")
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
@click.option(
    "--threads",
    type=click.IntRange(0, MOST_THREADS),
    default=0,
    show_default=True,
    help="CPU threads; 0 takes all cores.",
)
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
@output_options
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
    written: OutputOptions,
    as_json: bool,
) -> None:
    """Give CONTENT the look of STYLE.

    Both are photo files (JPEG, PNG, TIFF, WebP, ...); - is standard input, or standard output for the result. The
    result has CONTENT's size, orientation, bit depth and profile (where the format holds them), transparency, EXIF, XMP
    and IPTC.
    """
    start, clock = time.perf_counter(), Stopwatch()
    with one_line_errors(), progress_bar() as progress:
        if (content_mask is None) != (style_mask is None):
            raise ArgumentError("--content-mask and --style-mask go together: give both or neither")
        if as_json and output == Path("-"):
            raise ArgumentError("--json and the result both go to standard output: give one of them only")
        size = photo_size(content)
        progress("loading the model", 0.0)
        with clock.stage("load the model"):
            stylizer = Stylizer(model, device, threads, precision)
        progress("reading photos", 0.0)
        with clock.stage("read photos"):
            if size is not None:
                require_memory(stylizer, content, size, smoothing, max_side)
            photo = read_photo(content)
            check_output(output, photo, **written.keywords())
            style_photo = read_photo(style)
            content_labels, style_labels = read_masks(content_mask, photo, style_mask, style_photo)
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
        stop_if_interrupted()
        with clock.stage("write the result"):
            write_photo(output, photo.restyled(result), strip=written.strip, **written.keywords())
        report.stages = clock.stages
    seconds = time.perf_counter() - start
    if as_json:
        account = {"output": shown(output), "seconds": seconds} | msgspec.to_builtins(report)
        echo_json(account)
    elif on_terminal():
        say(f"{shown(output)}  ({seconds:.1f} s on {report.device.used}: {report.device.reason})")


main.add_command(transfer)
main.add_command(evaluate)
main.add_command(models)
main.add_command(doctor)


def run() -> None:
    """The command as a process: arguments from the shell, an exit status for it (docs/cli.md)."""
    raise_on_interrupt()
    try:
        main(prog_name="fastphoto")
    finally:
        ignore_interrupt()
