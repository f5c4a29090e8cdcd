"""Random grades: maps of colours as photographers, films and filters make them, drawn from one wide family.

A grade is a cube of colours, as ColourMap's Lut: points^3 x 3, red slowest, blue fastest. All is own making and no
published LUT is in it. The ranges of the aged films were chosen after a look at mean curves of published film LUTs.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

LUMA = torch.tensor([0.2126, 0.7152, 0.0722])  # Rec. 709, on sRGB-encoded values
# Two directions across grey, orthonormal: red against blue, and green against both.
CHROMA = torch.tensor([[1.0, 0.0, -1.0], [-1.0, 2.0, -1.0]]) / torch.tensor([[2.0**0.5], [6.0**0.5]])


def identity_cube(points: int) -> Tensor:
    """The colours of the nodes themselves: points^3 x 3."""
    axis = torch.linspace(0, 1, points)
    return torch.stack(torch.meshgrid(axis, axis, axis, indexing="ij"), -1).reshape(-1, 3)


def apply_cubes(cubes: Tensor, photos: Tensor) -> Tensor:
    """Each photo (B x 3 x H x W, 0..1) through its cube (B x points^3 x 3), read by trilinear interpolation."""
    count, _, height, width = photos.shape
    points = round(cubes.shape[1] ** (1 / 3))
    volume = cubes.reshape(count, points, points, points, 3).permute(0, 4, 1, 2, 3)
    # grid_sample wants the fastest axis, blue, first.
    places = photos.permute(0, 2, 3, 1).flip(-1).reshape(count, 1, height, width, 3) * 2 - 1
    mapped = F.grid_sample(volume, places, mode="bilinear", padding_mode="border", align_corners=True)
    return mapped[:, :, 0]


class _Draw:
    """Random numbers for one batch of grades, one row a grade."""

    def __init__(self, count: int, rng: Generator) -> None:
        self.count, self.rng = count, rng

    def normal(self, *shape: int) -> Tensor:
        return torch.randn(self.count, *shape, generator=self.rng)

    def uniform(self, low: float, high: float, *shape: int) -> Tensor:
        return torch.rand(self.count, *shape, generator=self.rng) * (high - low) + low

    def chance(self, share: float) -> Tensor:
        """B x 1 x 1 of zeros and ones."""
        return (torch.rand(self.count, 1, 1, generator=self.rng) < share).float()


def _luma(x: Tensor) -> Tensor:
    return (x * LUMA.to(x.device)).sum(-1, keepdim=True)


def _mix(x: Tensor, y: Tensor, on: Tensor) -> Tensor:
    return x + on * (y.clamp(0, 1) - x)


def _contrast(x: Tensor, power: Tensor, pivot: Tensor) -> Tensor:
    """An S-shaped curve through 0, the pivot and 1; powers below 1 flatten."""
    low = pivot * (x / pivot).clamp(1e-6, 1) ** power
    high = 1 - (1 - pivot) * ((1 - x) / (1 - pivot)).clamp(1e-6, 1) ** power
    return torch.where(x < pivot, low, high)


def _light(x: Tensor, draw: _Draw, size: Tensor) -> Tensor:
    """Exposure and white balance, in linear light; the balance moves mostly between blue and yellow."""
    warmth, tint = draw.normal(1, 1) * 0.22, draw.normal(1, 1) * 0.09
    stops = torch.cat((warmth + tint / 2, -tint, -warmth + tint / 2), -1) + draw.normal(1, 1) * 0.35
    linear = x.clamp_min(1e-6) ** 2.2 * torch.exp(size * stops)
    # A shoulder instead of clipping, for half of the grades.
    soft = torch.where(linear > 0.7, 0.7 + 0.3 * torch.tanh((linear - 0.7) / 0.3), linear)
    shoulder = draw.chance(0.5)
    return (shoulder * soft + (1 - shoulder) * linear.clamp_max(1)) ** (1 / 2.2)


def _tone(x: Tensor, draw: _Draw, size: Tensor) -> Tensor:
    """Gamma and contrast, the same for all channels, by channel or by luma alone."""
    gamma = torch.exp(size * 0.25 * draw.normal(1, 1))
    power = torch.exp(size * (0.08 + 0.25 * draw.normal(1, 1)))
    pivot = draw.uniform(0.3, 0.6, 1, 1)
    by_channel = _contrast(x.clamp_min(1e-6) ** gamma, power, pivot)
    luma = _luma(x)
    by_luma = x * (_contrast(luma.clamp_min(1e-6) ** gamma, power, pivot) / luma.clamp_min(1e-3))
    alone = draw.chance(0.2)
    return alone * by_luma + (1 - alone) * by_channel


def _curves(x: Tensor, draw: _Draw, size: Tensor) -> Tensor:
    """A curve for each channel, with lifted blacks and lowered whites: films, fades, cross-processing."""
    strong = 1 + 1.2 * draw.chance(0.2)
    power = torch.exp(size * strong * (0.05 + 0.16 * draw.normal(1, 3)))
    gamma = torch.exp(size * strong * 0.14 * draw.normal(1, 3))
    fade = draw.chance(0.6) * size
    common = draw.normal(1, 1).abs()
    low = fade * (0.05 * common + 0.035 * draw.normal(1, 3).abs() * strong)
    high = 1 - fade * (0.04 * draw.normal(1, 1).abs() + 0.035 * draw.normal(1, 3).abs() * strong)
    curve = _contrast(x.clamp_min(1e-6) ** gamma, power, draw.uniform(0.35, 0.6, 1, 1))
    return low + (high - low) * curve


def _matrix(x: Tensor, draw: _Draw, size: Tensor) -> Tensor:
    """Crosstalk between channels that leaves neutral colours as they are, on encoded or on linear values."""
    rows = size * 0.09 * draw.normal(3, 3)
    off = rows * (1 - torch.eye(3))
    matrix = torch.eye(3) + off - torch.diag_embed(off.sum(-1))
    power = 1 + 1.2 * draw.chance(0.4)
    mixed = (x.clamp_min(1e-6) ** power) @ matrix.transpose(1, 2)
    return mixed.clamp_min(1e-6) ** (1 / power)


def _saturation(x: Tensor, draw: _Draw, size: Tensor) -> Tensor:
    """Saturation, by tone; muted colours may gain more (vibrance)."""
    luma = _luma(x)
    factor = torch.exp(size * (-0.08 + 0.35 * draw.normal(1, 1)) + size * 0.5 * draw.normal(1, 1) * (luma - 0.5))
    spread = x.amax(-1, keepdim=True) - x.amin(-1, keepdim=True)
    factor = factor * torch.exp(size * 0.35 * draw.normal(1, 1) * draw.chance(0.4) * (0.4 - spread))
    return luma + (x - luma) * factor


def _hues(x: Tensor, draw: _Draw, size: Tensor) -> Tensor:
    """Turns, saturates and lightens colours by their hue, smoothly round the circle."""
    chromas = CHROMA.to(x.device)
    u, v = (x @ chromas.T).unbind(-1)
    hue, chroma = torch.atan2(v, u), torch.hypot(u, v)
    orders = torch.arange(1, 5)
    phase = hue[..., None] * orders
    waves = torch.cat((torch.cos(phase), torch.sin(phase)), -1) / torch.cat((orders, orders)) ** 0.5
    amounts = (waves @ draw.normal(8, 3)) * torch.tensor([0.12, 0.16, 0.12]) * size
    turn, gain, lift = amounts.unbind(-1)
    turn = turn + size[..., 0] * 0.08 * draw.normal(1)
    chroma_new = chroma * torch.exp(gain)
    moved = torch.stack((chroma_new * torch.cos(hue + turn), chroma_new * torch.sin(hue + turn)), -1)
    grey = x.mean(-1, keepdim=True) + (lift * chroma)[..., None]
    return grey + moved @ chromas


def _split_toning(x: Tensor, draw: _Draw, size: Tensor) -> Tensor:
    """A cast for shadows and another one for highlights; warm highlights are commoner."""
    luma = _luma(x)
    casts = size * 0.07 * draw.normal(2, 2)
    casts[:, 1, 0] += size[:, 0, 0] * 0.02
    power = draw.uniform(1.0, 2.5, 1, 1)
    shadows, highlights = (casts[:, i : i + 1] @ CHROMA.to(x.device) for i in range(2))
    return x + (1 - luma) ** power * shadows + luma**power * highlights


def _film(x: Tensor, draw: _Draw) -> Tensor:
    """Prints and instant films that have aged: muted colours, an S-shaped curve for each channel, lifted blacks, whites
    that are yellowish.
    """
    luma = _luma(x)
    muted = luma + (x - luma) * draw.uniform(0.35, 1.0, 1, 1)
    gamma = torch.exp(-0.1 + 0.15 * draw.normal(1, 1) + 0.07 * draw.normal(1, 3))
    power = torch.exp(0.25 + 0.2 * draw.normal(1, 1) + 0.08 * draw.normal(1, 3))
    curve = _contrast(muted.clamp_min(1e-6) ** gamma, power, draw.uniform(0.4, 0.6, 1, 1))
    low = (0.12 * draw.normal(1, 1).abs() + 0.045 * draw.normal(1, 3)).clamp(0, 0.35)
    yellow = torch.tensor([0.1, 0.25, 1.0]) * 0.08 * draw.normal(1, 1).abs()
    high = 1 - (0.05 * draw.normal(1, 1).abs() + 0.03 * draw.normal(1, 3) + yellow).clamp(0, 0.35)
    return low + (high - low) * curve


def _smooth_noise(x: Tensor, draw: _Draw, size: Tensor) -> Tensor:
    """Random smooth cubes: products of cosines of low order in R, G and B."""
    orders = [(i, j, k) for i in range(4) for j in range(4) for k in range(4) if 0 < i + j + k <= 3]
    waves = torch.cos(math.pi * x[0][:, :, None] * torch.arange(4))  # nodes x 3 x 4; x is the identity's here
    basis = torch.stack([waves[:, 0, i] * waves[:, 1, j] * waves[:, 2, k] for i, j, k in orders], -1)
    weights = torch.tensor([1.0 / (i + j + k) for i, j, k in orders])
    noise: Tensor = basis @ (weights[:, None] * draw.normal(len(orders), 3)) * 0.03 * size
    return noise


def _black_and_white(x: Tensor, draw: _Draw) -> Tensor:
    weights = torch.softmax(torch.log(LUMA.to(x.device)) * 0.7 + 0.5 * draw.normal(1, 3), -1)
    return (x * weights).sum(-1, keepdim=True).expand_as(x)


def _day_for_night(x: Tensor, draw: _Draw) -> Tensor:
    dark = (x.clamp_min(1e-6) ** 2.2 * torch.exp(-draw.uniform(0.7, 1.8, 1, 1))) ** (1 / 2.2)
    luma = _luma(dark)
    cast = torch.tensor([-0.06, -0.01, 0.06]) * draw.uniform(0.4, 1.4, 1, 1)
    return luma + (dark - luma) * draw.uniform(0.3, 0.8, 1, 1) + cast * (1 - (2 * luma - 1) ** 2)


def random_grades(count: int, points: int, rng: Generator) -> Tensor:
    """Count cubes of points^3 x 3, in 0..1. Some are hardly visible, some drastic."""
    draw = _Draw(count, rng)
    size = draw.uniform(0.2, 1.5, 1, 1)
    x = identity_cube(points).expand(count, -1, -1)
    noise = _smooth_noise(x, draw, size) * draw.chance(0.35)
    first = draw.chance(0.5)  # films mix channels before their curves, filters after them
    x = _mix(x, _light(x, draw, size), draw.chance(0.5))
    x = _mix(x, _matrix(x, draw, size), draw.chance(0.5) * first)
    x = _mix(x, _tone(x, draw, size), draw.chance(0.5))
    x = _mix(x, _curves(x, draw, size), draw.chance(0.65))
    x = _mix(x, _matrix(x, draw, size), draw.chance(0.5) * (1 - first))
    x = _mix(x, _film(x, draw), draw.chance(0.4))
    x = _mix(x, _hues(x, draw, size), draw.chance(0.4))
    x = _mix(x, _saturation(x, draw, size), draw.chance(0.55))
    x = _mix(x, _black_and_white(x, draw), draw.chance(0.05))
    x = _mix(x, _day_for_night(x, draw), draw.chance(0.03))
    x = _mix(x, _split_toning(x, draw, size), draw.chance(0.45))
    return (x + noise).clamp(0, 1)


def random_adjustments(count: int, points: int, rng: Generator) -> Tensor:
    """Cubes of an editor's plain sliders, one after the other: brightness, contrast, saturation and hue."""
    draw = _Draw(count, rng)

    def factor() -> Tensor:
        sign = 2 * draw.chance(0.5) - 1
        return 1 + sign * draw.uniform(0.05, 0.42, 1, 1)

    x = identity_cube(points).expand(count, -1, -1)
    x = (x * factor()).clamp(0, 1)
    middle = draw.uniform(0.25, 0.6, 1, 1)  # a photo's mean, which Pillow's contrast turns about
    x = (middle + (x - middle) * factor()).clamp(0, 1)
    luma = _luma(x)
    x = (luma + (x - luma) * factor()).clamp(0, 1)
    return _turn_hsv(x, (2 * draw.chance(0.5) - 1) * draw.uniform(0.0, 0.055, 1, 1))


def _turn_hsv(x: Tensor, turns: Tensor) -> Tensor:
    """Hue of HSV plus so many turns."""
    value, least = x.amax(-1), x.amin(-1)
    spread = (value - least).clamp_min(1e-6)
    r, g, b = x.unbind(-1)
    sector = torch.where(
        value == r, ((g - b) / spread) % 6, torch.where(value == g, (b - r) / spread + 2, (r - g) / spread + 4)
    )
    sector = sector + 6 * turns[..., 0]

    def channel(start: float) -> Tensor:
        k = (start + sector) % 6
        return value - (value - least) * torch.minimum(k, 4 - k).clamp(0, 1)

    return torch.stack((channel(5.0), channel(3.0), channel(1.0)), -1)
