"""`fastphoto stylize`: photo files in, a photo file out."""

from __future__ import annotations

import time
from pathlib import Path

import click
import msgspec

from fastphoto_native.commands.interrupt import stop_if_interrupted
from fastphoto_native.commands.look_options import (
    LookOptions,
    check_files_beside,
    look_options,
    lut_options,
    write_luts,
    write_mask_preview,
)
from fastphoto_native.commands.lut import summary
from fastphoto_native.commands.photo_files import FILE, OutputOptions, check_picture, output_options, require_memory
from fastphoto_native.commands.run_options import device_option, threads_option
from fastphoto_native.commands.stopwatch import Stopwatch
from fastphoto_native.commands.terminal import echo_json, on_terminal, one_line_errors, progress_bar, say
from fastphoto_native.errors import ArgumentError
from fastphoto_native.files.names import shown
from fastphoto_native.files.photos import check_output, photo_size, read_photo, write_photo
from fastphoto_native.luts.files import check_lut_output
from fastphoto_native.runtime.names import DEFAULT_MODEL, PRECISIONS, Device, Precision
from fastphoto_native.smoothing.methods import DEFAULT_QUALITY, QUALITIES, SMOOTHINGS, Quality, Smoothing
from fastphoto_native.sources import look_of, pair_with_style, read_content_mask, read_style_files, warn_of_labels
from fastphoto_native.stylizer import Stylizer


@click.command()
@click.argument("content", type=FILE)
@click.argument("style", type=FILE, required=False)
@click.option("-o", "--output", type=FILE, required=True, help="Result file; its suffix decides the format.")
@click.option(
    "--smoothing",
    type=click.Choice(SMOOTHINGS),
    default=SMOOTHINGS[0],
    show_default=True,
    help="What undoes damage to structure: the paper's solver, its fast approximation (both followed by the "
    "content's detail), or nothing.",
)
@click.option(
    "--quality",
    type=click.Choice(QUALITIES),
    default=DEFAULT_QUALITY,
    show_default=True,
    help="Of closed-form smoothing: exact solves for every pixel; balanced and draft solve large photos at a smaller "
    "size and carry the result over.",
)
@click.option(
    "--strength",
    type=click.FloatRange(0, 1),
    default=1.0,
    show_default=True,
    help="From the content as it is (0) to the full look (1).",
)
@click.option("--insist", is_flag=True, help="All of the look, even where the style hardly fits the content.")
@click.option(
    "--model",
    default=DEFAULT_MODEL,
    show_default=True,
    help="Name of a model (fastphoto models list), or a bundle's folder.",
)
@device_option
@threads_option
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
@look_options
@lut_options
def stylize(
    content: Path,
    style: Path | None,
    output: Path,
    smoothing: Smoothing,
    quality: Quality,
    strength: float,
    insist: bool,
    model: str,
    device: Device,
    threads: int,
    precision: Precision,
    max_side: int | None,
    written: OutputOptions,
    as_json: bool,
    options: LookOptions,
    lut: Path | None,
    lut_size: str,
    mask_preview: Path | None,
) -> None:
    """Give CONTENT the look of STYLE, or that of a look file (--look).

    Both are photo files (JPEG, PNG, TIFF, WebP, ...); - is standard input, or standard output for the result. The
    result has CONTENT's size, orientation, bit depth and profile (where the format holds them), transparency, EXIF, XMP
    and IPTC.
    """
    start, clock = time.perf_counter(), Stopwatch()
    with one_line_errors(), progress_bar() as progress:
        files, mapping = options.style(() if style is None else (style,)), options.mapping()
        options.require_pairs()
        options.require_masks(mask_preview)
        if lut is not None:
            check_lut_output(lut, int(lut_size), overwrite=written.overwrite or options.masked)
        if mask_preview is not None:
            check_picture(mask_preview, written.overwrite)
        if as_json and output == Path("-"):
            raise ArgumentError("--json and the result both go to standard output: give one of them only")
        size = photo_size(content)
        progress("loading the model", 0.0)
        with clock.stage("load the model"):
            stylizer = Stylizer(model, device, threads, precision)
            segmenter = options.segmenter(device, threads)
        progress("reading photos", 0.0)
        with clock.stage("read photos"):
            if size is not None:
                require_memory(stylizer, content, size, smoothing, quality, max_side)
            # What is fitted to or drawn on the content needs its pixels afterwards. That and a network that makes masks
            # take them as numbers of 0..1.
            kept = lut is not None or mask_preview is not None
            photo = read_photo(content, as_stored=not kept and segmenter is None)
            check_output(output, photo, **written.keywords())
            content_mask = read_content_mask(photo, options.content_masks, segmenter)
            source = read_style_files(files, segmenter)
        progress("analysing the style", 0.0)
        with clock.stage("analyse the style"):
            look = look_of(stylizer, source, max_side)
            pair = pair_with_style(content_mask, look, mapping, automatic=segmenter is not None)
        check_files_beside(output, lut, mask_preview, pair, overwrite=written.overwrite)
        result = photo.room_for_result(kept=kept)
        report = stylizer.apply_into(
            result,
            photo.pixels,
            look.look if pair is None else pair.look,
            None if pair is None else pair.mask.array,
            smoothing=smoothing,
            quality=quality,
            strength=strength,
            adjustment=options.adjustment(),
            insist=insist,
            max_side=max_side,
            progress=progress,
            alpha=photo.alpha,
        )
        clock.stages += report.stages
        labels = [] if pair is None else pair.report(report.labels)
        if pair is not None:
            warn_of_labels(pair, report.labels)
        if report.doubt is not None:
            say(f"fastphoto: note: {report.doubt}")
        stop_if_interrupted()
        before, photo = photo if kept else None, photo.restyled(result)
        with clock.stage("write the result"):
            write_photo(output, photo, strip=written.strip, **written.keywords())
        luts = []
        if lut is not None and before is not None:
            with clock.stage("fit the LUT"):
                luts = write_luts(lut, int(lut_size), before, result, pair, overwrite=written.overwrite)
        if mask_preview is not None and pair is not None and before is not None:
            write_mask_preview(mask_preview, look, before.pixels, pair)
        report.stages = clock.stages
    seconds = time.perf_counter() - start
    if as_json:
        account = {"output": shown(output), "seconds": seconds} | msgspec.to_builtins(report)
        account |= msgspec.to_builtins({"masks": labels, "luts": luts})
        echo_json(account)
    elif on_terminal():
        say(f"{shown(output)}  ({seconds:.1f} s on {report.device.used}: {report.device.reason})")
        for label in labels:
            taken = f"the look of '{label.style_label}' ({label.style:.1%})" if label.took_part else "kept its look"
            say(f"  {label.label} ({label.content:.1%}): {taken}")
    if not as_json:
        for fitted in luts:
            say(f"{fitted.file}: {summary(fitted)}")
