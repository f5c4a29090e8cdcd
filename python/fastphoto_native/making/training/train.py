"""Train a PhotoWCT model: encoder distilled from VGG-19 or given, unpooling decoders for its four levels.

`fastphoto models train` runs this. Run the same command again after an interruption: it goes on from the last
checkpoint and ends with the same weights as an uninterrupted run on the same machine.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from fastphoto_native.errors import ArgumentError

from ..export.settings import read_toml
from ..importing.bundle_weights import read_bundle_weights
from ..importing.vgg19 import read_encoder
from .network import LEVELS, PhotoWCT
from .photos import PhotoSettings, random_batch, read_folder, read_photos, to_tensor
from .teacher import VGG19, PrincipalComponents

CHECKPOINT_EVERY = 200


@dataclass(frozen=True)
class Stage:
    """One [stages.*] table of the recipe."""

    iterations: int
    learning_rate: float
    weight_distillation: float
    weight_reconstruction: float
    weight_perceptual: float
    train_encoder: bool


@dataclass(frozen=True)
class Recipe:
    """A recipe file (TOML), checked; `table` is all of it."""

    name: str
    seed: int
    widths: tuple[int, ...]
    photos: PhotoSettings
    stages: dict[str, Stage]
    table: dict[str, Any]

    @property
    def upsampling(self) -> bool:
        """Whether the decoders repeat features instead of putting them where the encoder's pooling found maxima."""
        return bool(self.table["network"].get("upsampling", False))

    @property
    def distils(self) -> bool:
        return any(stage.weight_distillation for stage in self.stages.values())

    @classmethod
    def read(cls, path: Path) -> Recipe:
        """Raises ArgumentError: not a recipe; the message names what is missing or unknown."""
        table = read_toml(path, ArgumentError)
        try:
            stages = {name: _table(Stage, entries) for name, entries in table["stages"].items()}
            widths = tuple(table["network"]["widths"])
            recipe = cls(table["name"], table["seed"], widths, _table(PhotoSettings, table["photos"]), stages, table)
        except (KeyError, TypeError, AttributeError) as error:
            raise ArgumentError(f"{path}: not a whole recipe: {error}") from error
        if len(widths) != 4 or not all(isinstance(w, int) and w > 0 for w in widths):
            raise ArgumentError(f"{path}: widths are {list(widths)}, expected four numbers of channels")
        if not stages:
            raise ArgumentError(f"{path}: the recipe has no stages, expected one or more")
        return recipe


def _table(kind: type[Any], entries: dict[str, Any]) -> Any:
    """A dataclass from a table that must have exactly its fields."""
    names = {field.name for field in fields(kind)}
    if names != entries.keys():
        raise TypeError(f"found {', '.join(sorted(entries))}; expected {', '.join(sorted(names))}")
    return kind(**entries)


@dataclass(frozen=True)
class Job:
    """What to train on what.

    `table` (CSV with the columns file, licence_class, split) chooses among the photos; without it all are taken.
    `teacher` (VGG-19, .npz) is needed by recipes that distil, `encoder` (VGG-19 of torchvision or Keras) gives the
    encoder its weights, which then stay as they are. A bundle's folder does the same, and gives the decoders their
    first weights.
    """

    config: Path
    photos: Path
    out: Path
    table: Path | None = None
    teacher: Path | None = None
    encoder: Path | None = None
    threads: int = 0
    cpu: bool = False


class Trainee(nn.Module):
    """The model and the linear heads that read the teacher's principal components off its features."""

    def __init__(self, widths: tuple[int, ...], upsampling: bool = False) -> None:
        super().__init__()
        self.model = PhotoWCT(widths, upsampling)
        self.heads = nn.ModuleList(nn.Conv2d(w, w, 1) for w in widths)

    def losses(self, image: Tensor, targets: list[Tensor] | None, stage: Stage) -> dict[str, Tensor]:
        encoder, zero = self.model.encoder, torch.zeros((), device=image.device)
        features, positions = encoder(image)
        distillation, reconstruction, perceptual = zero, zero, zero
        if targets is not None:
            for head, feature, target in zip(self.heads, features, targets, strict=True):
                # Targets have total variance 1, so the sum over channels is the share of variance not yet predicted.
                distillation = distillation + F.mse_loss(head(feature), target) * target.shape[1]
        rebuilt = [d(features[d.level - 1], positions) for d in self.model.decoders]
        for photo in rebuilt:
            reconstruction = reconstruction + F.mse_loss(photo, image)
        if stage.weight_perceptual:
            for level, photo in zip(LEVELS, rebuilt, strict=True):
                for again, feature in zip(encoder(photo, level)[0], features, strict=False):
                    perceptual = perceptual + F.mse_loss(again, feature.detach()) / feature.detach().var()
        return {"distillation": distillation, "reconstruction": reconstruction, "perceptual": perceptual}


@torch.no_grad()
def validate(model: PhotoWCT, photos: list[Image.Image], device: torch.device) -> list[float]:
    """Mean PSNR (dB) of each level's plain encode-decode on whole photos."""
    scores: list[list[float]] = [[] for _ in LEVELS]
    for photo in photos:
        image = to_tensor(photo).to(device)
        height, width = (8 * (n // 8) for n in image.shape[1:])
        image = image[None, :, :height, :width]
        features, positions = model.encoder(image)
        for decoder, score in zip(model.decoders, scores, strict=True):
            error = F.mse_loss(decoder(features[decoder.level - 1], positions).clamp(0, 1), image)
            score.append(-10 * math.log10(error))
    return [sum(s) / len(s) for s in scores]


def train(job: Job, report: Callable[[dict[str, Any]], None]) -> Path:
    """Runs the recipe from its beginning or its last checkpoint; returns the weights' file.

    Raises:
        ArgumentError: a recipe, photos or options that do not fit together.
        ModelError: an encoder's file that is none.
    """
    recipe = Recipe.read(job.config)
    if recipe.distils and not job.teacher:
        raise ArgumentError(f"{job.config} distils from VGG-19, but no teacher is given")
    stages, widths, settings = recipe.stages, recipe.widths, recipe.photos
    device = torch.device("cuda" if torch.cuda.is_available() and not job.cpu else "cpu")
    if job.threads:
        torch.set_num_threads(job.threads)
    if job.table:
        photos, held_out = (read_photos(job.photos, job.table, split) for split in ("train", "val"))
    else:
        photos, held_out = read_folder(job.photos)
    rng = np.random.default_rng(recipe.seed)
    torch.manual_seed(recipe.seed)
    trainee = Trainee(widths, recipe.upsampling).to(device, memory_format=torch.channels_last)
    if job.encoder:
        _give_encoder(trainee.model, job.encoder, recipe)
    job.out.mkdir(parents=True, exist_ok=True)
    checkpoint = job.out / "checkpoint.pt"
    teacher, projection = None, None
    if recipe.distils and job.teacher:
        teacher, projection = _teacher(job.teacher, job.out, recipe, photos, device)
    if projection:
        report({"variance_explained": [round(e, 4) for e in projection.explained]})

    state = torch.load(checkpoint, map_location=device, weights_only=True) if checkpoint.exists() else None
    if state and state["recipe"] != recipe.table:
        raise ArgumentError(f"{checkpoint} was made by another recipe than {job.config}; choose another output folder")
    for name, stage in stages.items():
        if state and list(stages).index(state["stage"]) > list(stages).index(name):
            continue
        trainee.model.encoder.requires_grad_(stage.train_encoder)
        parameters = [p for p in trainee.parameters() if p.requires_grad]
        optimizer = torch.optim.Adam(parameters, stage.learning_rate)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, stage.learning_rate, stage.iterations, pct_start=0.05, div_factor=10, final_div_factor=50
        )
        first = 0
        if state:
            trainee.load_state_dict(state["trainee"])
            if state["stage"] == name:
                optimizer.load_state_dict(state["optimizer"])
                schedule.load_state_dict(state["schedule"])
                rng.bit_generator.state = state["rng"]
                first = state["iteration"]
            state = None
        start = time.monotonic()
        running: dict[str, float] = {}
        for iteration in range(first + 1, stage.iterations + 1):
            image = random_batch(photos, settings, rng).to(device)
            targets = projection(teacher(image)) if teacher and projection and stage.weight_distillation else None
            losses = trainee.losses(image, targets, stage)
            total = sum(getattr(stage, f"weight_{key}") * value for key, value in losses.items())
            optimizer.zero_grad(set_to_none=True)
            total.backward()
            nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            schedule.step()
            for key, value in losses.items():
                running[key] = 0.98 * running.get(key, value.item()) + 0.02 * value.item()
            if iteration % 50 == 0 or iteration == stage.iterations:
                seconds = (time.monotonic() - start) / (iteration - first)
                row = {"stage": name, "iteration": iteration, "seconds_each": round(seconds, 3)}
                row |= {key: round(value, 5) for key, value in running.items()}
                if iteration % (5 * CHECKPOINT_EVERY) == 0 or iteration == stage.iterations:
                    row["val_psnr"] = [round(v, 2) for v in validate(trainee.model, held_out, device)]
                with (job.out / "log.jsonl").open("a") as log:
                    log.write(json.dumps(row) + "\n")
                report(row)
            if iteration % CHECKPOINT_EVERY == 0 or iteration == stage.iterations:
                torch.save(
                    {
                        "stage": name,
                        "iteration": iteration,
                        "trainee": trainee.state_dict(),
                        "optimizer": optimizer.state_dict(),
                        "schedule": schedule.state_dict(),
                        "rng": rng.bit_generator.state,
                        "recipe": recipe.table,
                    },
                    checkpoint.with_suffix(".tmp"),
                )
                checkpoint.with_suffix(".tmp").replace(checkpoint)
    weights = {"widths": list(widths), "recipe": recipe.table, "weights": trainee.model.state_dict()}
    torch.save(weights, job.out / "weights.pt")
    return job.out / "weights.pt"


def _give_encoder(model: PhotoWCT, path: Path, recipe: Recipe) -> None:
    """Sets VGG-19's own weights, for a recipe that trains the decoders alone."""
    if moved := [name for name, stage in recipe.stages.items() if stage.train_encoder]:
        raise ArgumentError(f"with a given encoder no stage may train it, but {', '.join(moved)} would")
    given = read_bundle_weights(path) if path.is_dir() else read_encoder(path)
    weights = {n.removeprefix("encoder."): torch.from_numpy(a) for n, a in given.items() if n.startswith("encoder.")}
    found = tuple(len(weights[f"conv{level}_1.bias"]) for level in LEVELS)
    if found != recipe.widths:
        raise ArgumentError(f"the encoder has widths {list(found)}, the recipe {list(recipe.widths)}")
    model.encoder.load_state_dict(weights)
    start = {name: torch.from_numpy(a) for name, a in given.items() if name.startswith("decoders.")}
    if recipe.upsampling:
        # After unpooling a quarter of the features are not zero, after repeating all of them.
        for name in start:
            if name.split(".", 2)[2] in ("conv1_2.weight", "conv2_2.weight", "conv3_4.weight"):
                start[name] = start[name] / 4
    model.load_state_dict(start, strict=False)


def _teacher(
    weights: Path, out: Path, recipe: Recipe, photos: list[Image.Image], device: torch.device
) -> tuple[VGG19, PrincipalComponents]:
    """VGG-19, and the principal components of its features on some of the photos (computed once)."""
    teacher = VGG19(weights).to(device)
    file = out / "components.pt"
    if file.exists():
        projection = PrincipalComponents(**torch.load(file, map_location="cpu", weights_only=True))
    else:
        wanted = min(len(photos), recipe.table["teacher"]["sample_photos"])
        chosen = np.random.default_rng(recipe.seed).choice(len(photos), wanted, replace=False)
        tensors = (to_tensor(photos[i])[None].to(device) for i in chosen)
        projection = PrincipalComponents.fit((teacher(t) for t in tensors), recipe.widths)
        torch.save(projection.parts(), file)
    return teacher, projection.to(device)
