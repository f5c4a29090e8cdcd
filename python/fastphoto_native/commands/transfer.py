"""`fastphoto transfer`: style transfer by optimisation, from files to a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import msgspec
import numpy as np
from numpy.typing import NDArray

from fastphoto_native.commands.photo_files import FILE, OutputOptions, output_options, read_masks
from fastphoto_native.commands.run_options import device_option, threads_option
from fastphoto_native.commands.terminal import echo_json, on_terminal, one_line_errors, progress_bar, say
from fastphoto_native.errors import ArgumentError
from fastphoto_native.files.names import shown
from fastphoto_native.files.photos import Photo, check_output, read_photo, write_photo
from fastphoto_native.optimise.neural_style import deep_photo, neural_style
from fastphoto_native.optimise.presets import METHODS, MISSING_LABELS, PRESETS, STARTS
from fastphoto_native.optimise.report import TransferReport
from fastphoto_native.optimise.weights import EMBEDDED, INPUTS


@click.command()
@click.argument("content", type=FILE)
@click.argument("style", type=FILE)
@click.option("-o", "--output", type=FILE, required=True, help="Result file; its suffix decides the format.")
@click.option(
    "--method",
    type=click.Choice(METHODS),
    required=True,
    help="gatys: neural style, for paintings. dpst: Deep Photo Style Transfer, for photos.",
)
@click.option(
    "--preset",
    type=click.Choice(PRESETS),
    default="fast",
    show_default=True,
    help="The paper's settings, those of the authors' code, or ours, which are sooner done.",
)
@click.option("--content-mask", type=FILE, help="Label map of the content: one colour for each label.")
@click.option("--style-mask", type=FILE, help="Label map of the style, in the same colours.")
@click.option(
    "--missing-labels",
    type=click.Choice(MISSING_LABELS),
    help="Labels that the style lacks: no style there, or join a neighbour [default: the preset's].",
)
@click.option(
    "--loss-network",
    default=EMBEDDED,
    show_default=True,
    help="The embedded encoder, or a file of VGG weights: .npz, or .pth with PyTorch installed.",
)
@click.option(
    "--network-input",
    type=click.Choice(list(INPUTS)),
    help="What the file's network expects [default: torchvision's for torchvision's names, else Caffe's].",
)
@click.option("--style-layers", help="Such as relu1_1,relu2_1 [default: the preset's].")
@click.option("--content-layers", help="Such as relu4_2 [default: the preset's].")
@click.option("--style-weight", type=click.FloatRange(0), default=1.0, help="Factor of the preset's weight.")
@click.option("--content-weight", type=click.FloatRange(0), default=1.0, help="Factor of the preset's weight.")
@click.option(
    "--matting-weight",
    type=click.FloatRange(0),
    default=1.0,
    help="Factor of the preset's weight (dpst): less brings more of the style and keeps less of the structure.",
)
@click.option("--evaluations", type=click.IntRange(1), help="Of the losses, in all stages [default: the preset's].")
@click.option("--max-side", type=click.IntRange(16), help="Longest side that is optimised [default: the preset's].")
@click.option(
    "--start", help=f"First picture: {', '.join(STARTS)}, or a file of that name with a suffix [default: the preset's]."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of the noise.")
@click.option("--checkpoint", type=FILE, help="File from which an interrupted run goes on when called again.")
@click.option("--pictures", type=FILE, help="Folder for intermediate pictures.")
@click.option(
    "--every", type=click.IntRange(1), default=100, show_default=True, help="Evaluations between two pictures."
)
@device_option
@threads_option
@output_options
@click.option("--json", "as_json", is_flag=True, help="Print a machine-readable report.")
def transfer(
    content: Path, style: Path, output: Path, method: str, content_mask: Path | None, style_mask: Path | None,
    pictures: Path | None, every: int, start: str | None, written: OutputOptions, as_json: bool, loss_network: str,
    style_layers: str | None, content_layers: str | None, **options: Any,
) -> None:  # fmt: skip
    """Give CONTENT the style of STYLE by minimising a loss: slow, and the reference for what is fast.

    Of a painting's style nothing but the picture remains (gatys, at the size that was optimised); of a photo's the look
    (dpst, at CONTENT's size). Transparency, profile and EXIF are CONTENT's; hidden colours count as the mean of those
    that are seen.
    """
    with one_line_errors(), progress_bar() as progress:
        if (content_mask is None) != (style_mask is None):
            raise ArgumentError("--content-mask and --style-mask go together: give both or neither")
        if as_json and output == Path("-"):
            raise ArgumentError("--json and the result both go to standard output: give one of them only")
        photo = read_photo(content)
        check_output(output, photo, **written.keywords())
        style_photo = read_photo(style)
        content_labels, style_labels = read_masks(content_mask, photo, style_mask, style_photo)
        options |= {
            "content_mask": content_labels,
            "style_mask": style_labels,
            "network": loss_network,
            "start": _start(start),
            "style_layers": _names(style_layers),
            "content_layers": _names(content_layers),
            "pictures": None if pictures is None else _writer(pictures),
            "picture_every": every,
            "progress": progress,
        }
        run: Callable[..., tuple[NDArray[np.float32], TransferReport]] = (
            neural_style if method == "gatys" else deep_photo
        )
        try:
            result, report = run(photo.covered(), style_photo.covered(), return_report=True, **options)
        except KeyboardInterrupt:
            if options["checkpoint"]:
                say(f"fastphoto: the same command with --checkpoint {shown(options['checkpoint'])} goes on")
            raise
        write_photo(output, photo.restyled(result), strip=written.strip, **written.keywords())
    if as_json:
        echo_json({"output": shown(output)} | msgspec.to_builtins(report))
    elif on_terminal():
        loss = report.trace[-1].loss
        say(f"{shown(output)}  ({report.seconds:.1f} s, {len(report.trace)} evaluations, loss {loss:.5g})")


def _names(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(name.strip() for name in text.split(",") if name.strip())


def _start(start: str | None) -> Any:
    """A name of STARTS, or the pixels of a file."""
    if start is None or start in STARTS:
        return start
    if not Path(start).suffix:
        raise ArgumentError(f"--start must be one of {', '.join(STARTS)} or a photo file, got {start!r}")
    return read_photo(start).pixels


def _writer(folder: Path) -> Callable[[int, NDArray[np.float32]], None]:
    folder.mkdir(parents=True, exist_ok=True)
    return lambda count, picture: write_photo(folder / f"{count:05d}.png", Photo(np.ascontiguousarray(picture)))
