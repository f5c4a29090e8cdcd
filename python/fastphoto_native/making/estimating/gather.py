"""Looks at pairs once: what the estimator sees of each, and how good any weights of the basis would be for it.

The error of a map that is a sum of cubes is a quadratic in its weights z: with A the cubes' changes of the content's
pixels and d what the truth changes, the mean square is z' A'A z - 2 z' A'd + d'd. So no photo is needed any more.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from numpy.random import Generator
from torch import Tensor

from .aligning import aligning_parts, changes_of
from .grades import apply_cubes, identity_cube
from .network import look_at
from .pairs import Batch, PairSource

STRIDE = 3  # between the pixels on which a map is judged


@dataclass(frozen=True)
class Looked:
    """`seen`: pairs x INPUTS. `square` (pairs x weights x weights), `product` (pairs x weights) and `whole` (pairs)
    make the mean square error. `kinds`: indices into KINDS. `content`, `style`: thumbnails, 8 bits.
    """

    seen: Tensor
    square: Tensor
    product: Tensor
    whole: Tensor
    kinds: Tensor
    content: Tensor
    style: Tensor

    def photos(self) -> tuple[Tensor, Tensor]:
        """Content and style, 0..1."""
        return self.content.float() / 255, self.style.float() / 255

    def errors(self, weights: Tensor) -> Tensor:
        """Mean square errors of the maps with these weights (pairs x basis)."""
        twice = (self.square @ weights[..., None])[..., 0] - 2 * self.product
        return ((weights * twice).sum(1) + self.whole).clamp_min(0)

    def take(self, index: Tensor) -> Looked:
        return Looked(*(t[index] for t in self.parts()))

    def parts(self) -> list[Tensor]:
        return [
            self.seen,
            self.square,
            self.product,
            self.whole,
            self.kinds,
            self.content,
            self.style,
        ]


def basis_of(source: PairSource, points: int, size: int) -> Tensor:
    """The leading principal components of what grades add to the identity, times their deviations: size x 3 points^3.

    Half of the maps put a grade on, half take one off, to first order.
    """
    nodes = identity_cube(points).to(source.device).T.reshape(1, 3, 1, -1)
    cubes = source.grades[:4096].float()
    on = apply_cubes(cubes, nodes.expand(len(cubes), -1, -1, -1)) - nodes
    earlier = (nodes - on).clamp(0, 1)
    off = earlier - apply_cubes(cubes, earlier)
    changes = torch.cat((on, off)).squeeze(2).transpose(1, 2).flatten(1)
    _, values, vectors = torch.pca_lowrank(changes, size, center=False, niter=4)
    return (vectors * (values / len(changes) ** 0.5)).T.contiguous()


def look(batch: Batch, basis: Tensor) -> Looked:
    """One batch of pairs."""
    points = round((basis.shape[1] // 3) ** (1 / 3))
    content, truth = batch.content[:, :, 1::STRIDE, 1::STRIDE], batch.truth[:, :, 1::STRIDE, 1::STRIDE]
    colours = content.flatten(2).transpose(1, 2).flatten(0, 1)  # all pixels x 3
    change = basis.reshape(len(basis), -1, 3).transpose(0, 1).reshape(points**3, -1)  # nodes x (basis * 3)
    place = colours * (points - 1)
    low = place.clamp(0, points - 1.001).floor()
    part = (place - low)[:, None]
    device = content.device
    corners = torch.tensor([[i >> 2 & 1, i >> 1 & 1, i & 1] for i in range(8)], device=device)
    steps = torch.tensor([points**2, points, 1], device=device)
    nodes = (low.long() * steps).sum(1)[:, None] + (corners * steps).sum(1)  # all pixels x 8
    shares = torch.where(corners.bool(), part, 1 - part).prod(2)
    made = F.embedding_bag(nodes, change, per_sample_weights=shares, mode="sum")
    a = made.reshape(len(content), -1, len(basis), 3).transpose(2, 3).flatten(1, 2)  # B x (N * 3) x basis
    own = changes_of(aligning_parts(batch.content, batch.style), content.flatten(2).transpose(1, 2))
    a = torch.cat((a, own.flatten(2).transpose(1, 2)), 2)
    d = (truth - content).flatten(2).transpose(1, 2).flatten(1)
    n = d.shape[1]
    square, product = a.transpose(1, 2) @ a / n, (a.transpose(1, 2) @ d[..., None])[..., 0] / n
    thumbnails = [(255 * photos).round().byte() for photos in (batch.content, batch.style)]
    seen = look_at(batch.content, batch.style)
    return Looked(seen, square, product, d.square().mean(1), batch.kinds, *thumbnails)


def gather(source: PairSource, basis: Tensor, batches: int, rng: Generator) -> Looked:
    """So many batches of pairs."""
    looked = [look(source.draw(rng), basis) for _ in range(batches)]
    return Looked(*(torch.cat(parts) for parts in zip(*(x.parts() for x in looked), strict=True)))
