"""What the segments are made of: convolutions, pooling that remembers, unpooling, statistics and alignment.

Only operators that both the CPU and the CUDA provider implement are used; hence unpooling by comparisons instead of
MaxUnpool, and Loop over labels instead of tensors that grow with their number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from .graph import Graph

Weights = Mapping[str, NDArray[np.float16] | NDArray[np.float32]]
Convolution = Callable[..., str]  # (layer, x, relu=True) -> y
LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)  # of R, G, B: Rec. 709, on sRGB-encoded values
CHUNKS = 64  # partial sums keep float32 covariances within 4e-7 of float64 on a megapixel


def convolution(
    g: Graph, weights: Weights, layer: str, x: str, relu: bool = True, bias: bool = True, reflect: bool = False
) -> str:
    """3x3 convolution; beyond the border there are zeros, or reflections. `layer` names the checkpoint's entry."""
    names = [f"{layer}.weight", f"{layer}.bias"] if bias else [f"{layer}.weight"]
    parameters = [g.weight(weights[name], name) for name in names]
    if reflect:
        x = g.Pad(x, g.ints(0, 0, 1, 1, 0, 0, 1, 1), mode="reflect")
    y: str = g.Conv(x, *parameters, kernel_shape=[3, 3], pads=[0] * 4 if reflect else [1] * 4)
    return g.Relu(y) if relu else y


def pool(g: Graph, x: str) -> tuple[str, str]:
    """2x2 max pooling; the position of each maximum (first one wins) as a code 0..3 in one byte."""
    pooled: str = g.MaxPool(x, kernel_shape=[2, 2], strides=[2, 2])
    corners = g.Split(g.SpaceToDepth(x, blocksize=2), axis=1, outputs=4)
    code = g.constant(np.array(3, np.uint8))
    for position in (2, 1, 0):
        here = g.Equal(corners[position], pooled)
        code = g.Where(here, g.constant(np.array(position, np.uint8)), code)
    return pooled, code


def unpool(g: Graph, x: str, code: str) -> str:
    """Puts each value where pooling found the maximum and zero elsewhere (max unpooling).

    Each value four times, times a mask of zeros and ones: the CPU has fast kernels for that, and none for DepthToSpace.
    """
    result: str = g.Mul(repeat(g, x), g.to_compute(_mask(g, code)))
    return result


def _mask(g: Graph, code: str) -> str:
    """1 x C x h x w codes to 1 x C x 2h x 2w: one where the code points to, else zero."""
    shape = g.Shape(code)
    channels = g.Gather(shape, g.ints(0, 1), axis=0)
    size, width = g.Gather(shape, g.ints(2, 3), axis=0), g.Gather(shape, g.ints(3), axis=0)
    position = g.Unsqueeze(g.Cast(code, to=TensorProto.INT32), g.ints(3))  # Equal on bytes has no CUDA kernel
    corners = g.Cast(g.Equal(position, g.constant(np.arange(4, dtype=np.int32)[:, None])), to=TensorProto.FLOAT)
    # 1 x C x h x 4 x w is a pair of rows for each row of the result, its even columns first.
    pairs = g.Reshape(corners, g.Concat(g.ints(-1, 2), width, axis=0))
    rows = g.Transpose(pairs, perm=[0, 2, 1])
    mask: str = g.Reshape(rows, g.Concat(channels, g.Mul(size, g.ints(2)), axis=0))
    return mask


def encode(g: Graph, weights: Weights, image: str, level: int) -> tuple[list[str], list[str]]:
    """The recipe's encoder up to conv<level>_1: features of levels 1..level, and the pooling codes between them."""

    def conv(name: str, x: str) -> str:
        return convolution(g, weights, f"encoder.{name}", x)

    signed = g.Sub(g.Mul(image, g.scalar(2.0)), g.scalar(1.0))
    return encoder_trunk(g, conv, g.to_compute(signed), level)


def plain_pool(g: Graph, x: str) -> tuple[str, str]:
    """2x2 max pooling whose positions nobody asks for; the code has no name."""
    return g.MaxPool(x, kernel_shape=[2, 2], strides=[2, 2]), ""


def repeat(g: Graph, x: str, _code: str = "") -> str:
    """Each value 2x2 times (nearest upsampling)."""
    scales = g.constant(np.array([1, 1, 2, 2], np.float32))
    copies: str = g.Resize(x, "", scales, mode="nearest", coordinate_transformation_mode="asymmetric",
                           nearest_mode="floor")  # fmt: skip
    return copies


def encoder_trunk(
    g: Graph, conv: Convolution, x: str, level: int, pool: Callable[[Graph, str], tuple[str, str]] = pool
) -> tuple[list[str], list[str]]:
    """VGG-19 from conv1_1 to conv<level>_1: features of levels 1..level, and the pooling codes between them."""
    x = conv("conv1_1", x)
    features, codes = [x], []
    if level >= 2:
        x, code = pool(g, conv("conv1_2", x))
        x = conv("conv2_1", x)
        features.append(x)
        codes.append(code)
    if level >= 3:
        x, code = pool(g, conv("conv2_2", x))
        x = conv("conv3_1", x)
        features.append(x)
        codes.append(code)
    if level >= 4:
        for name in ("conv3_2", "conv3_3", "conv3_4"):
            x = conv(name, x)
        x, code = pool(g, x)
        x = conv("conv4_1", x)
        features.append(x)
        codes.append(code)
    if level >= 5:
        for name in ("conv4_2", "conv4_3", "conv4_4"):
            x = conv(name, x)
        x, code = pool(g, x)
        x = conv("conv5_1", x)
        features.append(x)
        codes.append(code)
    return features, codes


def decode_change(g: Graph, weights: Weights, aligned: str, features: str, codes: list[str], level: int) -> str:
    """decode(aligned) - decode(features), by the recipe's decoder of one level.

    Its last layer is linear: it sees the difference alone, and its bias cancels.
    """

    def conv(name: str, x: str) -> str:
        return convolution(g, weights, f"decoders.{level - 1}.{name}", x)

    both = g.to_compute(g.Concat(aligned, features, axis=0))
    changed, unchanged = g.Split(decoder_trunk(g, conv, both, codes, level), axis=0, outputs=2)
    difference = g.Sub(changed, unchanged)
    return g.to_float(convolution(g, weights, f"decoders.{level - 1}.conv1_1", difference, relu=False, bias=False))


def weigh_change(g: Graph, change: str, luma: float, chroma: float, name: str) -> str:
    """A change of the photo, its luma (Rec. 709, along grey) and the rest of it, its chroma, times a factor each."""
    along_grey = np.outer(np.ones(3), LUMA)
    factors = luma * along_grey + chroma * (np.eye(3) - along_grey)
    kernel = g.constant(factors.astype(np.float32)[:, :, None, None], name)
    weighed: str = g.Conv(change, kernel, kernel_shape=[1, 1])
    return weighed


def decoder_trunk(
    g: Graph,
    conv: Convolution,
    features: str,
    codes: list[str],
    level: int,
    enlarge: Callable[[Graph, str, str], str] = unpool,
) -> str:
    """The mirror image of the encoder from conv<level>_1 back to conv1_2; conv1_1 makes a photo of it."""
    x = features
    if level >= 5:
        x = enlarge(g, conv("conv5_1", x), codes[3])
        for name in ("conv4_4", "conv4_3", "conv4_2"):
            x = conv(name, x)
    if level >= 4:
        x = enlarge(g, conv("conv4_1", x), codes[2])
        for name in ("conv3_4", "conv3_3", "conv3_2"):
            x = conv(name, x)
    if level >= 3:
        x = conv("conv2_2", enlarge(g, conv("conv3_1", x), codes[1]))
    if level >= 2:
        x = conv("conv1_2", enlarge(g, conv("conv2_1", x), codes[0]))
    return x


def _pixels(g: Graph, features: str, channels: int) -> str:
    """1 x C x h x w to C x (h*w)."""
    pixels: str = g.Reshape(features, g.ints(channels, -1))
    return pixels


def align(g: Graph, features: str, channels: int, labels: str, matrix: str, offset: str) -> str:
    """F' = sum_k w_k (T_k f + b_k) over labels k.

    labels: K x 1 x h x w, weights that sum to 1 at every pixel (K x 1 x 1 x 1 serves a photo of one label).
    matrix: K x C x C. offset: K x C.
    """
    x = _pixels(g, features, channels)
    body = g.subgraph("align_label")
    k = body.input("align_k", [], TensorProto.INT64)
    go = body.input("align_go", [], TensorProto.BOOL)
    total = body.input("align_total", [channels, "pixels"])
    weight = body.Reshape(body.Gather(labels, k, axis=0), g.ints(1, -1))
    bias = body.Unsqueeze(body.Gather(offset, k, axis=0), g.ints(1))
    mapped = body.Add(body.MatMul(body.Gather(matrix, k, axis=0), x), bias)
    body.output("align_go_on", go, [], TensorProto.BOOL)
    body.output("align_sum", body.Add(total, body.Mul(mapped, weight)), [channels, "pixels"])
    zeros = g.ConstantOfShape(g.Shape(x))
    count = g.Gather(g.Shape(matrix), g.constant(np.array(0, np.int64)), axis=0)
    aligned = g.Loop(count, g.constant(np.array(True)), zeros, body=body.to_proto())
    result: str = g.Reshape(aligned, g.Shape(features))
    return result


def statistics(g: Graph, features: str, channels: int, labels: str) -> tuple[str, str]:
    """Mean (K x C) and covariance (K x C x C) of the features, weighted by each label's mask.

    Covariances are centred first and summed in chunks: E[xx] - mu mu^T loses every digit where the mean is large.
    A label of no weight at all gets zeros.
    """
    x = _pixels(g, features, channels)
    pixels = g.Gather(g.Shape(x), g.ints(1), axis=0)
    chunks = g.ints(CHUNKS)
    padding = g.Mod(g.Sub(chunks, g.Mod(pixels, chunks)), chunks)
    pad_end = g.Concat(g.ints(0, 0, 0), padding, axis=0)
    x = g.Reshape(g.Pad(x, pad_end), g.ints(channels, CHUNKS, -1))
    flat = g.Concat(g.ints(1), pixels, axis=0)

    body = g.subgraph("statistics_of_label")
    k = body.input("statistics_k", [], TensorProto.INT64)
    go = body.input("statistics_go", [], TensorProto.BOOL)
    weight = body.Reshape(body.Gather(labels, k, axis=0), g.ints(1, -1))
    weight = body.Reshape(body.Pad(body.Expand(weight, flat), pad_end), g.ints(1, CHUNKS, -1))
    total = body.ReduceSum(weight, keepdims=0)
    safe = body.Max(total, g.scalar(1e-12))

    def over_pixels(values: str) -> str:
        partial = body.ReduceSum(values, g.ints(2), keepdims=1)
        summed: str = body.ReduceSum(partial, g.ints(1), keepdims=1)
        return summed

    mean = body.Div(over_pixels(body.Mul(x, weight)), safe)
    centred = body.Sub(x, mean)
    left = body.Transpose(body.Mul(centred, weight), perm=[1, 0, 2])
    right = body.Transpose(centred, perm=[1, 2, 0])
    products = body.ReduceSum(body.MatMul(left, right), g.ints(0), keepdims=0)
    body.output("statistics_go_on", go, [], TensorProto.BOOL)
    body.output("label_mean", body.Reshape(mean, g.ints(channels)), [channels])
    body.output("label_covariance", body.Div(products, safe), [channels, channels])
    count = g.Gather(g.Shape(labels), g.constant(np.array(0, np.int64)), axis=0)
    means, covariances = g.Loop(count, g.constant(np.array(True)), body=body.to_proto(), outputs=2)
    return means, covariances
