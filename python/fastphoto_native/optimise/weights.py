"""Loss networks from files: the embedded encoder, NumPy archives, and PyTorch files of VGG in their known layouts."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from fastphoto_native.errors import ArgumentError, ModelError
from fastphoto_native.optimise.network import CAFFE, SIGNED, TORCHVISION, LossNetwork, Preprocessing
from fastphoto_native.runtime.bundle import find_bundle
from fastphoto_native.runtime.names import STATISTICS_MODEL
from fastphoto_native.runtime.onnx_file import read_constants

EMBEDDED = "embedded"
Input = Literal["caffe", "torchvision"]
INPUTS: dict[str, Preprocessing] = {"caffe": CAFFE, "torchvision": TORCHVISION}

# Indices of the convolutions in torchvision's `features`: 3 x 3 convolutions with a ReLU each, pooling after a block.
_VGG19 = (2, 2, 4, 4, 4)
_VGG16 = (2, 2, 3, 3, 3)


def embedded_network() -> LossNetwork:
    """The encoder of the embedded models, conv1_1 to conv4_1 at 16, 32, 64 and 128 channels."""
    bundle = find_bundle(STATISTICS_MODEL)
    constants = read_constants(bundle.read(bundle.manifest.style))
    found = {
        name.removeprefix("encoder."): array.astype(np.float32)
        for name, array in constants.items()
        if name.startswith("encoder.")
    }
    return LossNetwork(EMBEDDED, found, SIGNED)


def read_network(path: str | os.PathLike[str], network_input: Input | None = None) -> LossNetwork:
    """A loss network from a file of weights.

    Args:
        path: "embedded", or a file. A NumPy archive (.npz) with `conv1_1_weight` or `conv1_1.weight` and so on; or what
            PyTorch saved: `features.0.weight` (torchvision's VGG-19 and VGG-16) or `conv1_1.weight` (Gatys' normalised
            VGG-19). Layers after the convolutions are ignored, and deep convolutions may be missing.
        network_input: what the first layer expects: "caffe" (BGR, 0..255 less a mean) or "torchvision" (RGB, mean and
            deviation of ImageNet). By default torchvision's for `features.0.weight`, else Caffe's.

    Raises:
        ArgumentError: an unknown `network_input`.
        ModelError: the file cannot be read or holds no such network; PyTorch is needed and missing.
    """
    if network_input is not None and network_input not in INPUTS:
        raise ArgumentError(f"network_input must be one of {', '.join(INPUTS)}, got {network_input!r}")
    if os.fspath(path) == EMBEDDED:
        return embedded_network()
    file = Path(path)
    content = _read_npz(file) if file.suffix == ".npz" else _read_pytorch(file)
    if "features.0.weight" in content:
        weights, chosen = _from_features(content), network_input or "torchvision"
    else:
        weights, chosen = _by_name(content), network_input or "caffe"
    if "conv1_1.weight" not in weights:
        names = ", ".join(list(content)[:3]) or "nothing"
        raise ModelError(
            f"{file} holds {names}; expected a VGG network: conv1_1.weight or features.0.weight and what follows"
        )
    bad = [name for name, array in weights.items() if not np.isfinite(array).all()]
    if bad:
        raise ModelError(f"{file}: '{bad[0]}' has values that are no numbers (NaN or infinity)")
    try:
        network = LossNetwork(file.stem, weights, INPUTS[chosen])
    except ArgumentError as error:
        raise ModelError(f"{file}: {error}") from error
    return network


def _read_npz(file: Path) -> dict[str, NDArray[Any]]:
    try:
        with file.open("rb") as opened, np.load(opened, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except OSError as error:
        raise ModelError(f"cannot read {file}: {error.strerror or error}") from error
    except Exception as error:  # zip and header errors have no common base
        raise ModelError(f"{file} is damaged; expected what numpy.savez writes") from error


def _read_pytorch(file: Path) -> dict[str, NDArray[Any]]:
    try:
        import torch
    except ImportError as error:
        raise ModelError(
            f"{file} needs PyTorch to be read (pip install 'fastphoto-native[import]'), or save its weights as .npz"
        ) from error
    try:
        content = torch.load(file, map_location="cpu", weights_only=True)
    except OSError as error:
        raise ModelError(f"cannot read {file}: {error.strerror or error}") from error
    except Exception as error:  # zip, storage and unpickling errors have no common base
        raise ModelError(f"{file} is damaged or cut off; expected what torch.save writes") from error
    if not isinstance(content, Mapping):
        raise ModelError(f"{file} holds a {type(content).__name__}, expected a table of named tensors (a state dict)")
    return {
        str(name): tensor.detach().to(torch.float32).numpy()
        for name, tensor in content.items()
        if isinstance(tensor, torch.Tensor) and tensor.is_floating_point()
    }


def _by_name(content: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[np.float32]]:
    found = {}
    for name, array in content.items():
        match = re.fullmatch(r"(conv\d+_\d+)[._](weight|bias)", name)
        if match:
            found[f"{match[1]}.{match[2]}"] = np.asarray(array, np.float32)
    return found


def _from_features(content: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[np.float32]]:
    """Torchvision numbers all layers of `features`; which numbers are convolutions tells VGG-19 from VGG-16."""
    blocks = _VGG19 if "features.16.weight" in content and "features.17.weight" not in content else _VGG16
    found, index = {}, 0
    for block, count in enumerate(blocks, 1):
        for number in range(1, count + 1):
            for part in ("weight", "bias"):
                if f"features.{index}.{part}" in content:
                    found[f"conv{block}_{number}.{part}"] = np.asarray(content[f"features.{index}.{part}"], np.float32)
            index += 2
        index += 1
    return found
