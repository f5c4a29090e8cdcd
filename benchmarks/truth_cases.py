"""Cases whose right answer is known, from a folder of one's own photos and LUTs or grades drawn at random.

`parts`: two parts of one photo; the content is one of them with an editor's plain sliders moved, the truth is that part
as it was. `like`, `other` and `lacking`: one grade on two photos; the truth is the content with that grade. The style's
photo is much like the content, any other, or one without the hue that fills the content.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import fastphoto_native as fp
import numpy as np
from fastphoto_native.scoring.damage import lab
from numpy.typing import NDArray

from benchmarks.working_size import resized

Photo = NDArray[np.float32]
Grade = Callable[[Photo], Photo]
KINDS = ("parts", "like", "other", "lacking")


@dataclass(frozen=True)
class Case:
    """Photos in 0..1; masks if labels were given."""

    name: str
    kind: str
    content: Photo
    style: Photo
    truth: Photo
    content_mask: NDArray[np.int32] | None = None
    style_mask: NDArray[np.int32] | None = None


@dataclass(frozen=True)
class Source:
    """A photo at the size of the cases, and its mask if there is one."""

    name: str
    photo: Photo
    mask: NDArray[np.int32] | None


def read_sources(photos: Path, masks: Path | None, side: int) -> list[Source]:
    """The photos of a folder in the order of their names; those without a mask are left out if masks are wanted."""
    sources = []
    for path in sorted(p for p in photos.iterdir() if p.is_file()):
        found = None if masks is None else next(iter(sorted(masks.glob(f"{path.stem}.*"))), None)
        if masks is not None and found is None:
            continue
        photo = _fitted(fp.read_photo(path).pixels, side)
        mask = None if found is None else _nearest(fp.read_mask(found), *photo.shape[:2])
        sources.append(Source(path.stem, photo, mask))
    return sources


def read_luts(folder: Path) -> list[Grade]:
    """Every file of a folder that OpenColorIO reads as a LUT, for sRGB-encoded colours."""
    import PyOpenColorIO as ocio  # noqa: N813 -- its users call it so

    config = ocio.Config.CreateRaw()
    processors = [
        config.getProcessor(
            ocio.FileTransform(str(path), interpolation=ocio.INTERP_TETRAHEDRAL)
        ).getDefaultCPUProcessor()
        for path in sorted(folder.iterdir())
    ]

    def grade(processor: ocio.CPUProcessor) -> Grade:
        def apply(photo: Photo) -> Photo:
            pixels = np.array(photo, np.float32, order="C")
            processor.applyRGB(pixels)
            return np.clip(pixels, 0, 1)

        return apply

    return [grade(p) for p in processors]


def random_luts(count: int, seed: int, adjustments: bool = False) -> list[Grade]:
    """Grades of the family that look estimators are trained on, with another seed."""
    import torch
    from fastphoto_native.making.estimating.grades import apply_cubes, random_adjustments, random_grades

    draw = random_adjustments if adjustments else random_grades
    cubes = draw(count, 17, torch.Generator().manual_seed(seed))

    def grade(cube: torch.Tensor) -> Grade:
        def apply(photo: Photo) -> Photo:
            planes = torch.from_numpy(np.ascontiguousarray(photo.transpose(2, 0, 1)))[None]
            return np.asarray(apply_cubes(cube[None], planes)[0].permute(1, 2, 0).numpy(), np.float32)

        return apply

    return [grade(cube) for cube in cubes]


def make_cases(sources: list[Source], grades: list[Grade], adjustments: list[Grade], count: int) -> Iterator[Case]:
    """At most `count` cases of each kind, the same ones every time for the same photos and grades."""
    order = sorted(sources, key=lambda s: zlib.crc32(s.name.encode()))
    for number, source in enumerate(order[:count]):
        yield _parts(source, adjustments[number % len(adjustments)], number)
    features = np.stack([_features(s.photo) for s in order])
    colours = [_colours(s.photo) for s in order]
    for number, source in enumerate(order[:count]):
        rng, grade = _rng(source.name, "pairs"), grades[number % len(grades)]
        distances = np.linalg.norm(features - features[number], axis=1)
        nearest = [int(i) for i in np.argsort(distances) if i != number]
        filling = _filling_hue(colours[number])
        partners = {"like": nearest[:1], "other": nearest[min(10, len(nearest) - 1) :]}
        if filling is not None:
            partners["lacking"] = [i for i in nearest if _share_of(colours[i], filling) < 0.02
                                   and chroma(colours[i]).mean() > 8]  # fmt: skip
        for kind, others in partners.items():
            if others:
                style = order[int(rng.choice(others))]
                yield Case(f"{kind}_{number:03d}", kind, source.photo, _eight_bit(grade(style.photo)),
                           _eight_bit(grade(source.photo)), source.mask, style.mask)  # fmt: skip


def _parts(source: Source, adjustment: Grade, number: int) -> Case:
    first, second = _two_boxes(source.photo.shape[0], source.photo.shape[1], _rng(source.name, "parts"))
    truth, style = source.photo[first], source.photo[second]
    masks = [None if source.mask is None else source.mask[box] for box in (first, second)]
    return Case(f"parts_{number:03d}", "parts", _eight_bit(adjustment(truth)), style, truth, *masks)


def _two_boxes(height: int, width: int, rng: np.random.Generator) -> list[tuple[slice, slice]]:
    """Two boxes of a tenth to a third of the photo that do not overlap."""
    while True:
        corners = []
        for _ in range(2):
            area, ratio = rng.uniform(0.1, 0.34), np.exp(rng.uniform(-0.29, 0.29))
            h, w = (min(0.9, (area * r) ** 0.5) for r in (ratio, 1 / ratio))
            top, left = rng.uniform(0, 1 - h), rng.uniform(0, 1 - w)
            corners.append((top, top + h, left, left + w))
        (a, b, c, d), (e, f, g, h) = corners
        if b <= e or f <= a or d <= g or h <= c:
            return [(slice(round(t * height), round(u * height)), slice(round(v * width), round(w * width)))
                    for t, u, v, w in corners]  # fmt: skip


def _features(photo: Photo) -> NDArray[np.float64]:
    """Colours in 5 x 5 places and a coarse histogram: photos that agree in both show the same kind of scene."""
    small = np.clip(resized(photo, 60, 60), 0, 1)
    places = resized(small, 5, 5).ravel()
    histogram = np.histogramdd(small.reshape(-1, 3), bins=(6, 6, 6), range=((0, 1),) * 3)[0] / 3600
    return np.concatenate([places, 2 * np.sqrt(histogram.ravel())])


def chroma(colours: NDArray[np.float64]) -> NDArray[np.float64]:
    """C* of CIELAB colours."""
    return np.asarray(np.hypot(colours[..., 1], colours[..., 2]))


def hue(colours: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of CIELAB colours, degrees, 0..360."""
    return np.asarray(np.degrees(np.arctan2(colours[..., 2], colours[..., 1])) % 360)


def _colours(photo: Photo) -> NDArray[np.float64]:
    return lab(np.clip(resized(photo, 64, 64), 0, 1).astype(np.float64))


def _filling_hue(colours: NDArray[np.float64]) -> float | None:
    """The middle of the 50 degrees of hue that fill at least a quarter of the photo."""
    sectors = np.bincount((hue(colours).ravel() // 10).astype(int) % 36, (chroma(colours) > 14).ravel(), 36)
    windows = np.sum([np.roll(sectors, k) for k in range(-2, 3)], axis=0) / chroma(colours).size
    return float(10 * windows.argmax() + 5) if windows.max() >= 0.25 else None


def _share_of(colours: NDArray[np.float64], wanted: float) -> float:
    away = np.abs((hue(colours) - wanted + 180) % 360 - 180)
    return float(((chroma(colours) > 8) & (away < 40)).mean())


def _fitted(photo: Photo, side: int) -> Photo:
    scale = side / max(photo.shape[:2])
    if scale >= 1:
        return _eight_bit(photo)
    height, width = (max(1, round(n * scale)) for n in photo.shape[:2])
    return _eight_bit(np.clip(resized(photo, height, width), 0, 1))


def _nearest(mask: NDArray[np.int32], height: int, width: int) -> NDArray[np.int32]:
    rows, columns = ((np.arange(n) + 0.5) * m / n for n, m in zip((height, width), mask.shape, strict=True))
    return np.asarray(mask[np.ix_(rows.astype(int), columns.astype(int))])


def _eight_bit(photo: Photo) -> Photo:
    return np.asarray(np.round(photo * 255) / 255, np.float32)


def _rng(*key: str) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32("/".join(key).encode()))
