"""The look estimator: what it sees of two thumbnails, and the network that turns that into a map of colours.

What it sees is fixed: statistics, soft histograms and the layout of colours. So pairs of photos are looked at once, and
training is cheap. The same features and layers are written a second time in making/estimating/graph.py, for ONNX.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .aligning import PARTS, aligning_parts, changes_of
from .grades import CHROMA, LUMA, identity_cube

THIRDS = [(i, j, k) for i in range(3) for j in range(i, 3) for k in range(j, 3)]  # the third moments
LEAST_VARIANCE = 1e-4
TONES, COLOURS, HUES, PLACES = 8, 4, 5, 4  # bins of luma, of R, G and B each, of chroma each, places along each side
HUE_REACH = 0.36  # the outer bins of chroma lie there
LAST_STATISTIC = 30
HISTOGRAMS = (TONES, HUES**2, COLOURS**3)
CUES = 9
RANKS = (0.005, 0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98, 0.995)  # quantiles of R, G, B, luma and chroma's size
LEAST_CHANGE = 0.005
LEAST_SHARE = 0.02
FEATURES = LAST_STATISTIC + 9 * TONES + sum(HISTOGRAMS) + 3 * PLACES**2 + CUES + 5 * len(RANKS) + HUES**2
LIKENESS = len(HISTOGRAMS) + 3
INPUTS = 2 * FEATURES + LIKENESS


def _shares(values: Tensor, low: float, high: float, bins: int) -> Tensor:
    """B x N values to B x bins x N: how much each belongs to each bin, by triangles; the outer bins have no end."""
    place = ((values - low) / (high - low)).clamp(0, 1) * (bins - 1)
    return (1 - (place[:, None] - torch.arange(bins)[:, None]).abs()).clamp_min(0)


def _statistics(pixels: Tensor, luma: Tensor, chroma: Tensor) -> Tensor:
    """Luma and chroma: means, logarithms of deviations, correlations, third moments, chroma of shadows and of
    highlights, mean saturation; then the ends of R, G and B.
    """
    x = torch.cat((luma[:, None] - 0.45, chroma), 1)
    mean = x.mean(2, keepdim=True)
    centred = x - mean
    deviation = (centred.square().mean(2, keepdim=True) + LEAST_VARIANCE).sqrt()
    z = centred / deviation
    correlations = torch.stack([(z[:, i] * z[:, j]).mean(1) for i, j in ((0, 1), (0, 2), (1, 2))], 1)
    thirds = torch.stack([(z[:, i] * z[:, j] * z[:, k]).mean(1) for i, j, k in THIRDS], 1)
    tones = []
    for weight in ((1 - luma).square(), luma.square()):
        tones.append((chroma * weight[:, None]).mean(2) / (weight.mean(1, keepdim=True) + 0.01))
    saturation = (chroma.square().sum(1) + LEAST_VARIANCE).sqrt().mean(1, keepdim=True)
    parts = (mean, deviation.log(), correlations, thirds.clamp(-6, 6), *tones, saturation,
             pixels.amin(2), 1 - pixels.amax(2))  # fmt: skip
    return torch.cat([p.flatten(1) for p in parts], 1)


def _cues(photos: Tensor, pixels: Tensor) -> Tensor:
    """What tells a cast from coloured things. How much R, G and B change from pixel to pixel, down and across (grey
    edge, van de Weijer et al., 2007); their fourth moments (shades of grey, Finlayson and Trezzi, 2004).
    """
    down = (photos[:, :, 1:] - photos[:, :, :-1]).abs().mean((2, 3))
    across = (photos[..., 1:] - photos[..., :-1]).abs().mean((2, 3))
    norm = (pixels.square().square().mean(2) + LEAST_VARIANCE).sqrt().sqrt()
    return torch.cat(((down + LEAST_CHANGE).log(), (across + LEAST_CHANGE).log(), norm), 1)


def _quantiles(values: Tensor) -> Tensor:
    """B x C x N to B x C x RANKS: the values at these ranks, between none of them."""
    count = values.shape[2]
    # On a CPU PyTorch's own sort takes ten times as long as NumPy's.
    rising = values.sort(2).values if values.is_cuda else torch.from_numpy(np.sort(values.numpy(), axis=2))
    return rising[:, :, [round(rank * (count - 1)) for rank in RANKS]]


def _by_tone(shares: Tensor, values: Tensor) -> Tensor:
    """B x bins x N and B x C x N to the mean of each value in each bin: B x (bins * C). Empty bins have zero."""
    summed = shares @ values.transpose(1, 2) / values.shape[2]
    return (summed / (shares.mean(2, keepdim=True) + LEAST_SHARE)).flatten(1)


def _changes(luma: Tensor, chroma: Tensor, in_tones: Tensor, side: int) -> Tensor:
    """How much luma and both chromas change from pixel to pixel, by tone: steep parts of a curve are rough."""
    x = torch.cat((luma[:, None], chroma), 1).unflatten(2, (side, side))
    here = x[:, :, 1:, 1:]
    change = (here - x[:, :, :-1, 1:]).abs() + (here - x[:, :, 1:, :-1]).abs()
    shares = in_tones.unflatten(2, (side, side))[:, :, 1:, 1:].flatten(2)
    return (_by_tone(shares, change.flatten(2)) + LEAST_CHANGE).log()


def features(photos: Tensor) -> tuple[Tensor, list[Tensor], Tensor]:
    """B x 3 x side x side, 0..1, to B x FEATURES; the histograms' roots among them, and the layout B x 3 x PLACES^2."""
    pixels = photos.flatten(2)
    luma = (LUMA.to(photos.device)[None] @ pixels)[:, 0]
    chroma = CHROMA.to(photos.device) @ pixels
    in_tones = _shares(luma, 0, 1, TONES)
    shares = in_tones.mean(2)
    size = (chroma.square().sum(1, keepdim=True) + LEAST_VARIANCE).sqrt()
    tints = _by_tone(in_tones, torch.cat((chroma, size), 1))
    u, v = (_shares(chroma[:, i], -HUE_REACH, HUE_REACH, HUES) for i in range(2))
    hues = u @ v.transpose(1, 2) / pixels.shape[2]
    lights = (u * luma[:, None]) @ v.transpose(1, 2) / pixels.shape[2] / (hues + LEAST_SHARE)
    r, g, b = (_shares(pixels[:, i], 0, 1, COLOURS) for i in range(3))
    colours = (r[:, :, None] * g[:, None]).flatten(1, 2) @ b.transpose(1, 2) / pixels.shape[2]
    roots = [(h.flatten(1) + 1e-4).sqrt() for h in (shares, hues, colours)]
    channels = torch.cat([_shares(pixels[:, i], 0, 1, TONES).mean(2) for i in range(3)], 1)
    layout = F.avg_pool2d(photos, photos.shape[2] // PLACES).flatten(2)
    seen = torch.cat((_statistics(pixels, luma, chroma), tints, *roots, layout.flatten(1),
                      (channels + 1e-4).sqrt(), _cues(photos, pixels), lights.flatten(1),
                      _quantiles(torch.cat((pixels, luma[:, None], size), 1)).flatten(1),
                      _changes(luma, chroma, in_tones, photos.shape[2])), 1)  # fmt: skip
    return seen, roots, layout


def look_at(content: Tensor, style: Tensor) -> Tensor:
    """A pair of thumbnails (B x 3 x side x side, side a multiple of PLACES) to B x INPUTS: both photos' features, and
    how alike they are.
    """
    (seen_c, roots_c, layout_c), (seen_s, roots_s, layout_s) = features(content), features(style)
    alike = [(p * q).sum(1, keepdim=True) for p, q in zip(roots_c, roots_s, strict=True)]
    apart = (layout_c - layout_s).square().mean(2)
    return torch.cat((seen_c, seen_s, *alike, apart), 1)


class Regions(nn.Module):
    """Colours by region, as a small convolutional network divides a thumbnail: sky, leaves, walls, skin.

    B x 3 x side x side, 0..1, to B x `outputs`: the mean colours and mean squares of each region, and mean features.
    """

    WIDTHS = (16, 32, 48, 64, 64)
    REGIONS = 16
    outputs = 6 * REGIONS + WIDTHS[-1]

    def __init__(self) -> None:
        super().__init__()
        steps = (1, 2, 2, 1, 1)
        before = (3, *self.WIDTHS[:-1])
        self.layers = nn.ModuleList(
            nn.Conv2d(i, o, 3, step, 1) for i, o, step in zip(before, self.WIDTHS, steps, strict=True)
        )
        self.divide = nn.Conv2d(self.WIDTHS[-1], self.REGIONS, 1)

    def forward(self, photos: Tensor) -> Tensor:
        x = 4 * (photos - 0.5)
        for layer in self.layers:
            x = F.relu(layer(x))
        shares = self.divide(x).flatten(2).softmax(2)
        colours = F.avg_pool2d(photos, 4).flatten(2)
        pooled = torch.cat((colours, colours.square()), 1) @ shares.transpose(1, 2)
        return torch.cat((pooled.flatten(1), x.mean((2, 3))), 1)


class LookEstimator(nn.Module):
    """Two thumbnails, and what look_at sees of them, to weights (B x (basis + PARTS)) and to expected errors (B x 2).

    The expected errors are those of the untouched content and of the mapped one, as 10 log10 of mean squares.
    """

    def __init__(self, hidden: int, basis: int, dropout: float = 0.0, regions: bool = False) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(INPUTS))
        self.register_buffer("scale", torch.ones(INPUTS))
        self.dropout = nn.Dropout(dropout)
        self.first = nn.Linear(INPUTS, hidden)
        self.second = nn.Linear(hidden, hidden)
        self.third = nn.Linear(hidden, hidden)
        self.weights = nn.Linear(hidden, basis + PARTS)
        self.errors = nn.Linear(hidden, 2)
        nn.init.zeros_(self.weights.weight)
        self.regions = Regions() if regions else None
        self.by_region = nn.Linear(2 * Regions.outputs, hidden, bias=False) if regions else None

    def forward(self, seen: Tensor, content: Tensor, style: Tensor) -> tuple[Tensor, Tensor]:
        x = ((seen - self.mean) * self.scale).clamp(-4, 4)
        h = self.first(self.dropout(x))
        if self.regions is not None and self.by_region is not None:
            both = self.regions(torch.cat((content, style)))
            h = h + self.by_region(self.dropout(torch.cat(both.chunk(2), 1)))
        h = F.relu(h)
        h = h + F.relu(self.second(self.dropout(h)))
        h = h + F.relu(self.third(self.dropout(h)))
        return self.weights(h), -20 + 5 * self.errors(h)


def cube_of(weights: Tensor, basis: Tensor, content: Tensor, style: Tensor) -> Tensor:
    """Weights of what is added to the identity, to cubes (B x points^3 x 3).

    The first weights are those of `basis` (size x 3 points^3), the last ones those of the pair's own aligning parts.
    """
    own = weights[:, len(basis) :]
    change = (weights[:, : len(basis)] @ basis).reshape(len(weights), -1, 3)
    nodes = identity_cube(round((basis.shape[1] // 3) ** (1 / 3)))
    parts = changes_of(aligning_parts(content, style), nodes.expand(len(weights), -1, -1))
    return nodes + change + (own[:, :, None, None] * parts).sum(1)
