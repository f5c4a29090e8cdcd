"""Changes of colours that bring a photo's statistics to another one's, in parts: a pair's own part of the basis.

Means and covariances of luma and chroma are aligned as Knothe-Rosenblatt maps do, tones before chroma; so does the
engine. The parts are luma's mean, luma's contrast, chroma's mean, and the rest of chroma. How much of each a look needs
is for the network to say: all of them for a photo of the same things, none for another scene.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .grades import CHROMA, LUMA

PARTS = 4
RELATIVE_RIDGE = 0.03  # of the mean variance, added to every direction's
LEAST_VARIANCE = 1e-5
LARGEST_CONTRAST, LARGEST_GAIN = 2.0, 1.5  # of luma, and of chroma at equal luma
LARGEST_SLOPE = 1.0  # of chroma against luma: of a flat content it would be a guess


def aligning_parts(content: Tensor, style: Tensor) -> tuple[Tensor, Tensor]:
    """What is added to a colour x, matrix @ x + offset, for each part: B x PARTS x 3 x 3 and B x PARTS x 3."""
    basis = torch.cat((LUMA[None], CHROMA)).to(content.device)
    (mean_c, root_c), (mean_s, root_s) = (_statistics(photos, basis) for photos in (content, style))
    linear = torch.linalg.solve_triangular(root_c, root_s, upper=False, left=False)  # style's root / content's
    contrast = linear[:, 0, 0].clamp_max(LARGEST_CONTRAST)
    a, b, d = linear[:, 1, 1], linear[:, 2, 1], linear[:, 2, 2]
    squares = a * a + b * b + d * d
    largest = ((squares + (squares.square() - 4 * (a * d).square()).clamp_min(0).sqrt()) / 2).sqrt()
    limit = (LARGEST_GAIN / largest).clamp_max(1)

    matrices = content.new_zeros(len(content), PARTS, 3, 3)
    matrices[:, 1, 0, 0] = contrast - 1
    matrices[:, 3, 1:, 0] = linear[:, 1:, 0].clamp(-LARGEST_SLOPE, LARGEST_SLOPE)
    matrices[:, 3, 1:, 1:] = linear[:, 1:, 1:] * limit[:, None, None] - torch.eye(2, device=content.device)
    offsets = -(matrices @ mean_c[:, None, :, None])[..., 0]
    offsets[:, 0, 0] += mean_s[:, 0] - mean_c[:, 0]
    offsets[:, 2, 1:] += mean_s[:, 1:] - mean_c[:, 1:]
    back = torch.linalg.inv(basis)
    return back @ matrices @ basis, offsets @ back.T


def changes_of(parts: tuple[Tensor, Tensor], colours: Tensor) -> Tensor:
    """B x N x 3 colours to what each part adds: B x PARTS x N x 3."""
    matrices, offsets = parts
    return colours[:, None] @ matrices.transpose(2, 3) + offsets[:, :, None]


def _statistics(photos: Tensor, basis: Tensor) -> tuple[Tensor, Tensor]:
    """Mean (B x 3) and Cholesky root (B x 3 x 3) of luma and chroma."""
    z = basis @ photos.flatten(2)
    mean = z.mean(2)
    centred = z - mean[..., None]
    covariance = centred @ centred.transpose(1, 2) / z.shape[2]
    ridge = RELATIVE_RIDGE * covariance.diagonal(dim1=1, dim2=2).mean(1) + LEAST_VARIANCE
    covariance = covariance + ridge[:, None, None] * torch.eye(3, device=photos.device)
    return mean, torch.linalg.cholesky(covariance)
