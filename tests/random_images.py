"""Images for tests of filters."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def random_image(*shape: int, seed: int = 0) -> NDArray[np.float32]:
    """Uniform noise in 0..1 of that shape."""
    return np.random.default_rng(seed).random(shape, np.float32)
