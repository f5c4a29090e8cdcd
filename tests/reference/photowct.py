"""PhotoWCT with multi-level stylisation, slow and obvious, in NumPy.

Li et al., "A Closed-form Solution to Photorealistic Image Stylization", ECCV 2018, section 3.1: encode, give the
features the style's statistics, decode with unpooling, from the deepest level to the shallowest. This project's two
additions: the colours come first, and a level adds its change to the photo instead of replacing it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import sqrtm

Array = NDArray[np.float64]
Weights = Mapping[str, NDArray[Any]]
Features = tuple[Array, list[Array]]  # C x h x w, and the pooling positions on the way (shallow first)


def conv(weights: Weights, name: str, x: Array) -> Array:
    """C x h x w; 3x3, zeros beyond the border."""
    kernel, bias = weights[f"{name}.weight"].astype(float), weights[f"{name}.bias"].astype(float)
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1)))
    height, width = x.shape[1:]
    y: Array = np.zeros((len(bias), height, width)) + bias[:, None, None]
    for dy in range(3):
        for dx in range(3):
            y += np.einsum("oi,ihw->ohw", kernel[:, :, dy, dx], padded[:, dy : dy + height, dx : dx + width])
    return y


def relu_conv(weights: Weights, name: str, x: Array) -> Array:
    y: Array = np.maximum(conv(weights, name, x), 0)
    return y


def pool(x: Array) -> tuple[Array, Array]:
    c, h, w = x.shape
    cells = x.reshape(c, h // 2, 2, w // 2, 2).transpose(0, 1, 3, 2, 4).reshape(c, h // 2, w // 2, 4)
    return cells.max(-1), cells.argmax(-1)


def unpool(x: Array, where: Array) -> Array:
    c, h, w = x.shape
    cells = np.zeros((c, h, w, 4))
    np.put_along_axis(cells, where[..., None].astype(int), x[..., None], -1)
    return cells.reshape(c, h, w, 2, 2).transpose(0, 1, 3, 2, 4).reshape(c, 2 * h, 2 * w)


def encode(weights: Weights, photo: Array, level: int) -> Features:
    where = []
    x = relu_conv(weights, "encoder.conv1_1", 2 * photo - 1)
    if level >= 2:
        x, k = pool(relu_conv(weights, "encoder.conv1_2", x))
        where.append(k)
        x = relu_conv(weights, "encoder.conv2_1", x)
    if level >= 3:
        x, k = pool(relu_conv(weights, "encoder.conv2_2", x))
        where.append(k)
        x = relu_conv(weights, "encoder.conv3_1", x)
    if level >= 4:
        for n in (2, 3, 4):
            x = relu_conv(weights, f"encoder.conv3_{n}", x)
        x, k = pool(x)
        where.append(k)
        x = relu_conv(weights, "encoder.conv4_1", x)
    return x, where


def decode(weights: Weights, x: Array, where: list[Array], level: int) -> Array:
    name = f"decoders.{level - 1}."
    if level >= 4:
        x = unpool(relu_conv(weights, name + "conv4_1", x), where[2])
        for n in (4, 3, 2):
            x = relu_conv(weights, f"{name}conv3_{n}", x)
    if level >= 3:
        x = relu_conv(weights, name + "conv2_2", unpool(relu_conv(weights, name + "conv3_1", x), where[1]))
    if level >= 2:
        x = relu_conv(weights, name + "conv1_2", unpool(relu_conv(weights, name + "conv2_1", x), where[0]))
    return conv(weights, name + "conv1_1", x)


def statistics(x: Array, weight: Array) -> tuple[Array, Array]:
    """Weighted mean and covariance of C x h x w features."""
    flat, w = x.reshape(len(x), -1), weight.ravel()
    mean = (flat * w).sum(1) / w.sum()
    centred = flat - mean[:, None]
    return mean, (centred * w) @ centred.T / w.sum()


def monge_kantorovich(content: tuple[Array, Array], style: tuple[Array, Array], ridge: float) -> tuple[Array, Array]:
    """Matrix and offset of the optimal-transport map between two Gaussians."""
    identity = np.eye(len(content[0]))
    root = np.real(sqrtm(content[1] + ridge * identity))
    inverse = np.linalg.inv(root)
    matrix = inverse @ np.real(sqrtm(root @ (style[1] + ridge * identity) @ root)) @ inverse
    return matrix, style[0] - matrix @ content[0]


def shrink(weight: Array, stride: int) -> Array:
    """Means over stride x stride blocks."""
    h, w = weight.shape
    means: Array = weight.reshape(h // stride, stride, w // stride, stride).mean((1, 3))
    return means


def stylize(
    weights: Weights,
    content: Array,
    style: Array,
    content_labels: list[Array],
    style_labels: list[Array],
    ridge: float,
) -> Array:
    """3 x H x W photos (H, W multiples of 8) and H x W weights of the labels that both have; before smoothing.

    Pixels, or shares of pixels, of no label keep their features.
    """

    def align(f: Array, g: Array, stride: int) -> Array:
        rest = 1 - np.sum(content_labels, axis=0)
        result = shrink(rest, stride) * f
        for here, there in zip(content_labels, style_labels, strict=True):
            w = shrink(here, stride)
            matrix, offset = monge_kantorovich(statistics(f, w), statistics(g, shrink(there, stride)), ridge)
            result = result + w * (np.einsum("ij,jhw->ihw", matrix, f) + offset[:, None, None])
        return result

    photo = align(content, style, 1)
    for level in (4, 3, 2, 1):
        f, where = encode(weights, np.clip(photo, 0, 1), level)
        g, _ = encode(weights, style, level)
        aligned = align(f, g, 2 ** (level - 1))
        photo = photo + decode(weights, aligned, where, level) - decode(weights, f, where, level)
    return photo
