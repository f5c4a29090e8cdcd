"""Pixels of a host's format: read as NumPy would read them, and written back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from fastphoto_native import ArgumentError, _core
from fastphoto_native._core import PixelOrder
from hypothesis import given
from hypothesis import strategies as st

ORDERS = {
    "RGB": (PixelOrder.RGB, [0, 1, 2]),
    "RGBA": (PixelOrder.RGBA, [0, 1, 2]),
    "BGR": (PixelOrder.BGR, [2, 1, 0]),
    "BGRA": (PixelOrder.BGRA, [2, 1, 0]),
}
WHITE: dict[Any, int] = {np.uint8: 255, np.uint16: 65535, np.float32: 1}


def random_pixels(dtype: Any, order: str, height: int = 13, width: int = 17, seed: int = 0) -> Any:
    values = np.random.default_rng(seed).random((height, width, len(order)))
    return (
        (values * WHITE[dtype]).astype(dtype) if dtype == np.float32 else np.rint(values * WHITE[dtype]).astype(dtype)
    )


def views(pixels: np.ndarray) -> list[Any]:
    """The same pixels in other places: mirrored, with gaps, as planes, at odd addresses."""
    gaps = np.zeros((*pixels.shape[:2], 2 * pixels.shape[2]), pixels.dtype)[:, :, ::2]
    gaps[...] = pixels
    memory = np.zeros(pixels.nbytes + 1, np.uint8)[1:]
    odd = memory.view(pixels.dtype).reshape(pixels.shape)
    odd[...] = pixels
    planes = np.ascontiguousarray(pixels.transpose(2, 0, 1)).transpose(1, 2, 0)
    mirrored = np.ascontiguousarray(pixels[::-1, ::-1, ::-1])[::-1, ::-1, ::-1]
    return [pixels, gaps, odd, planes, mirrored, np.asfortranarray(pixels)]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("dtype", WHITE)
def test_read_as_numpy_reads_them(dtype: Any, order: str) -> None:
    pixels, (kind, channels) = random_pixels(dtype, order), ORDERS[order]
    expected = np.divide(pixels[..., channels], np.float32(WHITE[dtype]), dtype=np.float32)
    for view in views(pixels):
        for threads in (1, 3):
            np.testing.assert_array_equal(_core.read_pixels(view, kind, "photo", threads), expected)


def test_every_value_of_whole_numbers_is_read_exactly_and_comes_back() -> None:
    for dtype, count in ((np.uint8, 256), (np.uint16, 65536)):
        pixels: Any = np.repeat(np.arange(count, dtype=dtype)[None, :, None], 3, axis=2)
        photo = _core.read_pixels(pixels, PixelOrder.RGB, "photo", 1)
        np.testing.assert_array_equal(photo, np.divide(pixels, np.float32(count - 1), dtype=np.float32))
        again = np.zeros_like(pixels)
        _core.write_pixels(photo, None, PixelOrder.RGB, again, PixelOrder.RGB, 1)
        np.testing.assert_array_equal(again, pixels)


@given(st.floats(0, 1, width=32), st.sampled_from([np.uint8, np.uint16]))
def test_written_to_the_nearest(value: float, dtype: Any) -> None:
    result = np.zeros((1, 1, 3), dtype)
    _core.write_pixels(np.full((1, 1, 3), value, np.float32), None, PixelOrder.RGB, result, PixelOrder.RGB, 1)
    assert abs(float(result[0, 0, 0]) - value * WHITE[dtype]) <= 0.5 + 4e-3  # half a step, and float32 at 65535


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("dtype", WHITE)
def test_written_in_any_order_and_place(dtype: Any, order: str) -> None:
    photo = random_pixels(np.float32, "RGB", seed=1)
    kind, channels = ORDERS[order]
    expected = photo if dtype == np.float32 else np.rint(photo * np.float32(WHITE[dtype])).astype(dtype)
    for result in views(np.zeros((13, 17, len(order)), dtype)):
        for threads in (1, 3):
            result[...] = 0
            _core.write_pixels(photo, None, PixelOrder.RGB, result, kind, threads)
            np.testing.assert_array_equal(result[..., channels], expected)
            if len(order) == 4:
                np.testing.assert_array_equal(result[..., 3], WHITE[dtype])  # opaque


@pytest.mark.parametrize("to", WHITE)
@pytest.mark.parametrize("of", WHITE)
def test_alpha_comes_along(of: Any, to: Any) -> None:
    photo, source = random_pixels(np.float32, "RGB", seed=1), random_pixels(of, "BGRA", seed=2)
    result = np.zeros((13, 17, 4), to)
    _core.write_pixels(photo, source, PixelOrder.BGRA, result, PixelOrder.RGBA, 2)
    alpha = source[..., 3].astype(np.float64) / WHITE[of]
    tolerance = 1e-7 if to == np.float32 else 0.5 / WHITE[to] + 1e-7
    assert np.abs(result[..., 3].astype(np.float64) / WHITE[to] - alpha).max() <= tolerance
    if of == to:
        np.testing.assert_array_equal(result[..., 3], source[..., 3])


def test_a_result_may_lie_where_the_content_lay() -> None:
    photo = random_pixels(np.float32, "RGB", seed=1)
    for dtype in WHITE:
        memory = random_pixels(dtype, "BGRA", seed=2)
        expected = np.zeros_like(memory)
        _core.write_pixels(photo, memory.copy(), PixelOrder.BGRA, expected, PixelOrder.RGBA, 1)
        _core.write_pixels(photo, memory, PixelOrder.BGRA, memory, PixelOrder.RGBA, 3)
        np.testing.assert_array_equal(memory, expected)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.nan, "style must be finite, it holds NaN or infinity"),
        (-np.inf, "style must be finite, it holds NaN or infinity"),
        (1.5, "style must lie in 0..1 if it is floating-point, got values from 0 to 1.5"),
        (-0.25, "style must lie in 0..1 if it is floating-point, got values from -0.25 to 0"),
    ],
)
def test_unsuitable_samples(value: float, message: str) -> None:
    pixels = np.zeros((40, 5, 3), np.float32)
    pixels[33, 2, 1] = value
    with pytest.raises(ArgumentError, match=message):
        _core.read_pixels(pixels, PixelOrder.RGB, "style", 2)


def test_alpha_of_a_photo_is_not_looked_at() -> None:
    pixels = np.zeros((2, 2, 4), np.float32)
    pixels[..., 3] = np.nan
    np.testing.assert_array_equal(_core.read_pixels(pixels, PixelOrder.RGBA, "photo", 1), 0)


def test_misuse() -> None:
    photo: Any = np.zeros((4, 5, 3), np.float32)
    rgb = PixelOrder.RGB
    with pytest.raises(ArgumentError, match=r"photo is empty \(0 x 5"):
        _core.read_pixels(photo[:0], rgb, "photo", 1)
    with pytest.raises(ArgumentError, match="photo must be float32, uint8 or uint16, got float64"):
        _core.read_pixels(photo.astype(float), rgb, "photo", 1)
    with pytest.raises(ArgumentError, match=r"H x W x 4, got shape \(4, 5, 3\)"):
        _core.read_pixels(photo, PixelOrder.RGBA, "photo", 1)
    with pytest.raises(ArgumentError, match="result must have the photo's size, 4 x 5, got 4 x 4"):
        _core.write_pixels(photo, None, rgb, photo[:, :4].copy(), rgb, 1)
    with pytest.raises(ArgumentError, match="alpha is taken from must have the photo's size, 4 x 5, got 3 x 5"):
        _core.write_pixels(photo, photo[:3], rgb, photo, rgb, 1)
    fixed = photo.copy()
    fixed.flags.writeable = False
    with pytest.raises(ArgumentError, match="read-only"):
        _core.write_pixels(photo, None, rgb, fixed, rgb, 1)
