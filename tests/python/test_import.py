"""Bundles from weights that others trained: refused if anything is wrong, equal to the paper's cascade if not."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from fastphoto_native import _core
from fastphoto_native.checks.verification import verify_bundle
from fastphoto_native.errors import ArgumentError, DeviceError, FastphotoError, ModelError
from fastphoto_native.runtime.bundle import find_bundle
from fastphoto_native.runtime.onnx_runtime import OnnxRuntime
from numpy.typing import NDArray

torch = pytest.importorskip("torch")

import foreign_weights  # noqa: E402
from fastphoto_native.making.importing.importer import Imported, Options, import_model  # noqa: E402
from fastphoto_native.making.importing.photo_wct import expected_shapes  # noqa: E402
from fastphoto_native.making.importing.vgg19 import read_encoder  # noqa: E402
from reference import published_photowct  # noqa: E402

FloatArray = NDArray[np.float32]


@pytest.fixture(scope="module")
def weights() -> dict[str, Any]:
    return foreign_weights.photo_wct()


@pytest.fixture(scope="module")
def file(weights: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("weights") / "photo_wct.pth"
    torch.save(weights, path, _use_new_zipfile_serialization=False)  # the form of its time, 2018
    return path


@pytest.fixture(scope="module")
def imported(file: Path) -> Imported:
    return import_model(file, file.parent / "published", "published", Options())


def smooth_photo(height: int, width: int, seed: int) -> FloatArray:
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    waves = [0.5 + 0.4 * np.sin(rng.uniform(0.05, 0.4) * x + rng.uniform(0.05, 0.4) * y + k) for k in range(3)]
    return np.clip(np.stack(waves, -1) + 0.03 * rng.standard_normal((height, width, 3)), 0, 1).astype(np.float32)


def run(folder: str | Path, content: FloatArray, style: FloatArray) -> FloatArray:
    """The chain alone, neither smoothed nor clipped."""
    return _core.Chain(find_bundle(Path(folder)), OnnxRuntime("cpu", 2)).restyle(content, style)


def padded(photo: FloatArray, multiple: int) -> FloatArray:
    """As docs/bundle.md says: by reflection, below and on the right."""
    height, width = photo.shape[:2]
    return np.pad(photo, ((0, -height % multiple), (0, -width % multiple), (0, 0)), mode="reflect")


def test_every_name_and_shape_of_the_published_file(weights: dict[str, Any]) -> None:
    assert {name: tuple(t.shape) for name, t in weights.items()} == expected_shapes()
    # 33 MB of float32, the published file's size.
    assert sum(t.numel() for t in weights.values()) * 4 == pytest.approx(33.4e6, rel=0.02)


@pytest.mark.parametrize("size", [(64, 48), (51, 37)])
def test_it_equals_the_papers_cascade(imported: Imported, weights: dict[str, Any], size: tuple[int, int]) -> None:
    content, style = smooth_photo(*size, 1), smooth_photo(40, 56, 2)
    found = run(imported.verification.folder, content, style)
    multiple = find_bundle(Path(imported.verification.folder)).manifest.size_multiple
    twin = published_photowct.stylize(weights, padded(content, multiple), padded(style, multiple))
    expected = twin[: size[0], : size[1]]
    assert found.shape == expected.shape
    error = np.abs(found - expected) / np.abs(expected).max()
    # Float32 rounding through 34 layers and four alignments: about 1e-5. A pooling position that flips on a near
    # tie moves the pixels around it, hence the quantile and the mean.
    assert np.quantile(error, 0.99) < 1e-3
    assert error.mean() < 1e-4


def test_features_and_pooling_positions_equal_pytorchs(imported: Imported, weights: dict[str, Any]) -> None:
    photo = smooth_photo(64, 48, 3)
    session = onnxruntime.InferenceSession(
        Path(imported.verification.folder) / "segment_0.onnx", providers=["CPUExecutionProvider"]
    )
    names = ["features_out", "code_1_out", "code_2_out", "code_3_out"]
    inputs = {"image": photo.transpose(2, 0, 1)[None], "next_labels": np.ones((1, 1, 1, 1), np.float32)}
    features, *codes = session.run(names, inputs)
    image = torch.from_numpy(photo).permute(2, 0, 1)[None]
    expected, positions = published_photowct.encode(weights, image, 4)
    # Float32 rounding of nine layers, relative to the largest value.
    assert np.abs(features - expected.numpy()).max() < 2e-5 * float(expected.abs().max())
    for code, where in zip(codes, positions, strict=True):
        width = 2 * code.shape[3]
        inside = 2 * (where // width % 2) + where % width % 2
        assert np.mean(code != inside.numpy()) < 1e-3  # near ties


def test_the_licence_is_in_the_bundle(imported: Imported) -> None:
    manifest = find_bundle(Path(imported.verification.folder)).manifest
    assert manifest.licence == "CC BY-NC-SA 4.0"
    assert "CC BY-NC-SA 4.0" in imported.notice
    assert "no commercial use" in imported.notice
    assert [(a.method, a.content_ridge, a.style_ridge) for a in manifest.alignments] == [
        ("whitening-coloring", 1, 0)
    ] * 4
    card = (Path(imported.verification.folder) / "MODEL_CARD.md").read_text()
    assert "CC BY-NC-SA 4.0" in card
    assert "photo_wct.pth" in card


def test_options(file: Path, imported: Imported, tmp_path: Path) -> None:
    options = Options(alignment="monge-kantorovich", working_side=640, half=True)
    import_model(file, tmp_path / "half", "half", options)
    bundle = find_bundle(tmp_path / "half")
    assert {a.method for a in bundle.manifest.alignments} == {"monge-kantorovich"}
    assert bundle.manifest.working_side == 640
    full = find_bundle(Path(imported.verification.folder))
    assert bundle.size == pytest.approx(full.size / 2, rel=0.02)
    with pytest.raises(ArgumentError, match="half is there already"):
        import_model(file, tmp_path / "half", "half", options)


Change = Callable[[dict[str, Any]], Any]


def drop(name: str) -> Change:
    return lambda state: state.pop(name)


def put(name: str, value: Any) -> Change:
    return lambda state: state.update({name: value})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (drop("d3.conv2_2.bias"), "1 of 80 tensors are missing: d3.conv2_2.bias"),
        (put("e5.conv0.weight", torch.zeros(1)), "1 tensors are unknown: e5.conv0.weight"),
        (put("e4.conv1_1.weight", torch.zeros(64, 3, 1, 1)), "has shape 64 x 3 x 1 x 1, expected 64 x 3 x 3 x 3"),
        (put("e4.conv1_1.bias", torch.full((64,), float("nan"))), "'e4.conv1_1.bias' has values that are no numbers"),
        (put("e4.conv1_1.bias", torch.zeros(64, dtype=torch.int32)), "is a torch.int32, expected floats"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(weights: dict[str, Any], tmp_path: Path, change: Change, message: str) -> None:
    state = dict(weights)
    change(state)
    torch.save(state, tmp_path / "w.pth")
    with pytest.raises(ModelError, match=message) as caught:
        import_model(tmp_path / "w.pth", tmp_path / "out", "out", Options())
    assert "\n" not in str(caught.value)
    assert [p.name for p in tmp_path.iterdir()] == ["w.pth"]


class Surprise:
    def __reduce__(self) -> tuple[Any, ...]:
        return (print, ("code ran",))


def cut_off(weights: dict[str, Any], zipped: bool) -> bytes:
    import io

    buffer = io.BytesIO()
    small = {name: weights[name] for name in list(weights)[:6]}
    torch.save(small, buffer, _use_new_zipfile_serialization=zipped)
    return buffer.getvalue()[: len(buffer.getvalue()) * 2 // 3]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 33\n", "is a Git-LFS pointer"),
        (b"\n<!DOCTYPE html><html><body>Sign in</body></html>", "is a web page, not weights; download the file itself"),
        (b"", "is empty; expected weights"),
        (b"GIF89a", r"is not a PyTorch file: it begins with b'GIF89a'"),
        (lambda w: cut_off(w, True), "is damaged or cut off"),
        (lambda w: cut_off(w, False), "is damaged or cut off"),
        (lambda _: pickle.dumps(Surprise()), "is damaged or cut off|would run code"),
        (lambda _: saved({"x": Surprise()}), "would run code; expected a state dict"),
        (lambda _: saved([1, 2]), "holds a list, expected a table of named tensors"),
        (lambda _: saved({"conv.weight": torch.zeros(1)}), r"holds conv.weight; expected NVIDIA's photo_wct.pth"),
    ],
)
def test_what_is_no_such_file(
    weights: dict[str, Any],
    tmp_path: Path,
    content: bytes | Callable[[dict[str, Any]], bytes],
    message: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "w.pth"
    path.write_bytes(content if isinstance(content, bytes) else content(weights))
    with pytest.raises(ModelError, match=message) as caught:
        import_model(path, tmp_path / "out", "out", Options())
    assert "\n" not in str(caught.value)
    assert "code ran" not in capfd.readouterr().out


def saved(value: Any) -> bytes:
    import io

    buffer = io.BytesIO()
    torch.save(value, buffer)
    return buffer.getvalue()


def test_a_pytorch_that_would_run_code_is_refused(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "__version__", "2.5.1+cpu")
    with pytest.raises(DeviceError, match=r"found PyTorch 2\.5\.1\+cpu, expected 2\.6 or newer"):
        import_model(file, tmp_path / "out", "out", Options())


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"cannot read .*w\.pth: No such file"):
        import_model(tmp_path / "w.pth", tmp_path / "out", "out", Options())


# ------------------------------------------------------------------------------------------------------------- VGG-19


def keras_file(path: Path, state: dict[str, Any]) -> None:
    """The same network as torchvision's, as Keras stores it: BGR in 0..255 less a mean, H x W x in x out."""
    h5py = pytest.importorskip("h5py")
    with h5py.File(path, "w") as out:
        for number, name in foreign_weights.TORCHVISION.items():
            kernel, bias = (state[f"features.{number}.{kind}"].double().numpy() for kind in ("weight", "bias"))
            if name == "conv1_1":
                # scale * 255 x + offset = (x - mean) / deviation, with x' = 255 x - mean255
                mean, deviation = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
                mean255 = np.array([123.68, 116.779, 103.939])
                bias = bias + np.einsum("oihw,i->o", kernel, (mean255 / 255 - mean) / deviation)
                kernel = (kernel / (255 * deviation)[:, None, None])[:, ::-1]
            layer = f"block{name[4]}_conv{name[6]}"
            out[f"{layer}/{layer}/kernel:0"] = kernel.transpose(2, 3, 1, 0)
            out[f"{layer}/{layer}/bias:0"] = bias
        out["block5_conv4/block5_conv4/kernel:0"] = np.zeros(2)


def test_torchvision_and_keras_give_one_encoder(tmp_path: Path) -> None:
    state = foreign_weights.torchvision_vgg19()
    torch.save(state, tmp_path / "vgg19.pth")
    keras_file(tmp_path / "vgg19.h5", state)
    a, b = read_encoder(tmp_path / "vgg19.pth"), read_encoder(tmp_path / "vgg19.h5")
    assert a.keys() == b.keys()
    for name, array in a.items():
        assert np.allclose(array, b[name], rtol=1e-5, atol=1e-6), name  # float32 rounding of the file


def test_the_encoder_sees_what_torchvisions_sees(tmp_path: Path) -> None:
    state = foreign_weights.torchvision_vgg19()
    torch.save(state, tmp_path / "vgg19.pth")
    encoder = read_encoder(tmp_path / "vgg19.pth")
    photo = torch.from_numpy(smooth_photo(24, 16, 5)).double().permute(2, 0, 1)[None]
    mean, deviation = (
        torch.tensor(v).double().view(1, 3, 1, 1) for v in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    )
    expected, found = (photo - mean) / deviation, 2 * photo - 1
    for number, name in list(foreign_weights.TORCHVISION.items())[:2]:
        kernel, bias = state[f"features.{number}.weight"].double(), state[f"features.{number}.bias"].double()
        expected = torch.nn.functional.conv2d(expected, kernel, bias).relu()
        kernel, bias = (torch.from_numpy(encoder[f"encoder.{name}.{kind}"]).double() for kind in ("weight", "bias"))
        found = torch.nn.functional.conv2d(found, kernel, bias).relu()
    assert torch.allclose(found, expected, rtol=1e-5, atol=1e-5)  # weights are rounded to float32


def decoders_for(encoder: dict[str, FloatArray], path: Path) -> None:
    """A weights.pt as the recipe leaves it, with random decoders."""
    rng = np.random.default_rng(1)
    weights = {name: torch.from_numpy(array) for name, array in encoder.items()}
    for level in (1, 2, 3, 4):
        for name, (i, o) in foreign_weights.ENCODER.items():
            if name <= f"conv{level}_1":
                kernel, bias = foreign_weights.layer(rng, o, i)
                weights |= {f"decoders.{level - 1}.{name}.weight": kernel, f"decoders.{level - 1}.{name}.bias": bias}
    torch.save({"widths": [64, 128, 256, 512], "recipe": {"name": "vgg", "seed": 1}, "weights": weights}, path)


def test_vgg19_with_decoders(tmp_path: Path) -> None:
    torch.save(foreign_weights.torchvision_vgg19(), tmp_path / "vgg19.pth")
    decoders_for(read_encoder(tmp_path / "vgg19.pth"), tmp_path / "decoders.pt")
    with pytest.raises(ArgumentError, match="an encoder only; expected --decoders"):
        import_model(tmp_path / "vgg19.pth", tmp_path / "out", "out", Options())
    made = import_model(tmp_path / "vgg19.pth", tmp_path / "out", "out", Options(tmp_path / "decoders.pt", half=True))
    assert made.notice == ""
    manifest = find_bundle(tmp_path / "out").manifest
    assert manifest.alignments[0].name == "colours"
    assert manifest.licence == "not stated"
    card = (tmp_path / "out" / "MODEL_CARD.md").read_text()
    assert "| changes | relu4_1: luma times 1, chroma times 0.5; relu3_1: luma times 0.45, chroma times 1.2 |" in card
    last = onnx.load_from_string(find_bundle(tmp_path / "out").read(manifest.segments[-1])).graph
    assert "change_factors.2" in {tensor.name for tensor in last.initializer}
    content = smooth_photo(20, 24, 1)
    # A level adds its change: equal styles change nothing, whatever the weights.
    assert np.abs(run(tmp_path / "out", content, content) - content).max() < 5e-3

    options = Options(tmp_path / "decoders.pt", alignment="whitening-coloring")
    import_model(tmp_path / "vgg19.pth", tmp_path / "whitened", "whitened", options)
    methods = [a.method for a in find_bundle(tmp_path / "whitened").manifest.alignments]
    assert methods == ["knothe-rosenblatt"] + ["whitening-coloring"] * (len(methods) - 1)  # not that of colours

    torch.save(foreign_weights.torchvision_vgg19(seed=9), tmp_path / "other.pth")
    with pytest.raises(ModelError, match=r"was trained for another encoder than .*other\.pth"):
        import_model(tmp_path / "other.pth", tmp_path / "no", "no", Options(tmp_path / "decoders.pt"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (drop("features.19.weight"), "1 of 18 tensors are missing: features.19.weight"),
        (put("features.1.running_mean", torch.zeros(64)), "is a VGG with batch normalisation"),
        (
            lambda s: [s.pop(n) for n in list(s) if n.startswith(("features.30", "features.32", "features.34"))],
            "VGG-16",
        ),
        (put("features.0.weight", torch.zeros(64, 3, 5, 5)), "has shape 64 x 3 x 5 x 5, expected 64 x 3 x 3 x 3"),
    ],
)
def test_vgg19_that_is_none(tmp_path: Path, change: Change, message: str) -> None:
    state = foreign_weights.torchvision_vgg19()
    change(state)
    torch.save(state, tmp_path / "vgg.pth")
    with pytest.raises(ModelError, match=message):
        import_model(tmp_path / "vgg.pth", tmp_path / "out", "out", Options(tmp_path / "d.pt"))


def test_keras_file_that_is_none(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "a.h5", "w") as out:
        out["block1_conv1/block1_conv1/kernel:0"] = np.zeros((3, 3, 3, 64))
    with pytest.raises(ModelError, match="the bias of layer 'block1_conv1' is missing"):
        read_encoder(tmp_path / "a.h5")
    whole = (tmp_path / "a.h5").read_bytes()
    (tmp_path / "b.h5").write_bytes(whole[:600])
    with pytest.raises(ModelError, match="is damaged or cut off"):
        read_encoder(tmp_path / "b.h5")


CONFIG = """version = 1
description = 1
licence = 1
working_side = 1
smoothing = {{}}
provenance = {{}}
{}
[alignments.colours]
[alignments.relu4_1]
"""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("version = ", "is not TOML"),
        ('version = "1"', "lacks alignments, description, licence"),
        (
            CONFIG.format("").replace("colours", "relu9_1"),
            "aligns relu9_1, relu4_1; expected colours, then one or more of relu4_1",
        ),
        (CONFIG.format("").replace("smoothing = {}", "smoothing = 1"), "smoothing is 1; expected a table"),
        (CONFIG.format("changes = 2"), "changes is 2; expected a table for each level"),
        (CONFIG.format("change = 2"), "has change; expected alignments, description, licence"),
        (CONFIG.format("changes.relu4_1 = 1"), "changes.relu4_1 is 1; expected numbers luma and chroma"),
        (CONFIG.format("changes.relu3_1 = {luma = 1, chroma = 1}"), "has changes.relu3_1; expected one of relu4_1"),
        (CONFIG.format("changes.colours = {luma = 1, chroma = 1}"), "has changes.colours; expected one of relu4_1"),
        (CONFIG.format("changes.relu4_1 = {luma = 1, chroma = nan}"), "'chroma': nan}; expected numbers luma and"),
        (CONFIG.format("changes.relu4_1 = {luma = true, chroma = 1}"), "'luma': True, 'chroma': 1}; expected numbers"),
        (CONFIG.format("changes.relu4_1.luma = 1"), "changes.relu4_1 is {'luma': 1}; expected numbers luma and chroma"),
        (CONFIG.format("changes.relu4_1 = {luma = 1, chroma = 'a'}"), "'chroma': 'a'}; expected numbers luma and"),
    ],
)
def test_configurations_that_are_none(tmp_path: Path, text: str, message: str) -> None:
    torch.save(foreign_weights.torchvision_vgg19(), tmp_path / "vgg19.pth")
    decoders_for(read_encoder(tmp_path / "vgg19.pth"), tmp_path / "d.pt")
    (tmp_path / "c.toml").write_text(text)
    with pytest.raises(FastphotoError, match=message):
        import_model(tmp_path / "d.pt", tmp_path / "out", "out", Options(config=tmp_path / "c.toml"))


def test_manifest_is_readable_by_people(imported: Imported) -> None:
    folder = Path(imported.verification.folder)
    assert json.loads((folder / "bundle.json").read_text())["provenance"]["method"].startswith("PhotoWCT")
    assert verify_bundle(find_bundle(folder)).format == 2
