"""Masks: files of every kind, labels that meet by name, automatic masks, previews, and the commands."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import fastphoto_native as fp
import numpy as np
import pytest
import tifffile
from fastphoto_native import _core
from fastphoto_native.looks.look import LabelLook, Look
from fastphoto_native.masking.ade20k import KINDS, STAND_INS, kind_of
from fastphoto_native.masking.automatic import stand_ins
from fastphoto_native.masking.files import read_named_mask
from fastphoto_native.masking.labelme import polygon
from fastphoto_native.masking.mask import Mask
from fastphoto_native.masking.pairing import pair_masks, parse_mask_map
from fastphoto_native.masking.preview import mask_preview
from fastphoto_native.masking.segmentation import Segmenter, color_of
from fastphoto_native.sources import read_content_mask
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from segmentation_networks import COLORS, LABELS, write_network
from skimage import data, draw

LABELME = b'{"imageHeight": 5, "imageWidth": 5, "shapes": [%s]}'
COMMAND = [sys.executable, "-m", "fastphoto_native"]


def halves(height: int = 20, width: int = 30) -> np.ndarray:
    labels = np.zeros((height, width), np.int64)
    labels[height // 2 :] = 1
    return labels


def soft(height: int = 20, width: int = 30) -> np.ndarray:
    ramp = np.linspace(0, 1, width, dtype=np.float32) * np.ones((height, 1), np.float32)
    return np.stack([ramp, 1 - ramp], axis=-1)


# --- files ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["u1", "i2", ">i4", "i8", "?"])
def test_label_maps_as_arrays(tmp_path: Path, dtype: str) -> None:
    np.save(tmp_path / "m.npy", halves().astype(dtype))
    np.savez_compressed(tmp_path / "m.npz", anything=halves().astype(dtype))
    for name in ("m.npy", "m.npz"):
        mask = read_named_mask([tmp_path / name])
        assert np.array_equal(mask.array, halves())
        assert mask.names == {0: "0", 1: "1"}
        assert mask.shares() == {0: 0.5, 1: 0.5}


def test_soft_masks_as_arrays_tiff_and_pictures(tmp_path: Path) -> None:
    weights = soft()
    np.save(tmp_path / "m.npy", weights)
    np.savez(tmp_path / "m.npz", sky=weights[..., 0], sea=weights[..., 1])
    tifffile.imwrite(tmp_path / "channels.tif", weights, photometric="minisblack", planarconfig="contig")
    tifffile.imwrite(tmp_path / "pages.tif", np.moveaxis(weights, 2, 0), photometric="minisblack")
    for k, name in enumerate(("sky", "sea")):
        fp.write_photo(tmp_path / f"{name}.png", fp.Photo(np.repeat(weights[..., k, None], 3, axis=2), None, 16))
    pictures = [f"sky={tmp_path / 'sky.png'}", f"sea={tmp_path / 'sea.png'}"]
    for files, names in (
        ([tmp_path / "m.npy"], ["0", "1"]),
        ([tmp_path / "m.npz"], ["sky", "sea"]),
        ([tmp_path / "channels.tif"], ["0", "1"]),
        ([tmp_path / "pages.tif"], ["0", "1"]),
        (pictures, ["sky", "sea"]),
    ):
        mask = read_named_mask(files)
        assert mask.soft
        assert list(mask.names.values()) == names
        assert np.abs(mask.array - weights).max() <= 1e-4  # 16 bits
        assert mask.array.sum(axis=2).max() <= 1


def test_large_masks_of_every_kind_are_read_in_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All kinds read the same pixels, and no more than are of use."""
    monkeypatch.setattr("fastphoto_native.files.masks.MOST_PIXELS", 40 * 60)
    labels = np.zeros((90, 121), np.uint8)
    labels[:, 50:] = 1
    labels[31:, 70:] = 2
    expected = labels[::3, ::3]
    assert expected.size <= 40 * 60 < labels[::2, ::2].size
    soft = np.stack([labels == k for k in range(3)], axis=-1).astype(np.float32)
    np.save(tmp_path / "hard.npy", labels)
    np.savez(tmp_path / "hard.npz", labels)
    np.save(tmp_path / "soft.npy", soft)
    np.savez(tmp_path / "soft.npz", **{str(k): soft[..., k] for k in range(3)})  # type: ignore[arg-type]
    tifffile.imwrite(tmp_path / "soft.tif", soft, photometric="rgb", metadata=None)
    for k in range(3):
        fp.write_photo(tmp_path / f"{k}.png", fp.Photo(np.repeat(soft[..., k : k + 1], 3, axis=2)))
    shapes = [
        {"label": str(k), "shape_type": "rectangle", "points": points}
        for k, points in enumerate([[[0, 0], [121, 90]], [[50, 0], [121, 90]], [[70, 31], [121, 90]]])
    ]
    (tmp_path / "a.json").write_text(json.dumps({"shapes": shapes, "imageHeight": 90, "imageWidth": 121}))
    for name in ("hard.npy", "hard.npz"):
        np.testing.assert_array_equal(read_named_mask([tmp_path / name]).array, expected)
    for files in (["soft.npy"], ["soft.npz"], ["soft.tif"], [f"{k}={tmp_path / f'{k}.png'}" for k in range(3)]):
        found = read_named_mask([file if "=" in file else str(tmp_path / file) for file in files]).array
        np.testing.assert_array_equal(found.argmax(axis=2), expected)
    drawn = read_named_mask([tmp_path / "a.json"])
    np.testing.assert_array_equal(drawn.array - drawn.array.min(), expected)


def test_weights_that_sum_to_more_than_one_are_divided(tmp_path: Path) -> None:
    np.savez(tmp_path / "m.npz", a=np.ones((4, 4)), b=np.ones((4, 4)))
    assert np.allclose(read_named_mask([tmp_path / "m.npz"]).array, 0.5)


def test_pictures_have_their_colours_as_names(tmp_path: Path) -> None:
    picture = np.where(halves()[..., None] == 1, np.array([0, 0, 1]), np.array([1, 1, 0])).astype(np.float32)
    fp.write_photo(tmp_path / "m.png", fp.Photo(picture))
    assert read_named_mask([tmp_path / "m.png"]).names == {0x0000FF: "#0000ff", 0xFFFF00: "#ffff00"}


def test_labelme(tmp_path: Path) -> None:
    shapes = [
        {"label": "sky", "points": [[0, 0], [30, 0], [30, 8], [0, 8]], "shape_type": "polygon", "flags": {}},
        {"label": "sun", "points": [[10, 4], [12, 4]], "shape_type": "circle", "group_id": None},
        {"label": "sea", "points": [[5, 12], [25, 18]], "shape_type": "rectangle"},
    ]
    file = {"version": "5.5.0", "imageHeight": 20, "imageWidth": 30, "imageData": None, "shapes": shapes}
    (tmp_path / "m.json").write_text(json.dumps(file))
    mask = read_named_mask([tmp_path / "m.json"])
    found = {name: mask.weight(label) for label, name in mask.names.items()}
    assert set(found) == {"sky", "sun", "sea", "_background_"}
    assert found["sea"].sum() == 20 * 6
    assert found["sea"][12:18, 5:25].all()
    assert found["sun"].sum() == pytest.approx(np.pi * 4, abs=3)
    assert found["sky"][:8].sum() == 240 - found["sun"].sum()  # the sun lies above the sky


@given(st.lists(st.tuples(st.floats(-5, 25), st.floats(-5, 35)), min_size=3, max_size=9))
def test_polygons_are_those_of_scikit_image(points: list[tuple[float, float]]) -> None:
    """Away from the edges, on which the two may disagree."""
    corners = np.array(points)
    found = polygon(corners, 30, 20)
    y, x = np.mgrid[:30, :20] + 0.5
    inside = draw.polygon2mask((30, 20), corners[:, ::-1] - 0.5)
    distance = np.full((30, 20), np.inf)
    for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        line = b - a
        t = np.clip(((x - a[0]) * line[0] + (y - a[1]) * line[1]) / max(line @ line, 1e-12), 0, 1)
        distance = np.minimum(distance, np.hypot(x - a[0] - t * line[0], y - a[1] - t * line[1]))
    far = distance > 1e-3
    assert np.array_equal(found[far], inside[far])


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.npy", b""),
        ("pickle.npy", "pickle"),
        ("text.npz", b"PK\x03\x04 not a zip"),
        ("nan.npy", np.full((4, 4, 2), np.nan)),
        ("large.npy", np.full((4, 4, 2), 2.0)),
        ("flat.npy", np.zeros(4)),
        ("names.npy", np.array([["a", "b"]])),
        ("many.npy", np.arange(400).reshape(20, 20)),
        ("a.json", b"{}"),
        ("b.json", b'{"imageHeight": 1000000, "imageWidth": 1000000, "shapes": []}'),
        ("c.json", b'{"imageHeight": 5, "imageWidth": 5, "shapes": []}'),
        ("d.json", LABELME % b'{"label": "a", "points": [[1, 1]]}'),
        ("e.json", LABELME % b'{"label": "a", "points": [[1e999, 1], [0, 0], [1, 2]]}'),
        ("f.json", LABELME % b'{"label": "a", "points": [], "shape_type": "line"}'),
        ("g.json", b"[" * 100000),
        ("none.npz", None),
        ("short.tif", b"II*\x00"),
    ],
)  # fmt: skip
def test_what_is_no_mask_is_one_error_that_names_the_file(tmp_path: Path, name: str, content: object) -> None:
    path = tmp_path / name
    if isinstance(content, np.ndarray):
        np.save(path, content)
    elif content == "pickle":
        np.save(path, np.array([{"a": 1}], object), allow_pickle=True)
    elif isinstance(content, bytes):
        path.write_bytes(content)
    with pytest.raises(fp.PhotoError, match=name) as caught:
        read_named_mask([path])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("weights", [False, True])
def test_masks_painted_over_raw_pixels_are_turned_with_their_photo(tmp_path: Path, weights: bool) -> None:
    raw = np.zeros((40, 60, 3), np.uint8)
    raw[:, :20] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by a quarter, clockwise
    Image.fromarray(raw).save(tmp_path / "p.png", exif=exif)
    labels = (raw[..., 0] // 255).astype(np.int64)
    np.save(tmp_path / "m.npy", np.stack([1 - labels, labels], axis=-1).astype(np.float32) if weights else labels)
    photo = fp.read_photo(tmp_path / "p.png")
    with pytest.warns(UserWarning, match="lies as the photo is stored"):
        mask = read_content_mask(photo, [str(tmp_path / "m.npy")])
    assert mask is not None
    assert mask.array.shape[:2] == (60, 40)
    assert np.array_equal(mask.weight(1) > 0.5, photo.pixels[..., 0] > 0.5)


def test_several_files_need_names() -> None:
    with pytest.raises(fp.ArgumentError, match="NAME=FILE"):
        read_named_mask(["a.png", "b.png"])


# --- pairs ----------------------------------------------------------------------------------------------------------


def look_of(names: dict[int, str]) -> Look:
    statistics = _core.Statistics([0.1, 0.2, 0.3], np.eye(3))
    labels = {label: LabelLook(100.0 * (k + 1), [statistics]) for k, label in enumerate(names)}
    named = {k: v for k, v in names.items() if not v.startswith("#")}
    return Look("small", "0" * 64, True, labels).with_details(label_names=named)


def test_labels_meet_by_name_and_by_map() -> None:
    content = Mask(np.array([[0, 1, 2, 3]]), {0: "sky", 1: "lake", 2: "boat", 3: "tree"})
    pair = pair_masks(content, look_of({7: "tree", 9: "sea", 11: "sky"}), {"lake": "sea"})
    assert pair.mask.array.tolist() == [[11, 9, 2, 7]]
    report = {label.label: (label.style_label, label.took_part) for label in pair.report([7, 9, 11])}
    assert report == {"sky": ("sky", True), "lake": ("sea", True), "boat": (None, False), "tree": ("tree", True)}
    assert {label.label: label.content for label in pair.report([])}["boat"] == 0.25
    assert {label.label: round(label.style, 3) for label in pair.report([])}["lake"] == round(200 / 600, 3)


def test_several_labels_may_take_one_look() -> None:
    content = Mask(np.array([[0, 1]]), {0: "sea", 1: "lake"})
    pair = pair_masks(content, look_of({5: "sea"}), {"lake": "sea"})
    assert pair.mask.array.tolist() == [[5, 5]]
    assert [label.label for label in pair.report([5])] == ["sea, lake"]


def test_colours_that_all_but_agree_meet() -> None:
    content = Mask(np.array([[0xFF0000, 0x0000FF]]), {0xFF0000: "#ff0000", 0x0000FF: "#0000ff"})
    pair = pair_masks(content, look_of({0xFE0001: "#fe0001", 0x00FF00: "#00ff00"}), {})
    assert pair.mask.array.tolist() == [[0xFE0001, 0x0000FF]]
    assert pair.notes == ["the style mask's #fe0001 counts as the content mask's #ff0000"]


def test_soft_masks_meet_hard_ones() -> None:
    content = Mask(soft(), {0: "sea", 1: "sky"})
    pair = pair_masks(content, look_of({0x123456: "sky", 0x654321: "sea"}), {})
    assert sorted(pair.look.labels) == [0, 1]
    assert pair.look.label_names == {0: "sky", 1: "sea"}
    assert np.array_equal(pair.mask.array, soft()[..., ::-1])


@pytest.mark.parametrize("text", ["sky", "sky=", "=sky", "a=b,a=c", "a=b=,"])
def test_maps_that_are_none(text: str) -> None:
    if text == "a=b=,":
        assert parse_mask_map(text) == {"a": "b="}
        return
    with pytest.raises(fp.ArgumentError, match="mask map"):
        parse_mask_map(text)


def test_maps_name_labels_that_exist() -> None:
    content = Mask(np.array([[0]]), {0: "sky"})
    for mapping in ({"sea": "sky"}, {"sky": "moon"}):
        with pytest.raises(fp.ArgumentError, match="the mask map names"):
            pair_masks(content, look_of({1: "sky"}), mapping)


def test_masks_without_a_common_label_are_told_by_their_names() -> None:
    content = Mask(np.array([[0, 0xFFFFFF]]), {0: "#000000", 0xFFFFFF: "#ffffff"})
    message = "no label in common: the content has #000000, #ffffff, the style has sea, sky"
    with pytest.raises(fp.ArgumentError, match=message):
        pair_masks(content, look_of({0: "sky", 1: "sea"}), {})


# --- automatic masks ------------------------------------------------------------------------------------------------


def test_every_kind_has_stand_ins_and_a_colour_of_its_own() -> None:
    assert set(STAND_INS) == set(KINDS)
    assert all(set(others) <= set(KINDS) for others in STAND_INS.values())
    colours = [colour for colour, _ in KINDS.values()]
    assert all(max(abs((a >> s & 255) - (b >> s & 255)) for s in (0, 8, 16)) > 8
               for i, a in enumerate(colours) for b in colours[:i])  # fmt: skip
    words = [word for _, names in KINDS.values() for word in names.split()]
    assert len(words) == len(set(words))
    assert [kind_of(name) for name in ("building;edifice", "swimming pool", "Sky", "dragon")] == [
        "building", "water", "sky", None,
    ]  # fmt: skip


def test_stand_ins() -> None:
    style = {"sky": 0.5, "vegetation": 0.4, "person": 0.001}
    assert stand_ins({"sky": 0.3, "ground": 0.6, "person": 0.1}, style) == {
        "ground": "vegetation",
        "person": "vegetation",
    }
    assert stand_ins({"dragon": 1.0}, style) == {"dragon": "sky"}


def scene() -> np.ndarray:
    """Sky above grass, with a tree: colours of the network's labels."""
    photo = np.empty((48, 64, 3), np.float32)
    photo[:24], photo[24:] = COLORS[0], COLORS[2]
    photo[10:30, 40:50] = COLORS[1]
    return photo


@pytest.mark.parametrize(
    "form", [{}, {"last": True}, {"classes": True}, {"side": 96}, {"last": True, "side": 64}], ids=str
)
def test_networks_of_every_form(tmp_path: Path, form: dict[str, bool | int]) -> None:
    mask = Segmenter(write_network(tmp_path / "m.onnx", **form), "cpu")(scene())  # type: ignore[arg-type]
    shares = {mask.names[label]: share for label, share in mask.shares().items()}
    assert set(shares) == {"sky", "vegetation"}  # trees and grass are one kind
    expected = 1 - (24 * 64 - 14 * 10) / (48 * 64)
    assert shares["vegetation"] == pytest.approx(expected, abs=0.03)  # borders
    rows = np.arange(48) * mask.array.shape[0] // 48
    assert mask.names[int(mask.array[rows[5], 5])] == "sky"


def test_labels_come_from_metadata_or_sidecars(tmp_path: Path) -> None:
    names = {"names": str(dict(enumerate(LABELS))), "mean": "[0, 0, 0]", "std": "[1, 1, 1]"}
    plain = Segmenter(write_network(tmp_path / "a.onnx", metadata=names), "cpu")(scene())
    write_network(tmp_path / "b.onnx", labels=[])
    (tmp_path / "b.txt").write_text("\n".join(LABELS))
    write_network(tmp_path / "c.onnx", labels=[], metadata={})
    (tmp_path / "c.json").write_text(json.dumps({"labels": LABELS, "mean": [0, 0, 0], "std": [1, 1, 1]}))
    write_network(tmp_path / "d.onnx", labels=[])
    (tmp_path / "d.txt").write_text("\n".join(f"{k}\t{name}" for k, name in enumerate(LABELS)))
    for name in ("b", "c", "d"):
        again = Segmenter(tmp_path / f"{name}.onnx", "cpu")(scene())
        assert np.array_equal(again.array, plain.array)
        assert again.names == plain.names


def test_other_vocabularies_keep_their_labels(tmp_path: Path) -> None:
    path = write_network(tmp_path / "m.onnx", labels=["himmel", "baum", "gras", "meer", "haus"])
    assert set(Segmenter(path, "cpu")(scene()).names.values()) == {"himmel", "baum", "gras"}


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda p: p.write_bytes(b"junk"), "not a usable ONNX file"),
        (Path.exists, "found no file"),
        (lambda p: write_network(p, labels=[]), "found 0 labels"),
        (lambda p: write_network(p, labels=["a", "b"]), "scores of its 2 labels"),
        (lambda p: write_network(p, metadata={"labels": "{"}), "cannot be read"),
        (lambda p: write_network(p, metadata={"labels": '["a"]', "std": "[0, 1, 1]"}), "out of range"),
        (lambda p: write_network(p, metadata={"names": "__import__('os')"}), "cannot be read"),
    ],
)
def test_what_is_no_segmentation_network(tmp_path: Path, write, message: str) -> None:  # type: ignore[no-untyped-def]
    write(tmp_path / "m.onnx")
    with pytest.raises(fp.ModelError, match=message) as caught:
        Segmenter(tmp_path / "m.onnx", "cpu")(scene())
    assert "\n" not in str(caught.value)


def test_the_preview_shows_what_meets() -> None:
    photos = [(scene(), Mask(halves(48, 64), {0: "a", 1: "b"})), (scene(), Mask(halves(10, 10), {0: "a"}))]
    picture = mask_preview(photos, [0])
    assert picture.shape == (480, 640 + 8 + 640, 3)
    upper, lower = picture[:240, :640], picture[240:, :640]
    assert np.ptp(upper, axis=2).min() > 0.2  # a colour
    assert np.ptp(lower, axis=2).max() < 0.1  # grey stripes
    assert lower.std() > 0.1


# --- commands -------------------------------------------------------------------------------------------------------


def run(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *map(str, arguments)], cwd=cwd, capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("masks")
    noise = np.random.default_rng(0).normal(0, 0.02, scene().shape)
    fp.write_photo(folder / "content.png", fp.Photo(np.clip(scene() + noise, 0, 1).astype(np.float32)))
    fp.write_photo(folder / "style.png", fp.Photo(np.clip(scene()[::-1] * 0.7 + noise, 0, 1).astype(np.float32)))
    fp.write_photo(folder / "photo.png", fp.Photo((data.coffee()[::8, ::8] / 255).astype(np.float32)))
    write_network(folder / "net.onnx")
    return folder


def test_mask_command_writes_what_read_mask_reads(folder: Path) -> None:
    done = run(
        "mask", "content.png", "--auto-mask", "net.onnx", "-o", "m.png", "--preview", "p.png", "--json", cwd=folder
    )
    labels = {row["label"]: row for row in json.loads(done.stdout)["labels"]}
    mask = fp.read_mask(folder / "m.png")
    assert set(np.unique(mask).tolist()) == {color_of("sky"), color_of("vegetation")}
    assert (mask == color_of("sky")).mean() == pytest.approx(labels["sky"]["share"], abs=0.02)
    assert fp.read_photo(folder / "p.png").pixels.shape[0] == 480


def test_automatic_masks_and_painted_ones_do_the_same(folder: Path) -> None:
    for name in ("content", "style"):
        assert (
            run("mask", f"{name}.png", "--auto-mask", "net.onnx", "-o", f"{name}_mask.png", cwd=folder).returncode == 0
        )
    painted = ["--content-mask", "content_mask.png", "--style-mask", "style_mask.png"]
    automatic = ["--auto-mask", "net.onnx", "--mask-preview", "preview.png"]
    first = json.loads(run("stylize", "content.png", "style.png", "-o", "a.png", *painted, "--json", cwd=folder).stdout)
    second = json.loads(
        run("stylize", "content.png", "style.png", "-o", "b.png", *automatic, "--json", cwd=folder).stdout
    )
    assert {label["label"] for label in second["masks"]} == {"sky", "vegetation"}
    assert all(label["took_part"] for label in first["masks"] + second["masks"])
    a, b = (fp.read_photo(folder / name).pixels for name in ("a.png", "b.png"))
    assert np.abs(a - b).mean() <= 1 / 255  # masks of the photo's size and of the network's
    assert (folder / "preview.png").exists()


def test_looks_keep_names_of_labels(folder: Path) -> None:
    np.savez(folder / "style.npz", sky=1.0 - halves(), land=halves() * 1.0)
    np.savez(folder / "content.npz", sky=1.0 - halves(48, 64), sea=halves(48, 64) * 1.0)
    assert run("look", "style.png", "--mask", "style.npz", "-o", "m.look", cwd=folder).returncode == 0
    arguments = ["stylize", "content.png", "--look", "m.look", "--content-mask", "content.npz", "-o"]
    done = run(*arguments, "kept.png", cwd=folder)
    assert (done.returncode, done.stderr.count("\n")) == (0, 1)
    assert "label 'sea' (50.0% of the content) keeps its look: the style does not have it" in done.stderr
    done = run(*arguments, "mapped.png", "--mask-map", "sea=land", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--mask-preview", "x.png"], "there are none"),
        (["--auto-mask", "net.onnx", "--content-mask", "m.png"], "both or neither"),
        (["--auto-mask", "none.onnx"], "none.onnx"),
        (["--mask-map", "sky"], "mask map"),
        (["--mask-map", "sky=sea"], "there are no masks"),
        (["--auto-mask", "net.onnx", "--mask-preview", "x.gif"], "x.gif: found the suffix '.gif'"),
        (["--auto-mask", "net.onnx", "--mask-preview", "none.png"], "none.png is named for two results"),
    ],
)
def test_errors_are_one_line_and_leave_no_result(folder: Path, arguments: list[str], message: str) -> None:
    done = run("stylize", "content.png", "style.png", "-o", "none.png", *arguments, cwd=folder)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert message in done.stderr
    assert not (folder / "none.png").exists()


def test_one_label_that_leaves_pixels_out_is_no_reason_to_warn(folder: Path) -> None:
    """What has no label keeps its look."""
    np.savez(folder / "part.npz", sky=1.0 - halves(48, 64))
    np.savez(folder / "all.npz", sky=np.ones((48, 64)))
    arguments = ["stylize", "content.png", "style.png", "--smoothing", "none", "--content-mask"]
    done = run(*arguments, "part.npz", "--style-mask", "part.npz", "-o", "part.png", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    done = run(*arguments, "all.npz", "--style-mask", "part.npz", "-o", "all.png", cwd=folder)
    assert (done.returncode, done.stderr.count("\n")) == (0, 1)
    assert "the content mask has one label only (sky)" in done.stderr


def test_mask_and_preview_are_two_files(folder: Path) -> None:
    done = run("mask", "content.png", "--auto-mask", "net.onnx", "-o", "one.png", "--preview", "one.png", cwd=folder)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "one.png is named for two results" in done.stderr
