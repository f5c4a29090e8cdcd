"""Smoother: set-up apart from solves, and the multigrid behind it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from typing import Any

import fastphoto_native as fp
import numpy as np
import pytest
import scipy.sparse as sp
from numpy.typing import NDArray
from reference import smoothing as twin
from scipy.sparse.linalg import spsolve

Float32Array = NDArray[np.float32]
Content = Callable[[int, int], NDArray[np.floating[Any]]]


def random_image(height: int, width: int, channels: int = 3, seed: int = 0) -> Float32Array:
    return np.random.default_rng(seed).random((height, width, channels), np.float32)


def grey(plane: NDArray[Any]) -> Float32Array:
    return np.repeat(plane[..., None], 3, -1).astype(np.float32)


def flat(height: int, width: int) -> Float32Array:
    return np.full((height, width, 3), 0.5, np.float32)


def gradient(height: int, width: int) -> Float32Array:
    y, x = np.mgrid[:height, :width]
    return np.stack([x / width, y / height, (x + y) / (height + width)], -1).astype(np.float32)


def gradient_8_bit(height: int, width: int) -> Float32Array:
    return (np.round(gradient(height, width) * 255) / 255).astype(np.float32)


def checkerboard(height: int, width: int) -> Float32Array:
    y, x = np.mgrid[:height, :width]
    return grey((x + y) % 2)


def stripes(height: int, width: int) -> Float32Array:
    return grey(np.broadcast_to(np.arange(width) % 2, (height, width)))


def quadrants(height: int, width: int) -> Float32Array:
    image = np.zeros((height, width, 3), np.float32)
    image[: height // 2, : width // 2] = [0.2, 0.5, 0.8]
    image[height // 2 :, width // 2 :] = [0.9, 0.1, 0.3]
    return image


def strokes(height: int, width: int) -> Float32Array:
    """Like text: thin black strokes on white, every one with a constant of its own that no coarse space sees."""
    rng = np.random.default_rng(0)
    plane = np.ones((height, width))
    for _ in range(height * width // 60):
        y, x, length = rng.integers(0, height), rng.integers(0, width), rng.integers(2, 7)
        if rng.random() < 0.5:
            plane[y, x : x + length] = 0
        else:
            plane[y : y + length, x] = 0
    return grey(plane)


# Recorded, and two more, or a fifth.
@pytest.mark.parametrize(
    ("content", "most"),
    [
        (flat, 7),
        (gradient, 8),
        (gradient_8_bit, 9),
        (checkerboard, 7),
        (random_image, 7),
        (stripes, 7),
        (quadrants, 7),
        (strokes, 14),
    ],
)
def test_iterations_on_hard_content(content: Content, most: int) -> None:
    _, info = fp.Smoother(content(160, 200)).solve(random_image(160, 200, seed=3), return_info=True)
    assert info.converged
    assert info.preconditioner.name == "MULTIGRID"
    assert info.iterations <= most


@pytest.mark.parametrize("content", [gradient, checkerboard, stripes, quadrants, strokes])
def test_hard_content_equals_the_direct_solve(content: Content) -> None:
    image, stylized = content(40, 50), random_image(40, 50, seed=3)
    laplacian: Any = fp.matting_laplacian(image)
    expected = twin.closed_form_smooth_sparse(
        stylized.astype(np.float64), laplacian, twin.window_count(40, 50, 1), 1e-4
    )
    # The float32 coefficients are known to 6e-8; against lam = 1e-4 that is some 1e-3 of the softest fields.
    np.testing.assert_allclose(fp.Smoother(image, normalized=True).solve(stylized, rtol=1e-6), expected, atol=2e-3)


@pytest.mark.parametrize("lam", [1e-7, 1e-4, 1.0, 1e2])
@pytest.mark.parametrize("eps", [1e-9, 1e-7, 1e-1])
def test_every_option_in_range_converges(content_photo: Float32Array, lam: float, eps: float) -> None:
    for image in (content_photo[:40, :50], gradient(40, 50), strokes(40, 50), flat(40, 50)):
        smooth, info = fp.Smoother(image, lam=lam, eps=eps).solve(random_image(40, 50, seed=3), return_info=True)
        assert info.converged
        assert np.isfinite(smooth).all()


def test_iterations_do_not_grow_with_size(content_photo: Float32Array, stylized_photo: Float32Array) -> None:
    def iterations(times: int) -> int:
        tiled = [np.tile(a, (times, times, 1)) for a in (content_photo, stylized_photo)]
        _, info = fp.Smoother(tiled[0]).solve(tiled[1], return_info=True)
        return int(info.iterations)

    assert iterations(4) <= iterations(1) + 3


def test_larger_radius_takes_the_diagonal() -> None:
    _, info = fp.Smoother(random_image(20, 20), radius=2).solve(random_image(20, 20, seed=1), return_info=True)
    assert info.converged
    assert info.preconditioner.name == "DIAGONAL"


# Weights.


def test_data_weights_equal_the_direct_solve(content_photo: Float32Array) -> None:
    content, stylized = content_photo[:30, :40], random_image(30, 40, seed=2)
    weights = random_image(30, 40, 1, seed=5)[..., 0] * (random_image(30, 40, 1, seed=6)[..., 0] < 0.5)
    lam = 1e-2
    alpha = 1 / (1 + lam)
    laplacian: Any = fp.matting_laplacian(content)
    data = (1 - alpha) * twin.window_count(30, 40, 1) * weights.ravel().astype(np.float64)
    expected = spsolve(
        (sp.diags_array(data) + alpha * laplacian).tocsc(), data[:, None] * stylized.reshape(-1, 3)
    ).reshape(30, 40, 3)
    smoother = fp.Smoother(content, data_weights=weights, lam=lam)
    # float32 coefficients (6e-8) over the smallest data term, some 1e-4.
    np.testing.assert_allclose(smoother.solve(stylized, rtol=1e-6), expected, atol=2e-3)


def test_weights_of_one_change_nothing() -> None:
    content, stylized = random_image(20, 20), random_image(20, 20, seed=1)
    weighted = fp.Smoother(content, data_weights=np.ones((20, 20), np.float32)).solve(stylized, rtol=1e-6)
    np.testing.assert_allclose(weighted, fp.Smoother(content).solve(stylized, rtol=1e-6), atol=1e-5)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.ones((4, 6)), "data_weights and content must have the same height and width"),
        (np.zeros((4, 5)), "data_weights must be 0 or more and somewhere positive, got 0 to 0"),
        (np.full((4, 5), -1.0), "data_weights must be 0 or more and somewhere positive, got -1 to -1"),
        (np.full((4, 5), np.nan), "data_weights holds NaN or infinity"),
    ],
)
def test_unsuitable_weights(weights: NDArray[Any], message: str) -> None:
    with pytest.raises(fp.ArgumentError, match=message):
        fp.Smoother(random_image(4, 5), data_weights=weights)


# Solving.


def test_one_set_up_serves_many_solves() -> None:
    content = random_image(12, 13)
    smoother = fp.Smoother(content, threads=2)
    for seed in (1, 2):
        stylized = random_image(12, 13, seed=seed)
        np.testing.assert_array_equal(smoother.solve(stylized), fp.closed_form_smooth(stylized, content))


def test_solves_at_the_same_time() -> None:
    smoother = fp.Smoother(random_image(40, 40), threads=2)
    images = [random_image(40, 40, seed=seed) for seed in range(4)]
    expected = [smoother.solve(image) for image in images]
    results: dict[int, Float32Array] = {}

    def run(i: int) -> None:
        results[i] = smoother.solve(images[i])

    threads = [threading.Thread(target=run, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i in range(4):
        np.testing.assert_array_equal(results[i], expected[i])


def test_threads_change_nothing(content_photo: Float32Array, stylized_photo: Float32Array) -> None:
    one = fp.Smoother(content_photo, threads=1).solve(stylized_photo)
    for threads in (2, 5):
        np.testing.assert_array_equal(fp.Smoother(content_photo, threads=threads).solve(stylized_photo), one)


@pytest.mark.parametrize(
    ("height", "channels", "normalized"), [(31, 1, True), (31, 3, False), (31, 5, True), (2, 3, True)]
)
def test_a_portrait_equals_the_landscape(height: int, channels: int, normalized: bool) -> None:
    content, stylized = random_image(height, 45), random_image(height, 45, channels, seed=1)
    weights, initial = random_image(height, 45, 1, seed=2)[..., 0], random_image(height, 45, channels, seed=3)
    padding = 2 if height > 2 else 0  # lower than a window: what was stylized comes back

    def solved(turn: Callable[[Float32Array], Float32Array]) -> Float32Array:
        smoother = fp.Smoother(turn(content), data_weights=turn(weights), border_padding=padding, normalized=normalized)
        return turn(smoother.solve(turn(stylized), initial=turn(initial)))

    # The same rows are solved: there is nothing to round differently. (Which direct solution they have, others test.)
    landscape = solved(lambda image: image)
    np.testing.assert_array_equal(solved(lambda image: np.swapaxes(image, 0, 1)), landscape)
    np.testing.assert_array_equal(solved(lambda image: np.swapaxes(image, 0, 1).copy()), landscape)


def test_a_good_start_saves_the_way(content_photo: Float32Array, stylized_photo: Float32Array) -> None:
    smoother = fp.Smoother(content_photo)
    smooth = smoother.solve(stylized_photo, rtol=1e-6)
    again, info = smoother.solve(stylized_photo, initial=smooth, return_info=True)
    assert info.iterations <= 1
    np.testing.assert_allclose(again, smooth, atol=1e-5)


def test_unsuitable_solves() -> None:
    smoother = fp.Smoother(random_image(4, 5))
    with pytest.raises(fp.ArgumentError, match="rtol must be between 0 and 1, got 0"):
        smoother.solve(random_image(4, 5), rtol=0)
    with pytest.raises(fp.ArgumentError, match="initial must be H x W x 3"):
        smoother.solve(random_image(4, 5), initial=random_image(4, 5, 1))
    with pytest.raises(fp.ArgumentError, match="initial and stylized must have the same height and width"):
        smoother.solve(random_image(4, 5), initial=random_image(4, 6))


def test_progress_counts_the_iterations() -> None:
    seen: list[tuple[int, float]] = []
    _, info = fp.Smoother(random_image(30, 30)).solve(
        random_image(30, 30, seed=1), progress=lambda i, r: seen.append((i, r)), return_info=True
    )
    assert [iteration for iteration, _ in seen] == list(range(1, info.iterations + 1))
    assert seen[-1][1] <= 1e-3


def test_progress_cancels() -> None:
    smoother = fp.Smoother(random_image(30, 30))
    with pytest.raises(fp.CancelledError, match="smoothing was cancelled after 2 iterations"):
        smoother.solve(random_image(30, 30, seed=1), progress=lambda iteration, _: iteration < 2)
    assert np.isfinite(smoother.solve(random_image(30, 30, seed=1))).all()


def test_what_progress_raises_comes_through() -> None:
    def progress(_iteration: int, _residual: float) -> None:
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        fp.Smoother(random_image(30, 30)).solve(random_image(30, 30, seed=1), progress=progress)


def test_the_interrupt_key_ends_a_solve() -> None:
    def progress(_iteration: int, _residual: float) -> None:
        signal.raise_signal(signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have the key ignored
    try:
        with pytest.raises(KeyboardInterrupt):
            fp.Smoother(random_image(30, 30)).solve(random_image(30, 30, seed=1), progress=progress)
    finally:
        signal.signal(signal.SIGINT, before)


# The product with the matting Laplacian.


@pytest.mark.parametrize("size", [(20, 31), (31, 20), (7, 9)])
@pytest.mark.parametrize("radius", [1, 2])
def test_laplacian_product_equals_the_matrix(size: tuple[int, int], radius: int) -> None:
    rng = np.random.default_rng(0)
    content, image = rng.random((*size, 3), np.float32), rng.random((*size, 5), np.float32)
    matrix = fp.matting_laplacian(content, radius=radius, eps=1e-4)
    expected = (matrix @ image.reshape(-1, 5).astype(np.float64)).reshape(image.shape)
    found = fp.Smoother(content, radius=radius, eps=1e-4).laplacian_product(image)
    # Float32 sums of up to 24 differences times coefficients of order 1, and D of up to 25.
    np.testing.assert_allclose(found, expected, atol=2e-5)


def test_laplacian_product_of_affine_colours_is_zero() -> None:
    content = np.random.default_rng(1).random((15, 18, 3), np.float32)
    smoother = fp.Smoother(content)
    # The regularisation, 1e-7 / 9 on a scatter of about 0.08, leaves 1e-6 of the coefficients; float32 as much.
    affine = content @ np.array([[1], [-2], [0.5]], np.float32) + 1
    np.testing.assert_allclose(smoother.laplacian_product(affine), 0, atol=3e-5)


def test_laplacian_product_misuse() -> None:
    content = np.random.default_rng(1).random((15, 18, 3), np.float32)
    with pytest.raises(fp.ArgumentError, match="image and content must have the same height and width"):
        fp.Smoother(content).laplacian_product(content[1:])
    with pytest.raises(fp.ArgumentError, match="got border_padding 2 and normalized false"):
        fp.Smoother(content, border_padding=2).laplacian_product(content)
    with pytest.raises(fp.ArgumentError, match="got border_padding 0 and normalized true"):
        fp.Smoother(content, normalized=True).laplacian_product(content)


def test_laplacian_product_of_less_than_a_window_is_zero() -> None:
    pixels = np.random.default_rng(1).random((2, 5, 3), np.float32)
    np.testing.assert_array_equal(fp.Smoother(pixels).laplacian_product(pixels), np.zeros_like(pixels))
