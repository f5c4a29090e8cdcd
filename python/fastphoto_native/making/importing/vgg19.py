"""VGG-19's encoder from the files of torchvision or Keras, as weights of the recipe's encoder.

The two expect photos in different forms: torchvision RGB in 0..1, normalised by ImageNet's mean and deviation; Keras
BGR in 0..255 less a mean. The recipe's encoder takes 2 x - 1 of RGB in 0..1. All three are affine functions of each
other, so the difference is folded into conv1_1. What is left of it: beyond the border there is mid-grey instead of the
mean colour.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastphoto_native.errors import ModelError

from .vgg_shapes import encoder_layers, tensor_shapes
from .weights_file import HDF5, Arrays, checked_tensors, first_bytes, read_checkpoint

# Where torchvision's Sequential `features` has conv1_1 .. conv4_1.
TORCHVISION = dict(zip(encoder_layers(), (0, 2, 5, 7, 10, 12, 14, 16, 19), strict=True))
KERAS = {name: f"block{name[4]}_conv{name[6]}" for name in encoder_layers()}

IMAGENET_MEAN, IMAGENET_DEVIATION = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
CAFFE_MEAN = np.array([123.68, 116.779, 103.939])  # RGB, of 0..255


def is_torchvision(names: Mapping[str, Any]) -> bool:
    return "features.0.weight" in names


def read_encoder(path: Path) -> Arrays:
    """`encoder.conv1_1.weight` .. `encoder.conv4_1.bias` for input 2 x - 1, from a .pth or .h5 file.

    Raises:
        ModelError: not such a file, or not VGG-19.
    """
    if first_bytes(path).startswith(HDF5):
        return from_keras(path)
    return from_torchvision(path, read_checkpoint(path))


def from_torchvision(path: Path, content: Mapping[str, Any]) -> Arrays:
    """Folds torchvision's normalisation, (x - mean) / deviation, into conv1_1."""
    if any(name.endswith("running_mean") for name in content):
        raise ModelError(f"{path} is a VGG with batch normalisation; expected the plain VGG-19")
    expected: dict[str, tuple[int, ...]] = {}
    for name, number in TORCHVISION.items():
        shapes = tensor_shapes("x", {name: encoder_layers()[name]}).values()
        expected |= dict(zip((f"features.{number}.weight", f"features.{number}.bias"), shapes, strict=True))
    later = tuple(f"features.{n}." for n in range(20, 37))
    tensors = checked_tensors(path, content, expected, (*later, "classifier."))
    if not any(name.startswith("features.34.") for name in content) and "features.28.weight" in content:
        raise ModelError(f"{path} has VGG-16's layers; expected VGG-19's")
    layers = {
        name: (tensors[f"features.{number}.weight"], tensors[f"features.{number}.bias"])
        for name, number in TORCHVISION.items()
    }
    return _folded(layers, scale=1 / (2 * IMAGENET_DEVIATION), offset=(0.5 - IMAGENET_MEAN) / IMAGENET_DEVIATION)


def from_keras(path: Path) -> Arrays:
    """Turns Keras' kernels (height x width x in x out, BGR) round and folds its mean into conv1_1."""
    try:
        import h5py
    except ImportError as error:
        raise ModelError(f"{path} is a Keras file, which needs h5py: pip install h5py") from error
    found: dict[str, NDArray[Any]] = {}

    def visit(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            layer = next((part for part in name.split("/") if part in KERAS.values()), None)
            last = name.rsplit("/", 1)[-1]
            kind = "kernel" if "kernel" in last or "_W_" in last else "bias"
            if layer:
                found[f"{layer}.{kind}"] = item[()]

    try:
        with h5py.File(path) as file:
            file.visititems(visit)
    except (OSError, RuntimeError) as error:
        raise ModelError(f"{path} is damaged or cut off; expected a Keras weights file") from error
    layers = {}
    for name, (i, o) in encoder_layers().items():
        for kind, shape in (("kernel", (3, 3, i, o)), ("bias", (o,))):
            array = found.get(f"{KERAS[name]}.{kind}")
            if array is None:
                raise ModelError(f"{path}: the {kind} of layer '{KERAS[name]}' is missing; expected Keras' VGG-19")
            if array.shape != shape:
                raise ModelError(f"{path}: the {kind} of '{KERAS[name]}' has shape {array.shape}, expected {shape}")
            if not np.isfinite(array).all():
                raise ModelError(f"{path}: the {kind} of '{KERAS[name]}' has values that are no numbers")
        kernel = found[f"{KERAS[name]}.kernel"].transpose(3, 2, 0, 1).astype(np.float32)
        layers[name] = (kernel, found[f"{KERAS[name]}.bias"].astype(np.float32))
    kernel, bias = layers["conv1_1"]
    layers["conv1_1"] = (kernel[:, ::-1], bias)  # BGR to RGB
    return _folded(layers, scale=np.full(3, 127.5), offset=127.5 - CAFFE_MEAN)


def _folded(
    layers: Mapping[str, tuple[NDArray[np.float32], NDArray[np.float32]]],
    scale: NDArray[np.float64],
    offset: NDArray[np.float64],
) -> Arrays:
    """The network expects scale * z + offset of each colour (RGB); conv1_1 takes z itself."""
    arrays: Arrays = {}
    for name, (kernel, bias) in layers.items():
        k, b = kernel.astype(np.float64), bias.astype(np.float64)
        if name == "conv1_1":
            b = b + np.einsum("oihw,i->o", k, offset)
            k = k * scale[:, None, None]
        arrays[f"encoder.{name}.weight"] = np.ascontiguousarray(k, np.float32)
        arrays[f"encoder.{name}.bias"] = b.astype(np.float32)
    return arrays
