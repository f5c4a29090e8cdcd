"""Training photos: decoded once, then random crops with photometric augmentation."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.random import Generator
from PIL import Image
from torch import Tensor

from fastphoto_native.errors import ArgumentError

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff")
HOLD_OUT_EVERY = 25

Range = tuple[float, float]


@dataclass(frozen=True)
class PhotoSettings:
    """The [photos] table of the recipe."""

    crop: int
    batch: int
    scale: Range
    gamma: Range
    exposure: Range
    white_balance: Range
    saturation: Range


def read_photos(folder: Path, table: Path, split: str) -> list[Image.Image]:
    """The photos of one split, as listed in a CSV with the columns `file`, `licence_class` and `split`.

    Only photos of licence class A (CC0, public domain, Unsplash) or B (permissive repositories) are taken.
    """
    with table.open(newline="") as lines:
        rows = [r for r in csv.DictReader(lines) if r["split"] == split and r["licence_class"] in ("A", "B")]
    if not rows:
        raise ArgumentError(f"{table}: no photo of split '{split}' with licence class A or B")
    return [_read(folder / row["file"]) for row in rows]


def read_folder(folder: Path) -> tuple[list[Image.Image], list[Image.Image]]:
    """All photos of a folder and its subfolders, by name: those to train on, and every 25th, held out.

    The first photo is one of those held out, so there are two at least.
    """
    paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES)
    if len(paths) < 2:
        raise ArgumentError(f"{folder} has {len(paths)} photos ({', '.join(SUFFIXES)}); expected two or more")
    photos = [_read(path) for path in paths]
    return [p for i, p in enumerate(photos) if i % HOLD_OUT_EVERY], photos[::HOLD_OUT_EVERY]


def _read(path: Path) -> Image.Image:
    try:
        with Image.open(path) as photo:
            return photo.convert("RGB")
    except OSError as error:
        raise ArgumentError(f"{path} cannot be read as a photo: {error}") from error


def to_tensor(photo: Image.Image) -> Tensor:
    """H x W photo to 3 x H x W, 0..1."""
    return torch.from_numpy(np.asarray(photo, np.float32) / 255).permute(2, 0, 1)


def augment(photo: Tensor, settings: PhotoSettings, rng: Generator) -> Tensor:
    """Random gamma, exposure, white balance and saturation, log-uniform in the recipe's ranges."""

    def draw(bounds: Range, size: int = 1) -> Tensor:
        low, high = np.log(bounds)
        return torch.from_numpy(np.exp(rng.uniform(low, high, size)).astype(np.float32)).view(-1, 1, 1)

    photo = photo.clamp_min(1e-4) ** draw(settings.gamma)
    grey = photo.mean(0, keepdim=True)
    photo = grey + (photo - grey) * draw(settings.saturation)
    return (photo * draw(settings.exposure) * draw(settings.white_balance, 3)).clamp(0, 1)


def random_batch(photos: list[Image.Image], settings: PhotoSettings, rng: Generator) -> Tensor:
    """Batch x 3 x crop x crop, 0..1."""
    crops = []
    for index in rng.integers(len(photos), size=settings.batch):
        photo, side = photos[index], settings.crop
        zoom = max(rng.uniform(*settings.scale), side / min(photo.size))
        size = side / zoom
        left, top = (rng.uniform(0, extent - size) for extent in photo.size)
        crop = photo.resize((side, side), Image.Resampling.BICUBIC, (left, top, left + size, top + size))
        tensor = to_tensor(crop)
        if rng.random() < 0.5:
            tensor = tensor.flip(2)
        crops.append(augment(tensor, settings, rng) if rng.random() < 0.8 else tensor)
    return torch.stack(crops).contiguous(memory_format=torch.channels_last)
