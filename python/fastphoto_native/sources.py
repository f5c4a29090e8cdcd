"""From files to what a Stylizer takes: looks of style photos or look files, and the masks of both photos."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastphoto_native.errors import ArgumentError
from fastphoto_native.files.mask_pairs import as_photo_lies
from fastphoto_native.files.photos import Photo, read_photo
from fastphoto_native.looks.look import Look
from fastphoto_native.looks.sources import blended_looks, digest_of, preview_of
from fastphoto_native.masking.automatic import stand_ins
from fastphoto_native.masking.files import read_named_mask
from fastphoto_native.masking.mask import Mask, color_name
from fastphoto_native.masking.pairing import PairedMask, pair_masks
from fastphoto_native.masking.segmentation import Segmenter
from fastphoto_native.stylizer import Stylizer

FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class StyleFiles:
    """What gives the look: style photos, or look files with weights.

    Attributes:
        photos: one or more style photos; several make one look.
        masks: of the style photos: one file for each, or NAME=FILE pictures for a single photo.
        looks: look files instead of photos, such as "a.look:0.7".
    """

    photos: tuple[Path, ...] = ()
    masks: tuple[str, ...] = ()
    looks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if bool(self.photos) == bool(self.looks):
            raise ArgumentError("the look comes from a style photo or from look files: give the one or the other")
        if self.looks and self.masks:
            raise ArgumentError("a mask of the style belongs to a style photo, and the look comes from a file")
        if self.masks and len(self.photos) > 1 and len(self.masks) != len(self.photos):
            raise ArgumentError(
                f"{len(self.photos)} style photos need a mask each or none, got {len(self.masks)} masks"
            )


@dataclass(frozen=True, eq=False)
class StyleSource:
    """The files that give the look, read: style photos with their masks, or a look."""

    files: StyleFiles
    photos: tuple[NDArray[Any], ...] = ()
    masks: tuple[Mask, ...] = ()
    look: Look | None = None
    alphas: tuple[FloatArray | None, ...] = ()


@dataclass(frozen=True, eq=False)
class Style:
    """A look, and the photos and masks that it was made of, in the look's numbers."""

    look: Look
    photos: tuple[NDArray[Any], ...] = ()
    masks: tuple[Mask, ...] = ()


def read_style_files(files: StyleFiles, segmenter: Segmenter | None = None) -> StyleSource:
    """Style photos with their masks, or the look that look files give.

    Raises:
        ArgumentError, PhotoError, ModelError: a file is not what it should be.
    """
    if files.looks:
        return StyleSource(files, look=blended_looks(files.looks))
    photos = [read_photo(path, as_stored=segmenter is None) for path in files.photos]
    masks: list[Mask] = []
    if files.masks:
        groups = [files.masks] if len(photos) == 1 else [(mask,) for mask in files.masks]
        masks = [_mask(group, photo, "style mask") for group, photo in zip(groups, photos, strict=True)]
    elif segmenter is not None:
        masks = [segmenter(photo.pixels) for photo in photos]
    pixels, alphas = tuple(photo.pixels for photo in photos), tuple(photo.alpha for photo in photos)
    return StyleSource(files, pixels, _in_common_numbers(masks), alphas=alphas)


def look_of(stylizer: Stylizer, source: StyleSource, max_side: int | None = None) -> Style:
    """The look of what was read; that of several photos is pooled."""
    if source.look is not None:
        return Style(source.look)
    arrays: list[NDArray[Any] | None] = [mask.array for mask in source.masks] or [None for _ in source.photos]
    looks = [
        stylizer.analyze(photo, mask, max_side=max_side, alpha=alpha).with_details(preview=preview_of(photo))
        for photo, mask, alpha in zip(source.photos, arrays, source.alphas, strict=True)
    ]
    look = Look.pool(looks)
    names = {label: name for mask in source.masks for label, name in mask.names.items() if label in look.labels}
    named = {label: name for label, name in names.items() if name != color_name(label)}
    # Standard input cannot be read twice: a photo from there has no digest.
    sources = [digest_of(path) for path in source.files.photos if path.is_file()]
    return Style(look.with_details(sources=sources, label_names=named), source.photos, source.masks)


def read_style(
    stylizer: Stylizer, files: StyleFiles, segmenter: Segmenter | None = None, max_side: int | None = None
) -> Style:
    """The look that style photos or look files give.

    Raises:
        ArgumentError, PhotoError, ModelError: a file is not what it should be.
    """
    return look_of(stylizer, read_style_files(files, segmenter), max_side)


def read_content_mask(photo: Photo, files: Sequence[str], segmenter: Segmenter | None = None) -> Mask | None:
    """The content's mask; None if it has none.

    Args:
        photo: the content; its orientation tells how a mask was painted.
        files: of the mask; none for an automatic one, or for no mask.
        segmenter: makes the mask if there are no files.

    Raises:
        PhotoError, ModelError: a file is not what it should be.
    """
    if files:
        return _mask(files, photo, "content mask")
    return None if segmenter is None else segmenter(photo.pixels)


def pair_with_style(
    mask: Mask | None, style: Style, mapping: Mapping[str, str], *, automatic: bool = False
) -> PairedMask | None:
    """The content's mask in the numbers of the style's look; None if neither has one.

    Args:
        mask: of the content.
        style: whose look the content is to take.
        mapping: as for `pair_masks`.
        automatic: whether a network made the mask. Then labels that the style lacks take the look of what stands in.

    Raises:
        ArgumentError: only one of the two photos has a mask, or the mapping names labels that do not exist.
    """
    if (mask is not None) != style.look.masked:
        missing = "the content" if mask is None else "the style"
        raise ArgumentError(f"{missing} has no mask and the other photo has one: give both or neither")
    if mask is None:
        return None
    chosen = dict(mapping)
    if automatic:
        shares = {mask.names[label]: share for label, share in mask.shares().items()}
        chosen = stand_ins(shares, _shares_of(style.look)) | chosen
    pair = pair_masks(mask, style.look, chosen)
    for note in pair.notes:
        warnings.warn(note, stacklevel=2)
    return pair


def warn_of_labels(pair: PairedMask, took_part: list[int]) -> None:
    """A warning for every label of the content that keeps its look, with the reason."""
    for label in pair.report(took_part):
        if not label.took_part:
            reason = "the style does not have it" if label.style_label is None else "one of the two areas is too small"
            warnings.warn(
                f"label '{label.label}' ({label.content:.1%} of the content) keeps its look: {reason}", stacklevel=2
            )


def _mask(files: Sequence[str], photo: Photo, name: str) -> Mask:
    """A mask as its photo lies."""
    mask = read_named_mask(files)
    array, notes = as_photo_lies(mask.array, photo, name)
    if len(mask.names) == 1 and mask.covers_all:
        only = next(iter(mask.names.values()))
        notes.append(f"the {name} has one label only ({only}): it makes no difference of areas")
    for note in notes:
        warnings.warn(note, stacklevel=2)
    return Mask(np.ascontiguousarray(array), mask.names)


def _shares_of(look: Look) -> dict[str, float]:
    total = sum(style.area for style in look.labels.values())
    return {look.label_names.get(label, color_name(label)): style.area / total for label, style in look.labels.items()}


def _in_common_numbers(masks: Sequence[Mask]) -> tuple[Mask, ...]:
    """Masks in which a name has one number everywhere. A mask alone, and colours, keep theirs."""
    names = {name for mask in masks for name in mask.names.values()}
    if len(masks) < 2 or all(name == color_name(label) for mask in masks for label, name in mask.names.items()):
        return tuple(masks)
    numbers = {name: number for number, name in enumerate(sorted(names))}
    return tuple(mask.renumbered({label: numbers[name] for label, name in mask.names.items()}) for mask in masks)
