"""A bundle's chain in PyTorch, with the weights read from its ONNX files: the peer that the engine is timed against."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from fastphoto_native import _core
from fastphoto_native.making.training.network import PhotoWCT
from fastphoto_native.runtime.bundle import find_bundle
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor
from torch.nn.functional import conv2d

FloatArray = NDArray[np.float32]


class PyTorchChain:
    """Styles analysed and photos restyled as the engine does it, without masks, at sizes that are multiples of 8."""

    def __init__(self, model: str | Path) -> None:
        bundle = find_bundle(model)
        self.alignments = bundle.manifest.alignments
        state: dict[str, Tensor] = {}
        for segment in bundle.manifest.segments:
            graph = onnx.load_from_string(bundle.read(segment)).graph
            state |= {i.name: torch.from_numpy(numpy_helper.to_array(i).astype(np.float32)) for i in graph.initializer
                      if i.name.startswith(("encoder.", "decoders.", "change_factors."))}  # fmt: skip
        self.factors = {
            level: state.pop(name) for level in (4, 3, 2, 1) if (name := f"change_factors.{level - 1}") in state
        }
        widths = [state[f"encoder.conv{k}_1.weight"].shape[0] for k in (1, 2, 3, 4)]
        self.network = PhotoWCT(widths).eval()
        _, unknown = self.network.load_state_dict(state, strict=False)  # a bundle may leave decoders out
        assert not unknown, unknown
        self.levels = [int(a.name[4]) for a in self.alignments[1:]]  # the first one is the colours'

    @torch.no_grad()
    def analyze(self, photo: FloatArray) -> list[_core.Statistics]:
        image = _tensor(photo)
        levels, _ = self.network.encoder(image, max(self.levels))
        return [_statistics(image), *(_statistics(levels[level - 1]) for level in self.levels)]

    @torch.no_grad()
    def apply(self, photo: FloatArray, style: list[_core.Statistics]) -> FloatArray:
        maps = _core.ChainAlignment(self.alignments, [[s] for s in style])
        image = _align(_tensor(photo), 0, maps)
        for index, level in enumerate(self.levels, 1):
            features, positions = self.network.encoder(image.clamp(0, 1), level)
            aligned = _align(features[-1], index, maps)
            decoder = self.network.decoders[level - 1]
            change = decoder(aligned, positions) - decoder(features[-1], positions)
            image = image + (conv2d(change, self.factors[level]) if level in self.factors else change)
        return np.ascontiguousarray(image[0].permute(1, 2, 0).numpy())


def _align(features: Tensor, index: int, maps: _core.ChainAlignment) -> Tensor:
    matrix, offset = maps(index, [_statistics(features)])
    flat = features[0].reshape(features.shape[1], -1)
    return torch.addmm(torch.from_numpy(offset[0])[:, None], torch.from_numpy(matrix[0]), flat).view_as(features)


def _tensor(photo: FloatArray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(photo.transpose(2, 0, 1)[None]))


def _statistics(features: Tensor) -> _core.Statistics:
    flat = features[0].reshape(features.shape[1], -1)
    mean = flat.mean(1, keepdim=True)
    centred = flat - mean
    covariance = centred @ centred.T / flat.shape[1]
    return _core.Statistics(mean[:, 0].double().numpy(), covariance.double().numpy())
