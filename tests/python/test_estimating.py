"""The recipe of look estimators, on a few small photos: grades, pairs, training, export."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from PIL import Image

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")

import fastphoto_native as fp  # noqa: E402
from fastphoto_native.errors import ArgumentError  # noqa: E402
from fastphoto_native.making.estimating import aligning, export, network  # noqa: E402
from fastphoto_native.making.estimating import gather as gathering  # noqa: E402
from fastphoto_native.making.estimating import train as training  # noqa: E402
from fastphoto_native.making.estimating.grades import (  # noqa: E402
    apply_cubes,
    identity_cube,
    random_adjustments,
    random_grades,
)
from fastphoto_native.making.estimating.graph import Reach, estimator_graph  # noqa: E402
from fastphoto_native.making.estimating.pairs import PairSettings, PairSource, mostly_aligned  # noqa: E402
from reference import colour_map  # noqa: E402

RECIPE = """
seed = 3
[network]
side = 24
points = 5
basis = 6
[[members]]
hidden = 16
regions = true
weight_harm = 0.1
share = 0.7
[[members]]
hidden = 12
regions = false
weight_harm = 0.3
share = 0.3
[pairs]
batch = 8
whole_crops = 2
part_pairs = 2
grades = 64
shares = [0.25, 0.25, 0.25, 0.25]
content_graded = [0.9, 0.1, 0.1, 0.1]
style_graded = [0.3, 0.9, 0.9, 0.9]
varied = 0.5
parts_alone = 0.2
collages = 0.3
plain = 1.0
[training]
rounds = 3
batches = 8
epochs = 2
batch = 32
learning_rate = 1e-3
weight_decay = 0.01
dropout = 0.1
least_square = 1e-3
weight_errors = 0.3
"""
SETTINGS = PairSettings(8, 2, 2, 64, [0.25] * 4, [1.0, 0, 0, 0], [0, 1.0, 1.0, 1.0], 0.0)


def photos(count: int) -> list[Image.Image]:
    rng = np.random.default_rng(1)
    small = rng.integers(30, 225, (count, 6, 8, 3), np.uint8)
    return [Image.fromarray(s).resize((80, 60), Image.Resampling.BICUBIC) for s in small]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "photos").mkdir()
    for number, photo in enumerate(photos(30)):
        photo.save(tmp_path / "photos" / f"{number:02d}.png")
    (tmp_path / "recipe.toml").write_text(RECIPE)
    return tmp_path


def test_cubes_are_read_as_the_core_reads_them() -> None:
    """Between nodes the core reads tetrahedra, the training cells: on nodes and along axes they agree."""
    cubes = random_grades(2, 5, torch.Generator().manual_seed(1))
    nodes = identity_cube(5).T.reshape(1, 3, 5, 25)
    assert torch.allclose(apply_cubes(cubes[:1], nodes)[0].flatten(1).T, cubes[0], atol=1e-5)
    grey = torch.linspace(0, 1, 9)[None, None, :, None].expand(1, 3, -1, -1).clone()
    grey[:, 1:] = 0.25  # only red moves
    expected = colour_map.lut(grey[0].permute(1, 2, 0).double().numpy(), 5, cubes[1].double().numpy().ravel())
    found = apply_cubes(cubes[1:], grey)[0].permute(1, 2, 0).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-5)  # float32


@pytest.mark.parametrize("draw", [random_grades, random_adjustments])
def test_grades_are_colours_and_the_same_for_the_same_seed(draw: object) -> None:
    first = draw(200, 5, torch.Generator().manual_seed(7))  # type: ignore[operator]
    again = draw(200, 5, torch.Generator().manual_seed(7))  # type: ignore[operator]
    assert torch.equal(first, again)
    assert first.isfinite().all()
    assert first.min() >= 0
    assert first.max() <= 1
    change = (first - identity_cube(5)).square().mean((1, 2)).sqrt()
    assert change.min() < 0.06
    assert change.max() > 0.15


def test_pairs_have_the_truth_that_their_kind_promises() -> None:
    source = PairSource(photos(8), 24, SETTINGS, 5)
    batch = source.draw(np.random.default_rng(2))
    again = PairSource(photos(8), 24, SETTINGS, 5).draw(np.random.default_rng(2))
    assert torch.equal(batch.content, again.content)
    assert torch.equal(batch.style, again.style)
    change = (batch.content - batch.truth).abs().amax((1, 2, 3))
    assert (change > 0.01).all()
    # Two parts of one photo: the grade is on the content, so the truth is a crop as it was stored.
    stored = source.parts.permute(0, 1, 2, 5, 3, 4).reshape(-1, 3, 24, 24).float() / 255
    for kind, truth in zip(batch.kinds.tolist(), batch.truth, strict=True):
        near = min((stored - mirrored).abs().amax((1, 2, 3)).min().item() for mirrored in (truth, truth.flip(2)))
        assert (near < 1 / 255) == (kind == 0)


def test_scenes_are_photos_parts_of_them_or_two_side_by_side() -> None:
    settings = PairSettings(64, 2, 2, 64, [0, 0.3, 0.3, 0.4], [0] * 4, [0] * 4, 0.0, parts_alone=0.3, collages=0.5)
    source = PairSource(photos(8), 24, settings, 5)
    batch = source.draw(np.random.default_rng(2))
    assert torch.equal(batch.content, batch.truth)  # nothing was graded
    stored = torch.cat((source.wholes.flatten(0, 1), source.parts.flatten(0, 2))).permute(0, 3, 1, 2).float() / 255
    stored = torch.cat((stored, stored.flip(3)))
    is_stored = torch.stack([(stored - photo).abs().amax((1, 2, 3)).min() < 1e-6 for photo in batch.content])
    assert 0.3 < is_stored.float().mean() < 0.7
    for photo in batch.content[~is_stored]:
        # Each edge column or row is a stored photo's, since a collage has one cut.
        corners = [(stored[..., y, x] - photo[:, y, x]).abs().amax(1).min() for y in (0, 23) for x in (0, 23)]
        assert max(corners) < 1e-6


def test_a_style_without_a_grade_gives_its_statistics_when_that_is_wanted() -> None:
    for share in (0.0, 1.0):
        settings = PairSettings(64, 2, 2, 64, [0, 0, 1.0, 0], [0.3] * 4, [0.3] * 4, 0.0, plain=share)
        batch = PairSource(photos(8), 24, settings, 5).draw(np.random.default_rng(2))
        there = batch.plain != 0
        assert there.any()
        assert not there.all()
        assert (batch.plain[there] == (1 if share else -1)).all()
        wanted = mostly_aligned(batch.content, batch.style) if share else batch.content
        assert (batch.truth[there] - wanted[there]).abs().max() < 1 / 255


def test_aligning_parts_together_bring_the_styles_statistics() -> None:
    rng = torch.Generator().manual_seed(4)
    content = torch.rand(3, 3, 24, 24, generator=rng) * 0.5
    style = (content.flip(0) * torch.tensor([0.9, 0.7, 0.8])[:, None, None] + 0.1).clamp(0, 1)
    parts = aligning.aligning_parts(content, style)
    colours = content.flatten(2).transpose(1, 2)
    aligned = (colours + aligning.changes_of(parts, colours).sum(1)).transpose(1, 2)
    for found, wanted in zip(aligned, style.flatten(2), strict=True):
        assert torch.allclose(found.mean(1), wanted.mean(1), atol=1e-5)
        # The ridges are small beside these variances.
        assert torch.allclose(found.cov(), wanted.cov(), atol=0.05 * float(wanted.cov().diagonal().max()))
    # Parts one by one: luma's mean alone, its contrast, chroma's mean, the rest of chroma.
    luma = torch.tensor([0.2126, 0.7152, 0.0722])
    changes = aligning.changes_of(parts, colours)
    assert torch.allclose(changes[:, 0], changes[:, 0, :1, :1].expand_as(changes[:, 0]), atol=1e-6)
    assert (changes[:, 1].amax(2) - changes[:, 1].amin(2)).max() < 1e-5
    assert (changes[:, 1].mean(1)).abs().max() < 1e-5
    assert (changes[:, 2:] @ luma).abs().max() < 1e-5
    flat = torch.full((1, 3, 24, 24), 0.4)
    for pair in ((flat, style[:1]), (content[:1], flat), (flat, flat)):
        matrices, offsets = aligning.aligning_parts(*pair)
        assert matrices.isfinite().all()
        assert offsets.isfinite().all()
        assert matrices.abs().max() < 5  # gains are limited


def test_features_of_a_flat_photo() -> None:
    flat = torch.tensor([0.6, 0.5, 0.3])[None, :, None, None].expand(1, 3, 24, 24)
    seen, roots, layout = network.features(flat)
    luma = 0.2126 * 0.6 + 0.7152 * 0.5 + 0.0722 * 0.3
    assert seen.shape == (1, network.FEATURES)
    assert seen[0, 0].item() == pytest.approx(luma - 0.45, abs=1e-5)
    assert seen[0, 1].item() == pytest.approx((0.6 - 0.3) / 2**0.5, abs=1e-5)
    assert seen[0, 24:30].tolist() == pytest.approx([0.6, 0.5, 0.3, 0.4, 0.5, 0.7], abs=1e-5)
    assert [root.shape[1] for root in roots] == [8, 25, 64]
    for root in roots:
        assert (root.square() - 1e-4).sum().item() == pytest.approx(1.0, abs=1e-5)  # shares of one photo
    assert torch.allclose(layout, torch.tensor([0.6, 0.5, 0.3])[None, :, None].expand(1, 3, 16))
    alike = network.look_at(flat, flat)[0, -network.LIKENESS :]
    assert alike.tolist() == pytest.approx([1 + 8e-4, 1 + 25e-4, 1 + 64e-4, 0, 0, 0], abs=1e-5)


def test_the_quadratic_is_the_error_of_the_map() -> None:
    source = PairSource(photos(8), 24, SETTINGS, 5)
    basis = gathering.basis_of(source, 5, 6)
    batch = source.draw(np.random.default_rng(2))
    weights = torch.randn(8, 6 + aligning.PARTS, generator=torch.Generator().manual_seed(1))
    found = gathering.look(batch, basis).errors(weights)
    places = (slice(None), slice(None), slice(1, None, gathering.STRIDE), slice(1, None, gathering.STRIDE))
    mapped = apply_cubes(network.cube_of(weights, basis, batch.content, batch.style), batch.content[places])
    expected = (mapped - batch.truth[places]).square().mean((1, 2, 3))
    np.testing.assert_allclose(found, expected, rtol=1e-3)  # float32, with cancellation


def test_training_goes_on_where_it_stopped_and_ends_as_a_bundle(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = folder / "recipe.toml"
    whole = torch.load(training.train(recipe, folder / "photos", None, folder / "out", 1), weights_only=True)

    class StoppedError(Exception):
        pass

    def stop_in_the_second_round(*_: object) -> float:
        raise StoppedError

    halves = folder / "halves"
    real = training.train_round
    with monkeypatch.context() as patch:
        patch.setattr(training, "CHECKPOINT_EVERY", 0.0)
        patch.setattr(training, "train_round", lambda *a: real(*a) if a[3] < 1 else stop_in_the_second_round())
        with pytest.raises(StoppedError):
            training.train(recipe, folder / "photos", None, halves, 1)
    again = torch.load(training.train(recipe, folder / "photos", None, halves, 1), weights_only=True)
    for first, second in zip(whole["members"], again["members"], strict=True):
        assert all(torch.equal(first[name], second[name]) for name in first)

    basis = whole["basis"].numpy().astype(np.float16)
    members = [export.stored(member) for member in whole["members"]]
    export.write_grade_bundle(folder / "bundle", "tiny", fp_settings(), members, [0.7, 0.3], basis, 24)
    pair = torch.rand(2, 1, 3, 24, 24, generator=torch.Generator().manual_seed(1))
    estimates = []
    for weights, (hidden, regions) in zip(members, ((16, True), (12, False)), strict=True):
        model = network.LookEstimator(hidden, 6, regions=regions)
        model.load_state_dict({name: torch.from_numpy(w) for name, w in export.restored(weights).items()})
        with torch.no_grad():
            estimates.append(model.eval()(network.look_at(*pair), *pair))
    weights, errors = (0.7 * first + 0.3 * second for first, second in zip(*estimates, strict=True))
    session = onnxruntime.InferenceSession(folder / "bundle" / "estimator.onnx", providers=["CPUExecutionProvider"])
    inputs = {"content": pair[0].numpy(), "style": pair[1].numpy()}
    parameters, expected = session.run(None, inputs)
    cube = network.cube_of(weights, torch.from_numpy(basis).float(), *pair)
    np.testing.assert_allclose(parameters, cube.flatten(1), atol=1e-5)  # float32
    np.testing.assert_allclose(expected, errors, atol=1e-3)  # dB

    # Farther, and less far with the pair's own parts.
    reach = Reach(factor=1.2, aligned=0.5)
    graph = estimator_graph(members, [0.7, 0.3], basis, 24, reach)
    session = onnxruntime.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
    weights = 1.2 * weights
    weights[:, 6:] *= 0.5
    cube = network.cube_of(weights, torch.from_numpy(basis).float(), *pair)
    np.testing.assert_allclose(session.run(None, inputs)[0], cube.flatten(1), atol=1e-5)

    stylizer = fp.Stylizer(folder / "bundle", device="cpu", threads=1)
    photo = np.asarray(photos(1)[0])
    _, report = stylizer.apply(photo, stylizer.analyze(photo[::-1]), return_report=True)
    assert report.look_fit is not None
    assert 0 <= report.look_fit.fit <= 1


def fp_settings() -> dict[str, object]:
    return {
        "version": "1", "description": "d", "licence": "Apache-2.0", "working_side": 64,
        "provenance": {"recipe": "", "training_photos": "", "teacher": "", "method": ""},
        "smoothing": {"lam": 1e-3, "eps": 1e-6},
        "alignments": {"colours": {"method": "learned", "relative_ridge": 0.03}},
    }  # fmt: skip


def test_what_is_no_recipe_is_refused(folder: Path) -> None:
    (folder / "recipe.toml").write_text(RECIPE.replace("varied = 0.5", ""))
    with pytest.raises(ArgumentError, match="varied"):
        training.train(folder / "recipe.toml", folder / "photos", None, folder / "out", 1)
    (folder / "recipe.toml").write_text(RECIPE)
    training.train(folder / "recipe.toml", folder / "photos", None, folder / "out", 1)
    (folder / "recipe.toml").write_text(RECIPE.replace("seed = 3", "seed = 4"))
    with pytest.raises(ArgumentError, match="another recipe"):
        training.train(folder / "recipe.toml", folder / "photos", None, folder / "out", 1)
