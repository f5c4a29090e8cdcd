"""Colour-coded masks -> label maps: every colour that means something becomes a label, the smeared rest joins one.

Painted masks are rarely clean: borders are anti-aliased, and many were a JPEG once, even if they are a PNG now. What
tells a colour that means something from a smeared one is that it fills areas: it has *solid* pixels, whose eight
neighbours are of the same colour. Of the 60 masks of Deep Photo Style Transfer, where up to 94 % of the pixels are of
none of the nine colours meant, this finds exactly the colours meant: the rarest is solid in 0.14 % of the pixels, and
no other is found. The most solid colour of an area is off by at most 1 per channel there.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fastphoto_native.errors import ArgumentError

# A mask counts as smeared if it has more colours than this and less than half of them are solid somewhere. Then colours
# this close in every channel are one colour; otherwise any small difference may be meant (label maps 0, 1, 2, ...).
# Of the masks above, those with more than one colour have 0.4 to 20 % of them solid; drawn masks have all.
MAX_DRAWN_COLOURS = 16
SAME_COLOUR = 48
# In a smeared mask a colour means something if this share of the pixels is solid in it.
MIN_SOLID_SHARE = 1e-4
# A smeared mask with fewer solid pixels than this is a photo. (The masks above have 0.37 or more, all but one 0.7; of
# 250 photos 90 % have less than 0.18.)
MIN_SOLID_IN_ALL = 0.2
# The colours of areas are rounded to these levels if all three channels are this close, so that a mask that was a JPEG
# once agrees with one that never was.
PURE_LEVELS = (0, 64, 128, 192, 255)
PURE_TOLERANCE = 2
# A drawn mask's colour that fills no area is a border's mixture if it is this close to a line between two that do.
MIXTURE_TOLERANCE = 12
# More labels than this are no mask but a photo, a gradient or a soft matte.
MAX_LABELS = 64
# A drawn mask's colour that fills no area is no label with as few pixels as this (the engine would not use it).
FEW_PIXELS = 10
# Borders are this wide at most, feathered ones included, in pixels or as a share of the longer side. If more than this
# share of the pixels lies farther from every area, the picture is a photo with areas in it, such as a cut-out subject.
BORDER_PIXELS = 32
BORDER_SHARE = 0.04
MOST_BEYOND_BORDERS = 0.1
# A mask of squares of one size is an enlarged one if it had as many pixels a side; else it is a drawing of squares.
LEAST_ENLARGED = 64

Labels = NDArray[np.int32]
Colours = NDArray[np.int64]


def labels_from_colours(rgb: NDArray[np.uint8]) -> Labels:
    """The label map of a colour-coded mask.

    Args:
        rgb: H x W x 3, at least one pixel.

    Returns:
        H x W int32. A label is its colour, 0xRRGGBB, so that the same colour is the same label in every mask.

    Raises:
        ArgumentError: this is no mask: there are more labels than MAX_LABELS, or no areas of one colour.
    """
    packed: Labels = (rgb.astype(np.int32) * np.array([1 << 16, 1 << 8, 1], np.int32)).sum(axis=2, dtype=np.int32)
    times = _enlarged(packed)
    if times == 1:
        return _labels(packed)
    return _labels(packed[::times, ::times]).repeat(times, axis=0).repeat(times, axis=1)


def _enlarged(packed: Labels) -> int:
    """How many times the mask was enlarged without mixing colours, which makes areas of a border's mixtures."""
    rows = np.flatnonzero((packed[1:] != packed[:-1]).any(axis=1)) + 1
    columns = np.flatnonzero((packed[:, 1:] != packed[:, :-1]).any(axis=0)) + 1
    times = int(np.gcd.reduce([*packed.shape, *rows, *columns]))
    return times if min(packed.shape) >= LEAST_ENLARGED * times else 1


def _labels(packed: Labels) -> Labels:
    """As labels_from_colours, of colours 0xRRGGBB."""
    colours, index, counts = _unique(packed)
    solid_counts = np.bincount(index[_solid(packed)], minlength=len(colours))
    areas = int(np.count_nonzero(solid_counts))
    smeared = len(colours) > MAX_DRAWN_COLOURS and 2 * areas < len(colours)
    is_mask = areas <= MAX_LABELS
    if smeared:
        centres = _centres(colours, solid_counts, packed.size)
        is_mask = 0 < len(centres) <= MAX_LABELS and solid_counts.sum() >= MIN_SOLID_IN_ALL * packed.size
    labels = None
    if is_mask:
        label_of = _smeared_labels(colours, centres) if smeared else _drawn_labels(colours, counts, solid_counts)
        found = label_of[index]
        labels = _fill_from_neighbours(_at_areas(found) if smeared else found, packed)
    if labels is None:
        raise ArgumentError(
            f"a photo or a gradient, not a mask: {len(colours)} colours, {areas} areas of one colour, which hold "
            f"{solid_counts.sum() / packed.size:.0%} of the pixels; expected 1 to {MAX_LABELS} areas that hold most"
        )
    return labels


def _unique(packed: Labels) -> tuple[Labels, NDArray[np.int32], NDArray[np.int64]]:
    """Colours in ascending order, their numbers for each pixel, and their counts: as np.unique, without sorting."""
    present = np.zeros(1 << 24, np.bool_)
    present[packed] = True
    colours = np.flatnonzero(present).astype(np.int32)
    number_of = np.empty(1 << 24, np.int32)
    number_of[colours] = np.arange(len(colours), dtype=np.int32)
    index = number_of[packed]
    return colours, index, np.bincount(index.reshape(-1), minlength=len(colours))


def _solid(packed: Labels) -> NDArray[np.bool_]:
    """Where all eight neighbours have the pixel's own colour (the border repeated outwards)."""
    height, width = packed.shape
    padded = np.pad(packed, 1, mode="edge")
    solid = np.ones(packed.shape, np.bool_)
    for y in range(3):
        for x in range(3):
            solid &= padded[y : y + height, x : x + width] == packed
    return solid


def _unpack(packed: NDArray[np.integer]) -> Colours:
    """0xRRGGBB -> R, G, B along a new last axis."""
    wide = packed.astype(np.int64)
    return np.stack([wide >> 16, (wide >> 8) & 255, wide & 255], axis=-1)


def _drawn_labels(colours: Labels, counts: NDArray[np.int64], solid_counts: NDArray[np.int64]) -> Labels:
    """For each colour its label: itself, or -1 for a mixture along the borders and for stray pixels."""
    areas = _unpack(colours[solid_counts > 0])
    if not len(areas):  # too small or too thin a drawing to tell
        return colours
    stray = (solid_counts == 0) & ((counts <= FEW_PIXELS) | _between_two(_unpack(colours), areas))
    return np.where(stray, np.int32(-1), colours)


def _between_two(colours: Colours, areas: Colours) -> NDArray[np.bool_]:
    """Which colours lie close to a line between two of `areas`."""
    between = np.zeros(len(colours), np.bool_)
    for start in areas:
        line = areas - start
        length2 = np.maximum((line * line).sum(axis=1), 1)
        offset = colours[:, None] - start
        share = np.clip((offset * line).sum(axis=2) / length2, 0, 1)
        distance = np.linalg.norm(offset - share[..., None] * line, axis=2)
        between |= (distance <= MIXTURE_TOLERANCE).any(axis=1)
    return between


def _centres(colours: Labels, solid_counts: NDArray[np.int64], pixels: int) -> list[Colours]:
    """The colours that mean something: the most solid first, each with the solid ones close to it.

    The search ends once there are too many for a mask.
    """
    somewhere = np.flatnonzero(solid_counts)
    rgb, left = _unpack(colours[somewhere]), solid_counts[somewhere].copy()
    centres: list[Colours] = []
    while left.any() and len(centres) <= MAX_LABELS:
        centre = rgb[left.argmax()]
        close = _distance(rgb, centre) <= SAME_COLOUR
        if left[close].sum() < MIN_SOLID_SHARE * pixels:
            if left.max() < MIN_SOLID_SHARE * pixels / len(left):  # what is left cannot make one any more
                break
        else:
            centres.append(centre)
        left[close] = 0
    return centres


def _smeared_labels(colours: Labels, centres: list[Colours]) -> Labels:
    """For each colour its label: that of the closest centre, or -1 if none is close."""
    rgb = _unpack(colours).astype(np.int16)
    labels = np.full(len(colours), -1, np.int32)
    nearest = np.full(len(colours), SAME_COLOUR + 1, np.int16)
    for centre in centres:
        distance = np.abs(rgb - centre.astype(np.int16)).max(axis=-1)
        closer = distance < nearest
        nearest[closer] = distance[closer]
        labels[closer] = _pure(centre)
    return labels


def _distance(rgb: Colours, centre: Colours) -> NDArray[np.int64]:
    """The largest difference in a channel."""
    distance: NDArray[np.int64] = np.abs(rgb - centre).max(axis=-1)
    return distance


def _pure(rgb: Colours) -> int:
    """A colour as 0xRRGGBB, rounded to the pure levels if all three channels are close to one."""
    levels = np.array(PURE_LEVELS)
    nearest = levels[np.abs(rgb[:, None] - levels).argmin(axis=1)]
    red, green, blue = (int(v) for v in (nearest if np.abs(nearest - rgb).max() <= PURE_TOLERANCE else rgb))
    return red << 16 | green << 8 | blue


def _at_areas(labels: Labels) -> Labels:
    """Takes the label (-1 instead) from pixels of smeared borders that happen to have a label's colour.

    Left are pixels of areas: those that are solid in their label, and their neighbours.
    """
    solid = np.pad(_solid(labels), 1)
    height, width = labels.shape
    near = np.zeros(labels.shape, np.bool_)
    for y in range(3):
        for x in range(3):  # the neighbours of a solid pixel have its label
            near |= solid[y : y + height, x : x + width]
    return np.where(near, labels, np.int32(-1))


def _fill_from_neighbours(labels: Labels, packed: Labels) -> Labels | None:
    """Gives pixels without a label (-1) the one among their neighbours' whose colour is nearest, from areas inwards.

    The neighbours' and not all labels: a border between black and white is grey, and grey may be a label elsewhere.
    Ring after ring, and each ring looks at its own pixels only.

    Returns:
        None if too many pixels lie too far from every area.
    """
    height, width = labels.shape
    padded = np.pad(labels, 1, constant_values=-2)
    stride = width + 2
    steps = np.array([dy * stride + dx for dy in (-1, 0, 1) for dx in (-1, 0, 1) if (dy, dx) != (0, 0)])
    flat = padded.reshape(-1)
    open_pixels = np.flatnonzero(flat == -1)
    left, rings = len(open_pixels), 0
    border = max(BORDER_PIXELS, round(BORDER_SHARE * max(height, width)))
    beside = [(flat[part[:, None] + steps] >= 0).any(axis=1) for part in _chunks(open_pixels)]
    ring = open_pixels[np.concatenate(beside)] if beside else open_pixels
    while len(ring):
        if rings == border and left > MOST_BEYOND_BORDERS * labels.size:
            return None
        flat[ring] = np.concatenate([_nearest(flat, part, steps, packed, stride) for part in _chunks(ring)])
        left -= len(ring)
        rings += 1
        around = (ring[:, None] + steps).reshape(-1)
        ring = np.unique(around[flat[around] == -1])
    if left:  # no area anywhere
        return None
    return padded[1:-1, 1:-1].copy()


def _chunks(pixels: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    """Parts whose neighbourhoods take little memory."""
    return [pixels[i : i + (1 << 18)] for i in range(0, len(pixels), 1 << 18)]


def _nearest(flat: Labels, ring: NDArray[np.intp], steps: NDArray[np.intp], packed: Labels, stride: int) -> Labels:
    """The label with the nearest colour among the neighbours of each pixel of a ring."""
    around = flat[ring[:, None] + steps]
    colour = _unpack(packed[ring // stride - 1, ring % stride - 1])
    distance = ((_unpack(np.maximum(around, 0)) - colour[:, None]) ** 2).sum(axis=2)
    distance[around < 0] = np.iinfo(np.int64).max
    found: Labels = np.take_along_axis(around, distance.argmin(axis=1)[:, None], axis=1)[:, 0]
    return found
