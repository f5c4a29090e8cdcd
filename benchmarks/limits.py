"""Pairs on which the embedded models are weak, laid side by side: the picture of the model cards.

    python -m benchmarks.limits --out docs/pictures/limits.webp

Photos are those of scikit-image and scikit-learn: a face in a flower's colours, a printed page under a painted sky, a
bright landscape at night, smooth dusk in the textures of a market. Columns: content, style, photowct-lite,
photowct-strong.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import fastphoto_native as fp
import numpy as np
from numpy.typing import NDArray
from skimage import color, data
from sklearn.datasets import load_sample_image

from benchmarks.working_size import at_working_size

HEIGHT, WIDTH = 240, 360  # of a cell, pixels


def cell(photo: NDArray[np.float32]) -> NDArray[np.float32]:
    small = at_working_size(photo, WIDTH)[:HEIGHT]
    framed = np.ones((HEIGHT, WIDTH, 3), np.float32)
    framed[: small.shape[0], : small.shape[1]] = small
    return framed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    china, flower = load_sample_image("china.jpg"), load_sample_image("flower.jpg")
    pairs = [
        (data.astronaut()[:400], flower),
        (color.gray2rgb(data.page()), china),
        (flower, data.rocket()),
        (data.rocket(), data.coffee()),
    ]
    models = [fp.Stylizer("photowct-lite"), fp.Stylizer("photowct-strong")]
    rows = []
    for content, style in pairs:
        results = [model.apply(content, model.analyze(style)) for model in models]
        photos = [content.astype(np.float32) / 255, style.astype(np.float32) / 255, *results]
        rows.append(np.concatenate([cell(photo) for photo in photos], axis=1))
    fp.write_photo(args.out, fp.Photo(np.concatenate(rows)))


if __name__ == "__main__":
    main()
