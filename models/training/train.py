"""Train a PhotoWCT model: encoder distilled from VGG-19, unpooling decoders for its four levels.

    python -m models.training.train --config models/training/photowct-lite.toml \
        --photos PHOTOS --table PHOTOS.csv --teacher vgg19.npz --out runs/photowct-lite

Run the same command again after an interruption: it goes on from the last checkpoint and ends with the same weights
as an uninterrupted run on the same machine.
"""

from __future__ import annotations

import argparse
import json
import math
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from models.training.network import LEVELS, PhotoWCT
from models.training.photos import PhotoSettings, random_batch, read_photos, to_tensor
from models.training.teacher import VGG19, PrincipalComponents

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


class Trainee(nn.Module):
    """The model and the linear heads that read the teacher's principal components off its features."""

    def __init__(self, widths: tuple[int, ...]) -> None:
        super().__init__()
        self.model = PhotoWCT(widths)
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


def train(args: argparse.Namespace) -> None:
    recipe = tomllib.loads(args.config.read_text())
    settings = PhotoSettings(**recipe["photos"])
    stages = {name: Stage(**table) for name, table in recipe["stages"].items()}
    widths = tuple(recipe["network"]["widths"])
    device = torch.device("cuda" if torch.cuda.is_available() and not args.cpu else "cpu")
    if args.threads:
        torch.set_num_threads(args.threads)
    args.out.mkdir(parents=True, exist_ok=True)
    checkpoint = args.out / "checkpoint.pt"
    log = (args.out / "log.jsonl").open("a")

    photos = read_photos(args.photos, args.table, "train")
    held_out = read_photos(args.photos, args.table, "val")
    rng = np.random.default_rng(recipe["seed"])
    torch.manual_seed(recipe["seed"])
    trainee = Trainee(widths).to(device, memory_format=torch.channels_last)
    teacher = VGG19(args.teacher).to(device)
    projection_file = args.out / "components.pt"
    if projection_file.exists():
        projection = PrincipalComponents(**torch.load(projection_file, weights_only=True))
    else:
        chosen = np.random.default_rng(recipe["seed"]).choice(
            len(photos), recipe["teacher"]["sample_photos"], replace=False
        )
        tensors = (to_tensor(photos[i])[None].to(device) for i in chosen)
        projection = PrincipalComponents.fit((teacher(t) for t in tensors), widths)
        torch.save(projection.parts(), projection_file)
    projection = projection.to(device)
    print("variance explained by the targets:", [f"{e:.4f}" for e in projection.explained], flush=True)

    state = torch.load(checkpoint, weights_only=True) if checkpoint.exists() else None
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
            targets = projection(teacher(image)) if stage.weight_distillation else None
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
                print(row, flush=True)
                log.write(json.dumps(row) + "\n")
                log.flush()
            if iteration % CHECKPOINT_EVERY == 0 or iteration == stage.iterations:
                torch.save(
                    {
                        "stage": name,
                        "iteration": iteration,
                        "trainee": trainee.state_dict(),
                        "optimizer": optimizer.state_dict(),
                        "schedule": schedule.state_dict(),
                        "rng": rng.bit_generator.state,
                        "recipe": recipe,
                    },
                    checkpoint.with_suffix(".tmp"),
                )
                checkpoint.with_suffix(".tmp").replace(checkpoint)
    weights = {"widths": list(widths), "recipe": recipe, "weights": trainee.model.state_dict()}
    torch.save(weights, args.out / "weights.pt")
    print(f"weights: {args.out / 'weights.pt'}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, required=True, help="the recipe (TOML)")
    parser.add_argument("--photos", type=Path, required=True, help="folder of training photos")
    parser.add_argument("--table", type=Path, required=True, help="CSV with the columns file, licence_class, split")
    parser.add_argument("--teacher", type=Path, required=True, help="VGG-19 weights (.npz, OIHW)")
    parser.add_argument("--out", type=Path, required=True, help="folder of checkpoints, log and weights")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads (0: PyTorch's default)")
    parser.add_argument("--cpu", action="store_true", help="stay on the CPU even if there is a GPU")
    train(parser.parse_args())


if __name__ == "__main__":
    main()
