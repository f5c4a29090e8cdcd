"""VGG-19's features, and their principal components as the targets that the narrow encoder learns to predict."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn


class VGG19(nn.Module):
    """Simonyan and Zisserman's VGG-19 (weights CC BY 4.0), conv1_1 .. conv3_4, from an .npz of OIHW arrays.

    Returns relu1_1, relu2_1, relu3_1 and, for the deepest level, the pooled relu3_4: conv4_1's own weights are not
    part of that file, and what conv4_1 sees is the nearest thing that is.
    """

    def __init__(self, weights: Path) -> None:
        super().__init__()
        with np.load(weights) as archive:
            for name in archive.files:
                if name.startswith("conv"):
                    self.register_buffer(name, torch.from_numpy(archive[name]))
        mean = torch.tensor([103.939, 116.779, 123.68]).view(1, 3, 1, 1)
        self.register_buffer("mean", mean)

    def _conv(self, x: Tensor, name: str) -> Tensor:
        weight, bias = getattr(self, f"conv{name}_weight"), getattr(self, f"conv{name}_bias")
        return F.relu(F.conv2d(x, weight, bias, padding=1))

    @torch.no_grad()
    def forward(self, image: Tensor) -> list[Tensor]:
        x = (image.flip(1) * 255 - self.mean).contiguous(memory_format=torch.channels_last)
        x = relu1_1 = self._conv(x, "1_1")
        x = relu2_1 = self._conv(F.max_pool2d(self._conv(x, "1_2"), 2), "2_1")
        x = relu3_1 = self._conv(F.max_pool2d(self._conv(x, "2_2"), 2), "3_1")
        for name in ("3_2", "3_3", "3_4"):
            x = self._conv(x, name)
        return [relu1_1, relu2_1, relu3_1, F.max_pool2d(x, 2)]


class PrincipalComponents(nn.Module):
    """Projects each level's features on their leading principal components, in units of their common deviation."""

    def __init__(self, components: list[Tensor], means: list[Tensor], explained: list[float]) -> None:
        super().__init__()
        self.components, self.means, self.explained = components, means, explained
        for level, (u, m) in enumerate(zip(components, means, strict=True), 1):
            self.register_buffer(f"components_{level}", u)
            self.register_buffer(f"mean_{level}", m)

    @classmethod
    def fit(cls, features: Iterable[list[Tensor]], widths: tuple[int, ...]) -> PrincipalComponents:
        sums: list[list[Tensor]] = []
        counts: list[int] = []
        for batch in features:
            rows = [f.permute(0, 2, 3, 1).reshape(-1, f.shape[1]).double() for f in batch]
            if not sums:
                sums = [[torch.zeros_like(r[0]), torch.zeros_like(r[0].outer(r[0]))] for r in rows]
                counts = [0] * len(rows)
            for level, r in enumerate(rows):
                sums[level][0] += r.sum(0)
                sums[level][1] += r.T @ r
                counts[level] += len(r)
        components, means, explained = [], [], []
        for (first, second), n, width in zip(sums, counts, widths, strict=True):
            mean = first / n
            values, vectors = torch.linalg.eigh(second / n - torch.outer(mean, mean))
            values, vectors = values.flip(0), vectors.flip(1)
            scale = values[:width].sum().sqrt()  # all targets of a level together have variance 1
            components.append((vectors[:, :width] / scale).float().cpu())
            means.append(mean.float().cpu())
            explained.append(float(values[:width].sum() / values.sum()))
        return cls(components, means, explained)

    def parts(self) -> dict[str, list[Tensor] | list[float]]:
        """The constructor's arguments, for saving."""
        return {"components": self.components, "means": self.means, "explained": self.explained}

    def forward(self, features: list[Tensor]) -> list[Tensor]:
        projected = []
        for level, f in enumerate(features, 1):
            u, m = getattr(self, f"components_{level}"), getattr(self, f"mean_{level}")
            weight = u.T[:, :, None, None]
            projected.append(F.conv2d(f, weight, -(u.T @ m)))
        return projected
