r"""How near each label of a result comes to the same label of the style: w2, label by label.

    python -m benchmarks.label_statistics --pairs PAIRS --teacher VGG19.npz \
        masked=runs/masked/results unmasked=runs/quality/results

PAIRS holds content/, style/, content_mask/ and style_mask/ with files of equal names. w2 is the squared Wasserstein-2
distance between Gaussian fits to VGG-19's features at relu1_1, relu2_1 and relu3_1, over the trace of the style's
covariance, mean of the three levels, on photos of at most 512 pixels; a pair's number is the mean over its labels,
weighted by their area in the content. Labels of less than 1 % of either photo are left out. Needs PyTorch.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import fastphoto_native as fp
import numpy as np
import torch
from fastphoto_native._core import label_weights
from fastphoto_native.making.training.teacher import VGG19
from numpy.typing import NDArray
from tqdm import tqdm

from benchmarks.working_size import at_working_size

SIDE = 512
LEAST_SHARE = 0.01

Gaussian = tuple[NDArray[np.float64], NDArray[np.float64]]


def root(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T)


def w2(found: Gaussian, wanted: Gaussian) -> float:
    """Squared Wasserstein-2 distance of two Gaussians in units of the wanted one's variance."""
    (m1, c1), (m2, c2) = found, wanted
    half = root(c2)
    cross = np.sqrt(np.maximum(np.linalg.eigvalsh(half @ c1 @ half), 0)).sum()
    return float(max(((m1 - m2) ** 2).sum() + np.trace(c1) + np.trace(c2) - 2 * cross, 0) / np.trace(c2))


def label_gaussians(vgg: VGG19, photo: Path, mask: Path) -> dict[int, tuple[float, list[Gaussian]]]:
    """For each label its share of the photo and a Gaussian for each of the three levels."""
    small = at_working_size(fp.read_photo(photo).pixels, SIDE)
    features = vgg(torch.from_numpy(small.transpose(2, 0, 1)[None].copy()))[:3]
    weights = label_weights(fp.read_mask(mask), small.shape[0], small.shape[1], "mask")
    result = {}
    for label, area in weights.areas().items():
        share = area / (small.shape[0] * small.shape[1])
        if share < LEAST_SHARE:
            continue
        levels = []
        for level in features:
            values = level[0].reshape(level.shape[1], -1).double().numpy()
            # Features that see the label alone, as nearly as their stride allows.
            at_level = label_weights(fp.read_mask(mask), level.shape[2], level.shape[3], "mask")
            share_of_label = at_level.select([label])[0].reshape(-1)
            mean = values @ share_of_label / share_of_label.sum()
            centred = values - mean[:, None]
            levels.append((mean, (centred * share_of_label) @ centred.T / share_of_label.sum()))
        result[label] = (share, levels)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=Path, required=True)
    parser.add_argument("--teacher", type=Path, required=True, help="VGG-19 weights, .npz")
    parser.add_argument("results", nargs="+", help="NAME=FOLDER of results named like the contents")
    args = parser.parse_args()
    folders = {"content": args.pairs / "content"} | {n: Path(f) for n, f in (r.split("=", 1) for r in args.results)}
    vgg = VGG19(args.teacher)
    scores: dict[str, list[float]] = {name: [] for name in folders}
    for photo in tqdm(sorted((args.pairs / "content").iterdir(), key=lambda p: (len(p.name), p.name))):
        wanted = label_gaussians(vgg, args.pairs / "style" / photo.name, args.pairs / "style_mask" / photo.name)
        for name, folder in folders.items():
            found = label_gaussians(vgg, folder / photo.name, args.pairs / "content_mask" / photo.name)
            both = [label for label in found if label in wanted]
            total = sum(found[label][0] for label in both)
            if total == 0:
                continue
            distances = {
                label: np.mean([w2(f, w) for f, w in zip(found[label][1], wanted[label][1], strict=True)])
                for label in both
            }
            scores[name].append(sum(found[label][0] / total * float(distances[label]) for label in both))
    print(f"| result | w2 by label, mean of {len(scores['content'])} pairs | median |\n|---|---|---|")
    for name, values in scores.items():
        print(f"| {name} | {np.mean(values):.3f} | {np.median(values):.3f} |")


if __name__ == "__main__":
    main()
