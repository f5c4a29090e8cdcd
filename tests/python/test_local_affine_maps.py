"""Maps of colours that are fitted at a small size and applied at the full one."""

from __future__ import annotations

from collections.abc import Callable

import fastphoto_native as fp
import numpy as np
import pytest
from fastphoto_native import _core
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from random_images import random_image
from reference import local_affine_maps as twin

Float32Array = NDArray[np.float32]


def fit(
    content: Float32Array, result: Float32Array, radius: int = 1, eps: float = 1e-3, threads: int = 1
) -> Float32Array:
    return _core.fit_local_affine_maps(content, result, _core.LocalAffineMapOptions(radius=radius, eps=eps), threads)


# Factors of windows are rounded to float32 before their mean is taken, and the maps once more: twice 6e-8 of the
# largest factor, which random colours and this eps keep below 20.
ATOL = 5e-6


@pytest.mark.parametrize("radius", [0, 1, 2, 30])
@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (2, 2), (11, 8)])
def test_maps_equal_their_twin(size: tuple[int, int], radius: int) -> None:
    content, result = random_image(*size, 3), random_image(*size, 3, seed=1)
    expected = twin.fit(content.astype(np.float64), result.astype(np.float64), radius, 1e-3)
    np.testing.assert_allclose(fit(content, result, radius), expected, atol=ATOL)


@pytest.mark.parametrize("large", [(7, 5), (8, 6), (21, 13), (23, 40), (1, 1), (3, 2)])
def test_enlarged_maps_equal_their_twin(large: tuple[int, int]) -> None:
    maps, content = random_image(7, 5, 12), random_image(*large, 3, seed=1)
    expected = twin.apply(maps.astype(np.float64), content.astype(np.float64))
    # Sums of four products of numbers below 1, in float32.
    np.testing.assert_allclose(_core.apply_local_affine_maps(maps, content, 1), expected, atol=1e-6)


@given(st.integers(1, 20), st.integers(1, 20), st.integers(0, 4), st.floats(1e-9, 1.0))
def test_at_their_own_size_maps_return_the_result(height: int, width: int, radius: int, eps: float) -> None:
    content, result = random_image(height, width, 3), random_image(height, width, 3, seed=2)
    maps = fit(content, result, radius, eps)
    # One rounding for each factor; where three colours lie on a line, factors grow to 1 / sqrt(eps) at most.
    room = 1e-6 * max(1.0, float(np.abs(maps).max()))
    np.testing.assert_allclose(_core.apply_local_affine_maps(maps, content, 1), result, atol=room)


def test_a_result_that_is_one_map_of_the_content_is_found_at_every_size(content_photo: Float32Array) -> None:
    matrix, offset = (
        np.array([[0.8, 0.1, 0], [0, 1.1, -0.2], [0.1, 0, 0.6]], np.float32),
        np.array([0.05, 0, 0.1], np.float32),
    )
    small = _core.resize(content_photo, 24, 36, 1)
    maps = fit(small, (small @ matrix.T + offset).astype(np.float32), eps=1e-9)
    found = _core.apply_local_affine_maps(maps, content_photo, 1)
    # In windows that are nearly flat, eps holds the factors back, and the offset makes up for the window's own colour
    # alone: what is left is the content's detail there, which is small where windows are flat.
    assert np.abs(found - (content_photo @ matrix.T + offset)).max() < 0.01


def test_threads_change_nothing(content_photo: Float32Array, stylized_photo: Float32Array) -> None:
    one, two = (fit(content_photo, stylized_photo, threads=n) for n in (1, 2))
    assert np.array_equal(one, two)
    large = random_image(300, 211, 3)
    by_one, by_three = (_core.apply_local_affine_maps(one, large, n) for n in (1, 3))
    assert np.array_equal(by_one, by_three)


def test_layouts(layout: Callable[[Float32Array], Float32Array]) -> None:
    content, result = random_image(9, 12, 3), random_image(9, 12, 3, seed=1)
    maps = fit(content, result)
    assert np.array_equal(fit(layout(content), layout(result)), maps)
    large = random_image(31, 17, 3)
    assert np.array_equal(
        _core.apply_local_affine_maps(layout(maps), layout(large), 1), _core.apply_local_affine_maps(maps, large, 1)
    )


@pytest.mark.parametrize(
    ("content", "result", "options", "message"),
    [
        (np.zeros((4, 5, 1)), np.zeros((4, 5, 3)), {}, "content must be H x W x 3, got 4 x 5 x 1"),
        (np.zeros((4, 5, 3)), np.zeros((5, 4, 3)), {}, "result and content must have the same height and width"),
        (np.zeros((4, 5, 3)), np.full((4, 5, 3), np.nan), {}, "result holds NaN or infinity"),
        (np.zeros((4, 5, 3)), np.zeros((4, 5, 3)), {"eps": 0.0}, "eps must be positive, got 0"),
        (np.zeros((4, 5, 3)), np.zeros((4, 5, 3)), {"radius": -1}, "radius must be 0 or more, got -1"),
    ],
)
def test_misuse(
    content: NDArray[np.float64], result: NDArray[np.float64], options: dict[str, float], message: str
) -> None:
    with pytest.raises(fp.ArgumentError, match=message):
        fit(content.astype(np.float32), result.astype(np.float32), **options)  # type: ignore[arg-type]


def test_maps_of_other_numbers_are_refused() -> None:
    with pytest.raises(fp.ArgumentError, match="maps must be H x W x 12, got 4 x 5 x 11"):
        _core.apply_local_affine_maps(random_image(4, 5, 11), random_image(8, 10, 3), 1)
