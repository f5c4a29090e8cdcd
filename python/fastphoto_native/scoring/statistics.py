"""How near a result's feature statistics are to the style's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fastphoto_native import _core
from fastphoto_native.optimise.network import LossNetwork
from fastphoto_native.optimise.network_loss import Features
from fastphoto_native.runtime.onnx_runtime import OnnxRuntime

Matrix = NDArray[np.float64]
LAYERS = ("relu1_1", "relu2_1", "relu3_1")
SIDE = 512  # pixels of the longest side at which features are taken


@dataclass(frozen=True)
class Moments:
    """Mean and covariance of a layer's features."""

    mean: Matrix
    covariance: Matrix


def feature_moments(photo: NDArray[np.float32], network: LossNetwork, runtime: OnnxRuntime) -> dict[str, Moments]:
    """Of H x W x 3 in 0..1, reduced to at most SIDE pixels."""
    height, width, _ = photo.shape
    factor = min(1.0, SIDE / max(height, width))
    size = (max(1, round(height * factor)), max(1, round(width * factor)))
    small = _core.resize(np.ascontiguousarray(photo), *size, _core.ALL_THREADS).transpose(2, 0, 1)
    layers = [layer for layer in LAYERS if network.has(layer)]
    found = {}
    for layer, features in Features(network, size, layers, runtime).of(small).items():
        flat = features.reshape(len(features), -1).astype(np.float64)
        mean = flat.mean(axis=1)
        centred = flat - mean[:, None]
        found[layer] = Moments(mean, centred @ centred.T / flat.shape[1])
    return found


def statistics_scores(result: Mapping[str, Moments], style: Mapping[str, Moments]) -> dict[str, float]:
    """Distances of statistics, 0 for equal ones; means over the layers.

    gram: squared difference of the Gram matrices, in shares of the style's square. w2: squared Wasserstein-2 distance
    of Gaussians with these moments, in shares of the style's variance.
    """
    grams, distances = [], []
    for layer, wanted in style.items():
        found = result[layer]
        a = found.covariance + np.outer(found.mean, found.mean)
        b = wanted.covariance + np.outer(wanted.mean, wanted.mean)
        grams.append(((a - b) ** 2).mean() / (b**2).mean())
        root = _root(wanted.covariance)
        values = np.linalg.eigvalsh(root @ found.covariance @ root)
        mixed = np.sqrt(np.maximum(values, 0)).sum()
        trace = np.trace(wanted.covariance)
        distance = ((found.mean - wanted.mean) ** 2).sum() + np.trace(found.covariance) + trace - 2 * mixed
        distances.append(max(float(distance), 0.0) / max(float(trace), 1e-30))
    return {"gram": float(np.mean(grams)), "w2": float(np.mean(distances))}


def _root(matrix: Matrix) -> Matrix:
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    root: Matrix = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    return root
