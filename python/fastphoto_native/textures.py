"""Textures from noise: a picture of any size with a style's statistics and nothing else."""

from __future__ import annotations

import os

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastphoto_native.errors import ArgumentError
from fastphoto_native.looks.look import Look
from fastphoto_native.runtime.device import Device
from fastphoto_native.stylizer import Stylizer

ARTISTIC_MODEL = "wct-artistic"
MOST_PIXELS = 100_000_000


def texture(
    style: ArrayLike | Look,
    height: int,
    width: int,
    *,
    model: str | os.PathLike[str] = ARTISTIC_MODEL,
    rounds: int = 3,
    seed: int = 0,
    device: Device = "auto",
    threads: int = 0,
) -> NDArray[np.float32]:
    """A texture like `style`, from uniform noise.

    Source: Li et al., "Universal Style Transfer via Feature Transforms", NeurIPS 2017, section 3.4: the picture of each
    round is the content of the next one.

    Args:
        style: a photo (H x W x 3), or a look that the model made.
        height: of the texture, pixels.
        width: of the texture, pixels.
        model: a model whose decoders take nothing from the content.
        rounds: 1 or more.
        seed: of the noise.
        device: where the network runs.
        threads: CPU threads; 0 takes what the machine has.

    Returns:
        height x width x 3 float32 in 0..1.

    Raises:
        ArgumentError: a size or a number of rounds that is out of range, or no photo.
    """
    if height < 1 or width < 1 or height * width > MOST_PIXELS:
        raise ArgumentError(f"a texture has 1 to {MOST_PIXELS} pixels, got {height} x {width}")
    if rounds < 1:
        raise ArgumentError(f"rounds must be 1 or more, got {rounds}")
    stylizer = Stylizer(model, device, threads)
    look = style if isinstance(style, Look) else stylizer.analyze(style)
    picture = np.random.default_rng(seed).random((height, width, 3), np.float32)
    for _ in range(rounds):
        picture = stylizer.apply(picture, look, smoothing="none", max_side=max(height, width))
    return picture
