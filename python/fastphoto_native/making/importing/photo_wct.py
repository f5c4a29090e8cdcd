"""NVIDIA's photo_wct.pth (FastPhotoStyle): names, shapes, licence, and how its cascade aligns.

A state dict of encoders e1..e4 and decoders d1..d4: `e4.conv0.weight` (the 1x1 convolution that prepares RGB in 0..1
for VGG-19), `e4.conv1_1.weight`, ... `d4.conv4_1.weight`, ..., `d4.conv1_1.bias`, at VGG-19's widths. Only the names
and shapes of the public file are used here; its licence, CC BY-NC-SA 4.0, goes with every bundle made from it.
"""

from __future__ import annotations

from typing import Any

from .vgg_shapes import decoder_layers, encoder_layers, tensor_shapes

LEVELS = (1, 2, 3, 4)
LICENCE = "CC BY-NC-SA 4.0"
NOTICE = (
    "these weights are NVIDIA's, licensed CC BY-NC-SA 4.0: no commercial use, name the authors, share alike; "
    "the bundle says so as well"
)


def expected_shapes() -> dict[str, tuple[int, ...]]:
    """Every tensor of the file."""
    shapes: dict[str, tuple[int, ...]] = {}
    for level in LEVELS:
        shapes |= tensor_shapes(f"e{level}", {"conv0": (3, 3)}, kernel=1)
        shapes |= tensor_shapes(f"e{level}", encoder_layers(level=level))
        shapes |= tensor_shapes(f"d{level}", decoder_layers(level=level))
    return shapes


def settings() -> dict[str, Any]:
    """The bundle's description of itself. Ridges as published: the identity on the content's covariance only."""
    alignment = {"method": "whitening-coloring", "content_ridge": 1.0}
    return {
        "version": "1.0.0",
        "description": "PhotoWCT in full size: NVIDIA's published encoders and decoders, levels 4 to 1",
        "licence": LICENCE,
        "working_side": 960,
        "smoothing": {"lam": 1e-4, "eps": 1e-7},
        "provenance": {
            "recipe": "imported by fastphoto models import",
            "training_photos": "as published by NVIDIA (FastPhotoStyle): MS COCO according to the paper",
            "teacher": "VGG-19 (Simonyan and Zisserman), normalised",
            "method": "PhotoWCT (Li, Liu, Li, Yang, Kautz, ECCV 2018): cascade of encoders and unpooling decoders",
        },
        "alignments": {f"relu{level}_1": dict(alignment) for level in LEVELS},
    }
