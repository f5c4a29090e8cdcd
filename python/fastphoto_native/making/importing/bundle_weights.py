"""The recipe's weights, read back from the graphs of a bundle that was exported from them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fastphoto_native.errors import ModelError
from fastphoto_native.runtime.bundle import find_bundle
from fastphoto_native.runtime.onnx_file import read_constants

from .weights_file import Arrays


def read_bundle_weights(folder: Path) -> Arrays:
    """Encoder and decoders of a model of the recipe, `encoder.conv1_1.weight` and so on, as its graphs hold them.

    A decoder's last bias is not in graphs that add changes to a photo, since it cancels there.

    Raises:
        ModelError: no bundle, or one of another kind of network.
    """
    bundle = find_bundle(folder)
    found: Arrays = {}
    for entry in bundle.entries:
        for name, array in read_constants(bundle.read(entry)).items():
            if name.startswith(("encoder.", "decoders.")) and name.endswith((".weight", ".bias")):
                found[name] = array.astype(np.float32)
    if "encoder.conv1_1.weight" not in found:
        raise ModelError(f"{folder} holds no weights of the recipe; expected a model such as photowct-strong")
    return found
