"""Shared photos, layouts and settings of the tests."""

from __future__ import annotations

from collections.abc import Callable

import hypothesis
import numpy as np
import pytest
from numpy.typing import NDArray
from skimage import data, transform

Float32Array = NDArray[np.float32]

# Kernels take milliseconds, but a busy machine may hold any of them up: no deadline; and the same examples each run.
hypothesis.settings.register_profile("fastphoto", deadline=None, derandomize=True, max_examples=25)
hypothesis.settings.load_profile("fastphoto")


def _crop(photo: NDArray[np.uint8], height: int, width: int) -> Float32Array:
    """A 0..1 photo of 8-bit values (as photos have), reduced to about the given size."""
    small = transform.resize(photo, (height, width), anti_aliasing=True)
    rounded: Float32Array = (np.round(small * 255) / 255).astype(np.float32)
    return rounded


@pytest.fixture(scope="session")
def content_photo() -> Float32Array:
    """Fur, out-of-focus background: soft and sharp areas."""
    return _crop(data.chelsea(), 96, 144)


@pytest.fixture(scope="session")
def stylized_photo(content_photo: Float32Array) -> Float32Array:
    """The content in other colours, with the kind of damage smoothing is there for: blotches, noise, lost edges."""
    height, width, _ = content_photo.shape
    rng = np.random.default_rng(7)
    blotches = transform.resize(rng.random((9, 13, 3)), (height, width), order=1)
    noise = rng.normal(0, 0.05, content_photo.shape)
    mixed = content_photo[..., ::-1] ** 1.5 * 0.6 + 0.3 * blotches + noise
    stylized: Float32Array = np.clip(mixed, 0, 1).astype(np.float32)
    return stylized


def _fortran(a: Float32Array) -> Float32Array:
    return np.asfortranarray(a)


def _reversed(a: Float32Array) -> Float32Array:
    """Negative strides along every axis."""
    every = (slice(None, None, -1),) * a.ndim
    return np.ascontiguousarray(a[every])[every]


def _sliced(a: Float32Array) -> Float32Array:
    """Every second sample of a larger array along every axis."""
    larger = np.full([2 * n for n in a.shape], np.nan, np.float32)
    view = larger[(slice(None, None, 2),) * a.ndim]
    view[...] = a
    return view


def _misaligned(a: Float32Array) -> Float32Array:
    """Samples that start at an odd address."""
    memory = np.zeros(a.nbytes + 1, np.uint8)
    view = memory[1:].view(np.float32).reshape(a.shape)
    view[...] = a
    return view


def _read_only(a: Float32Array) -> Float32Array:
    copy = a.copy()
    copy.flags.writeable = False
    return copy


@pytest.fixture(params=[_fortran, _reversed, _sliced, _misaligned, _read_only], ids=lambda f: f.__name__.strip("_"))
def layout(request: pytest.FixtureRequest) -> Callable[[Float32Array], Float32Array]:
    """The same samples in another memory order."""
    function: Callable[[Float32Array], Float32Array] = request.param
    return function
