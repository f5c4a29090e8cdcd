"""The recipe from the installed command: a few iterations of a tiny model, its bundle, and a photo through it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import fastphoto_native as fp
import numpy as np
import pytest
from fastphoto_native.checks.gpu_check import synthetic_photo
from fastphoto_native.checks.verification import verify_bundle
from fastphoto_native.errors import ArgumentError
from fastphoto_native.runtime.bundle import find_bundle

torch = pytest.importorskip("torch")
pytest.importorskip("PIL")

import foreign_weights  # noqa: E402
from fastphoto_native.making.training.photos import random_batch, read_folder  # noqa: E402
from fastphoto_native.making.training.train import Job, train  # noqa: E402

RECIPE = """
name = "quick"
seed = 3
[network]
widths = [4, 4, 6, 8]
[photos]
crop = 32
batch = 2
scale = [0.6, 1.0]
gamma = [0.5, 2.0]
exposure = [0.4, 1.4]
white_balance = [0.8, 1.25]
saturation = [0.3, 1.6]
[teacher]
sample_photos = 2
[stages.distil]
iterations = 3
learning_rate = 2e-3
weight_distillation = 1.0
weight_reconstruction = 30.0
weight_perceptual = 0.0
train_encoder = true
[stages.decode]
iterations = 2
learning_rate = 2e-3
weight_distillation = 0.0
weight_reconstruction = 30.0
weight_perceptual = 0.3
train_encoder = false
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Photos, a teacher with random weights and the recipe."""
    (tmp_path / "photos").mkdir()
    for k in range(4):
        fp.write_photo(tmp_path / "photos" / f"{k}.png", fp.Photo(synthetic_photo(48, k)))
    rng = np.random.default_rng(0)
    weights: dict[str, Any] = {}
    for name, (i, o) in foreign_weights.ENCODER.items():
        if name != "conv4_1":
            kernel, bias = foreign_weights.layer(rng, i, o)
            weights |= {f"{name}_weight": kernel.numpy(), f"{name}_bias": bias.numpy()}
    np.savez(tmp_path / "vgg19.npz", **weights)
    (tmp_path / "recipe.toml").write_text(RECIPE)
    return tmp_path


def run(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "fastphoto_native", "models", "train", "--config", "recipe.toml"]
    options = ["--photos", "photos", "--out", "out", "--threads", "1", "--cpu", *more]
    return subprocess.run(
        [*command, *options], cwd=folder, capture_output=True, text=True, timeout=300, check=False, env=dict(os.environ)
    )


def test_train_export_verify_stylize(folder: Path) -> None:
    done = run(folder, "--teacher", "vgg19.npz", "--licence", "CC0-1.0")
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()[:-1]]
    assert [(r["stage"], r["iteration"]) for r in rows if "stage" in r] == [("distil", 3), ("decode", 2)]
    assert rows[1:] == [json.loads(line) for line in (folder / "out" / "log.jsonl").read_text().splitlines()]
    bundle = find_bundle(folder / "out" / "bundle")
    assert verify_bundle(bundle).model == "quick"
    assert bundle.manifest.licence == "CC0-1.0"
    photo = synthetic_photo(40, 9)
    result = fp.stylize(photo, synthetic_photo(56, 8), model=folder / "out" / "bundle", device="cpu", smoothing="none")
    assert np.abs(result - photo).mean() > 0.01

    # The same command again: nothing is left to train, and the result is the same.
    before = bundle.manifest.style.sha256
    assert run(folder, "--teacher", "vgg19.npz", "--licence", "CC0-1.0").returncode == 0
    assert find_bundle(folder / "out" / "bundle").manifest.style.sha256 == before


def job(folder: Path, out: str, **more: Path) -> Job:
    return Job(folder / "recipe.toml", folder / "photos", folder / out, threads=1, cpu=True, **more)


def test_an_interrupted_run_ends_as_an_uninterrupted_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import fastphoto_native.making.training.train as module

    teacher = folder / "vgg19.npz"
    monkeypatch.setattr(module, "CHECKPOINT_EVERY", 1)
    whole = torch.load(train(job(folder, "whole", teacher=teacher), lambda _: None), weights_only=True)

    class Interruption(Exception):  # noqa: N818
        pass

    real, calls = random_batch, 0

    def interrupted(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise Interruption
        return real(*arguments)

    monkeypatch.setattr(module, "random_batch", interrupted)
    with pytest.raises(Interruption):
        train(job(folder, "cut", teacher=teacher), lambda _: None)
    assert not (folder / "cut" / "weights.pt").exists()
    monkeypatch.setattr(module, "random_batch", real)
    resumed = torch.load(train(job(folder, "cut", teacher=teacher), lambda _: None), weights_only=True)
    for name, tensor in whole["weights"].items():
        assert torch.equal(tensor, resumed["weights"][name]), name

    (folder / "recipe.toml").write_text(RECIPE.replace("seed = 3", "seed = 4"))
    with pytest.raises(ArgumentError, match=r"was made by another recipe than .*choose another output folder"):
        train(job(folder, "cut", teacher=teacher), lambda _: None)


def test_a_given_encoder_stays_as_it_is(folder: Path) -> None:
    torch.save(foreign_weights.torchvision_vgg19(), folder / "vgg19.pth")
    decode = RECIPE[RECIPE.index("[stages.decode]") :].replace("iterations = 2", "iterations = 1")
    head = RECIPE[: RECIPE.index("[stages.distil]")].replace("[4, 4, 6, 8]", "[64, 128, 256, 512]")
    (folder / "recipe.toml").write_text(head + decode)
    done = run(folder, "--encoder", "vgg19.pth")
    assert done.returncode == 0, done.stderr
    command = [sys.executable, "-m", "fastphoto_native", "models", "import", "vgg19.pth"]
    subprocess.run([*command, "--decoders", "out/weights.pt", "-o", "full"], cwd=folder, check=True, timeout=300)
    assert verify_bundle(find_bundle(folder / "full")).model == "full"


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (RECIPE, (), "distils from VGG-19, but no teacher is given"),
        (RECIPE, ("--teacher", "vgg19.npz", "--encoder", "vgg19.pth"), "no stage may train it, but distil would"),
        (RECIPE.replace("crop = 32\n", ""), (), "not a whole recipe: found batch"),
        (RECIPE.replace("seed = 3", ""), (), "not a whole recipe: 'seed'"),
        (RECIPE.replace("[4, 4, 6, 8]", "[4, 4]"), (), "widths are [4, 4], expected four numbers of channels"),
        ("x = ", (), "recipe.toml is not TOML"),
    ],
)
def test_what_does_not_fit_is_one_line(folder: Path, text: str, options: tuple[str, ...], message: str) -> None:
    torch.save(foreign_weights.torchvision_vgg19(), folder / "vgg19.pth")
    (folder / "recipe.toml").write_text(text)
    done = run(folder, *options)
    assert done.returncode == 1
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def test_every_25th_photo_is_held_out(tmp_path: Path) -> None:
    for k in range(26):
        fp.write_photo(tmp_path / f"{k:02}.png", fp.Photo(np.full((1, k + 1, 3), 0.5, np.float32)))
    photos, held_out = read_folder(tmp_path)
    assert [p.width for p in held_out] == [1, 26]
    assert [p.width for p in photos] == list(range(2, 26))
    with pytest.raises(ArgumentError, match=r"has 0 photos .*expected two or more"):
        read_folder(tmp_path / "none")
