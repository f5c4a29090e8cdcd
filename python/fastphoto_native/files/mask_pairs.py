"""Masks beside their photos and beside each other: turned as the photo was, with colours that agree."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastphoto_native.files.photo import Photo

Labels = NDArray[np.int32]

# Aspects that differ by more than this are of different pictures.
_SAME_ASPECT = 0.02
# Colours of two masks that differ by no more than this in every channel are one colour, written by two programs.
_SAME_COLOUR = 4

# What EXIF's orientations 5 to 8, which swap the sides, do to rows and columns.
_TURNS = {5: (1, True), 6: (-1, False), 7: (-1, True), 8: (1, False)}


def mask_of_photo(labels: Labels, photo: Photo, name: str) -> tuple[Labels, list[str]]:
    """A mask as its photo lies, and what is to be said about the two.

    Args:
        labels: H x W, upright as its own file says.
        photo: the photo, upright.
        name: "content mask" or "style mask".
    """
    lying, notes = as_photo_lies(labels, photo, name)
    if lying.min() == lying.max():
        notes.append(f"the {name} has one label only ({_colour(int(lying.flat[0]))}): it makes no difference of areas")
    return lying, notes


def as_photo_lies(labels: NDArray[Any], photo: Photo, name: str) -> tuple[NDArray[Any], list[str]]:
    """A mask, H x W or H x W x K, turned if need be, and what is to be said about that.

    A photo whose file says "turn me" is often masked as it is stored. Such a mask has the other aspect and is turned
    with the photo.
    """
    height, width = photo.pixels.shape[:2]
    notes = []
    if not _same_aspect(labels.shape, (height, width)):
        if photo.orientation in _TURNS and _same_aspect(labels.shape, (width, height)):
            labels = _turned(labels, photo.orientation)
            notes.append(f"the {name} lies as the photo is stored; it was turned with the photo")
        else:
            notes.append(
                f"the {name} has {labels.shape[1]} x {labels.shape[0]} pixels and the photo {width} x {height}: it is "
                "stretched"
            )
    return labels, notes


def agreeing_masks(content: Labels, style: Labels) -> tuple[Labels, list[str]]:
    """The style's mask with the content's colours where they all but agree, and what is to be said about that."""
    ours, theirs = (np.unique(labels) for labels in (content, style))
    alone, others = np.setdiff1d(ours, theirs), np.setdiff1d(theirs, ours)
    if not len(alone) or not len(others) or min(ours.min(), theirs.min()) < 0:
        return style, []
    distance = np.abs(_channels(alone)[:, None] - _channels(others)[None]).max(axis=2)
    close = distance <= _SAME_COLOUR
    notes = []
    for i, j in zip(*np.nonzero(close), strict=True):
        if close[i].sum() == 1 and close[:, j].sum() == 1:
            style = np.where(style == others[j], alone[i], style)
            notes.append(
                f"the style mask's {_colour(int(others[j]))} counts as the content mask's {_colour(int(alone[i]))}"
            )
    return style, notes


def _same_aspect(shape: tuple[int, ...], other: tuple[int, int]) -> bool:
    # A side of n pixels may be rounded by half a pixel.
    exact, found = other[0] / other[1], shape[0] / shape[1]
    rounding = 0.5 / min(*shape[:2], *other)
    return abs(found / exact - 1) <= _SAME_ASPECT + rounding


def _turned(labels: NDArray[Any], orientation: int) -> NDArray[Any]:
    quarter, mirrored = _TURNS[orientation]
    turned = np.rot90(labels, quarter)
    return np.ascontiguousarray(np.flipud(turned) if mirrored else turned)


def _channels(labels: NDArray[np.integer]) -> NDArray[np.integer]:
    return np.stack([labels >> 16, labels >> 8 & 255, labels & 255], axis=-1)


def _colour(label: int) -> str:
    return f"#{label:06x}"
