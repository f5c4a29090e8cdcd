"""Pairs of photos whose right answer is known: a grade is put on, or taken off, and the truth is what it leaves.

The style of a pair is another part of the content's photo, a photo like it, or one unlike it.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from .aligning import aligning_parts, changes_of
from .grades import apply_cubes, identity_cube, random_adjustments, random_grades

CUBE_POINTS = 13  # of the grades
MOST = 0.7  # of the way to the statistics of a style without a grade
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
    parts_alone: float = 0.0  # how often a part stands for a photo, where two photos are wanted
    collages: float = 0.0  # how often two photos side by side do
    plain: float = 0.0  # how often the statistics of a style without a grade are wanted (else nothing is)


@dataclass(frozen=True)
class Batch:
    """B x 3 x side x side each, in 0..1; `kinds` are indices into KINDS.

    `plain`: 1 where neither photo has a grade and the truth has most of the style's statistics; -1 where the truth is
    the content then; else 0.
    """

    content: Tensor
    style: Tensor
    truth: Tensor
    kinds: Tensor
    plain: Tensor


class PairSource:
    """Draws pairs from some photos, always the same ones for the same generator.

    Args:
        photos: to be cropped once, now.
        side: of the crops as the estimator sees them, pixels.
        seed: of the crops and grades in store.
        device: where pairs are made.
        threads: that crop photos.
    """

    def __init__(
        self,
        photos: list[Image.Image],
        side: int,
        settings: PairSettings,
        seed: int,
        device: str = "cpu",
        threads: int = 1,
    ) -> None:
        self.settings, self.side, self.count, self.device = settings, side, len(photos), torch.device(device)
        with ThreadPoolExecutor(threads) as pool:  # Pillow resizes without the interpreter's lock
            crops = list(pool.map(lambda i: _crops(photos[i], side, settings, [seed, i]), range(len(photos))))
        wholes, parts = (np.array(kind) for kind in zip(*crops, strict=True))
        self.wholes = self._at(wholes)  # photos x crops x side x side x 3
        self.parts = self._at(parts)  # photos x pairs x 2 x side x side x 3
        self.order = _neighbours(self.wholes[:, 0]).cpu().numpy()
        generator = torch.Generator(self.device).manual_seed(seed)
        few = max(1, settings.grades // 4)
        with self.device:
            self.grades = _in_store(random_grades, settings.grades, generator)
            self.adjustments = _in_store(random_adjustments, few, generator)

    def draw(self, rng: Generator) -> Batch:
        """A batch of pairs."""
        s, n = self.settings, self.settings.batch
        kinds = rng.choice(len(KINDS), n, p=s.shares)
        first = rng.integers(self.count, size=n)
        second = self._partners(first, kinds, rng)
        parts = self.parts[self._at(first), self._at(rng.integers(s.part_pairs, size=n))]
        swap = self._flags(rng, n, 0.5)
        same = self._at(kinds == 0)[:, None, None, None]
        content = torch.where(same, torch.where(swap, parts[:, 1], parts[:, 0]), self._scenes(first, rng))
        style = torch.where(same, torch.where(swap, parts[:, 0], parts[:, 1]), self._scenes(second, rng))
        photos = torch.cat((content, style)).permute(0, 3, 1, 2).float() / 255
        photos = torch.where(self._flags(rng, 2 * n, 0.5), photos.flip(3), photos)
        x, y = self._vary(photos, kinds, rng).chunk(2)

        content_graded = rng.random(n) < np.take(s.content_graded, kinds)
        style_graded = rng.random(n) < np.take(s.style_graded, kinds)
        off = self._cubes(content_graded, rng, adjustments=0.8)
        on = self._cubes(style_graded, rng, adjustments=0.1)
        after = apply_cubes(torch.cat((off, on, on)), torch.cat((x, y, x)))
        no_grade = (kinds != 0) & ~content_graded & ~style_graded
        aligned = no_grade & (rng.random(n) < s.plain)
        if aligned.any():
            there = self._at(aligned)
            after[2 * n :][there] = mostly_aligned(x[there], y[there])
        after = (after * 255).round() / 255
        content_seen, style_seen, truth = after.chunk(3)
        sign = np.where(aligned, 1, np.where(no_grade, -1, 0))
        return Batch(content_seen, style_seen, truth, self._at(kinds), self._at(sign))

    def _at(self, values: NDArray[Any]) -> Tensor:
        return torch.from_numpy(values).to(self.device)

    def _flags(self, rng: Generator, count: int, share: float) -> Tensor:
        return self._at(rng.random(count) < share)[:, None, None, None]

    def _scenes(self, index: NDArray[Any], rng: Generator) -> Tensor:
        """Photos as contents or styles (N x side x side x 3): whole, a part, or beside a part of another one."""
        s, n = self.settings, len(index)
        photos = self.wholes[self._at(index), self._at(rng.integers(s.whole_crops, size=n))]
        places = self._at(rng.integers(s.part_pairs, size=n)), self._at(rng.integers(2, size=n))
        photos = torch.where(self._flags(rng, n, s.parts_alone), self.parts[self._at(index), *places], photos)
        if s.collages == 0:
            return photos
        others = self.wholes[self._at(rng.integers(self.count, size=n)), 0]
        cut = self._at(rng.uniform(0.25, 0.75, n) * self.side)[:, None, None, None]
        across = torch.arange(self.side, device=self.device)[None, None, :, None]
        beyond = torch.where(self._flags(rng, n, 0.5), across, across.transpose(1, 2)) > cut
        return torch.where(beyond & self._flags(rng, n, s.collages), others, photos)

    def _partners(self, first: NDArray[Any], kinds: NDArray[Any], rng: Generator) -> NDArray[Any]:
        """By rank among all other photos, the nearest first."""
        count = self.count - 1
        low = np.where(kinds == KINDS.index("unlike"), count // 2, 0)
        high = np.where(kinds == KINDS.index("like"), min(15, count), count)
        partners: NDArray[Any] = self.order[first, rng.integers(low, high)]
        return partners

    def _vary(self, photos: Tensor, kinds: NDArray[Any], rng: Generator) -> Tensor:
        """Exposure, white balance and saturation a little off, the same way for two parts of one photo."""
        n = len(kinds)
        gains = rng.normal(0, 0.12, (2 * n, 1)) + rng.normal(0, 0.05, (2 * n, 3))
        saturation = np.exp(rng.normal(0, 0.12, (2 * n, 1)))
        on = rng.random(2 * n) < self.settings.varied
        same = kinds == 0
        for values in (gains, saturation, on):
            values[n:][same] = values[:n][same]
        gain = self._at(np.exp(gains * on[:, None]).astype(np.float32))[:, :, None, None]
        factor = self._at(np.where(on[:, None], saturation, 1).astype(np.float32))[:, :, None, None]
        grey = photos.mean(1, keepdim=True)
        return ((grey + (photos - grey) * factor) * gain).clamp(0, 1)

    def _cubes(self, graded: NDArray[Any], rng: Generator, adjustments: float) -> Tensor:
        n = len(graded)
        cubes = self.grades[self._at(rng.integers(len(self.grades), size=n))].float()
        plain = self.adjustments[self._at(rng.integers(len(self.adjustments), size=n))].float()
        choose = self._at(rng.random(n) < adjustments)
        cubes = torch.where(choose[:, None, None], plain, cubes)
        identity = identity_cube(CUBE_POINTS).to(self.device)
        return torch.where(self._at(graded)[:, None, None], cubes, identity)


def mostly_aligned(content: Tensor, style: Tensor) -> Tensor:
    """B x 3 x side x side each: the content with most of the style's statistics."""
    colours = content.flatten(2).transpose(1, 2)
    change = changes_of(aligning_parts(content, style), colours).sum(1)
    return (colours + MOST * change).clamp(0, 1).transpose(1, 2).reshape(content.shape)


def _in_store(draw: object, count: int, generator: torch.Generator) -> Tensor:
    chunks = [draw(min(256, count - i), CUBE_POINTS, generator) for i in range(0, count, 256)]  # type: ignore[operator]
    return torch.cat([chunk.half() for chunk in chunks])


def _crops(photo: Image.Image, side: int, settings: PairSettings, seed: list[int]) -> tuple[NDArray[Any], NDArray[Any]]:
    rng = np.random.default_rng(seed)
    wholes = [_whole_crop(photo, side, rng, k) for k in range(settings.whole_crops)]
    parts = [_two_parts(photo, side, rng) for _ in range(settings.part_pairs)]
    return np.array(wholes), np.array(parts)


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
    ones = torch.ones(index.shape, device=x.device)
    histogram = torch.zeros(len(x), 216, device=x.device).scatter_add_(1, index, ones) / index.shape[1]
    features = torch.cat((layout, 2 * histogram.sqrt()), 1)
    distances = torch.cdist(features, features)
    distances.fill_diagonal_(-1)
    return distances.argsort(1)[:, 1:]
