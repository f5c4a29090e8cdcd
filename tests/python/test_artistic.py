"""Plain WCT: equal to a PyTorch version written from the paper; textures; the embedded model."""

from __future__ import annotations

from pathlib import Path

import fastphoto_native as fp
import numpy as np
import pytest
from fastphoto_native import _core
from fastphoto_native.checks.verification import verify_bundle
from fastphoto_native.errors import ModelError
from fastphoto_native.making.export.export import write_bundle
from fastphoto_native.making.export.settings import read_settings
from fastphoto_native.runtime.bundle import bundled_models, find_bundle
from fastphoto_native.runtime.onnx_runtime import OnnxRuntime
from numpy.typing import NDArray
from skimage import data
from tiny_model import WIDTHS, random_weights

Float32Array = NDArray[np.float32]
RIDGE = 1e-3
CONTENT = data.coffee()[40:104, 100:196].astype(np.float32) / 255
STYLE = data.chelsea()[60:132, 100:188].astype(np.float32) / 255


def bundle(folder: Path, levels: tuple[int, ...]) -> Path:
    table = {"method": "whitening-coloring", "content_ridge": RIDGE, "style_ridge": RIDGE}
    settings = {
        "version": "0", "description": "random weights", "licence": "Apache-2.0", "working_side": 256,
        "provenance": dict.fromkeys(("recipe", "training_photos", "teacher", "method"), "random"),
        "smoothing": {"lam": 1e4, "eps": 1e-6}, "chain": "artistic",
        "alignments": {f"relu{level}_1": table for level in levels},
    }  # fmt: skip
    write_bundle(folder, "artistic", settings, random_weights(), WIDTHS)
    return folder


@pytest.mark.parametrize("levels", [(4, 3, 2, 1), (3, 1), (2,)])
def test_the_chain_equals_the_paper(levels: tuple[int, ...], tmp_path: Path) -> None:
    pytest.importorskip("torch")
    from reference import plain_wct

    folder = bundle(tmp_path / "artistic", levels)
    verify_bundle(find_bundle(folder))
    found = _core.Chain(find_bundle(folder), OnnxRuntime("cpu", 1)).restyle(CONTENT, STYLE)
    expected = plain_wct.stylize(random_weights(), CONTENT, STYLE, levels, RIDGE)
    # Float32 through up to 36 layers, and roots of covariances with a ridge of 1e-3 between.
    np.testing.assert_allclose(found, expected, atol=2e-3 * np.abs(expected).max())


def compressed_networks(folder: Path, seed: int = 0) -> dict[str, NDArray[np.float32]]:
    """Random weights in files of Collaborative-Distillation's names and shapes; returned by our names."""
    import torch
    from fastphoto_native.making.importing import collaborative

    rng = np.random.default_rng(seed)
    weights = {}
    for prefix, name in (("e", "encoders"), ("d", "decoders")):
        (folder / name).mkdir()
        for level in collaborative.LEVELS:
            state = {}
            for key, shape in collaborative.expected_shapes(level, prefix == "d").items():
                deviation = np.sqrt(2 / np.prod(shape[1:])) if len(shape) > 1 else 0.05
                state[key] = (rng.standard_normal(shape) * deviation).astype(np.float32)
                weights[f"{prefix}{level}.{collaborative._long(key)}"] = state[key]
            tensors = {key: torch.from_numpy(array) for key, array in state.items()}
            if prefix == "e":
                tensors["conv11_aux.weight"] = torch.zeros(64, 16, 1, 1)
            torch.save({"model": tensors} if level % 2 else tensors, folder / name / f"{level}.pth")
    return weights


def test_compressed_networks_are_imported(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    from fastphoto_native.making.importing.importer import Options, import_model
    from reference import plain_wct

    weights = compressed_networks(tmp_path)
    made = import_model(tmp_path / "encoders", tmp_path / "cd", "cd", Options(decoders=tmp_path / "decoders"))
    found = _core.Chain(find_bundle(tmp_path / "cd"), OnnxRuntime("cpu", 1)).restyle(CONTENT, STYLE[:64, :64])
    expected = plain_wct.stylize_published(weights, CONTENT, STYLE[:64, :64], (5, 4, 3, 2, 1), 1e-3)
    # Random networks of 80 layers: where a photo has fewer features than channels, whitening makes noise of rounding.
    difference = np.abs(found - expected) / np.abs(expected).max()
    assert np.quantile(difference, 0.95) < 2e-3
    assert made.verification.model == "cd"
    assert "MIT" in (tmp_path / "cd" / "MODEL_CARD.md").read_text()


def test_compressed_networks_that_are_not_whole(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from fastphoto_native.making.importing.importer import Options, import_model

    compressed_networks(tmp_path)
    options = Options(decoders=tmp_path / "decoders")
    with pytest.raises(fp.ArgumentError, match="expected --decoders, the folder of their decoders"):
        import_model(tmp_path / "encoders", tmp_path / "cd", "cd", Options())
    (tmp_path / "encoders" / "3.pth").rename(tmp_path / "3.pth")
    with pytest.raises(ModelError, match=r"encoders lacks levels 3; expected five files"):
        import_model(tmp_path / "encoders", tmp_path / "cd", "cd", options)
    torch.save({"fc.weight": torch.zeros(2)}, tmp_path / "encoders" / "3.pth")
    with pytest.raises(ModelError, match=r"holds fc.weight; expected conv11.weight to conv51.weight"):
        import_model(tmp_path / "encoders", tmp_path / "cd", "cd", options)
    (tmp_path / "encoders" / "2.pth").replace(tmp_path / "encoders" / "3.pth")
    torch.save(torch.load(tmp_path / "encoders" / "1.pth", weights_only=True), tmp_path / "encoders" / "2.pth")
    with pytest.raises(ModelError, match="are both for level 1"):
        import_model(tmp_path / "encoders", tmp_path / "cd", "cd", options)


def test_aligned_features_have_the_styles_covariance() -> None:
    """Li et al., section 3.2: what whitening and colouring promise, to 1e-4 of the style's."""
    runtime = OnnxRuntime("cpu", 1)
    network = fp.optimise.embedded_network()
    for layer in ("relu1_1", "relu2_1", "relu3_1", "relu4_1"):
        features = []
        for photo in (CONTENT, STYLE):
            found = fp.optimise.Features(network, photo.shape[:2], [layer], runtime).of(photo.transpose(2, 0, 1))[layer]
            features.append(np.ascontiguousarray(found.reshape(len(found), -1)))
        content, style = (_core.mean_and_covariance(f) for f in features)
        aligned = fp.whitening_coloring(content, style, content_ridge=0.0, eigenvalue_cut=0.0).apply(features[0])
        after = _core.mean_and_covariance(aligned)
        scale = np.abs(style.covariance).max()
        if np.linalg.eigvalsh(content.covariance)[0] > 1e-6 * np.linalg.eigvalsh(content.covariance)[-1]:
            np.testing.assert_allclose(after.covariance, style.covariance, atol=1e-4 * scale)
        np.testing.assert_allclose(after.mean, style.mean, atol=1e-4 * np.abs(style.mean).max())


def test_settings_of_an_artistic_chain(tmp_path: Path) -> None:
    recipe = bundled_models() / "recipes" / "wct-artistic.export.toml"
    assert list(read_settings(recipe)["alignments"]) == ["relu4_1", "relu3_1", "relu2_1", "relu1_1"]
    text = recipe.read_text()
    for bad, message in (
        (text.replace('chain = "artistic"', 'chain = "other"'), "chain is 'other'; expected 'artistic'"),
        (text.replace('chain = "artistic"', 'chain = "artistic"\nhalf_precision = true'), "neither changes nor half"),
        (text.replace("[alignments.relu1_1]", "[alignments.colours]"), r"an artistic chain aligns .*colours; expected"),
    ):
        (tmp_path / "bad.toml").write_text(bad)
        with pytest.raises(ModelError, match=message):
            read_settings(tmp_path / "bad.toml")


# The embedded model.


def test_the_embedded_model_moves_statistics_to_the_styles() -> None:
    result = fp.stylize(CONTENT, STYLE, model="wct-artistic", threads=1)
    assert result.shape == CONTENT.shape
    before, after = (fp.evaluate(p, CONTENT, STYLE, threads=1) for p in (CONTENT, result))
    assert after["w2"] < 0.5 * before["w2"]
    np.testing.assert_allclose(result.mean((0, 1)), STYLE.mean((0, 1)), atol=0.06)


def test_strength_and_masks() -> None:
    full, half = (fp.stylize(CONTENT, STYLE, model="wct-artistic", strength=s, threads=1) for s in (1.0, 0.5))
    distance = [np.abs(p.mean((0, 1)) - CONTENT.mean((0, 1))).max() for p in (half, full)]
    assert 0 < distance[0] < distance[1]
    mask, other = np.ones(CONTENT.shape[:2], np.int32), np.ones(STYLE.shape[:2], np.int32)
    mask[:, 48:], other[36:] = 2, 2
    masked = fp.stylize(CONTENT, STYLE, content_mask=mask, style_mask=other, model="wct-artistic", threads=1)
    assert np.abs(masked - full).max() > 0.05


def test_textures_from_noise() -> None:
    found = fp.texture(STYLE, 40, 56, rounds=2, seed=1, device="cpu", threads=1)
    assert found.shape == (40, 56, 3)
    np.testing.assert_allclose(found.mean((0, 1)), STYLE.mean((0, 1)), atol=0.1)
    np.testing.assert_array_equal(found, fp.texture(STYLE, 40, 56, rounds=2, seed=1, device="cpu", threads=1))
    assert np.abs(found - fp.texture(STYLE, 40, 56, rounds=2, seed=2, device="cpu", threads=1)).max() > 0.02
    with pytest.raises(fp.ArgumentError, match="rounds must be 1 or more, got 0"):
        fp.texture(STYLE, 8, 8, rounds=0)
    with pytest.raises(fp.ArgumentError, match="a texture has 1 to 100000000 pixels, got 0 x 8"):
        fp.texture(STYLE, 0, 8)


def test_styles_blend_along_the_geodesic_of_their_statistics() -> None:
    """One style with all the weight is that style; in between, the result nears the other style step by step."""
    other = data.coffee()[200:272, 300:388].astype(np.float32)[..., ::-1] / 255
    stylizer = fp.Stylizer("wct-artistic", "cpu", 1)
    looks = [stylizer.analyze(np.ascontiguousarray(style)) for style in (STYLE, other)]
    ends = [stylizer.apply(CONTENT, look, smoothing="none") for look in looks]
    shares = (0.0, 0.3, 0.7, 1.0)
    blends = [stylizer.apply(CONTENT, fp.Look.blend(looks, [1 - s, s]), smoothing="none") for s in shares]
    # The blend's ridge, 1e-6 of the mean variance, is all that tells a blend with all of one style from that style.
    np.testing.assert_allclose(blends[0], ends[0], atol=0.02)
    np.testing.assert_allclose(blends[-1], ends[1], atol=0.02)
    for end, order in ((ends[0], 1), (ends[1], -1)):
        distances = [float(np.abs(blend - end).mean()) for blend in blends][::order]
        assert distances == sorted(distances)
        assert distances[-1] > 0.05
