from __future__ import annotations

import sys
from collections.abc import Callable

import fastphoto_native as fp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from reference import matting

Float32Array = NDArray[np.float32]


def dense(image: NDArray[np.generic], **options: float) -> NDArray[np.float64]:
    return np.asarray(fp.matting_laplacian(image, **options).toarray())  # type: ignore[arg-type, union-attr]


def random_image(height: int, width: int, seed: int = 0) -> Float32Array:
    return np.random.default_rng(seed).random((height, width, 3), np.float32)


# Misuse first.


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((4, 5), np.float32), "image must be H x W x 3, got 4 x 5 x 1"),
        (np.zeros((4, 5, 4), np.float32), "image must be H x W x 3, got 4 x 5 x 4"),
        (np.zeros(4, np.float32), r"image must be a float32 array of shape H x W or H x W x C, got shape \(4,\)"),
        (np.zeros((0, 5, 3), np.float32), r"image is empty \(0 x 5 x 3\); expected at least one pixel"),
        (np.zeros((4, 5, 3), np.int32), "image must be uint8, uint16 or floating-point, got int32"),
        (np.zeros((4, 5, 3), bool), "image must be uint8, uint16 or floating-point, got bool"),
        (np.zeros((4, 5, 3), complex), "image must be uint8, uint16 or floating-point, got complex128"),
        (np.full((4, 5, 3), np.nan, np.float32), "image holds NaN or infinity; every sample must be finite"),
        (np.full((4, 5, 3), 1e300), "image holds NaN or infinity; every sample must be finite"),
    ],
)
def test_unsuitable_image(image: NDArray[np.generic], message: str) -> None:
    with pytest.raises(fp.ArgumentError, match=message):
        fp.matting_laplacian(image)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"eps": 0.0}, "eps must be positive, got 0"),
        ({"eps": -1.0}, "eps must be positive, got -1"),
        ({"eps": float("nan")}, "eps must be positive, got nan"),
        ({"eps": "small"}, "eps must be a number, got 'small'"),
        ({"radius": 0}, "radius must be between 1 and 16, got 0"),
        ({"radius": 1.5}, "radius must be a whole number, got 1.5"),
        ({"threads": -1}, r"threads must be 0 \(all\) or a positive number, got -1"),
        ({"threads": 2**40}, "threads is out of range: 1099511627776"),
    ],
)
def test_unsuitable_options(options: dict[str, float], message: str) -> None:
    with pytest.raises(fp.ArgumentError, match=message):
        fp.matting_laplacian(random_image(4, 5), **options)  # type: ignore[arg-type]


def test_errors_are_value_errors() -> None:
    assert issubclass(fp.ArgumentError, ValueError)
    assert issubclass(fp.ArgumentError, fp.FastphotoError)


# Against the twin.


@pytest.mark.parametrize("radius", [1, 2, 3])
@pytest.mark.parametrize("eps", [1e-9, 1e-7, 1e-1])
@pytest.mark.parametrize("size", [(9, 13), (7, 7), (8, 7), (13, 9)])
def test_equals_twin(size: tuple[int, int], eps: float, radius: int) -> None:
    image = random_image(*size)
    expected = matting.matting_laplacian(image.astype(np.float64), eps, radius)
    # Entries are sums of up to 49 terms below 1.5 in float64.
    np.testing.assert_allclose(dense(image, eps=eps, radius=radius), expected, atol=1e-12)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (2, 2), (2, 9), (9, 2)])
def test_image_smaller_than_a_window_has_none(size: tuple[int, int]) -> None:
    laplacian = fp.matting_laplacian(random_image(*size))
    assert laplacian.shape == (size[0] * size[1],) * 2  # type: ignore[union-attr]
    assert laplacian.nnz == 0  # type: ignore[union-attr]


def test_single_window() -> None:
    image = random_image(3, 3)
    np.testing.assert_allclose(dense(image), matting.matting_laplacian(image.astype(np.float64), 1e-7, 1), atol=1e-13)


def test_nearly_singular_windows() -> None:
    """Flat areas, one grey ramp and one window with all its colours on a line: Sigma has rank 0 and 1."""
    image = np.full((9, 12, 3), 0.3, np.float32)
    image[:, 6:] = (np.arange(6) / 255)[None, :, None]
    image[4, 3] += np.float32(1 / 255)
    expected = matting.matting_laplacian(image.astype(np.float64), 1e-7, 1)
    # Where covariance is 1e-6 and eps/9 1e-8, float64 leaves the inverse about 1e-16 / 1e-8 relative.
    np.testing.assert_allclose(dense(image), expected, atol=1e-7)


def test_width_beyond_one_tile() -> None:
    """Windows are treated in runs of 128: both sides of the seam must agree with a shifted photo."""
    image = random_image(5, 300)
    whole, cut = dense(image), dense(image[:, 50:200])
    index = np.arange(5 * 300).reshape(5, 300)
    inside, inside_cut = index[:, 60:190].ravel(), np.arange(5 * 150).reshape(5, 150)[:, 10:140].ravel()
    np.testing.assert_allclose(
        whole[np.ix_(inside, inside)], cut[np.ix_(inside_cut, inside_cut)], atol=1e-13
    )  # same sums; the compiler may round runs of different length differently


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_integer_images_are_scaled_once(dtype: type[np.unsignedinteger]) -> None:
    white = np.iinfo(dtype).max
    image = np.random.default_rng(1).integers(0, white, (6, 7, 3), dtype, endpoint=True)
    np.testing.assert_array_equal(dense(image), dense((image / np.float32(white)).astype(np.float32)))


@pytest.mark.parametrize("dtype", [np.float64, np.float16])
def test_other_floats_are_converted(dtype: type[np.floating]) -> None:
    image = random_image(6, 7).astype(dtype)
    np.testing.assert_array_equal(dense(image), dense(image.astype(np.float32)))


def test_layout_changes_nothing(layout: Callable[[Float32Array], Float32Array]) -> None:
    image = random_image(7, 9)
    np.testing.assert_array_equal(dense(layout(image)), dense(image))


@pytest.mark.parametrize("radius", [1, 2])
def test_threads_change_nothing(radius: int) -> None:
    image = random_image(71, 37)
    one = fp.matting_laplacian(image, radius=radius, threads=1)
    for threads in (2, 3, 8):
        other = fp.matting_laplacian(image, radius=radius, threads=threads)
        for part in ("data", "indices", "indptr"):
            np.testing.assert_array_equal(getattr(one, part), getattr(other, part))


def test_without_scipy_the_three_arrays(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = fp.matting_laplacian(random_image(5, 6))
    monkeypatch.setitem(sys.modules, "scipy.sparse", None)
    data, indices, indptr = fp.matting_laplacian(random_image(5, 6))
    np.testing.assert_array_equal(data, expected.data)  # type: ignore[union-attr]
    np.testing.assert_array_equal(indices, expected.indices)  # type: ignore[union-attr]
    np.testing.assert_array_equal(indptr, expected.indptr)  # type: ignore[union-attr]


# What the paper promises.

sizes = st.tuples(st.integers(1, 12), st.integers(1, 12))


@given(sizes, st.integers(1, 3), st.floats(1e-9, 1e-1), st.integers(0, 2**31))
def test_symmetric_positive_semidefinite_with_zero_row_sums(
    size: tuple[int, int], radius: int, eps: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    # Few levels make flat windows and repeated colours likely.
    image = (rng.integers(0, rng.integers(1, 256), (*size, 3)) / 255).astype(np.float32)
    laplacian = dense(image, eps=eps, radius=radius)
    np.testing.assert_array_equal(laplacian, laplacian.T)
    # Rows add up to 169 numbers below 50 in float64.
    np.testing.assert_allclose(laplacian.sum(axis=1), 0, atol=1e-11)
    # With eps/|w| = 2e-11 and covariances of 1e-1, Cholesky leaves about 1e-16 * 1e-1 / 2e-11 = 5e-7 of 1.
    assert np.linalg.eigvalsh(laplacian).min() > -1e-6


@given(st.integers(0, 2**31))
def test_locally_affine_functions_of_colour_cost_next_to_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    image = random_image(10, 11, seed)
    alpha = image.reshape(-1, 3).astype(np.float64) @ rng.normal(size=3) + rng.normal()
    noise = rng.normal(size=alpha.shape)
    laplacian = dense(image)
    # Ridge regression with eps/9 = 1e-8 instead of none costs at most eps |a|^2 per window.
    assert alpha @ laplacian @ alpha < 1e-7 * 20 * 90
    assert noise @ laplacian @ noise > 1


def test_equals_pymatting(content_photo: Float32Array) -> None:
    pymatting = pytest.importorskip("pymatting", exc_type=ImportError)
    theirs = pymatting.cf_laplacian(content_photo[:40, :50].astype(np.float64), epsilon=1e-7)
    # Both are float64; smooth areas have covariances near eps, see above.
    assert abs(fp.matting_laplacian(content_photo[:40, :50]) - theirs).max() < 1e-7
