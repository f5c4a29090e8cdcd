"""Makes tests/golden/results.npz: results of small photos by the Python reference pipeline.

    python -m tests.golden.generate

Run it again only when the pipeline or an embedded model is changed on purpose, and say so in CHANGELOG.md.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

HERE = Path(__file__).parent
MODELS = HERE.parents[1] / "models"

# Name of the case: model, whether there are masks, options of the pipeline.
CASES: dict[str, tuple[str, bool, dict[str, Any]]] = {
    "lite": ("photowct-lite", False, {}),
    "lite, guided": ("photowct-lite", False, {"smoothing": "guided"}),
    "lite, not smoothed": ("photowct-lite", False, {"smoothing": "none"}),
    "lite, masks": ("photowct-lite", True, {}),
    "lite, weaker and reduced": ("photowct-lite", False, {"strength": 0.6, "max_side": 40}),
    "strong": ("photowct-strong", False, {}),
    "strong, masks, not smoothed": ("photowct-strong", True, {"smoothing": "none"}),
}


def photos() -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]:
    """Content, style and their label maps: a cup of coffee and a cat (both CC0, from scikit-image)."""
    from skimage import data

    content, style = data.coffee()[::10, ::10], data.chelsea()[::8, ::8]
    content_labels = np.zeros(content.shape[:2], np.uint8)
    content_labels[:, 30:], content_labels[:8] = 1, 7  # the style has no 7
    style_labels = np.zeros(style.shape[:2], np.uint8)
    style_labels[18:] = 1
    return content, style, content_labels, style_labels


def main() -> None:
    from reference.pipeline import stylize

    content, style, content_labels, style_labels = photos()
    arrays: dict[str, Any] = {
        "content": content, "style": style, "content_labels": content_labels, "style_labels": style_labels,
    }  # fmt: skip
    for name, (model, masked, options) in CASES.items():
        labels = (content_labels, style_labels) if masked else (None, None)
        photo, wanted = ((p / np.float32(255)).astype(np.float32) for p in (content, style))
        arrays[name] = stylize(MODELS / model, photo, wanted, *labels, **options).astype(np.float32)
    np.savez_compressed(HERE / "results.npz", **arrays)


if __name__ == "__main__":
    sys.path.insert(0, str(HERE.parent))
    main()
