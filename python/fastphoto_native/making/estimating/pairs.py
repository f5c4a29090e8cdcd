"""Pairs of photos whose right answer is known: a grade is put on, or taken off, and the truth is what it leaves.

The style of a pair is another part of the content's photo, a photo like it, or one unlike it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.random import Generator
from PIL import Image
from torch import Tensor

from .grades import apply_cubes, identity_cube, random_adjustments, random_grades

CUBE_POINTS = 13  # of the grades
KINDS = ("parts", "like", "other", "unlike")


@dataclass(frozen=True)
class PairSettings:
    """The [pairs] table of the recipe."""

    batch: int
    whole_crops: int  # of each photo, a half of it or more
    part_pairs: int  # of each photo: two parts that do not overlap
    grades: int  # in store, drawn once
    shares: list[float]  # of KINDS; they sum to 1
    content_graded: list[float]  # of KINDS: how often the content has a grade that the truth has not
    style_graded: list[float]  # of KINDS: how often the style has one, and the truth with it
    varied: float  # how often a photo's own tones are changed a little beforehand


@dataclass(frozen=True)
class Batch:
    """B x 3 x side x side each, in 0..1; `kinds` are indices into KINDS."""

    content: Tensor
    style: Tensor
    truth: Tensor
    kinds: Tensor


class PairSource:
    """Draws pairs from some photos, always the same ones for the same generator.

    Args:
        photos: to be cropped once, now.
        side: of the crops as the estimator sees them, pixels.
        seed: of the crops and grades in store.
    """

    def __init__(self, photos: list[Image.Image], side: int, settings: PairSettings, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.settings, self.side, self.count = settings, side, len(photos)
        wholes = [[_whole_crop(p, side, rng, k) for k in range(settings.whole_crops)] for p in photos]
        parts = [[_two_parts(p, side, rng) for _ in range(settings.part_pairs)] for p in photos]
        self.wholes = torch.from_numpy(np.array(wholes))  # photos x crops x side x side x 3
        self.parts = torch.from_numpy(np.array(parts))  # photos x pairs x 2 x side x side x 3
        self.order = _neighbours(self.wholes[:, 0])
        generator = torch.Generator().manual_seed(seed)
        few = max(1, settings.grades // 4)
        self.grades = _in_store(random_grades, settings.grades, generator)
        self.adjustments = _in_store(random_adjustments, few, generator)

    def draw(self, rng: Generator) -> Batch:
        """A batch of pairs."""
        s, n = self.settings, self.settings.batch
        kinds = rng.choice(len(KINDS), n, p=s.shares)
        content, style = (np.empty((n, self.side, self.side, 3), np.uint8) for _ in range(2))
        for i, kind in enumerate(kinds):
            first = rng.integers(self.count)
            if kind == 0:
                both = self.parts[first, rng.integers(s.part_pairs)].numpy()
                content[i], style[i] = both if rng.random() < 0.5 else both[::-1]
            else:
                second = self._partner(int(first), kind, rng)
                content[i] = self.wholes[first, rng.integers(s.whole_crops)]
                style[i] = self.wholes[second, rng.integers(s.whole_crops)]
        photos = torch.from_numpy(np.concatenate((content, style))).permute(0, 3, 1, 2).float() / 255
        flip = torch.from_numpy(rng.random(2 * n) < 0.5)[:, None, None, None]
        photos = torch.where(flip, photos.flip(3), photos)
        x, y = self._vary(photos, kinds, rng).chunk(2)

        graded_content = torch.from_numpy(rng.random(n) < np.take(s.content_graded, kinds))
        graded_style = torch.from_numpy(rng.random(n) < np.take(s.style_graded, kinds))
        off = self._cubes(graded_content, rng, adjustments=0.8)
        on = self._cubes(graded_style, rng, adjustments=0.1)
        after = apply_cubes(torch.cat((off, on, on)), torch.cat((x, y, x)))
        after = (after * 255).round() / 255
        content_seen, style_seen, truth = after.chunk(3)
        return Batch(content_seen, style_seen, truth, torch.from_numpy(kinds))

    def _partner(self, first: int, kind: int, rng: Generator) -> int:
        others = self.order[first]  # the nearest first, without the photo itself
        if kind == KINDS.index("like"):
            return int(others[rng.integers(min(15, len(others)))])
        if kind == KINDS.index("unlike"):
            return int(others[rng.integers(len(others) // 2, len(others))])
        return int(others[rng.integers(len(others))])

    def _vary(self, photos: Tensor, kinds: Tensor, rng: Generator) -> Tensor:
        """Exposure, white balance and saturation a little off, the same way for two parts of one photo."""
        n = len(kinds)
        gains = rng.normal(0, 0.12, (2 * n, 1)) + rng.normal(0, 0.05, (2 * n, 3))
        saturation = np.exp(rng.normal(0, 0.12, (2 * n, 1)))
        on = rng.random(2 * n) < self.settings.varied
        same = np.asarray(kinds) == 0
        for values in (gains, saturation, on):
            values[n:][same] = values[:n][same]
        gain = torch.from_numpy(np.exp(gains * on[:, None]).astype(np.float32))[:, :, None, None]
        factor = torch.from_numpy(np.where(on[:, None], saturation, 1).astype(np.float32))[:, :, None, None]
        grey = photos.mean(1, keepdim=True)
        return ((grey + (photos - grey) * factor) * gain).clamp(0, 1)

    def _cubes(self, graded: Tensor, rng: Generator, adjustments: float) -> Tensor:
        n = len(graded)
        cubes = self.grades[torch.from_numpy(rng.integers(len(self.grades), size=n))].float()
        plain = self.adjustments[torch.from_numpy(rng.integers(len(self.adjustments), size=n))].float()
        choose = torch.from_numpy(rng.random(n) < adjustments)
        cubes = torch.where(choose[:, None, None], plain, cubes)
        return torch.where(graded[:, None, None], cubes, identity_cube(CUBE_POINTS))


def _in_store(draw: object, count: int, generator: torch.Generator) -> Tensor:
    chunks = [draw(min(256, count - i), CUBE_POINTS, generator) for i in range(0, count, 256)]  # type: ignore[operator]
    return torch.cat([chunk.half() for chunk in chunks])


def _crop(photo: Image.Image, box: tuple[float, float, float, float], side: int) -> np.ndarray:
    return np.asarray(photo.resize((side, side), Image.Resampling.LANCZOS, box))


def _whole_crop(photo: Image.Image, side: int, rng: Generator, index: int) -> np.ndarray:
    """The first one is the whole photo, the others have 60 to 100 % of each axis."""
    w, h = photo.size
    a, b = (1.0, 1.0) if index == 0 else rng.uniform(0.6, 1.0, 2)
    left, top = rng.uniform(0, w * (1 - a)), rng.uniform(0, h * (1 - b))
    return _crop(photo, (left, top, left + w * a, top + h * b), side)


def _two_parts(photo: Image.Image, side: int, rng: Generator) -> np.ndarray:
    """Two parts of a tenth to a third of the photo each that do not overlap."""
    w, h = photo.size
    while True:
        boxes = []
        for _ in range(2):
            area, ratio = rng.uniform(0.1, 0.36), np.exp(rng.uniform(-0.29, 0.29))
            a, b = min(0.9, (area * ratio) ** 0.5), min(0.9, (area / ratio) ** 0.5)
            left, top = rng.uniform(0, 1 - a), rng.uniform(0, 1 - b)
            boxes.append((left, top, left + a, top + b))
        p, q = boxes
        if p[2] <= q[0] or q[2] <= p[0] or p[3] <= q[1] or q[3] <= p[1]:
            return np.stack([_crop(photo, (x0 * w, y0 * h, x1 * w, y1 * h), side) for x0, y0, x1, y1 in boxes])


def _neighbours(photos: Tensor) -> Tensor:
    """For each photo (N x side x side x 3) all others, the most alike first: by colours and where they lie."""
    x = photos.permute(0, 3, 1, 2).float() / 255
    layout = F.adaptive_avg_pool2d(x, 5).flatten(1)
    bins = (x * 5.999).long()
    index = (bins[:, 0] * 36 + bins[:, 1] * 6 + bins[:, 2]).flatten(1)
    histogram = torch.zeros(len(x), 216).scatter_add_(1, index, torch.ones(index.shape)) / index.shape[1]
    features = torch.cat((layout, 2 * histogram.sqrt()), 1)
    distances = torch.cdist(features, features)
    distances.fill_diagonal_(-1)
    return distances.argsort(1)[:, 1:]
