"""The VGG-19-shaped encoder and its mirrored unpooling decoders, in PyTorch.

The encoder is VGG-19 from conv1_1 to conv4_1 (Simonyan and Zisserman, 2015) at narrow widths, the decoders mirror
it and put maxima back where the encoder's pooling found them (PhotoWCT: Li et al., ECCV 2018, section 3.1).
The same layers, with the same names, are written a second time in making/export/graphs.py; the checkpoint is the
contract between the two and making/export/parity.py the proof that they agree.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

LEVELS = (1, 2, 3, 4)


def conv(channels_in: int, channels_out: int) -> nn.Conv2d:
    layer = nn.Conv2d(channels_in, channels_out, 3, padding=1)
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    nn.init.zeros_(layer.bias)
    return layer


class Encoder(nn.Module):
    """RGB photo (N x 3 x H x W, 0..1; H, W multiples of 8) to relu1_1, relu2_1, relu3_1, relu4_1."""

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__()
        w1, w2, w3, w4 = widths
        self.conv1_1, self.conv1_2 = conv(3, w1), conv(w1, w1)
        self.conv2_1, self.conv2_2 = conv(w1, w2), conv(w2, w2)
        self.conv3_1, self.conv3_2 = conv(w2, w3), conv(w3, w3)
        self.conv3_3, self.conv3_4 = conv(w3, w3), conv(w3, w3)
        self.conv4_1 = conv(w3, w4)

    def forward(self, image: Tensor, level: int = 4) -> tuple[list[Tensor], list[Tensor]]:
        """Returns the features of levels 1..level and the pooling positions between them (shallow first)."""
        features, positions = [], []

        def pool(x: Tensor) -> Tensor:
            pooled, where = F.max_pool2d(x, 2, return_indices=True)
            positions.append(where)
            return pooled

        x = F.relu(self.conv1_1(2 * image - 1))
        features.append(x)
        if level >= 2:
            x = F.relu(self.conv2_1(pool(F.relu(self.conv1_2(x)))))
            features.append(x)
        if level >= 3:
            x = F.relu(self.conv3_1(pool(F.relu(self.conv2_2(x)))))
            features.append(x)
        if level >= 4:
            for layer in (self.conv3_2, self.conv3_3, self.conv3_4):
                x = F.relu(layer(x))
            features.append(F.relu(self.conv4_1(pool(x))))
        return features, positions


class Decoder(nn.Module):
    """Features of one level and the pooling positions above it, back to a photo (N x 3 x H x W, not clipped).

    With `upsampling` each feature is repeated 2 x 2 instead, and no positions are needed: what decodes features of
    another layout, as artistic style transfer does (Li et al., NeurIPS 2017).
    """

    def __init__(self, widths: Sequence[int], level: int, upsampling: bool = False) -> None:
        super().__init__()
        w1, w2, w3, w4 = widths
        self.level = level
        self.upsampling = upsampling
        if level >= 4:
            self.conv4_1 = conv(w4, w3)
            self.conv3_4, self.conv3_3, self.conv3_2 = conv(w3, w3), conv(w3, w3), conv(w3, w3)
        if level >= 3:
            self.conv3_1, self.conv2_2 = conv(w3, w2), conv(w2, w2)
        if level >= 2:
            self.conv2_1, self.conv1_2 = conv(w2, w1), conv(w1, w1)
        self.conv1_1 = conv(w1, 3)
        nn.init.normal_(self.conv1_1.weight, std=0.02)
        nn.init.constant_(self.conv1_1.bias, 0.5)

    def _enlarge(self, x: Tensor, positions: Sequence[Tensor], level: int) -> Tensor:
        if self.upsampling:
            return F.interpolate(x, scale_factor=2, mode="nearest")
        return F.max_unpool2d(x, positions[level - 1], 2)

    def forward(self, features: Tensor, positions: Sequence[Tensor]) -> Tensor:
        x = features
        if self.level >= 4:
            x = self._enlarge(F.relu(self.conv4_1(x)), positions, 3)
            for layer in (self.conv3_4, self.conv3_3, self.conv3_2):
                x = F.relu(layer(x))
        if self.level >= 3:
            x = self._enlarge(F.relu(self.conv3_1(x)), positions, 2)
            x = F.relu(self.conv2_2(x))
        if self.level >= 2:
            x = self._enlarge(F.relu(self.conv2_1(x)), positions, 1)
            x = F.relu(self.conv1_2(x))
        return self.conv1_1(x)


class PhotoWCT(nn.Module):
    """One encoder and a decoder for each level."""

    def __init__(self, widths: Sequence[int], upsampling: bool = False) -> None:
        super().__init__()
        self.widths = tuple(widths)
        self.encoder = Encoder(widths)
        self.decoders = nn.ModuleList(Decoder(widths, level, upsampling) for level in LEVELS)
