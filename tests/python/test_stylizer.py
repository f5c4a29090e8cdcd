"""The whole path: against a NumPy twin with a tiny random model, and for its promises with the embedded one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fastphoto_native as fp
import numpy as np
import pytest
from fastphoto_native.errors import ArgumentError
from numpy.typing import NDArray
from reference import photowct
from reference.gamut import compress_to_gamut
from skimage import data
from tiny_model import make_tiny_bundle, random_weights

RIDGE = 1e-4  # as in tiny_model


def smooth_photo(seed: int, height: int, width: int) -> NDArray[np.float32]:
    """Random but photo-like: smooth, with all colours."""
    rng = np.random.default_rng(seed)
    coarse = rng.random((3 + height // 8, 3 + width // 8, 3))
    y, x = np.linspace(0, coarse.shape[0] - 1.001, height), np.linspace(0, coarse.shape[1] - 1.001, width)
    i, j = y.astype(int), x.astype(int)
    a, b = (y - i)[:, None, None], (x - j)[None, :, None]
    top = coarse[i][:, j] * (1 - b) + coarse[i][:, j + 1] * b
    bottom = coarse[i + 1][:, j] * (1 - b) + coarse[i + 1][:, j + 1] * b
    noise = 0.05 * rng.random((height, width, 3))
    result: NDArray[np.float32] = (0.95 * (top * (1 - a) + bottom * a) + noise).astype(np.float32)
    return result


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> fp.Stylizer:
    return fp.Stylizer(make_tiny_bundle(tmp_path_factory.mktemp("tiny")), "cpu", 1)


@pytest.fixture(scope="module")
def lite() -> fp.Stylizer:
    return fp.Stylizer("photowct-lite", device="cpu")


@pytest.fixture(scope="module")
def coffee() -> NDArray[np.uint8]:
    photo: NDArray[np.uint8] = data.coffee()[::2, ::2]
    return photo


@pytest.fixture(scope="module")
def cat() -> NDArray[np.uint8]:
    photo: NDArray[np.uint8] = data.chelsea()[::2, ::2]
    return photo


# A style, or a half of one, with the 64 features at the deepest level below which it would count in proportion.
ENOUGH = (96, 96)


def twin(content: NDArray[np.float32], style: NDArray[np.float32], *labels: list[NDArray[np.float64]]) -> np.ndarray:
    c, s = (p.transpose(2, 0, 1).astype(np.float64) for p in (content, style))
    ones = [np.ones(p.shape[1:]) for p in (c, s)]
    on_content, on_style = labels or ([ones[0]], [ones[1]])
    result = photowct.stylize(random_weights(), c, s, on_content, on_style, RIDGE)
    return compress_to_gamut(result.transpose(1, 2, 0).astype(np.float32))  # which has tests of its own


# Float32 features against float64: a few 1e-5 through five alignments, whose inverse square roots amplify by up to
# 1 / sqrt(ridge) = 100. A pooling position that flips on a near tie moves single pixels, hence the two rules.
def assert_equal_to_twin(found: NDArray[np.float32], expected: np.ndarray) -> None:
    error = np.abs(found - expected)
    assert np.quantile(error, 0.99) < 1e-3
    assert error.mean() < 2e-4


@pytest.mark.parametrize("size", [(32, 40), (64, 48)])
def test_chain_equals_its_twin(tiny: fp.Stylizer, size: tuple[int, int]) -> None:
    content, style = smooth_photo(1, *size), smooth_photo(2, *ENOUGH)
    found = tiny.apply(content, tiny.analyze(style), smoothing="none")
    assert_equal_to_twin(found, twin(content, style))


def test_chain_with_masks_equals_its_twin(tiny: fp.Stylizer) -> None:
    content, style = smooth_photo(3, 40, 48), smooth_photo(4, *ENOUGH)
    on_content = np.zeros((40, 48), int)
    on_content[10:30, 5:25], on_content[:, 40:] = 1, 5  # 5 is missing in the style: keeps its features
    on_style = np.zeros(ENOUGH, int)
    on_style[48:] = 1
    look = tiny.analyze(style, on_style)
    found, report = tiny.apply(content, look, on_content, smoothing="none", return_report=True)
    assert (report.labels, report.kept_labels) == ([0, 1], [5])
    labels = [[(m == k).astype(float) for k in (0, 1)] for m in (on_content, on_style)]
    assert_equal_to_twin(found, twin(content, style, *labels))


def test_soft_weights_equal_their_twin(tiny: fp.Stylizer) -> None:
    content, style = smooth_photo(5, 32, 32), smooth_photo(6, *ENOUGH)
    ramp = np.linspace(0, 1, 32)[:, None] * np.ones((32, 32))
    soft = np.stack([0.9 * ramp, 0.9 * (1 - ramp)], -1)  # a tenth of every pixel belongs to nobody
    hard = (np.arange(ENOUGH[1]) > 47).astype(int) * np.ones((ENOUGH[0], 1), int)
    found = tiny.apply(content, tiny.analyze(style, hard), soft, smoothing="none")
    labels = [[soft[..., 0], soft[..., 1]], [(hard == k).astype(float) for k in (0, 1)]]
    assert_equal_to_twin(found, twin(content, style, *labels))


def test_hard_and_soft_forms_of_a_mask_agree(tiny: fp.Stylizer) -> None:
    content, style = smooth_photo(7, 33, 41), smooth_photo(8, 30, 30)
    hard, on_style = np.zeros((33, 41), int), np.zeros((30, 30), int)
    hard[:, 20:], on_style[15:] = 1, 1
    look = tiny.analyze(style, on_style)
    soft = np.stack([hard == 0, hard == 1], -1).astype(float)
    a = tiny.apply(content, look, hard, smoothing="none")
    b = tiny.apply(content, look, soft, smoothing="none")
    assert np.array_equal(a, b)


def test_content_equal_style_returns_the_content(lite: fp.Stylizer, coffee: NDArray[np.uint8]) -> None:
    found = lite.apply(coffee, lite.analyze(coffee), smoothing="none")
    psnr = -10 * np.log10(np.mean((found - coffee / np.float32(255)) ** 2))
    assert psnr > 30


@pytest.mark.parametrize(("dtype", "scale"), [(np.uint8, 255), (np.uint16, 65535), (np.float32, 1)])
def test_strength_zero_is_exact(lite: fp.Stylizer, dtype: type[Any], scale: int) -> None:
    content: NDArray[Any] = (smooth_photo(9, 30, 20) * scale).astype(dtype)
    found = lite.apply(content, lite.analyze(smooth_photo(10, 20, 20)), strength=0)
    assert found.dtype == np.float32
    assert np.array_equal(found, content.astype(np.float32) / np.float32(scale))


def test_strength_goes_all_the_way_smoothly(
    lite: fp.Stylizer, coffee: NDArray[np.uint8], cat: NDArray[np.uint8]
) -> None:
    look = lite.analyze(cat)
    change = [
        np.abs(lite.apply(coffee, look, strength=t, smoothing="none") - coffee / 255).mean() for t in (0, 0.01, 0.5, 1)
    ]
    assert change == sorted(change)
    assert change[1] < 0.05 * change[3]


@pytest.mark.parametrize("smoothing", ["closed-form", "guided", "none"])
def test_the_style_is_reached(
    lite: fp.Stylizer, coffee: NDArray[np.uint8], cat: NDArray[np.uint8], smoothing: fp.Smoothing
) -> None:
    found = lite.apply(coffee, lite.analyze(cat), smoothing=smoothing)
    assert found.shape == coffee.shape
    before = np.abs(coffee.mean((0, 1)) - cat.mean((0, 1))).max()
    after = np.abs(255 * found.mean((0, 1)) - cat.mean((0, 1))).max()
    assert after < 0.25 * before


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (2, 2), (3, 5), (7, 8), (31, 17)])
def test_every_size_gives_a_finite_photo_of_that_size(lite: fp.Stylizer, size: tuple[int, int]) -> None:
    content = smooth_photo(11, *size)
    found = lite.apply(content, lite.analyze(smooth_photo(12, *size[::-1])))
    assert found.shape == content.shape
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
    assert found.min() >= 0
    assert found.max() <= 1


@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_flat_photos_stay_finite(lite: fp.Stylizer, level: float) -> None:
    flat = np.full((24, 24, 3), level, np.float32)
    photo = smooth_photo(13, 24, 24)
    for content, style in ((flat, photo), (photo, flat), (flat, flat)):
        assert np.isfinite(lite.apply(content, lite.analyze(style))).all()


def test_the_result_keeps_the_size_of_a_content_that_the_network_sees_smaller(
    lite: fp.Stylizer, coffee: NDArray[np.uint8], cat: NDArray[np.uint8]
) -> None:
    look = lite.analyze(cat)
    found, report = lite.apply(coffee, look, max_side=96, return_report=True)
    whole = lite.apply(coffee, look)
    assert found.shape == coffee.shape
    assert max(report.working_size) == 96
    assert np.abs(found - whole).mean() < 0.05


def test_threads_and_strides_change_nothing(coffee: NDArray[np.uint8], cat: NDArray[np.uint8]) -> None:
    one, two = (fp.Stylizer("photowct-lite", device="cpu", threads=n) for n in (1, 2))
    a = one.apply(coffee, one.analyze(cat))
    b = two.apply(np.asfortranarray(coffee), two.analyze(cat[::-1][::-1]))
    # The runtime may split sums differently between threads: rounding, amplified by the alignments.
    assert np.abs(a - b).max() < 2e-3


def test_one_call_equals_the_long_way(coffee: NDArray[np.uint8], cat: NDArray[np.uint8]) -> None:
    one_call = fp.stylize(
        coffee, cat, model="photowct-lite", device="cpu", smoothing="guided", strength=0.7, max_side=128
    )
    stylizer = fp.Stylizer("photowct-lite", "cpu")
    look = stylizer.analyze(cat, max_side=128)
    assert np.array_equal(one_call, stylizer.apply(coffee, look, smoothing="guided", strength=0.7, max_side=128))


@pytest.mark.parametrize("size", [(1, 1), (5, 1), (37, 53), (300, 1101)])
@pytest.mark.parametrize("grey", [False, True])
def test_a_map_of_colours_is_the_same_by_rows_and_as_a_whole(size: tuple[int, int], grey: bool) -> None:
    """Whatever the pixels' format and place, how many threads there are, and whether there is transparency."""
    content, style = smooth_photo(31, *size), smooth_photo(32, 90, 70)
    if grey:
        style[:] = style.mean(axis=2, keepdims=True)
    whole = np.rint(content * 65535).astype(np.uint16)
    padded = np.zeros((*size, 4), np.uint16)
    padded[..., :3] = whole
    results = []
    for threads in (1, 3):
        stylizer = fp.Stylizer("grade-lite", "cpu", threads)
        look = stylizer.analyze(style)
        exact = stylizer.apply(whole, look)
        results += [exact, stylizer.apply(padded[..., :3], look)]
        in_place = (whole / np.float32(65535)).astype(np.float32)
        stylizer.apply_into(in_place, in_place, look)
        opaque = stylizer.apply(whole, look, alpha=np.ones(size, np.float32))
        halves = next(stylizer.apply_stream([whole], look))
        deep = np.empty_like(whole)
        stylizer.apply_into(deep, whole, look)
        turned = stylizer.apply(np.ascontiguousarray(whole[::-1])[::-1], look)
        results += [in_place, opaque, halves, turned]
        np.testing.assert_allclose(deep / 65535, exact, atol=0.51 / 65535)
    for result in results[1:]:
        np.testing.assert_allclose(result, results[0], atol=2e-6)  # rounding of the thumbnail's sums
    # Equal colours stay equal.
    _, index, inverse = np.unique(whole.reshape(-1, 3), axis=0, return_index=True, return_inverse=True)
    flat = results[0].reshape(-1, 3)
    np.testing.assert_array_equal(flat[index][inverse.ravel()], flat)
    if grey:
        assert np.ptp(results[0], axis=2).max() < 0.02


def test_masks_of_a_model_with_an_estimator_are_smoothed_at_a_smaller_size_too() -> None:
    content, style = smooth_photo(33, 1700, 1600), smooth_photo(34, 96, 96)
    stylizer = fp.Stylizer("grade-lite", "cpu")
    look = stylizer.analyze(style, np.repeat([[0, 1]], 96, axis=0).repeat(48, axis=1))
    mask = np.repeat([[0, 1]], 1700, axis=0).repeat(800, axis=1)
    _, report = stylizer.apply(content, look, mask, return_report=True)
    assert report.smoothing is not None
    assert report.smoothing.method == "closed-form"
    assert report.smoothing.size != report.content_size


@pytest.mark.parametrize("model", ["grade-lite", "photowct-lite"])
def test_labels_keep_to_themselves(model: str) -> None:
    """Left takes from left, right from right: no colour crosses."""
    content, style = smooth_photo(14, 64, 96), smooth_photo(15, 64, 96)
    style[:, :48] *= (1, 0.1, 0.1)
    style[:, 48:] *= (0.1, 0.1, 1)
    mask = np.zeros((64, 96), np.uint8)
    mask[:, 48:] = 1
    found = fp.stylize(content, style, content_mask=mask, style_mask=mask, model=model, smoothing="none", device="cpu")
    left, right = found[:, :40].mean((0, 1)), found[:, 56:].mean((0, 1))
    assert left[0] > 2 * left[2]
    assert right[2] > 2 * right[0]


def test_progress_counts_up_to_one(tiny: fp.Stylizer) -> None:
    seen: list[tuple[str, float]] = []
    photo = smooth_photo(16, 16, 16)
    tiny.apply(photo, tiny.analyze(photo), progress=lambda step, done: seen.append((step, done)))
    shares = [done for _, done in seen]
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert seen[-1] == ("done", 1.0)
    assert any("relu3_1" in step for step, _ in seen)


def test_report_tells_what_happened(tiny: fp.Stylizer) -> None:
    photo = smooth_photo(17, 40, 24)
    _, report = tiny.apply(photo, tiny.analyze(photo), max_side=20, return_report=True)
    assert report.content_size == (40, 24)
    assert report.working_size == (20, 12)
    assert report.device.provider == "CPUExecutionProvider"
    assert report.smoothing is not None
    assert report.smoothing.converged
    assert [s.name for s in report.stages] == [
        "reduce to working size",
        "network",
        "enlarge to full size",
        "smoothing",
        "compress to gamut",
        "restore detail",
    ]


PHOTO = np.zeros((8, 8, 3), np.float32)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"content": np.zeros((8, 8), np.uint8)}, r"content must be H x W x 3.*\(8, 8\)"),
        ({"content": np.zeros((8, 8, 4), np.uint8)}, r"content must be H x W x 3.*\(8, 8, 4\)"),
        ({"style": np.zeros((0, 8, 3), np.uint8)}, r"style must be H x W x 3.*\(0, 8, 3\)"),
        ({"content": np.full((8, 8, 3), 200.0)}, r"content must lie in 0\.\.1.*200"),
        ({"style": np.full((8, 8, 3), -0.5)}, r"style must lie in 0\.\.1.*-0\.5"),
        ({"content": np.full((8, 8, 3), np.nan)}, "content .*NaN|content .*finite"),
        ({"content": np.zeros((8, 8, 3), np.int64)}, "content .*int64"),
        ({"content": "photo.jpg"}, "content .*read_photo"),
        ({"strength": 1.5}, r"strength must lie between 0 and 1, got 1\.5"),
        ({"strength": float("nan")}, "strength must lie between 0 and 1, got nan"),
        ({"smoothing": "blur"}, "smoothing must be one of closed-form, guided, none, got 'blur'"),
        ({"max_side": 0}, "max_side must be at least 1 pixel, got 0"),
        ({"content_mask": np.zeros((8, 8), int)}, "give both or neither"),
        ({"style_mask": np.zeros((8, 8), int)}, "give both or neither"),
        (
            {"content_mask": np.zeros((8, 8), int), "style_mask": np.ones((8, 8), int)},
            "no label in common",
        ),
        ({"content_mask": np.zeros((8, 8)), "style_mask": np.ones((8, 8), int)}, "content mask must be H x W integers"),
    ],
)
def test_wrong_arguments_get_one_clear_error(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        fp.stylize(**({"content": PHOTO, "style": PHOTO, "device": "cpu"} | arguments))  # type: ignore[arg-type]


def test_a_look_of_another_model_does_not_fit(tiny: fp.Stylizer, lite: fp.Stylizer) -> None:
    look = tiny.analyze(smooth_photo(18, 16, 16))
    with pytest.raises(ArgumentError, match=r"made with model 'tiny' .* does not fit 'photowct-lite'"):
        lite.apply(PHOTO, look)


def test_look_survives_a_file(tiny: fp.Stylizer, tmp_path: Path) -> None:
    photo, mask = smooth_photo(19, 32, 32), np.eye(32, dtype=int)
    for look, on_content in ((tiny.analyze(photo), None), (tiny.analyze(photo, mask), mask)):
        look.save(tmp_path / "evening.look")
        loaded = fp.Look.load(tmp_path / "evening.look")
        a = tiny.apply(photo, look, on_content)
        assert np.array_equal(a, tiny.apply(photo, loaded, on_content))
    assert [p.name for p in tmp_path.iterdir()] == ["evening.look"]


def test_look_is_small(lite: fp.Stylizer, coffee: NDArray[np.uint8], tmp_path: Path) -> None:
    lite.analyze(coffee).save(tmp_path / "coffee.look")
    assert (tmp_path / "coffee.look").stat().st_size < 200_000


@pytest.mark.parametrize("content", [b"", b"no look", b"PK\x03\x04 broken"])
def test_what_is_no_look_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.look"
    path.write_bytes(content)
    with pytest.raises(fp.PhotoError, match=r"bad\.look"):
        fp.Look.load(path)


def test_look_files_that_cannot_be_read_or_written(tiny: fp.Stylizer, tmp_path: Path) -> None:
    with pytest.raises(fp.PhotoError, match=r"cannot read the look .*No such file"):
        fp.Look.load(tmp_path / "none.look")
    with pytest.raises(fp.PhotoError, match=r"cannot write the look .*No such file"):
        tiny.analyze(PHOTO).save(tmp_path / "none" / "a.look")
