"""Masks as weights of labels: against their twin, and for what is no mask."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from fastphoto_native import _core
from fastphoto_native.errors import ArgumentError
from hypothesis import given
from hypothesis import strategies as st
from reference import labels as twin

SEEDS = st.integers(0, 2**31)
SIZES = st.integers(1, 20)


def label_weights(mask: Any, size: tuple[int, int], name: str) -> _core.LabelWeights:
    return _core.label_weights(mask, *size, name)


def shared_labels(content: dict[int, float], style: dict[int, float], **options: float) -> list[int]:
    return _core.shared_labels(content, style, _core.LabelOptions(**options))


def assert_equal(found: _core.LabelWeights, wanted: twin.LabelWeights, chosen: list[int]) -> None:
    assert found.labels == wanted.labels
    # Positions and shares are the twin's; products of two shares may round once more.
    np.testing.assert_allclose(found.weights, wanted.weights, atol=2e-7)
    assert found.areas() == pytest.approx(wanted.areas(), rel=1e-6)
    np.testing.assert_allclose(found.select(chosen), wanted.select(chosen), atol=5e-7)


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int8, np.int16, np.int32, np.int64, np.uint64, ">i4"])
@pytest.mark.parametrize("size", [(7, 9), (3, 20), (15, 4), (1, 1)])
def test_label_maps_equal_their_twin(dtype: Any, size: tuple[int, int]) -> None:
    mask = np.random.default_rng(0).integers(0, 2 if dtype is bool else 5, (7, 9)).astype(dtype)
    for turned in (mask, mask[::-1, ::-1], mask.T, np.repeat(mask, 2, axis=1)[:, ::2]):
        wanted = twin.label_weights(turned, size, "mask")
        assert_equal(label_weights(turned, size, "mask"), wanted, list(wanted.labels[::2]))


@given(SEEDS, SIZES, SIZES, SIZES, SIZES, st.integers(1, 5), st.sampled_from([np.float16, np.float32, np.float64]))
def test_soft_weights_equal_their_twin_and_stay_weights(
    seed: int, h: int, w: int, height: int, width: int, count: int, dtype: Any
) -> None:
    soft = (0.999 * np.random.default_rng(seed).dirichlet(np.ones(count), (h, w))).astype(dtype)
    found = label_weights(soft, (height, width), "mask")
    assert_equal(found, twin.label_weights(soft, (height, width), "mask"), list(range(0, count, 2)))
    assert found.weights.min() >= 0
    assert found.weights.sum(axis=0).max() <= 1
    chosen = found.select([0])
    assert np.allclose(chosen.sum(axis=0), 1, atol=1e-6)


@given(SEEDS)
def test_shared_labels_equal_their_twin(seed: int) -> None:
    rng = np.random.default_rng(seed)
    content, style = (
        {int(k): float(10 ** rng.uniform(0, 4)) for k in sorted(rng.choice(9, 5, replace=False))} for _ in range(2)
    )

    def outcome(function: Callable[[dict[int, float], dict[int, float]], list[int]]) -> list[int] | str:
        try:
            return function(content, style)
        except ArgumentError as error:
            return str(error)

    assert outcome(shared_labels) == outcome(twin.shared_labels)


def test_at_most_256_labels() -> None:
    mask = np.arange(256).reshape(16, 16)
    assert label_weights(mask, (16, 16), "mask").labels == tuple(range(256))
    with pytest.raises(ArgumentError, match="style mask must have at most 256 labels, got more"):
        label_weights(np.arange(257).reshape(1, 257), (1, 257), "style mask")
    with pytest.raises(ArgumentError, match="mask must have at most 256 labels, got 300"):
        label_weights(np.zeros((2, 2, 300)), (2, 2), "mask")


def test_labels_of_all_64_bits() -> None:
    ends = np.array([[np.iinfo(np.int64).min, np.iinfo(np.int64).max]])
    assert label_weights(ends, (1, 2), "mask").labels == (ends.min(), ends.max())
    with pytest.raises(ArgumentError, match="labels of at most 64 bits with a sign, got 18446744073709551615"):
        label_weights(np.array([[2**64 - 1]], np.uint64), (1, 1), "mask")


def test_unsuitable_choices() -> None:
    labels = label_weights(np.zeros((2, 2), int), (2, 2), "mask")
    with pytest.raises(ArgumentError, match="label 3 is not one of the mask's labels"):
        labels.select([3])
    with pytest.raises(ArgumentError, match="mask is wanted at 0 x 2"):
        label_weights(np.zeros((2, 2), int), (0, 2), "mask")
    with pytest.raises(ArgumentError, match="min_area must be 0 or more, got -1"):
        shared_labels({1: 50.0}, {1: 50.0}, min_area=-1)
    with pytest.raises(ArgumentError, match="max_area_ratio must be more than 1, got 1"):
        shared_labels({1: 50.0}, {1: 50.0}, max_area_ratio=1)


def test_weights_outlive_their_owner_and_are_not_written_to() -> None:
    weights = label_weights(np.eye(3, dtype=int), (3, 3), "mask").weights
    np.testing.assert_array_equal(weights[1], np.eye(3))
    with pytest.raises(ValueError, match="read-only"):
        weights[0] = 1


def test_label_map_becomes_one_plane_per_label() -> None:
    mask = np.array([[7, 7, -1], [7, 255, 255]])
    labels = label_weights(mask, (2, 3), "mask")
    assert labels.labels == (-1, 7, 255)
    assert np.array_equal(labels.weights[1], mask == 7)
    assert labels.areas() == {-1: 1.0, 7: 3.0, 255: 2.0}


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 20), st.integers(1, 20))
def test_hard_labels_of_another_size_stay_hard(h: int, w: int, height: int, width: int) -> None:
    mask = np.arange(h * w).reshape(h, w) % 3
    labels = label_weights(mask, (height, width), "mask")
    assert labels.weights.shape[1:] == (height, width)
    assert np.array_equal(labels.weights.sum(0), np.ones((height, width)))
    assert set(labels.labels) <= set(mask.ravel().tolist())


def test_enlarging_by_a_whole_factor_repeats_pixels() -> None:
    mask = np.array([[1, 2], [3, 4]], np.uint8)
    labels = label_weights(mask, (6, 4), "mask")
    expected = np.kron(mask, np.ones((3, 2), np.uint8))
    assert np.array_equal(np.tensordot(labels.labels, labels.weights, 1), expected)


def test_soft_weights_are_interpolated_and_stay_weights() -> None:
    soft = np.random.default_rng(0).dirichlet(np.ones(3), (4, 5))
    labels = label_weights(soft, (9, 11), "mask")
    assert labels.labels == (0, 1, 2)
    assert np.allclose(labels.weights.sum(0), 1, atol=1e-6)
    same = label_weights(soft, (4, 5), "mask")
    assert np.allclose(same.weights, soft.transpose(2, 0, 1), atol=1e-6)


def test_the_rest_of_a_pixel_goes_to_the_last_plane() -> None:
    soft = np.full((2, 2, 2), 0.25)
    chosen = label_weights(soft, (2, 2), "mask").select([1])
    assert np.allclose(chosen[0], 0.25)
    assert np.allclose(chosen[1], 0.75)


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (np.zeros((2, 2, 3), np.uint8), "got shape (2, 2, 3) of uint8"),
        (np.zeros((2, 2)), "got shape (2, 2) of float64"),
        (np.zeros((0, 2), int), "got shape (0, 2)"),
        (np.full((2, 2, 2), 0.6), "at most 1 in sum"),
        (np.full((2, 2, 1), -0.1), "0 or more"),
        (np.full((2, 2, 1), np.nan), "0 or more"),
        (np.array("mask"), "got shape ()"),
    ],
)
def test_what_is_no_mask_is_refused(mask: np.ndarray, message: str) -> None:
    with pytest.raises(ArgumentError, match="style mask") as caught:
        label_weights(mask, (4, 4), "style mask")
    assert message in str(caught.value)


def test_small_or_very_unequal_labels_take_no_part() -> None:
    content = {1: 5000.0, 2: 10.0, 3: 4000.0, 4: 11.0}
    style = {1: 50.5, 2: 900.0, 3: 40.0, 4: 11.0}
    assert shared_labels(content, style) == [1, 4]  # 2: ten pixels; 3: a hundred times as many


def test_no_label_in_common_is_an_error_that_lists_both() -> None:
    with pytest.raises(ArgumentError, match=r"content has 1 \(50 px\), style has 2 \(60 px\)"):
        shared_labels({1: 50.0}, {2: 60.0})
