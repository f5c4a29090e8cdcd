"""Is a model whole? Every file's hash, every graph's tensors, and one small photo sent through the chain."""

from __future__ import annotations

import msgspec
import numpy as np

from fastphoto_native import _core
from fastphoto_native.errors import FastphotoError, ModelError
from fastphoto_native.runtime.bundle import Bundle
from fastphoto_native.runtime.onnx_runtime import OnnxRuntime


class Verification(msgspec.Struct):
    """What was found to be right: hashes by file, and the size of the photo that went through the chain."""

    model: str
    version: str
    format: int
    folder: str
    files: dict[str, str]
    photo: tuple[int, int]


def verify_bundle(bundle: Bundle) -> Verification:
    """Checks a model from its hashes to its result, on the CPU.

    Raises:
        ModelError: what is wrong first: a missing or changed file, a tensor that is not what bundle.json says, a chain
            that fails or whose result is no photo.
    """
    chain = _core.Chain(bundle, OnnxRuntime("cpu", 1))  # checks hashes, files and tensors
    side = 2 * bundle.manifest.size_multiple
    height, width = side, side + 5  # the width needs padding
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    content = np.stack([x / width, y / height, 0.5 + 0.4 * np.sin(x * y / 40)], axis=-1)
    try:
        result = chain.restyle(content, content[::-1, :, ::-1])
    except FastphotoError as error:
        raise ModelError(f"model '{bundle.name}': a photo of {height} x {width} does not pass: {error}") from error
    if result.shape != content.shape or not np.isfinite(result).all():
        raise ModelError(
            f"model '{bundle.name}': a photo of {height} x {width} became {' x '.join(map(str, result.shape))} values, "
            f"{np.isfinite(result).mean():.0%} of them numbers; expected the same size and numbers only"
        )
    files = {entry.file: entry.sha256 for entry in bundle.entries}
    return Verification(
        bundle.name, bundle.manifest.version, bundle.manifest.format, str(bundle.folder), files, (height, width)
    )
