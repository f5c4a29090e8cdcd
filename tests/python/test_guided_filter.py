from __future__ import annotations

from collections.abc import Callable
from typing import Any

import fastphoto_native as fp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from random_images import random_image
from reference import guided_filter as twin

Float32Array = NDArray[np.float32]


# Misuse first.


@pytest.mark.parametrize(
    ("guide", "src", "options", "message"),
    [
        (np.zeros((4, 5, 2)), np.zeros((4, 5)), {}, "guide must be H x W, H x W x 1 or H x W x 3, got 4 x 5 x 2"),
        (
            np.zeros((4, 5)),
            np.zeros((5, 4)),
            {},
            "src and guide must have the same height and width, got 5 x 4 x 1 and",
        ),
        (np.zeros((0, 5)), np.zeros((0, 5)), {}, r"guide is empty \(0 x 5 x 1\)"),
        (np.zeros((4, 5, 3)), np.zeros((4, 5, 0)), {}, r"src is empty \(4 x 5 x 0\)"),
        (np.zeros((4, 5)), np.full((4, 5), np.nan), {}, "src holds NaN or infinity"),
        (np.full((4, 5), -np.inf), np.zeros((4, 5)), {}, "guide holds NaN or infinity"),
        (np.zeros((4, 5), bool), np.zeros((4, 5)), {}, "guide must be uint8, uint16 or floating-point, got bool"),
        (np.zeros((4, 5)), np.zeros((4, 5)), {"eps": 0}, "eps must be positive, got 0"),
        (np.zeros((4, 5)), np.zeros((4, 5)), {"radius": -1}, "radius must be 0 or more, got -1"),
        (np.zeros((4, 5)), np.zeros((4, 5)), {"radius": "35"}, "radius must be a whole number, got '35'"),
    ],
)
def test_misuse(guide: Any, src: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(fp.ArgumentError, match=message):
        fp.guided_filter(guide, src, **options)


# Against the twin. Maps are kept in float32 between the two passes: 6e-8 of the largest coefficient, which random
# colours keep below 10, and the result is rounded to float32 again.
ATOL = 2e-6


@pytest.mark.parametrize("depth", [1, 3])
@pytest.mark.parametrize("radius", [0, 1, 2, 5, 40])
@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (2, 2), (11, 8)])
def test_equals_twin(size: tuple[int, int], radius: int, depth: int) -> None:
    guide, src = random_image(*size, depth), random_image(*size, 3, seed=1)
    expected = twin.guided_filter(guide.astype(np.float64), src.astype(np.float64), radius, 1e-3)
    np.testing.assert_allclose(fp.guided_filter(guide, src, radius=radius, eps=1e-3), expected, atol=ATOL)


@pytest.mark.parametrize("eps", [1.5e-8, 1e-5, 1.0])
def test_equals_twin_on_a_photo(content_photo: Float32Array, stylized_photo: Float32Array, eps: float) -> None:
    guide, src = content_photo[:40, :50], stylized_photo[:40, :50]
    expected = twin.guided_filter(guide.astype(np.float64), src.astype(np.float64), 4, eps)
    # 8-bit colours nearly on a line within small windows: coefficients up to about 100.
    np.testing.assert_allclose(fp.guided_filter(guide, src, radius=4, eps=eps), expected, atol=2e-5)


def test_strips_do_not_show() -> None:
    """Vertical sums start afresh every 128 rows or more."""
    guide, src = random_image(300, 6, 3), random_image(300, 6, 1, seed=1)
    expected = twin.guided_filter(guide.astype(np.float64), src.astype(np.float64), 3, 1e-3)
    np.testing.assert_allclose(fp.guided_filter(guide, src, radius=3, eps=1e-3), expected, atol=ATOL)


def test_small_differences_on_a_large_level_survive() -> None:
    """A faint pattern on bright ground: variances of 1e-8 under squares of 1 need centred values and float64 sums."""
    rng = np.random.default_rng(0)
    guide = (0.9 + 1e-4 * rng.random((60, 60, 3))).astype(np.float32)
    src = (0.8 + 1e-4 * rng.random((60, 60, 3))).astype(np.float32)
    expected = twin.guided_filter(guide.astype(np.float64), src.astype(np.float64), 8, 1e-9)
    np.testing.assert_allclose(fp.guided_filter(guide, src, radius=8, eps=1e-9), expected, atol=1e-7)  # one ulp of 0.8


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_integer_images_are_scaled(dtype: type[np.unsignedinteger]) -> None:
    white = np.iinfo(dtype).max
    guide = np.random.default_rng(1).integers(0, white, (6, 7, 3), dtype, endpoint=True)
    as_float = (guide / np.float32(white)).astype(np.float32)
    np.testing.assert_array_equal(
        fp.guided_filter(guide, guide, radius=2), fp.guided_filter(as_float, as_float, radius=2)
    )


# What the mathematics promises.


@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 15), st.floats(-4, 4, width=32), st.integers(0, 2**31))
def test_constant_in_constant_out(height: int, width: int, radius: int, value: float, seed: int) -> None:
    src = np.full((height, width, 2), value, np.float32)
    np.testing.assert_allclose(fp.guided_filter(random_image(height, width, 3, seed=seed), src, radius=radius), src)


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_flat_guide_gives_the_box_mean_twice(value: float) -> None:
    guide = np.full((9, 9, 3), value, np.float32)
    src = random_image(9, 9, 1)
    expected = twin.guided_filter(guide.astype(np.float64), src.astype(np.float64), 2, 1e-3)
    np.testing.assert_allclose(fp.guided_filter(guide, src, radius=2, eps=1e-3), expected, atol=1e-6)


@given(st.floats(-1, 1, width=16), st.floats(-1, 1, width=16), st.integers(0, 2**31))
def test_shifts(guide_shift: float, src_shift: float, seed: int) -> None:
    """A shift of the guide changes nothing, a shift of the source shifts the result."""
    rng = np.random.default_rng(seed)
    # Multiples of 1/256 stay exact under a half-precision shift.
    guide, src = (np.float32(rng.integers(0, 256, (10, 11, 3))) / 256 for _ in range(2))
    plain = fp.guided_filter(guide, src, radius=3, eps=1e-4)
    shifted = fp.guided_filter(guide + np.float32(guide_shift), src + np.float32(src_shift), radius=3, eps=1e-4)
    np.testing.assert_allclose(shifted, plain + np.float32(src_shift), atol=ATOL)


def test_guide_as_source_comes_back_as_eps_vanishes() -> None:
    guide = random_image(12, 12, 3)
    np.testing.assert_allclose(fp.guided_filter(guide, guide, radius=3, eps=1e-9), guide, atol=1e-6)


def test_shape_of_the_source_is_kept() -> None:
    guide = random_image(5, 6, 3)
    assert fp.guided_filter(guide, random_image(5, 6)).shape == (5, 6)
    assert fp.guided_filter(guide, random_image(5, 6, 1)).shape == (5, 6, 1)
    assert fp.guided_filter(guide[..., 0], random_image(5, 6, 4)).shape == (5, 6, 4)


def test_threads_change_nothing() -> None:
    guide, src = random_image(300, 40, 3), random_image(300, 40, 3, seed=1)
    one = fp.guided_filter(guide, src, radius=9, threads=1)
    for threads in (2, 3, 8):
        np.testing.assert_array_equal(fp.guided_filter(guide, src, radius=9, threads=threads), one)


def test_layout_changes_nothing(layout: Callable[[Float32Array], Float32Array]) -> None:
    guide, src = random_image(9, 11, 3), random_image(9, 11, 2, seed=1)
    expected = fp.guided_filter(guide, src, radius=2)
    np.testing.assert_array_equal(fp.guided_filter(layout(guide), layout(src), radius=2), expected)
