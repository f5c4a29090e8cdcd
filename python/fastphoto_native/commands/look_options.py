"""Options that `stylize` and `batch` share: where the look comes from, masks, strengths apart, and LUTs."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import msgspec
import numpy as np
from numpy.typing import NDArray

from fastphoto_native.adjustment import KEPT, Adjustment, Kept
from fastphoto_native.arrays.images import as_float_image
from fastphoto_native.commands.photo_files import require_different_files
from fastphoto_native.errors import ArgumentError
from fastphoto_native.files.photos import Photo, check_target, write_photo
from fastphoto_native.luts.explained import Explained, explained_by
from fastphoto_native.luts.files import check_lut_output, write_lut
from fastphoto_native.luts.fit import fit_lut
from fastphoto_native.luts.lut import SIZES
from fastphoto_native.masking.pairing import PairedMask, parse_mask_map
from fastphoto_native.masking.preview import mask_preview
from fastphoto_native.masking.segmentation import Segmenter
from fastphoto_native.runtime.device import Device
from fastphoto_native.sources import Style, StyleFiles

FloatArray = NDArray[np.float32]
PATH = click.Path(path_type=Path)  # existence is checked where files are read, with one kind of message
FACTOR = click.FloatRange(0, 1.5)
LONGEST_NAME = 60  # characters of a label in the name of a file


class LookOptions(msgspec.Struct, frozen=True):
    """What the options below say."""

    looks: tuple[str, ...]
    style_masks: tuple[str, ...]
    content_masks: tuple[str, ...]
    mask_map: str | None
    auto_mask: Path | None
    tone: float
    color: float
    white_balance: float
    preserve: tuple[Kept, ...]

    def style(self, photos: tuple[Path, ...]) -> StyleFiles:
        """Where the look comes from.

        Raises:
            ArgumentError: from nowhere, or from both photos and look files.
        """
        return StyleFiles(photos, self.style_masks, self.looks)

    @property
    def masked(self) -> bool:
        """Whether the content gets a mask."""
        return bool(self.content_masks) or self.auto_mask is not None

    def require_masks(self, mask_preview: Path | None) -> None:
        """Refuses options that say something of masks where there are none.

        Raises:
            ArgumentError: a map or a preview of masks without masks.
        """
        if self.masked:
            return
        if mask_preview is not None:
            raise ArgumentError("--mask-preview shows masks, and there are none")
        if self.mask_map is not None:
            raise ArgumentError("--mask-map says which labels of masks meet, and there are no masks")

    def require_pairs(self) -> None:
        """Refuses a mask of one photo only.

        Raises:
            ArgumentError: only one of the two photos has a mask.
        """
        if not self.looks and bool(self.content_masks) != bool(self.style_masks):
            raise ArgumentError("--content-mask and --style-mask go together: give both or neither")

    def adjustment(self) -> Adjustment:
        """Strengths apart."""
        return Adjustment(self.tone, self.color, self.white_balance, self.preserve)

    def mapping(self) -> dict[str, str]:
        """Labels of the content, and of the style."""
        return parse_mask_map(self.mask_map)

    def require_auto_mask_alone(self) -> None:
        """Refuses masks beside what makes masks.

        Raises:
            ArgumentError: both were given.
        """
        if self.auto_mask is not None and (self.style_masks or self.content_masks):
            raise ArgumentError("--auto-mask makes both masks: leave --content-mask and --style-mask out")

    def segmenter(self, device: Device, threads: int) -> Segmenter | None:
        """What makes masks, if it was asked for."""
        self.require_auto_mask_alone()
        return None if self.auto_mask is None else Segmenter(self.auto_mask, device, threads)


_CONTENT_MASK = functools.partial(
    click.option, "--content-mask", "content_masks", multiple=True, metavar="FILE", help="Labels of the content: a "
    "picture with a colour for each label, .npy, .npz, labelme's .json or a floating-point TIFF; or several times "
    "NAME=FILE, a grey picture for each label.",
)  # fmt: skip
_OPTIONS = [
    click.option(
        "--look", "looks", multiple=True, metavar="FILE[:WEIGHT]", help="A look file instead of a style photo; several "
        "are blended by their weights.",
    ),
    click.option(
        "--style-mask", "style_masks", multiple=True, metavar="FILE", help="Labels of the style, in the same colours "
        "or names.",
    ),
    click.option(
        "--mask-map", metavar="NAME=NAME,...", help="Which label of the content takes the look of which label of the "
        "style, such as sky=sky,lake=sea [default: the same names or colours].",
    ),
    click.option(
        "--auto-mask", type=PATH, metavar="MODEL.onnx",
        help="Make both masks by a segmentation network (docs/masks.md).",
    ),
    click.option("--tone", type=FACTOR, default=1.0, show_default=True, help="How much of the change of tones."),
    click.option(
        "--colour", "--color", "color", type=FACTOR, default=1.0, show_default=True, help="How much of the change of "
        "colours, beside the shift that the whole photo shares.",
    ),
    click.option(
        "--white-balance", type=FACTOR, default=1.0, show_default=True, help="How much of the shift of colour that the "
        "whole photo shares.",
    ),
    click.option(
        "--preserve", multiple=True, type=click.Choice(KEPT), help="What stays as the content has it; may be given "
        "several times.",
    ),
]  # fmt: skip


def look_options(command: Callable[..., None], *, one_photo: bool = True) -> Callable[..., None]:
    """Adds the options and hands them to the command together, as `options`.

    Args:
        command: takes them.
        one_photo: whether there is one content only, which may have a mask. If not, --content-mask is not shown.
    """

    @functools.wraps(command)
    def gathered(**values: Any) -> None:
        names = LookOptions.__struct_fields__
        command(options=LookOptions(**{name: values.pop(name) for name in names}), **values)

    looks, *others = _OPTIONS
    for option in reversed([looks, _CONTENT_MASK(hidden=not one_photo), *others]):
        gathered = option(gathered)
    return gathered


def lut_options(command: Callable[..., None]) -> Callable[..., None]:
    """Adds --lut, --lut-size and --mask-preview."""
    size = click.option(
        "--lut-size", type=click.Choice([str(n) for n in SIZES]), default="33", show_default=True,
        help="Points a side of a .cube.",
    )  # fmt: skip
    lut = click.option(
        "--lut", type=PATH, metavar="FILE", help="Write the LUT that comes nearest to what was done: .cube, or .png "
        "for a HaldCLUT. With masks one for each label.",
    )  # fmt: skip
    preview = click.option("--mask-preview", type=PATH, metavar="FILE", help="Write a picture of both photos' labels.")
    return preview(lut(size(command)))


class LutReport(Explained):
    """A LUT that was written, for which label, and what it explains."""

    file: str = ""
    label: str | None = None


def write_luts(
    path: Path, size: int, before: Photo, after: FloatArray, pair: PairedMask | None, *, overwrite: bool
) -> list[LutReport]:
    """Fits and writes a LUT, or with masks one for each label that took part. What is transparent does not count."""
    points = check_lut_output(path, size, overwrite=overwrite or pair is not None)
    reports = []
    for file, label, weights in _parts(path, before, pair):
        lut = replace(
            fit_lut(before.pixels, after, points, weights),
            title=path.stem if label is None else f"{path.stem}: {label}",
        )
        write_lut(file, lut, overwrite=overwrite)
        explained = explained_by(lut, before.pixels, after, weights)
        reports.append(LutReport(**msgspec.structs.asdict(explained), file=str(file), label=label))
    return reports


def _parts(path: Path, photo: Photo, pair: PairedMask | None) -> Iterator[tuple[Path, str | None, FloatArray | None]]:
    """Files, labels, and how much each pixel counts."""
    alpha = None if photo.alpha is None or not photo.alpha.any() else photo.alpha
    if pair is None:
        yield path, None, alpha
        return
    height, width = photo.pixels.shape[:2]
    rows = ((np.arange(height) + 0.5) * pair.mask.array.shape[0] / height).astype(int)
    columns = ((np.arange(width) + 0.5) * pair.mask.array.shape[1] / width).astype(int)
    for number, file in _files_of_labels(path, pair).items():
        label, weights = pair.labels[number], pair.mask.weight(number)[rows][:, columns]
        if alpha is not None:
            weights = weights * alpha
        if label.took_part and weights.any():
            yield file, label.label, weights


def _files_of_labels(path: Path, pair: PairedMask) -> dict[int, Path]:
    """NAME_label.cube for each label that meets one of the style, by the label's number. No two are alike."""
    names: dict[int, str] = {}
    taken: set[str] = set()
    for number, label in pair.labels.items():
        if label.style_label is None:
            continue
        name = re.sub(r"[\W_]+", "-", label.label)[:LONGEST_NAME].strip("-") or str(number)
        while name.casefold() in taken:
            name += f"-{number}"
        taken.add(name.casefold())
        names[number] = name
    return {number: path.with_name(f"{path.stem}_{name}{path.suffix}") for number, name in names.items()}


def check_files_beside(
    output: Path, lut: Path | None, mask_preview: Path | None, pair: PairedMask | None, *, overwrite: bool
) -> None:
    """Raises now what writing the files beside the result would raise after minutes of work.

    Raises:
        ArgumentError: two of the files are one.
        PhotoError: the file of a label's LUT is there and not to be replaced.
    """
    luts = [] if lut is None else [lut] if pair is None else list(_files_of_labels(lut, pair).values())
    for file in luts:
        check_target(file, overwrite)
    require_different_files(output, *luts, *([] if mask_preview is None else [mask_preview]))


def write_mask_preview(path: Path, style: Style, pixels: FloatArray, pair: PairedMask) -> None:
    """Writes a picture of the labels of both photos."""
    photos = [(pixels, pair.mask)]
    if pair.look is style.look:
        styles = [as_float_image(photo, "style") for photo in style.photos]
        photos += list(zip(styles, style.masks, strict=False))
    together = [number for number, label in pair.labels.items() if label.style_label is not None]
    write_photo(path, Photo(mask_preview(photos, together)))
