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
from fastphoto_native.making.estimating import export, network  # noqa: E402
from fastphoto_native.making.estimating import gather as gathering  # noqa: E402
from fastphoto_native.making.estimating.grades import (  # noqa: E402
    apply_cubes,
    identity_cube,
    random_adjustments,
    random_grades,
)
from fastphoto_native.making.estimating.pairs import PairSettings, PairSource  # noqa: E402
from fastphoto_native.making.estimating.train import train  # noqa: E402
from reference import colour_map  # noqa: E402

RECIPE = """
seed = 3
[network]
side = 24
points = 5
basis = 6
hidden = 16
members = 2
[pairs]
batch = 8
whole_crops = 2
part_pairs = 2
grades = 64
shares = [0.25, 0.25, 0.25, 0.25]
content_graded = [0.9, 0.1, 0.1, 0.1]
style_graded = [0.3, 0.9, 0.9, 0.9]
varied = 0.5
[training]
batches = 70
epochs = 2
batch = 32
learning_rate = 1e-3
weight_decay = 0.01
dropout = 0.1
least_square = 1e-3
weight_harm = 0.1
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
    weights = torch.randn(8, 6, generator=torch.Generator().manual_seed(1))
    found = gathering.look(batch, basis).errors(weights)
    places = (slice(None), slice(None), slice(1, None, gathering.STRIDE), slice(1, None, gathering.STRIDE))
    mapped = apply_cubes(network.cube_of(weights, basis), batch.content[places])
    expected = (mapped - batch.truth[places]).square().mean((1, 2, 3))
    np.testing.assert_allclose(found, expected, rtol=1e-3)  # float32, with cancellation


def test_training_goes_on_where_it_stopped_and_ends_as_a_bundle(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = folder / "recipe.toml"
    whole = torch.load(train(recipe, folder / "photos", None, folder / "out", 1), weights_only=True)

    class StoppedError(Exception):
        pass

    def stop(*_: object) -> None:
        raise StoppedError

    halves = folder / "halves"
    with monkeypatch.context() as patch:
        patch.setattr("fastphoto_native.making.estimating.train.train_member", stop)
        with pytest.raises(StoppedError):
            train(recipe, folder / "photos", None, halves, 1)
    with monkeypatch.context() as patch:
        patch.setattr("fastphoto_native.making.estimating.gather.look", stop)  # all pairs have been looked at
        again = torch.load(train(recipe, folder / "photos", None, halves, 1), weights_only=True)
    for first, second in zip(whole["members"], again["members"], strict=True):
        assert all(torch.equal(first[name], second[name]) for name in first)

    basis = whole["basis"].numpy().astype(np.float16)
    members = [export.half(member) for member in whole["members"]]
    export.write_grade_bundle(folder / "bundle", "tiny", fp_settings(), members, basis, 24)
    pair = torch.rand(2, 1, 3, 24, 24, generator=torch.Generator().manual_seed(1))
    weights, errors = [], []
    for member in members:
        model = network.LookEstimator(16, 6)
        model.load_state_dict({name: torch.from_numpy(w).float() for name, w in member.items()})
        with torch.no_grad():
            found = model.eval()(network.look_at(*pair))
        weights.append(found[0])
        errors.append(found[1])
    cube = network.cube_of(torch.stack(weights).mean(0), torch.from_numpy(basis).float())
    session = onnxruntime.InferenceSession(folder / "bundle" / "estimator.onnx", providers=["CPUExecutionProvider"])
    parameters, expected = session.run(None, {"content": pair[0].numpy(), "style": pair[1].numpy()})
    np.testing.assert_allclose(parameters, cube.flatten(1), atol=1e-5)  # float32
    np.testing.assert_allclose(expected, torch.stack(errors).mean(0), atol=1e-3)  # dB

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
        train(folder / "recipe.toml", folder / "photos", None, folder / "out", 1)
    (folder / "recipe.toml").write_text(RECIPE)
    train(folder / "recipe.toml", folder / "photos", None, folder / "out", 1)
    (folder / "recipe.toml").write_text(RECIPE.replace("seed = 3", "seed = 4"))
    with pytest.raises(ArgumentError, match="another recipe"):
        train(folder / "recipe.toml", folder / "photos", None, folder / "out", 1)
