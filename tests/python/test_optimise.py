"""Neural style and Deep Photo Style Transfer as a whole: presets, labels, progress, interrupting, resuming, files."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import fastphoto_native as fp
import numpy as np
import pytest
from fastphoto_native.optimise import AdamSettings, LbfgsSettings, Preset, Stage, find_preset
from fastphoto_native.optimise.label_masks import masks_at_layers, pair_labels
from fastphoto_native.optimise.transfer import working_size
from loss_networks import random_network
from numpy.typing import NDArray
from skimage import data, transform

Float32Array = NDArray[np.float32]
OWN = fp.optimise


def photo(name: str, height: int, width: int) -> Float32Array:
    small = transform.resize(getattr(data, name)(), (height, width), anti_aliasing=True)
    rounded: Float32Array = np.round(small * 255).astype(np.float32) / 255
    return rounded


CONTENT, STYLE = photo("coffee", 40, 60), photo("chelsea", 48, 56)


def losses(report: OWN.TransferReport) -> list[float]:
    return [entry.loss for entry in report.trace]


# The presets, on the embedded network.


@pytest.mark.parametrize("preset", OWN.PRESETS)
def test_neural_style_lowers_its_loss(preset: Any) -> None:
    picture, report = OWN.neural_style(
        CONTENT, STYLE, preset=preset, evaluations=24, threads=1, seed=3, return_report=True
    )
    assert picture.shape == CONTENT.shape
    assert picture.dtype == np.float32
    assert 0 <= picture.min() <= picture.max() <= 1
    assert len(report.trace) == 24
    last = [entry.loss for entry in report.trace if entry.stage == report.trace[-1].stage]
    assert min(last) < 0.7 * last[0]
    assert report.style_layers == ["relu1_1", "relu2_1", "relu3_1", "relu4_1"]
    assert report.content_layers == ["relu4_1"]
    assert report.lacking_layers == ["relu5_1", "relu4_2"]
    assert report.memory_needed > 1e8
    assert report.device.used in ("cpu", "cuda")


@pytest.mark.parametrize("preset", OWN.PRESETS)
def test_deep_photo_lowers_its_loss_and_keeps_the_contents_size(preset: Any) -> None:
    result, report = OWN.deep_photo(
        CONTENT, STYLE, preset=preset, evaluations=24, max_side=48, threads=1, return_report=True
    )
    assert result.shape == CONTENT.shape
    assert report.size == (32, 48)
    last = [entry for entry in report.trace if entry.stage == report.trace[-1].stage]
    assert min(entry.loss for entry in last) < 0.9 * last[0].loss
    assert "matting" in last[-1].values
    for entry in report.trace:
        assert entry.loss == pytest.approx(sum(entry.values.values()))


def test_every_constant_of_a_preset_has_a_name() -> None:
    paper, code = find_preset("dpst", "paper"), find_preset("dpst", "authors-code")
    assert (paper.style_weight * paper.style_factor, paper.content_weight * paper.content_factor) == (10.0, 0.5)
    assert (code.style_weight * code.style_factor, code.content_weight * code.content_factor) == (100.0, 5.0)
    assert code.stages[1].matting_weight == paper.stages[1].matting_weight == 1e4
    fast = find_preset("dpst", "fast")
    as_paper = replace(fast, start="noise", stages=paper.stages, range_weight=0.0, polish=True)
    assert as_paper == paper  # the same loss
    fast, code = find_preset("gatys", "fast"), find_preset("gatys", "authors-code")
    as_code = replace(fast, style_weight=1e3, range_weight=0.0, working_axis="short", stages=code.stages)
    assert as_code == code


def test_the_start_is_photowcts_photo() -> None:
    first = fp.stylize(CONTENT, STYLE, model="photowct-lite", device="cpu", threads=1)
    options: dict[str, Any] = {"evaluations": 2, "device": "cpu", "threads": 1}
    traces = [
        OWN.deep_photo(CONTENT, STYLE, start=start, return_report=True, **options)[1].trace
        for start in ("photowct", first)
    ]
    assert traces[0][0].loss == pytest.approx(traces[1][0].loss, rel=1e-4)


@pytest.mark.parametrize("method", ["gatys", "dpst"])
def test_fast_presets_stay_in_range(method: Any) -> None:
    """What is cut off at 0 and 1 in the end hardly changes the loss; without the term it multiplies the loss."""
    dark = photo("rocket", 40, 60)
    grown = []
    for weight in (find_preset(method, "fast").range_weight, 0.0):
        preset = replace(find_preset(method, "fast"), range_weight=weight)
        run = OWN.neural_style if method == "gatys" else OWN.deep_photo
        picture, report = run(dark, CONTENT, preset=preset, threads=1, start="content", return_report=True)
        final = OWN.losses(picture, dark, CONTENT, method=method, preset="fast", threads=1)
        grown.append(sum(final.values()) / report.trace[-1].loss)
    assert grown[0] < 1.02
    assert grown[1] > 1.2


def test_a_preset_of_ones_own_with_adam() -> None:
    own = Preset(
        style_layers=("relu1_1",), content_layers=(), gram_divisor="pixels",
        stages=(Stage(12, AdamSettings(rate=5.0)),), start="content",
    )  # fmt: skip
    _, report = OWN.neural_style(CONTENT, STYLE, preset=own, threads=1, return_report=True)
    assert losses(report)[-1] < 0.8 * losses(report)[0]
    assert report.content_layers == []


def test_the_same_seed_gives_the_same_picture() -> None:
    options: dict[str, Any] = {"preset": "paper", "evaluations": 4, "device": "cpu", "threads": 1, "max_side": 32}
    first = OWN.neural_style(CONTENT, STYLE, seed=1, **options)
    np.testing.assert_array_equal(first, OWN.neural_style(CONTENT, STYLE, seed=1, **options))
    assert np.abs(first - OWN.neural_style(CONTENT, STYLE, seed=2, **options)).max() > 0


def test_another_network_and_other_layers() -> None:
    _, report = OWN.neural_style(
        CONTENT, STYLE, network=random_network(), style_layers=["relu1_1", "relu3_1"], content_layers=["relu2_2"],
        evaluations=4, threads=1, max_side=32, return_report=True,
    )  # fmt: skip
    assert report.network == "random"
    assert (report.style_layers, report.content_layers) == (["relu1_1", "relu3_1"], ["relu2_2"])
    assert set(report.trace[0].values) == {"content relu2_2", "style relu1_1", "style relu3_1", "out of range"}


def test_style_weight_is_a_factor() -> None:
    traces = [
        OWN.neural_style(
            CONTENT, STYLE, network=random_network(), preset="authors-code", evaluations=1, max_side=32, threads=1,
            style_weight=factor, return_report=True,
        )[1].trace[0].values["style relu1_1"]
        for factor in (1.0, 2.5)
    ]  # fmt: skip
    assert traces[1] == pytest.approx(2.5 * traces[0], rel=1e-4)


def test_start_from_a_picture() -> None:
    _, from_style = OWN.neural_style(
        CONTENT, STYLE, preset="paper", start=CONTENT, evaluations=1, max_side=32, threads=1, return_report=True
    )
    assert from_style.trace[0].values["content relu4_1"] == pytest.approx(0, abs=1e-6)


def test_losses_of_any_picture_are_those_of_the_trace() -> None:
    options: dict[str, Any] = {"preset": "authors-code", "max_side": 32, "threads": 1}
    _, report = OWN.neural_style(CONTENT, STYLE, start="content", evaluations=1, return_report=True, **options)
    found = OWN.losses(CONTENT, CONTENT, STYLE, method="gatys", **options)
    assert found == pytest.approx(report.trace[0].values, rel=1e-5, abs=1e-6)
    with pytest.raises(fp.ArgumentError, match="picture must be H x W x 3"):
        OWN.losses(CONTENT[..., 0], CONTENT, STYLE, method="gatys", **options)


# Labels.


def halves(height: int, width: int, labels: tuple[int, int]) -> NDArray[np.int32]:
    mask = np.full((height, width), labels[0], np.int32)
    mask[:, width // 2 :] = labels[1]
    return mask


def test_labels_take_their_style_from_the_same_label() -> None:
    content = np.full((32, 48, 3), 0.5, np.float32) + 0.02 * np.random.default_rng(0).random((32, 48, 3), np.float32)
    style = np.zeros((32, 48, 3), np.float32)
    style[:, :24] = (0.9, 0.2, 0.2)
    style[:, 24:] = (0.2, 0.2, 0.9)
    style += 0.02 * np.random.default_rng(1).random(style.shape, np.float32)
    content_mask, style_mask = halves(32, 48, (1, 2)), halves(32, 48, (2, 1))  # label 1: left of the content, blue
    result, report = OWN.deep_photo(
        content, style, content_mask=content_mask, style_mask=style_mask, start="content", preset="fast",
        evaluations=60, threads=1, content_weight=0.01, return_report=True,
    )  # fmt: skip
    assert report.labels == [1, 2]
    left, right = result[:, 4:20].mean((0, 1)), result[:, 28:44].mean((0, 1))
    assert left[2] > left[0] + 0.1
    assert right[0] > right[2] + 0.1


def test_less_of_the_matting_weight_brings_more_of_the_style() -> None:
    found = []
    for factor in (1.0, 0.01):
        picture = OWN.deep_photo(CONTENT, STYLE, evaluations=40, threads=1, start="content", matting_weight=factor)
        found.append(OWN.losses(picture, CONTENT, STYLE, method="dpst"))
    style, matting = ([sum(v for k, v in losses.items() if k.startswith(kind)) for losses in found]
                      for kind in ("style", "matting"))  # fmt: skip
    assert style[1] < style[0]
    assert matting[1] > matting[0]
    free = OWN.deep_photo(CONTENT, STYLE, evaluations=4, threads=1, start="content", matting_weight=0.0)
    assert np.isfinite(free).all()


def test_labels_that_the_style_lacks() -> None:
    content_mask = np.ones((20, 30), np.int32)
    content_mask[:8, 10:] = 5  # touches label 2 more than label 1
    content_mask[8:, 12:] = 2
    style_mask = halves(20, 30, (1, 2))
    skipped = pair_labels(content_mask, style_mask, (20, 30), (20, 30), "skip")
    assert (skipped.labels, skipped.missing) == ((1, 2), (5,))
    assert skipped.content[:, :8, 10:].max() == 0
    merged = pair_labels(content_mask, style_mask, (20, 30), (20, 30), "merge")
    np.testing.assert_array_equal(merged.content[1, :8, 10:], 1)
    np.testing.assert_array_equal(merged.content.sum(0), 1)


def test_a_skipped_label_is_not_pulled_anywhere() -> None:
    content_mask, style_mask = halves(40, 60, (1, 7)), np.ones((48, 56), np.int32)
    preset = replace(find_preset("dpst", "authors-code"), content_weight=0.0, total_variation=0.0, masks="downsampled",
                     stages=(Stage(10, LbfgsSettings()),), polish=False, start="content")  # fmt: skip
    result, report = OWN.deep_photo(
        CONTENT, STYLE, content_mask=content_mask, style_mask=style_mask, preset=preset, threads=1, return_report=True
    )
    assert report.missing_labels == [7]
    far = np.s_[:, 30 + 8 * 4 :]  # beyond the reach of relu4_1's features on the other half
    assert np.abs(result[:, :24] - CONTENT[:, :24]).max() > 0.02
    np.testing.assert_allclose(result[far], CONTENT[far], atol=1e-6)


def test_masks_at_layers_keep_their_area() -> None:
    network = fp.optimise.embedded_network()
    masks = halves(32, 48, (0, 1))[None].astype(np.float32)
    found = masks_at_layers(masks, network, ["relu1_1", "relu4_1"], "downsampled")
    assert found["relu4_1"].shape == (1, 4, 6)
    assert found["relu4_1"].mean() == pytest.approx(0.5)
    faded = masks_at_layers(masks, network, ["relu1_1", "relu4_1"], "convolved")
    assert faded["relu1_1"][0, 16, 24] == pytest.approx(2 / 3)
    assert faded["relu1_1"][0, 0, 40] == pytest.approx(6 / 9)  # zeros around


# Progress, pictures, interrupting.


def test_progress_pictures_and_memory() -> None:
    steps: list[str] = []
    pictures: list[tuple[int, tuple[int, ...]]] = []

    def progress(step: str, done: float) -> None:
        assert 0 <= done <= 1
        steps.append(step)

    OWN.neural_style(
        CONTENT, STYLE, preset="fast", evaluations=10, max_side=48, threads=1, progress=progress, picture_every=4,
        pictures=lambda count, picture: pictures.append((count, picture.shape)),
    )  # fmt: skip
    assert steps[0].startswith("taking about ")
    assert steps[0].endswith(" MB")
    assert steps[1].startswith("stage 1 of 2, evaluation 1 of 6")
    assert ", loss " in steps[-1]
    assert pictures == [(4, (16, 24, 3)), (8, (32, 48, 3))]


@pytest.mark.parametrize("preset", ["paper", "fast"])
@pytest.mark.parametrize("stop_at", [3, 9])
def test_an_interrupted_run_goes_on_to_the_same_picture(preset: Any, stop_at: int, tmp_path: Path) -> None:
    options: dict[str, Any] = {"preset": preset, "evaluations": 14, "max_side": 48, "device": "cpu", "threads": 1}
    whole, report = OWN.deep_photo(CONTENT, STYLE, return_report=True, **options)
    checkpoint = tmp_path / "run.npz"
    calls = 0

    def stop(_step: str, _done: float) -> bool:
        nonlocal calls
        calls += 1
        return calls <= stop_at + 1  # the first call says how much memory is needed

    with pytest.raises(fp.CancelledError, match=f"cancelled after {stop_at} evaluations"):
        OWN.deep_photo(CONTENT, STYLE, progress=stop, checkpoint=checkpoint, **options)
    assert [p.name for p in tmp_path.iterdir()] == ["run.npz"]
    with pytest.raises(fp.ArgumentError, match="belongs to other photos or settings"):
        OWN.deep_photo(CONTENT, STYLE, checkpoint=checkpoint, **(options | {"evaluations": 15}))
    resumed, again = OWN.deep_photo(CONTENT, STYLE, checkpoint=checkpoint, return_report=True, **options)
    np.testing.assert_array_equal(resumed, whole)
    assert losses(again) == losses(report)
    assert not checkpoint.exists()


def test_a_checkpoint_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    path.write_bytes(b"PK\3\4 no archive")
    with pytest.raises(fp.PhotoError, match=r"run\.npz is damaged or no checkpoint"):
        OWN.neural_style(CONTENT, STYLE, evaluations=2, max_side=32, checkpoint=path)


# Misuse.


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"preset": "quick"}, "preset one of paper, authors-code, fast, got 'gatys', 'quick'"),
        ({"start": "zero"}, "start must be one of content, noise, photowct or a picture, got 'zero'"),
        ({"content_mask": np.ones((4, 4), int)}, "content_mask and style_mask go together"),
        ({"style_layers": ["block1"]}, "layer 'block1' is unknown"),
        ({"style_layers": ["relu5_1"]}, "embedded has none of the style layers relu5_1; it ends with conv4_1"),
        ({"evaluations": 1}, "evaluations must be 2 or more, got 1"),
        ({"style_weight": -1.0}, "style_weight must be 0 or more, got -1.0"),
        ({"max_side": 8}, "max_side must be 16 or more, got 8"),
        ({"picture_every": 0}, "picture_every must be 1 or more, got 0"),
        ({"missing_labels": "zero", "content_mask": np.ones((4, 4), int), "style_mask": np.ones((4, 4), int)},
         "missing_labels must be one of skip, merge, got 'zero'"),
    ],
)  # fmt: skip
def test_misuse(options: dict[str, Any], message: str) -> None:
    with pytest.raises(fp.ArgumentError, match=message):
        OWN.neural_style(CONTENT, STYLE, **options)


def test_photos_that_are_none() -> None:
    with pytest.raises(fp.ArgumentError, match=r"style must lie in 0\.\.1, got 0 to 2"):
        OWN.neural_style(CONTENT, 2 * (STYLE > 0.5).astype(np.float32))
    with pytest.raises(TypeError, match="unknown option 'sytle_mask'"):
        OWN.neural_style(CONTENT, STYLE, sytle_mask=None)  # type: ignore[call-overload]


def test_working_sizes() -> None:
    assert working_size((700, 467), find_preset("dpst", "paper"), None) == (700, 467)
    assert working_size((1400, 933), find_preset("dpst", "paper"), None) == (700, 466)
    assert working_size((400, 800), find_preset("gatys", "authors-code"), None) == (400, 800)  # never enlarged
    assert working_size((600, 900), find_preset("gatys", "authors-code"), None) == (512, 768)
    assert working_size((600, 900), find_preset("gatys", "paper"), 90) == (60, 90)


# Files.


def test_loss_networks_from_archives(tmp_path: Path) -> None:
    network = random_network()
    for separator in "._":
        path = tmp_path / "vgg.npz"
        arrays: dict[str, Any] = {name.replace(".", separator): a for name, a in network.weights.items()}
        np.savez(path, **arrays, other=np.zeros(3))
        read = OWN.read_network(path)
        assert read.preprocessing == fp.optimise.CAFFE
        assert read.convolutions == network.convolutions
        for name, array in network.weights.items():
            np.testing.assert_array_equal(read.weights[name], array)
    assert OWN.read_network(path, "torchvision").preprocessing == fp.optimise.TORCHVISION


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no archive", "is damaged; expected what numpy.savez writes"),
        ({"fc.weight": np.zeros(3)}, "holds fc.weight; expected a VGG network"),
        ({"conv1_1.weight": np.zeros((4, 3, 3, 3)), "conv1_1.bias": np.full(4, np.nan)}, "'conv1_1.bias' has values"),
        ({"conv1_1.weight": np.zeros((4, 3, 5, 5)), "conv1_1.bias": np.zeros(4)}, "expected channels x 3 x 3 x 3"),
        (None, "cannot read .*: No such file"),
    ],
)
def test_files_that_hold_no_network(content: Any, message: str, tmp_path: Path) -> None:
    path = tmp_path / "vgg.npz"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        np.savez(path, **content)
    with pytest.raises(fp.ModelError, match=message):
        OWN.read_network(path)


def test_the_command(tmp_path: Path) -> None:
    fp.write_photo(tmp_path / "content.png", fp.Photo(CONTENT))
    fp.write_photo(tmp_path / "style.png", fp.Photo(STYLE))
    for name, image in (("content", CONTENT), ("style", STYLE)):
        mask = np.zeros(image.shape, np.float32)
        mask[: len(mask) // 2] = (0, 0, 1)
        fp.write_photo(tmp_path / f"{name}_mask.png", fp.Photo(mask))
    command = [sys.executable, "-m", "fastphoto_native", "transfer", "content.png", "style.png", "-o", "result.png"]
    command += ["--method", "dpst", "--evaluations", "8", "--max-side", "48", "--threads", "1", "--device", "cpu"]
    command += ["--content-mask", "content_mask.png", "--style-mask", "style_mask.png", "--pictures", "steps"]
    command += ["--every", "4", "--json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=True)
    report = json.loads(done.stdout)
    assert done.stderr == ""
    assert report["method"] == "dpst"
    assert report["labels"] == [0, 255]
    assert len(report["trace"]) == 8
    assert fp.read_photo(tmp_path / "result.png").pixels.shape == CONTENT.shape
    assert sorted(p.name for p in (tmp_path / "steps").iterdir()) == ["00004.png", "00008.png"]


@pytest.mark.parametrize("method", ["gatys", "dpst"])
def test_the_command_keeps_transparency_and_what_it_hides_counts_for_nothing(tmp_path: Path, method: str) -> None:
    alpha = np.ones(CONTENT.shape[:2], np.float32)
    alpha[:, :20], alpha[30:, 20:] = 0, 0.5
    results = []
    for hidden in (CONTENT, CONTENT[::-1]):
        pixels = np.where(alpha[..., None] == 0, hidden, CONTENT)
        fp.write_photo(tmp_path / "content.png", fp.Photo(pixels, alpha, 16), overwrite=True)
        fp.write_photo(tmp_path / "style.png", fp.Photo(STYLE))
        command = [sys.executable, "-m", "fastphoto_native", "transfer", "content.png", "style.png", "-o", "r.png"]
        command += ["--method", method, "--evaluations", "3", "--max-side", "32", "--threads", "1", "--device", "cpu"]
        subprocess.run([*command, "--overwrite"], cwd=tmp_path, capture_output=True, timeout=120, check=True)
        results.append(fp.read_photo(tmp_path / "r.png"))
    found = results[0]
    assert found.depth == 16
    assert found.alpha is not None
    assert found.alpha.shape == found.pixels.shape[:2]
    height, width = found.alpha.shape
    if method == "dpst":
        np.testing.assert_allclose(found.alpha, alpha, atol=1 / 65535)
    else:  # at the size that was optimised
        assert max(height, width) == 32
        assert found.alpha[:, : width * 16 // CONTENT.shape[1]].max() < 0.01
        assert np.abs(found.alpha[-3:, width // 2 :] - 0.5).max() < 0.01
    np.testing.assert_allclose(results[1].pixels, found.pixels, atol=1e-6)


def test_the_commands_errors_are_one_line(tmp_path: Path) -> None:
    fp.write_photo(tmp_path / "photo.png", fp.Photo(CONTENT))
    command = [sys.executable, "-m", "fastphoto_native", "transfer", "photo.png", "photo.png", "-o", "r.png"]
    command += ["--method", "gatys", "--loss-network", "missing.npz"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr == "fastphoto: error: cannot read missing.npz: No such file or directory\n"
