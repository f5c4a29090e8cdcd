from __future__ import annotations

import numpy as np
import pytest
from fastphoto_native.arrays.masks import label_weights, shared_labels
from fastphoto_native.errors import ArgumentError
from hypothesis import given
from hypothesis import strategies as st


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
