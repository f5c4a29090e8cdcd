from __future__ import annotations

from collections.abc import Callable
from typing import Any

import fastphoto_native as fp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from reference import smoothing as twin

Float32Array = NDArray[np.float32]
# A residual that leaves the iterations far closer to the solution than float32 coefficients are.
TIGHT = 1e-6


def random_image(height: int, width: int, channels: int = 3, seed: int = 0) -> Float32Array:
    return np.random.default_rng(seed).random((height, width, channels), np.float32)


def report(stylized: Float32Array, content: Float32Array, **options: Any) -> tuple[Float32Array, Any]:
    result: tuple[Float32Array, Any] = fp.closed_form_smooth(stylized, content, return_info=True, **options)
    return result


# Misuse first.


@pytest.mark.parametrize(
    ("stylized", "content", "message"),
    [
        (np.zeros((4, 5, 3)), np.zeros((4, 6, 3)), "stylized and content must have the same height and width, got"),
        (np.zeros((4, 5, 3)), np.zeros((4, 5)), "content must be H x W x 3, got 4 x 5 x 1"),
        (np.zeros((4, 5, 0)), np.zeros((4, 5, 3)), r"stylized is empty \(4 x 5 x 0\)"),
        (np.zeros((4, 0, 3)), np.zeros((4, 0, 3)), r"content is empty \(4 x 0 x 3\)"),
        (np.zeros((4, 5, 3, 1)), np.zeros((4, 5, 3)), r"stylized must be a float32 array .*, got shape \(4, 5, 3, 1\)"),
        (np.full((4, 5, 3), np.inf), np.zeros((4, 5, 3)), "stylized holds NaN or infinity"),
        (np.zeros((4, 5, 3)), np.full((4, 5, 3), np.nan), "content holds NaN or infinity"),
        (np.zeros((4, 5, 3), np.int64), np.zeros((4, 5, 3)), "stylized must be uint8, uint16 or float.*, got int64"),
        ("photo.jpg", np.zeros((4, 5, 3)), "stylized must be uint8, uint16 or floating-point, got <U9"),
    ],
)
def test_unsuitable_images(stylized: Any, content: Any, message: str) -> None:
    with pytest.raises(fp.ArgumentError, match=message):
        fp.closed_form_smooth(stylized, content)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lam": 1e-60}, "lam must be 1e-10 or more, got 1e-60"),
        ({"lam": 0}, "lam must be 1e-10 or more, got 0"),
        ({"lam": float("inf")}, "lam must be 1e-10 or more, got inf"),
        ({"eps": -1e-7}, "eps must be positive, got -1e-07"),
        ({"radius": 17}, "radius must be between 1 and 16, got 17"),
        ({"rtol": 0}, "rtol must be between 0 and 1, got 0"),
        ({"rtol": 1}, "rtol must be between 0 and 1, got 1"),
        ({"max_iterations": -1}, "max_iterations must be 0 or more, got -1"),
        ({"border_padding": -1}, "border_padding must be 0 or more, got -1"),
        ({"border_padding": None}, "border_padding must be a whole number, got None"),
        ({"normalized": 1}, "normalized must be True or False, got 1"),
    ],
)
def test_unsuitable_options(options: dict[str, Any], message: str) -> None:
    with pytest.raises(fp.ArgumentError, match=message):
        fp.closed_form_smooth(random_image(4, 5), random_image(4, 5), **options)


# Against the twin.


@pytest.mark.parametrize("radius", [1, 2])
@pytest.mark.parametrize("lam", [1e-4, 1e-2, 1e2])
@pytest.mark.parametrize("eps", [1e-7, 1e-1])
@pytest.mark.parametrize("size", [(9, 14), (5, 5), (14, 6)])
def test_equals_twin(size: tuple[int, int], eps: float, lam: float, radius: int) -> None:
    stylized, content = random_image(*size), random_image(*size, seed=1)
    expected = twin.closed_form_smooth(stylized.astype(np.float64), content.astype(np.float64), lam, eps, radius)
    smooth = fp.closed_form_smooth(stylized, content, lam=lam, eps=eps, radius=radius, rtol=TIGHT, normalized=True)
    # float32 coefficients (6e-8) times the condition number's root (1e2) and a margin of ten.
    np.testing.assert_allclose(smooth, expected, atol=1e-4)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (2, 2), (2, 9)])
def test_without_windows_the_stylized_image_comes_back(size: tuple[int, int]) -> None:
    stylized = random_image(*size)
    smooth, info = report(stylized, random_image(*size, seed=1))
    np.testing.assert_array_equal(smooth, stylized)
    assert (info.iterations, info.residual, info.converged) == (0, 0.0, True)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (2, 2), (5, 6)])
def test_padding_is_edge_replication_before_and_cropping_after(size: tuple[int, int]) -> None:
    stylized, content = random_image(*size), random_image(*size, seed=1)
    padded = [np.pad(a, ((3, 3), (3, 3), (0, 0)), "edge") for a in (stylized, content)]
    np.testing.assert_array_equal(
        fp.closed_form_smooth(stylized, content, border_padding=3), fp.closed_form_smooth(*padded)[3:-3, 3:-3]
    )


@pytest.mark.parametrize("padding", [0, 2])
def test_photo_within_half_a_step_of_the_direct_solve(
    content_photo: Float32Array, stylized_photo: Float32Array, padding: int
) -> None:
    """The default tolerance, on a photo: within 0.5 / 255 everywhere, and in a recorded number of iterations."""
    smooth, info = report(stylized_photo, content_photo, border_padding=padding, normalized=True)
    stylized, content = (
        np.pad(a.astype(np.float64), ((padding, padding), (padding, padding), (0, 0)), "edge")
        for a in (stylized_photo, content_photo)
    )
    degree = twin.window_count(content.shape[0], content.shape[1], 1)
    laplacian: Any = fp.matting_laplacian(content.astype(np.float32))
    expected = twin.closed_form_smooth_sparse(stylized, laplacian, degree, 1e-4)
    inside = slice(padding, -padding or None)
    error = np.abs(smooth - expected[inside, inside])
    assert error.max() < 0.5 / 255
    assert error.mean() < 0.05 / 255
    assert info.converged
    assert info.residual <= 1e-3
    assert 0 < info.iterations <= ITERATIONS_ON_PHOTO


# Recorded, and two more: rounding differs between machines, a worse solver shows.
ITERATIONS_ON_PHOTO = 20


@pytest.mark.parametrize(("lam", "atol"), [(1e-7, 2e-3), (1e-5, 2e-4), (1e-1, 1e-5)])
def test_any_lam(content_photo: Float32Array, stylized_photo: Float32Array, lam: float, atol: float) -> None:
    content, stylized = content_photo[20:60, 30:70], stylized_photo[20:60, 30:70]
    smooth, info = report(stylized, content, lam=lam, rtol=1e-5, normalized=True)
    degree = twin.window_count(40, 40, 1)
    laplacian: Any = fp.matting_laplacian(content)
    expected = twin.closed_form_smooth_sparse(stylized.astype(np.float64), laplacian, degree, lam)
    assert info.converged
    # The float32 coefficients are known to 6e-8; against lam = 1e-7 that is a change of the system itself.
    np.testing.assert_allclose(smooth, expected, atol=atol)


# Hard cases: never NaN, never a false report.


@pytest.mark.parametrize("content_value", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("lam", [1e-7, 1e-4, 1e2])
def test_flat_content_is_finite_and_converges(content_value: float, lam: float) -> None:
    content = np.full((20, 21, 3), content_value, np.float32)
    smooth, info = report(random_image(20, 21), content, lam=lam)
    assert np.isfinite(smooth).all()
    assert info.converged


def test_black_stays_black() -> None:
    smooth, info = report(np.zeros((9, 9, 3), np.float32), random_image(9, 9))
    np.testing.assert_array_equal(smooth, 0)
    assert (info.iterations, info.residual, info.converged) == (0, 0.0, True)


def test_one_black_channel_stays_black() -> None:
    stylized = random_image(12, 12)
    stylized[..., 1] = 0
    smooth, info = report(stylized, random_image(12, 12, seed=1))
    np.testing.assert_array_equal(smooth[..., 1], 0)
    assert smooth[..., 0].any()
    assert info.converged


@pytest.mark.parametrize("scale", [1e-20, 1e4, 1e15])
def test_values_of_any_scale(scale: float) -> None:
    stylized, content = random_image(12, 12), random_image(12, 12, seed=1)
    smooth = fp.closed_form_smooth(stylized, content, rtol=TIGHT)
    scaled = fp.closed_form_smooth((stylized * np.float32(scale)), content, rtol=TIGHT)
    np.testing.assert_allclose(scaled / np.float32(scale), smooth, atol=1e-4)  # as for the twin


def test_content_of_high_dynamic_range() -> None:
    content = random_image(12, 12) * np.float32(1e6)
    smooth, info = report(random_image(12, 12, seed=1), content)
    assert np.isfinite(smooth).all()
    assert info.converged


def test_running_out_of_iterations_is_reported() -> None:
    stylized, content = random_image(30, 30), random_image(30, 30, seed=1)
    _, info = report(stylized, content, max_iterations=2)
    assert info.iterations == 2
    assert not info.converged
    assert info.residual > 1e-3
    untouched, info = report(stylized, content, max_iterations=0)
    np.testing.assert_allclose(untouched, stylized, rtol=3e-7)  # divided by and multiplied with the same root
    assert info.iterations == 0


def test_a_tolerance_beyond_float32_is_reached_by_refinement() -> None:
    _, info = report(random_image(30, 30), random_image(30, 30, seed=1), rtol=1e-9)
    assert info.converged
    assert info.residual <= 1e-9


def test_report_is_the_true_residual(content_photo: Float32Array, stylized_photo: Float32Array) -> None:
    content, stylized = content_photo[:30, :40], stylized_photo[:30, :40]
    smooth, info = report(stylized, content, normalized=True)
    degree = twin.window_count(30, 40, 1)[:, None]
    alpha = 1 / (1 + 1e-4)
    laplacian: Any = fp.matting_laplacian(content)
    u = smooth.reshape(-1, 3).astype(np.float64) / np.sqrt(degree)
    b = (1 - alpha) * np.sqrt(degree) * stylized.reshape(-1, 3)
    residual = b - ((1 - alpha) * degree * u + alpha * (laplacian @ u))
    relative = (np.linalg.norm(residual, axis=0) / np.linalg.norm(b, axis=0)).max()
    # The result was rounded to float32 on its way out, which L / 1e-4 turns into some 1e-4 of residual.
    assert info.residual == pytest.approx(relative, abs=5e-4)


# What the mathematics promises.


@given(st.integers(1, 14), st.integers(1, 14), st.integers(1, 5), st.floats(-2, 2), st.integers(0, 2**31))
def test_linear_in_the_stylized_image(height: int, width: int, channels: int, factor: float, seed: int) -> None:
    content = random_image(height, width, seed=seed)
    a, b = random_image(height, width, channels, seed + 1), random_image(height, width, channels, seed + 2)
    together = fp.closed_form_smooth(a + np.float32(factor) * b, content, rtol=TIGHT)
    apart = fp.closed_form_smooth(a, content, rtol=TIGHT) + factor * fp.closed_form_smooth(b, content, rtol=TIGHT)
    np.testing.assert_allclose(together, apart, atol=2e-4)  # three solves, each as close as to the twin


def test_padding_crops_the_dark_rim(content_photo: Float32Array) -> None:
    constant = np.full_like(content_photo, 0.5)
    darkened = fp.closed_form_smooth(constant, content_photo, normalized=True)
    padded = fp.closed_form_smooth(constant, content_photo, border_padding=2, normalized=True)
    assert darkened[0, 0, 0] < 0.25  # a corner lies in one window of nine, and sqrt(1/9) is the share it keeps
    assert np.abs(padded - 0.5).max() < np.abs(darkened - 0.5).max() / 4


@given(st.integers(1, 12), st.integers(1, 12), st.floats(-2, 2, width=32), st.integers(0, 2**31))
def test_constants_come_back(height: int, width: int, value: float, seed: int) -> None:
    constant = np.full((height, width, 2), value, np.float32)
    smooth, info = report(constant, random_image(height, width, seed=seed))
    np.testing.assert_array_equal(smooth, constant)  # the difference form makes them exact
    assert info.iterations == 0


def test_without_normalization_the_same_system_inside(content_photo: Float32Array) -> None:
    """Times D^(1/2) before and divided by it afterwards is all the difference there is."""
    stylized = random_image(30, 40, seed=5)
    content = content_photo[:30, :40]
    root = np.sqrt(twin.window_count(30, 40, 1) / 9).reshape(30, 40, 1).astype(np.float32)
    through_paper = fp.closed_form_smooth(stylized * root, content, normalized=True, rtol=TIGHT) / root
    np.testing.assert_allclose(fp.closed_form_smooth(stylized, content, rtol=TIGHT), through_paper, atol=1e-4)


def test_content_as_stylized_hardly_changes(content_photo: Float32Array) -> None:
    """It would not at all if every window's colours were an affine function of the content's: they are, up to eps."""
    change = np.abs(fp.closed_form_smooth(content_photo, content_photo) - content_photo)
    assert change.max() < 0.04
    assert change.mean() < 0.002


@pytest.mark.parametrize("channels", [1, 2, 4, 7])
def test_channels_are_independent(channels: int) -> None:
    stylized, content = random_image(12, 13, channels), random_image(12, 13, seed=1)
    together = fp.closed_form_smooth(stylized, content, rtol=TIGHT)
    assert together.shape == stylized.shape
    for c in range(channels):
        alone = fp.closed_form_smooth(stylized[..., c], content, rtol=TIGHT)
        assert alone.shape == (12, 13)
        np.testing.assert_allclose(together[..., c], alone, atol=1e-4)  # they stop together; as for the twin


def test_threads_change_nothing(content_photo: Float32Array, stylized_photo: Float32Array) -> None:
    one, info = report(stylized_photo, content_photo, threads=1)
    for threads in (2, 3, 8):
        other, other_info = report(stylized_photo, content_photo, threads=threads)
        np.testing.assert_array_equal(one, other)
        assert (info.iterations, info.residual) == (other_info.iterations, other_info.residual)


def test_layout_changes_nothing(layout: Callable[[Float32Array], Float32Array]) -> None:
    stylized, content = random_image(9, 11), random_image(9, 11, seed=1)
    expected = fp.closed_form_smooth(stylized, content)
    np.testing.assert_array_equal(fp.closed_form_smooth(layout(stylized), layout(content)), expected)
    grey = np.ascontiguousarray(stylized[..., 0])
    np.testing.assert_array_equal(fp.closed_form_smooth(layout(grey), content), fp.closed_form_smooth(grey, content))


def test_result_owns_writable_memory() -> None:
    smooth = fp.closed_form_smooth(random_image(5, 5), random_image(5, 5))
    assert smooth.dtype == np.float32
    assert smooth.flags.c_contiguous
    smooth[...] = 1
