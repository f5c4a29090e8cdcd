"""Pooled statistics and barycentres against closed forms, and looks that are pooled or blended."""

from __future__ import annotations

import fastphoto_native as fp
import numpy as np
import pytest
from fastphoto_native import _core
from fastphoto_native.looks.look import LabelLook, Look
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from reference import barycentre as twin

FINGERPRINT = "0123456789abcdef" * 4
# The ridge (1e-6 of the mean variance) may move variances of the size of that mean by a few times as much.
TOLERANCE = 1e-5


def random_statistics(channels: int, seed: int, rank: int | None = None) -> _core.Statistics:
    rng = np.random.default_rng(seed)
    spread = rng.normal(size=(channels, rank or 2 * channels))
    return _core.Statistics(rng.normal(size=channels), spread @ spread.T / spread.shape[1], float(rng.uniform(1, 9)))


def assert_near(found: NDArray[np.float64], expected: NDArray[np.float64], tolerance: float = TOLERANCE) -> None:
    assert np.abs(found - expected).max() <= tolerance * np.abs(expected).max()


@pytest.mark.parametrize("channels", [1, 3, 40])
def test_pooling_gives_the_statistics_of_all_features_together(channels: int) -> None:
    rng = np.random.default_rng(channels)
    samples = [rng.normal(rng.normal(size=channels), rng.uniform(0.5, 2), (n, channels)) for n in (20, 50, 70)]
    parts = [_core.mean_and_covariance(np.ascontiguousarray(s.T, np.float32)) for s in samples]
    found = _core.pooled_statistics(parts, [20, 50, 70])
    mean, covariance = twin.pooled(samples)
    assert_near(found.mean, mean)
    assert_near(found.covariance, covariance)
    assert found.weight == 140


@given(seed=st.integers(0, 10**6), t=st.floats(0, 1), channels=st.integers(1, 8))
def test_two_parts_give_the_geodesic(seed: int, t: float, channels: int) -> None:
    first, second = random_statistics(channels, seed), random_statistics(channels, seed + 1)
    found = _core.wasserstein_barycentre([first, second], [1 - t, t])
    assert_near(found.covariance, twin.geodesic(first.covariance, second.covariance, t), 1e-4)
    assert np.allclose(found.mean, (1 - t) * first.mean + t * second.mean)


@given(seed=st.integers(0, 10**6), weights=st.lists(st.floats(0.05, 1), min_size=3, max_size=5))
def test_the_barycentre_solves_its_equation(seed: int, weights: list[float]) -> None:
    parts = [random_statistics(5, seed + k) for k in range(len(weights))]
    found = _core.wasserstein_barycentre(parts, weights).covariance
    shares = np.array(weights) / sum(weights)
    assert_near(twin.mean_root(found, [p.covariance for p in parts], shares.tolist()), found, 1e-4)


def test_variances_of_one_channel_are_blended_as_deviations() -> None:
    parts = [_core.Statistics([0.0], [[variance]]) for variance in (1.0, 16.0, 0.0)]
    found = _core.wasserstein_barycentre(parts, [2, 1, 1])
    assert found.covariance[0, 0] == pytest.approx(((2 * 1 + 4 + 0) / 4) ** 2, rel=1e-3)  # the ridge of a flat part


def test_equal_parts_and_parts_without_weight() -> None:
    part, other = random_statistics(64, 0, rank=10), random_statistics(64, 1)
    assert_near(_core.wasserstein_barycentre([part, part], [1, 3]).covariance, part.covariance)
    assert np.array_equal(_core.wasserstein_barycentre([part, other], [2, 0]).covariance, part.covariance)


def test_flat_parts_stay_flat() -> None:
    flat = _core.Statistics([0.2, 0.4], np.zeros((2, 2)))
    found = _core.wasserstein_barycentre([flat, flat], [1, 1])
    assert np.array_equal(found.covariance, np.zeros((2, 2)))


@pytest.mark.parametrize(
    ("weights", "message"),
    [([1], "a weight for each"), ([1, -1], "0 or more"), ([0, 0], "positive"), ([1, float("nan")], "0 or more")],
)
def test_weights_are_checked(weights: list[float], message: str) -> None:
    parts = [random_statistics(3, 0), random_statistics(3, 1)]
    for function in (_core.pooled_statistics, _core.wasserstein_barycentre):
        with pytest.raises(fp.ArgumentError, match=message):
            function(parts, weights)
    with pytest.raises(fp.ArgumentError, match="same number of channels"):
        _core.pooled_statistics([parts[0], random_statistics(4, 0)], [1, 1])


# --- looks ----------------------------------------------------------------------------------------------------------


def look_of(seed: int, labels: tuple[int, ...] = (0,), side: int = 0) -> Look:
    styles = {
        k: LabelLook(100.0 * (1 + seed), [random_statistics(3, 10 * seed + k), random_statistics(7, 10 * seed + k)])
        for k in labels
    }
    picture = np.full((3, side, side), seed / 10, np.float32) if side else None
    look = Look("small", FINGERPRINT, labels != (0,), styles, picture)
    return look.with_details(
        name=f"look {seed}", sources=[f"{seed:064x}"], preview=np.full((4, 8, 3), 10 * seed, np.uint8)
    )


def test_blended_looks_lie_between_in_every_alignment() -> None:
    first, second = look_of(1, side=10), look_of(2, side=10)
    blend = fp.Look.blend([first, second], [3, 1])
    for point in range(2):
        ends = [look.labels[0].statistics[point] for look in (first, second)]
        found = blend.labels[0].statistics[point]
        assert_near(found.covariance, twin.geodesic(ends[0].covariance, ends[1].covariance, 0.25), 1e-4)
    assert blend.labels[0].area == pytest.approx(225)
    assert blend.sources == (f"{1:064x}", f"{2:064x}")
    # A quarter of the columns of thumbnail and preview are the second one's.
    assert blend.thumbnail is not None
    assert blend.preview is not None
    assert sorted(set(blend.preview[0, :, 0].tolist())) == [10, 20]
    assert (blend.preview == 20).mean() == 0.25
    assert 0.2 <= (blend.thumbnail == np.float32(0.2)).mean() <= 0.3


def test_one_look_alone_comes_back_as_it_is() -> None:
    look = look_of(3, labels=(5, 9))
    assert fp.Look.blend([look, look_of(4, labels=(5,))], [1, 0]).to_bytes() == look.to_bytes()
    assert fp.Look.pool([look]).to_bytes() == look.to_bytes()


def test_labels_that_some_looks_lack_come_from_the_others() -> None:
    first, second = look_of(1, labels=(5, 9)), look_of(2, labels=(5, 7))
    for joined in (fp.Look.blend([first, second], [1, 1]), fp.Look.pool([first, second])):
        assert list(joined.labels) == [5, 7, 9]
        for label, look in ((9, first), (7, second)):
            found, expected = joined.labels[label].statistics[1], look.labels[label].statistics[1]
            assert np.array_equal(found.covariance, expected.covariance) or np.allclose(
                found.covariance, expected.covariance
            )


def test_pooled_looks_weigh_by_area() -> None:
    first, second = look_of(1), look_of(2)  # 200 and 300 pixels
    found = fp.Look.pool([first, second]).labels[0].statistics[0]
    ends = [look.labels[0].statistics[0] for look in (first, second)]
    assert np.allclose(found.mean, 0.4 * ends[0].mean + 0.6 * ends[1].mean)


def test_looks_that_do_not_fit_are_refused() -> None:
    other = Look("other", "f" * 64, False, look_of(1).labels)
    with pytest.raises(fp.ArgumentError, match="several models"):
        fp.Look.blend([look_of(1), other], [1, 1])
    with pytest.raises(fp.ArgumentError, match="with and without masks"):
        fp.Look.pool([look_of(1), look_of(2, labels=(1,))])
    with pytest.raises(fp.ArgumentError, match="weight"):
        fp.Look.blend([look_of(1), look_of(2)], [1, -1])
    with pytest.raises(fp.ArgumentError, match="one or more looks"):
        fp.Look.pool([])


def test_a_pooled_look_of_two_halves_is_the_look_of_the_whole_photo() -> None:
    """The colours' statistics of two photos, pooled, are those of the photos side by side."""
    rng = np.random.default_rng(0)
    left, right = rng.random((64, 64, 3), np.float32), 0.5 * rng.random((64, 64, 3), np.float32)
    stylizer = fp.Stylizer("photowct-lite", device="cpu")
    pooled = fp.Look.pool([stylizer.analyze(left), stylizer.analyze(right)]).labels[0].statistics[0]
    whole = stylizer.analyze(np.concatenate([left, right], axis=1)).labels[0].statistics[0]
    assert np.allclose(pooled.mean, whole.mean, atol=1e-5)  # float32 sums inside the graph
    assert np.allclose(pooled.covariance, whole.covariance, atol=1e-5)
