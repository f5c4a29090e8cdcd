"""Predicted maps of colours: each kind against its twin, and for what must always hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from fastphoto_native import ArgumentError, _core
from fastphoto_native._core import ColourMap, ColourMapKind
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from reference import colour_map as twin

FloatArray = NDArray[np.float32]
SEEDS = st.integers(0, 2**31)
CURVES, LUT, GRID = ColourMapKind.MATRIX_AND_CURVES, ColourMapKind.LUT, ColourMapKind.GRID
IDENTITY = np.eye(3, 4)


def photo_beyond_the_range(seed: int, height: int, width: int) -> FloatArray:
    return np.random.default_rng(seed).uniform(-0.3, 1.3, (height, width, 3)).astype(np.float32)


def random_map(kind: ColourMapKind, extents: list[int], seed: int) -> tuple[ColourMap, NDArray[np.float64]]:
    count = ColourMap.parameter_count(kind, extents)
    parameters = np.random.default_rng(seed).normal(0, 0.5, count).astype(np.float32).astype(np.float64)
    return ColourMap(kind, extents, parameters), parameters


def identities() -> list[tuple[ColourMapKind, list[int], NDArray[np.float64]]]:
    axis = np.linspace(0, 1, 5)
    cube = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1)
    return [
        (CURVES, [0], IDENTITY.ravel()),
        (CURVES, [5], np.concatenate([IDENTITY.ravel(), axis, axis, axis])),
        (LUT, [5], cube.ravel()),
        (GRID, [2, 3, 4], np.tile(IDENTITY.ravel(), 24)),
    ]


# A few roundings of float32 numbers up to about 3, in the curves amplified by slopes up to some ten.
ATOL = 2e-5


@given(SEEDS, st.integers(1, 12), st.integers(1, 12), st.sampled_from([0, 2, 3, 17]))
def test_matrix_and_curves_equal_their_twin(seed: int, height: int, width: int, points: int) -> None:
    photo = photo_beyond_the_range(seed, height, width)
    found, parameters = random_map(CURVES, [points], seed)
    wanted = twin.matrix_and_curves(photo.astype(np.float64), points, parameters)
    np.testing.assert_allclose(found.apply(photo), wanted, atol=2e-4 if points == 17 else ATOL)


@given(SEEDS, st.integers(1, 9), st.integers(1, 9), st.sampled_from([2, 3, 9]))
def test_lut_equals_its_twin(seed: int, height: int, width: int, points: int) -> None:
    photo = photo_beyond_the_range(seed, height, width)
    photo[0, 0] = photo[0, 0, 0]  # grey: on the edge of all six tetrahedra
    found, parameters = random_map(LUT, [points], seed)
    np.testing.assert_allclose(found.apply(photo), twin.lut(photo.astype(np.float64), points, parameters), atol=ATOL)


@given(SEEDS, st.integers(1, 9), st.integers(1, 9), st.tuples(*[st.integers(1, 4)] * 3))
def test_grid_equals_its_twin(seed: int, height: int, width: int, extents: tuple[int, int, int]) -> None:
    photo = photo_beyond_the_range(seed, height, width)
    found, parameters = random_map(GRID, list(extents), seed)
    np.testing.assert_allclose(found.apply(photo), twin.grid(photo.astype(np.float64), extents, parameters), atol=ATOL)


@given(SEEDS, st.integers(1, 20), st.integers(1, 20), st.floats(0, 1))
def test_identities_change_nothing(seed: int, height: int, width: int, strength: float) -> None:
    photo = photo_beyond_the_range(seed, height, width)
    for kind, extents, parameters in identities():
        # Blends of equal numbers, and places in a cube, round once or twice.
        np.testing.assert_allclose(ColourMap(kind, extents, parameters).apply(photo, strength), photo, atol=5e-7)


@pytest.mark.parametrize(("kind", "extents"), [(CURVES, [4]), (LUT, [4]), (GRID, [2, 3, 4])])
def test_strength_mixes(kind: ColourMapKind, extents: list[int]) -> None:
    photo = photo_beyond_the_range(1, 12, 17)
    found, _ = random_map(kind, extents, 2)
    np.testing.assert_array_equal(found.apply(photo, 0.0), photo)
    np.testing.assert_allclose(found.apply(photo, 0.25), photo + 0.25 * (found.apply(photo) - photo), atol=1e-6)


@pytest.mark.parametrize(("kind", "extents"), [(CURVES, [4]), (LUT, [4]), (GRID, [2, 3, 4])])
def test_threads_and_layout_change_nothing(
    kind: ColourMapKind, extents: list[int], layout: Callable[[FloatArray], FloatArray]
) -> None:
    photo = photo_beyond_the_range(1, 70, 41)
    found, _ = random_map(kind, extents, 2)
    expected = found.apply(photo, 0.7, threads=1)
    np.testing.assert_array_equal(found.apply(photo, 0.7, threads=4), expected)
    np.testing.assert_array_equal(found.apply(layout(photo), 0.7, threads=2), expected)


@pytest.mark.parametrize(
    ("kind", "extents", "message"),
    [
        (CURVES, [1], r"a matrix with curves must have extents \{points\} with no point or at least 2 .*, got \{1\}"),
        (CURVES, [2, 2], r"got \{2, 2\}"),
        (CURVES, [-1], r"got \{-1\}"),
        (LUT, [1], r"a LUT must have extents \{points\} with at least 2 points .*, got \{1\}"),
        (LUT, [2**40], r"at most 65536, got"),
        (GRID, [4, 4], r"a grid must have extents \{rows, columns, lumas\}, each at least 1 .*, got \{4, 4\}"),
        (GRID, [4, 0, 4], r"got \{4, 0, 4\}"),
        (GRID, [], r"got \{\}"),
    ],
)
def test_unsuitable_extents(kind: ColourMapKind, extents: list[int], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        ColourMap.parameter_count(kind, extents)
    with pytest.raises(ArgumentError, match=message):
        ColourMap(kind, extents, np.zeros(12)).apply(np.zeros((2, 2, 3), np.float32))


@pytest.mark.parametrize(
    ("parameters", "photo", "strength", "message"),
    [
        (np.zeros(11), np.zeros((2, 2, 3)), 1, r"of extents \{0\} must have 12 parameters, got 11"),
        (np.full(12, np.nan), np.zeros((2, 2, 3)), 1, "parameters holds NaN or infinity"),
        (np.zeros(12), np.zeros((2, 2, 4)), 1, "photo must be H x W x 3, got 2 x 2 x 4"),
        (np.zeros(12), np.full((2, 2, 3), np.inf), 1, "photo holds NaN or infinity"),
        (np.zeros(12), np.zeros((2, 2, 3)), 1.5, "strength must be between 0 and 1, got 1.5"),
    ],
)
def test_misuse(parameters: Any, photo: Any, strength: float, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        ColourMap(CURVES, [0], parameters).apply(photo.astype(np.float32), strength)


def test_a_cube_of_many_points_has_its_count() -> None:
    assert ColourMap.parameter_count(LUT, [33]) == 3 * 33**3
    assert ColourMap.parameter_count(CURVES, [0]) == 12
    assert ColourMap.parameter_count(GRID, [16, 16, 8]) == 12 * 16 * 16 * 8
    assert _core.ColourMapKind.GRID.name == "GRID"
