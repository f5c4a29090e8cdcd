"""Train a look estimator on photos with grades of our own making.

    python -m fastphoto_native.making.estimating.train --config models/recipes/grade-lite.training.toml \
        --photos PHOTOS --table PHOTOS.csv --out runs/grade-lite

Run the same command again after an interruption: pairs that were looked at are not looked at again, and members of the
ensemble that are trained stay as they are.
"""

from __future__ import annotations

import argparse
import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from fastphoto_native.errors import ArgumentError

from ..export.settings import read_toml
from ..training.photos import read_folder, read_photos
from .gather import Looked, basis_of, gather
from .network import LookEstimator
from .pairs import KINDS, PairSettings, PairSource

LEAST_GRADED = 1e-3  # pairs with less to be changed (30 dB) are left out of the validation
LEAST_EXPECTED = 1e-5  # expected errors end there (50 dB)


@dataclass(frozen=True)
class Recipe:
    """A recipe file (TOML); `table` is all of it."""

    seed: int
    side: int  # of the thumbnails, pixels
    points: int  # of a cube, along each axis
    hidden: int
    basis: int
    members: int  # of the ensemble
    pairs: PairSettings
    batches: int  # of pairs that are looked at
    epochs: int
    batch: int
    learning_rate: float
    weight_decay: float
    dropout: float
    least_square: float  # errors below it are hardly seen; without it pairs without a grade would decide
    weight_harm: float
    weight_errors: float
    table: dict[str, Any]

    @classmethod
    def read(cls, path: Path) -> Recipe:
        """Raises ArgumentError: not a recipe; the message names what is missing or unknown."""
        table = read_toml(path, ArgumentError)
        try:
            settings = PairSettings(**table["pairs"])
            rest = {name: value for name, value in table.items() if not isinstance(value, dict)}
            return cls(**rest, **table["network"], **table["training"], pairs=settings, table=table)
        except (KeyError, TypeError) as error:
            raise ArgumentError(f"{path}: not a whole recipe: {error}") from error


def loss_of(model: LookEstimator, pairs: Looked, recipe: Recipe) -> Tensor:
    """Mean error in dB; what is worse than the untouched content counts more; and the expected errors' own error."""
    weights, expected = model(pairs.seen)
    mapped = pairs.errors(weights)
    before, after = (10 * torch.log10(m + recipe.least_square) for m in (pairs.whole, mapped))
    found = 10 * torch.log10(torch.stack((pairs.whole, mapped), 1).detach() + LEAST_EXPECTED)
    errors = F.smooth_l1_loss(expected, found)
    return after.mean() + recipe.weight_harm * F.relu(after - before).mean() + recipe.weight_errors * errors


def train_member(recipe: Recipe, pairs: Looked, checks: Looked, seed: int) -> LookEstimator:
    """One network; the mean of its weights over the last part of the training."""
    torch.manual_seed(seed)
    model = LookEstimator(recipe.hidden, recipe.basis, recipe.dropout)
    model.mean.copy_(pairs.seen.mean(0))
    model.scale.copy_(1 / (pairs.seen.std(0) + 1e-3))
    average = torch.optim.swa_utils.AveragedModel(
        model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.998), use_buffers=True
    )
    optimizer = torch.optim.AdamW(model.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay)
    count = len(pairs.seen)
    steps, done = recipe.epochs * (count // recipe.batch), 0
    for epoch in range(recipe.epochs):
        model.train()
        total = 0.0
        order = torch.randperm(count)
        for first in range(0, count - recipe.batch + 1, recipe.batch):
            done += 1
            share = 0.5 + 0.5 * math.cos(math.pi * done / steps)
            for group in optimizer.param_groups:
                group["lr"] = recipe.learning_rate * min(1, done / 100) * (0.02 + 0.98 * share)
            loss = loss_of(model, pairs.take(order[first : first + recipe.batch]), recipe)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimizer.step()
            average.update_parameters(model)
            total += loss.item()
        if epoch % 4 == 3 or epoch == recipe.epochs - 1:
            mean = total / max(1, count // recipe.batch)
            print(
                json.dumps({"epoch": epoch + 1, "loss": round(mean, 3)} | validate([average.module], checks)),
                flush=True,
            )
    found: LookEstimator = average.module
    return found


@torch.no_grad()
def validate(models: list[LookEstimator], pairs: Looked) -> dict[str, float]:
    """Gain over the untouched content (dB) and share of pairs with a gain, for each kind of pair."""
    for model in models:
        model.eval()
    weights = torch.stack([model(pairs.seen)[0] for model in models]).mean(0)
    gains = 10 * torch.log10((pairs.whole + 1e-6) / (pairs.errors(weights) + 1e-6))
    scores = {}
    for kind, name in enumerate(KINDS):
        of_kind = gains[(pairs.kinds == kind) & (pairs.whole > LEAST_GRADED)]
        if len(of_kind):
            scores[name] = round(of_kind.mean().item(), 2)
            scores[f"{name}_better"] = round((of_kind > 0).float().mean().item(), 3)
    return scores


def train(config: Path, photos: Path, table: Path | None, out: Path, threads: int) -> Path:
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
    source = PairSource(images, recipe.side, recipe.pairs, recipe.seed)
    others = PairSource(held_out, recipe.side, replace(recipe.pairs, grades=1024), recipe.seed + 1)
    torch.manual_seed(recipe.seed)
    basis = basis_of(source, recipe.points, recipe.basis)
    pairs = gather(source, basis, recipe.batches, recipe.seed, out / "pairs")
    checks = gather(others, basis, max(1, recipe.batches // 20), recipe.seed + 1, out / "checks")
    members = []
    for number in range(recipe.members):
        file = out / f"member_{number}.pt"
        if not file.exists():
            model = train_member(recipe, pairs, checks, recipe.seed + number)
            torch.save(model.state_dict(), file)
        model = LookEstimator(recipe.hidden, recipe.basis)
        model.load_state_dict(torch.load(file, weights_only=True))
        members.append(model)
        print(json.dumps({"members": number + 1} | validate(members, checks)), flush=True)
    weights = {"recipe": recipe.table, "basis": basis, "members": [m.state_dict() for m in members]}
    torch.save(weights, out / "weights.pt")
    return out / "weights.pt"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, required=True, help="the recipe (TOML)")
    parser.add_argument("--photos", type=Path, required=True, help="the folder of photos")
    parser.add_argument("--table", type=Path, help="CSV with the columns file, licence_class and split")
    parser.add_argument("--out", type=Path, required=True, help="where pairs and weights go")
    parser.add_argument("--threads", type=int, default=0, help="of PyTorch (default: its own choice)")
    args = parser.parse_args()
    print(train(args.config, args.photos, args.table, args.out, args.threads))


if __name__ == "__main__":
    main()
