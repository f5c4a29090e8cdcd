"""Train a look estimator on photos with grades of our own making.

    python -m fastphoto_native.making.estimating.train --config models/recipes/grade-lite.training.toml \
        --photos PHOTOS --table PHOTOS.csv --out runs/grade-lite

Pairs are made in rounds, and each round's pairs are looked at once. The same command goes on after an interruption,
from its last checkpoint, and ends with the same weights as an uninterrupted run on the same device.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.optim import swa_utils

from fastphoto_native.errors import ArgumentError

from ..export.settings import read_toml
from ..training.photos import read_folder, read_photos
from .gather import Looked, basis_of, gather
from .network import LookEstimator
from .pairs import KINDS, PairSettings, PairSource

LEAST_GRADED = 1e-3  # pairs with less to be changed (30 dB) are left out of the validation
LEAST_EXPECTED = 1e-5  # expected errors end there (50 dB)
CHECKPOINT_EVERY = 60.0  # seconds
CHECKED = 128  # validation has so many pairs of photos that were held out, times a batch's


@dataclass(frozen=True)
class MemberSettings:
    """One of the [[members]] of the recipe."""

    hidden: int  # width of the layers
    regions: bool  # whether a convolutional network divides the thumbnails as well
    weight_harm: float  # of what is worse than the untouched content
    share: float  # in the ensemble's mean; they sum to 1


@dataclass(frozen=True)
class Recipe:
    """A recipe file (TOML); `table` is all of it."""

    seed: int
    side: int  # of the thumbnails, pixels
    points: int  # of a cube, along each axis
    basis: int  # cubes that a map is a sum of, beside the pair's own aligning parts
    members: list[MemberSettings]
    pairs: PairSettings
    rounds: int  # of pairs that are made, looked at and forgotten
    batches: int  # of pairs in a round
    epochs: int  # of training on each round's pairs
    batch: int
    learning_rate: float
    weight_decay: float
    dropout: float
    least_square: float  # errors below it are hardly seen; without it pairs without a grade would decide
    weight_errors: float
    table: dict[str, Any]

    @classmethod
    def read(cls, path: Path) -> Recipe:
        """Raises ArgumentError: not a recipe; the message names what is missing or unknown."""
        table = read_toml(path, ArgumentError)
        try:
            settings = PairSettings(**table["pairs"])
            members = [MemberSettings(**member) for member in table["members"]]
            parts: dict[str, Any] = {"pairs": settings, "members": members, "table": table}
            rest = {n: value for n, value in table.items() if not isinstance(value, dict) and n != "members"}
            return cls(**rest, **table["network"], **table["training"], **parts)
        except (KeyError, TypeError) as error:
            raise ArgumentError(f"{path}: not a whole recipe: {error}") from error


def loss_of(model: LookEstimator, pairs: Looked, recipe: Recipe, weight_harm: float) -> Tensor:
    """Mean error in dB; what is worse than the untouched content counts more; and the expected errors' own error."""
    weights, expected = model(pairs.seen, *pairs.photos())
    mapped = pairs.errors(weights)
    before, after = (10 * torch.log10(m + recipe.least_square) for m in (pairs.whole, mapped))
    found = 10 * torch.log10(torch.stack((pairs.whole, mapped), 1).detach() + LEAST_EXPECTED)
    errors = F.smooth_l1_loss(expected, found)
    return after.mean() + weight_harm * F.relu(after - before).mean() + recipe.weight_errors * errors


class Member:
    """One network of the ensemble in training, and the running mean of its weights, which is what is kept."""

    def __init__(self, recipe: Recipe, number: int, first: Looked) -> None:
        torch.manual_seed(recipe.seed + number)
        self.recipe, self.settings, self.done = recipe, recipe.members[number], 0
        hidden, regions = self.settings.hidden, self.settings.regions
        self.model = LookEstimator(hidden, recipe.basis, recipe.dropout, regions).to(first.seen.device)
        self.model.mean.copy_(first.seen.mean(0))
        self.model.scale.copy_(1 / (first.seen.std(0) + 1e-3))
        average = swa_utils.get_ema_multi_avg_fn(0.998)
        self.average = swa_utils.AveragedModel(self.model, multi_avg_fn=average, use_buffers=True)
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay
        )
        self.steps = recipe.rounds * recipe.epochs * max(1, recipe.batches * recipe.pairs.batch // recipe.batch)

    def step(self, pairs: Looked) -> float:
        """One step down the loss; the rate rises for a hundred steps, then falls as a cosine does."""
        self.done += 1
        share = 0.5 + 0.5 * math.cos(math.pi * min(1.0, self.done / self.steps))
        for group in self.optimizer.param_groups:
            group["lr"] = self.recipe.learning_rate * min(1, self.done / 100) * (0.01 + 0.99 * share)
        self.model.train()
        loss = loss_of(self.model, pairs, self.recipe, self.settings.weight_harm)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 5.0)
        self.optimizer.step()
        self.average.update_parameters(self.model)
        return loss.item()

    def state(self) -> dict[str, Any]:
        parts = (self.model, self.average, self.optimizer)
        return {"done": self.done, "parts": [part.state_dict() for part in parts]}

    def restore(self, state: dict[str, Any]) -> None:
        self.done = state["done"]
        for part, saved in zip((self.model, self.average, self.optimizer), state["parts"], strict=True):
            part.load_state_dict(saved)


@torch.no_grad()
def validate(members: list[Member], pairs: Looked) -> dict[str, float]:
    """Gain over the untouched content (dB) and share of pairs with a gain, for each kind of pair."""
    models = [member.average.module.eval() for member in members]
    shares = [member.settings.share for member in members]
    chunks = [pairs.take(index) for index in torch.arange(len(pairs.seen), device=pairs.seen.device).split(1024)]
    weights = torch.cat(
        [
            torch.stack(
                [share * model(c.seen, *c.photos())[0] for model, share in zip(models, shares, strict=True)]
            ).sum(0)
            for c in chunks
        ]
    )
    gains = 10 * torch.log10((pairs.whole + 1e-6) / (pairs.errors(weights) + 1e-6))
    scores = {}
    for kind, name in enumerate(KINDS):
        of_kind = gains[(pairs.kinds == kind) & (pairs.whole > LEAST_GRADED)]
        if len(of_kind):
            scores[name] = round(of_kind.mean().item(), 2)
            scores[f"{name}_better"] = round((of_kind > 0).float().mean().item(), 3)
    return scores


def train(config: Path, photos: Path, table: Path | None, out: Path, threads: int = 0, device: str = "cpu") -> Path:
    """Runs the recipe from where an earlier call stopped; returns the weights' file.

    Raises:
        ArgumentError: a recipe or photos that cannot be used.
    """
    recipe = Recipe.read(config)
    if threads:
        torch.set_num_threads(threads)
    out.mkdir(parents=True, exist_ok=True)
    kept = out / "recipe.json"
    if kept.exists() and json.loads(kept.read_text()) != recipe.table:
        raise ArgumentError(f"{out} was made by another recipe than {config}; choose another output folder")
    kept.write_text(json.dumps(recipe.table))
    if table:
        images, held_out = (read_photos(photos, table, split) for split in ("train", "val"))
    else:
        images, held_out = read_folder(photos)
    with torch.device(device):
        return _train(recipe, images, held_out, out, device)


def _train(recipe: Recipe, images: list[Any], held_out: list[Any], out: Path, device: str) -> Path:
    threads = os.cpu_count() or 1
    source = PairSource(images, recipe.side, recipe.pairs, recipe.seed, device=device, threads=threads)
    others = PairSource(
        held_out, recipe.side, replace(recipe.pairs, grades=1024), recipe.seed + 1, device=device, threads=threads
    )
    torch.manual_seed(recipe.seed)
    basis = basis_of(source, recipe.points, recipe.basis)
    checks = gather(others, basis, CHECKED, np.random.default_rng(recipe.seed + 1))

    def round_of(number: int) -> Looked:
        return gather(source, basis, recipe.batches, np.random.default_rng([recipe.seed, number]))

    first = round_of(0)
    members = [Member(recipe, number, first) for number in range(len(recipe.members))]
    checkpoint, begun = out / "checkpoint.pt", 0
    if checkpoint.exists():
        saved = torch.load(checkpoint, map_location=device, weights_only=True)
        begun = saved["rounds"]
        for member, state in zip(members, saved["members"], strict=True):
            member.restore(state)
    last = time.monotonic()
    for number in range(begun, recipe.rounds):
        pairs = first if number == 0 else round_of(number)
        losses = train_round(recipe, members, pairs, number)
        ended = number + 1 == recipe.rounds
        if ended or time.monotonic() - last > CHECKPOINT_EVERY:
            last = time.monotonic()
            _save({"rounds": number + 1, "members": [m.state() for m in members]}, checkpoint)
            scores = validate(members, checks)
            print(json.dumps({"rounds": number + 1, "loss": round(losses, 3)} | scores), flush=True)
    averages = [member.average.module.cpu().state_dict() for member in members]
    _save({"recipe": recipe.table, "basis": basis.cpu(), "members": averages}, out / "weights.pt")
    return out / "weights.pt"


def train_round(recipe: Recipe, members: list[Member], pairs: Looked, number: int) -> float:
    """All members on one round's pairs; the mean loss."""
    total, count = 0.0, len(pairs.seen)
    for index, member in enumerate(members):
        torch.manual_seed(recipe.seed + 7919 * number + index)
        for _ in range(recipe.epochs):
            order = torch.randperm(count)
            for begin in range(0, max(1, count - recipe.batch + 1), recipe.batch):
                total += member.step(pairs.take(order[begin : begin + recipe.batch]))
    return total / (len(members) * recipe.epochs * max(1, count // recipe.batch))


def _save(value: dict[str, Any], file: Path) -> None:
    temporary = file.with_suffix(".tmp")
    torch.save(value, temporary)
    temporary.replace(file)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, required=True, help="the recipe (TOML)")
    parser.add_argument("--photos", type=Path, required=True, help="the folder of photos")
    parser.add_argument("--table", type=Path, help="CSV with the columns file, licence_class and split")
    parser.add_argument("--out", type=Path, required=True, help="where pairs and weights go")
    parser.add_argument("--threads", type=int, default=0, help="of PyTorch (default: its own choice)")
    parser.add_argument("--device", default="cpu", help="cpu or cuda (default: cpu)")
    args = parser.parse_args()
    print(train(args.config, args.photos, args.table, args.out, args.threads, args.device))


if __name__ == "__main__":
    main()
