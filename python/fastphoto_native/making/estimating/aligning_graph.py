"""The aligning parts of a pair (aligning.py) as ONNX nodes, which have no Cholesky decomposition: 3 x 3 by hand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..export.graph import Graph

# As in aligning.py, which needs PyTorch; tests/python/test_estimating.py compares the results.
PARTS = 4
RELATIVE_RIDGE, LEAST_VARIANCE = 0.03, 1e-5
LARGEST_CONTRAST, LARGEST_GAIN, LARGEST_SLOPE = 2.0, 1.5, 1.0


@dataclass(frozen=True)
class Statistics:
    """Mean (3 x 1) and the six numbers of the Cholesky root, row by row (1 each), of luma and chroma."""

    mean: str
    root: list[str]


def statistics_of(g: Graph, luma_and_chroma: str, count: int) -> Statistics:
    """Of 1 x 3 x count values."""
    mean = g.ReduceMean(luma_and_chroma, axes=[2], keepdims=1)
    centred = g.Sub(luma_and_chroma, mean)
    covariance = g.Div(g.MatMul(centred, g.Transpose(centred, perm=[0, 2, 1])), g.scalar(float(count)))
    flat = g.Reshape(covariance, g.ints(9))
    c = [[g.Gather(flat, g.ints(3 * i + j), axis=0) for j in range(3)] for i in range(3)]
    mean_variance = g.Div(g.Add(g.Add(c[0][0], c[1][1]), c[2][2]), g.scalar(3.0))
    ridge = g.Add(g.Mul(mean_variance, g.scalar(RELATIVE_RIDGE)), g.scalar(LEAST_VARIANCE))
    for i in range(3):
        c[i][i] = g.Add(c[i][i], ridge)
    l00 = g.Sqrt(c[0][0])
    l10, l20 = g.Div(c[1][0], l00), g.Div(c[2][0], l00)
    l11 = g.Sqrt(g.Sub(c[1][1], g.Mul(l10, l10)))
    l21 = g.Div(g.Sub(c[2][1], g.Mul(l20, l10)), l11)
    l22 = g.Sqrt(g.Sub(g.Sub(c[2][2], g.Mul(l20, l20)), g.Mul(l21, l21)))
    return Statistics(g.Reshape(mean, g.ints(3, 1)), [l00, l10, l11, l20, l21, l22])


def aligned_change(
    g: Graph,
    content: Statistics,
    style: Statistics,
    shares: str,
    nodes: NDArray[np.float32],
    basis: NDArray[np.float32],
) -> str:
    """What so much of each part (1 x PARTS) adds to the colours of the nodes (N x 3): 1 x 3 N.

    `basis` (3 x 3) takes R, G and B to luma and chroma.
    """
    zero = g.constant(np.zeros(1, np.float32))
    t00, t10, t11, t20, t21, t22 = _quotient(g, style.root, content.root)
    limit = g.Min(g.Div(g.scalar(LARGEST_GAIN), _largest_stretch(g, t11, t21, t22)), g.scalar(1.0))
    one = g.scalar(1.0)
    t10, t20 = (g.Clip(t, g.scalar(-LARGEST_SLOPE), g.scalar(LARGEST_SLOPE)) for t in (t10, t20))
    contrast = g.Sub(g.Min(t00, g.scalar(LARGEST_CONTRAST)), one)
    chroma = [t10, g.Sub(g.Mul(t11, limit), one), zero, t20, g.Mul(t21, limit), g.Sub(g.Mul(t22, limit), one)]
    nothing = [zero] * 9
    parts = [nothing, [contrast, *nothing[1:]], nothing, [*nothing[:3], *chroma]]
    rows = g.Reshape(g.Concat(*(value for part in parts for value in part), axis=0), g.ints(PARTS, 9))
    shift = g.Reshape(g.Sub(style.mean, content.mean), g.ints(1, 3))
    luma_alone, chroma_alone = (g.constant(np.array([row], np.float32)) for row in ((1, 0, 0), (0, 1, 1)))
    shifts = g.Concat(g.Mul(shift, luma_alone), g.constant(np.zeros((1, 3), np.float32)),
                      g.Mul(shift, chroma_alone), g.constant(np.zeros((1, 3), np.float32)), axis=0)  # fmt: skip
    matrix = g.Reshape(g.MatMul(shares, rows), g.ints(3, 3))
    offset = g.Sub(g.MatMul(shares, shifts), g.Transpose(g.MatMul(matrix, content.mean), perm=[1, 0]))
    in_basis = g.constant((nodes @ basis.T).astype(np.float32), "nodes_luma_chroma")
    change = g.Add(g.MatMul(in_basis, g.Transpose(matrix, perm=[1, 0])), offset)
    back = g.constant(np.linalg.inv(basis.astype(np.float64)).T.astype(np.float32), "to_rgb")
    flat: str = g.Reshape(g.MatMul(change, back), g.ints(1, -1))
    return flat


def _quotient(g: Graph, left: list[str], right: list[str]) -> list[str]:
    """Left times the inverse of right, lower triangular both."""
    s00, s10, s11, s20, s21, s22 = left
    r00, r10, r11, r20, r21, r22 = right
    i00, i11, i22 = (g.Div(g.scalar(1.0), r) for r in (r00, r11, r22))
    i10 = g.Neg(g.Mul(g.Mul(r10, i00), i11))
    i21 = g.Neg(g.Mul(g.Mul(r21, i11), i22))
    i20 = g.Neg(g.Mul(g.Add(g.Mul(r20, i00), g.Mul(r21, i10)), i22))
    t10 = g.Add(g.Mul(s10, i00), g.Mul(s11, i10))
    t20 = g.Add(g.Add(g.Mul(s20, i00), g.Mul(s21, i10)), g.Mul(s22, i20))
    t21 = g.Add(g.Mul(s21, i11), g.Mul(s22, i21))
    return [g.Mul(s00, i00), t10, g.Mul(s11, i11), t20, t21, g.Mul(s22, i22)]


def _largest_stretch(g: Graph, a: str, b: str, d: str) -> str:
    """The larger singular value of [[a, 0], [b, d]]."""
    squares = g.Add(g.Add(g.Mul(a, a), g.Mul(b, b)), g.Mul(d, d))
    product = g.Mul(g.scalar(2.0), g.Mul(a, d))
    apart = g.Relu(g.Sub(g.Mul(squares, squares), g.Mul(product, product)))
    largest: str = g.Sqrt(g.Div(g.Add(squares, g.Sqrt(apart)), g.scalar(2.0)))
    return largest
