"""Looks where the right answer is known: every model beside simple methods, on your own photos.

    python -m benchmarks.truth --photos PHOTOS --out runs/truth [--luts LUTS] [--masks MASKS] [--count 40]

Makes cases (truth_cases.py), lets each method restyle them and prints one table for each kind of case: gain over the
untouched content, share of cases with a gain and with a loss above 3 dB, share of the wanted change made, damage, and
with --guards structure and likeness to the style. The row `truth` shows how much "damage" belongs to the looks
themselves. Also writes scores.json and sheet_KIND.png.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import fastphoto_native as fp
import numpy as np
from fastphoto_native.scoring.damage import damage_scores, truth_scores
from numpy.typing import NDArray
from tqdm import tqdm

from benchmarks.quality import cell
from benchmarks.truth_cases import KINDS, Case, make_cases, random_luts, read_luts, read_sources

Photo = NDArray[np.float32]
Method = Callable[[Case], Photo]
SHEET_ROWS = 6
GUARDS = ("ssim_edge", "ssim_norm", "ois", "w2")


def reinhard(case: Case) -> Photo:
    """Mean and deviation of each channel (Reinhard et al., 2001), on R, G and B."""
    c, s = case.content, case.style
    moved = (c - c.mean((0, 1))) / (c.std((0, 1)) + 1e-6) * s.std((0, 1)) + s.mean((0, 1))
    return np.asarray(np.clip(moved, 0, 1), np.float32)


def colour_matrix(case: Case) -> Photo:
    """The linear Monge-Kantorovich map of colours (Pitie and Kokaram, 2007)."""
    (mean_c, cov_c), (mean_s, cov_s) = (_moments(photo) for photo in (case.content, case.style))
    root = _power(cov_c, 0.5)
    inverse = _power(cov_c, -0.5)
    matrix = inverse @ _power(root @ cov_s @ root, 0.5) @ inverse
    moved = (case.content - mean_c) @ matrix.T + mean_s
    return np.asarray(np.clip(moved, 0, 1), np.float32)


def _moments(photo: Photo) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    pixels = photo.reshape(-1, 3).astype(np.float64)
    return pixels.mean(0), np.cov(pixels.T)


def _power(matrix: NDArray[np.float64], exponent: float) -> NDArray[np.float64]:
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * np.maximum(values, 1e-10) ** exponent) @ vectors.T)


def of_model(name: str, threads: int) -> Method:
    stylizer = fp.Stylizer(name, threads=threads)

    def apply(case: Case) -> Photo:
        look = stylizer.analyze(case.style, case.style_mask)
        return stylizer.apply(case.content, look, case.content_mask)

    return apply


def scores_of(case: Case, result: Photo, guards: bool) -> dict[str, float]:
    content, after, truth = (p.astype(np.float64) for p in (case.content, result, case.truth))
    scores = truth_scores(content, after, truth) | damage_scores(content, after)
    if guards:
        scores |= {
            name: value for name, value in fp.evaluate(result, case.content, case.style).items() if name in GUARDS
        }
    return scores


def table(rows: dict[str, list[dict[str, float]]]) -> str:
    names = list(next(iter(rows.values()))[0])
    lines = ["| method | better | 3 dB worse | " + " | ".join(names) + " |", "|---" * (len(names) + 3) + "|"]
    for method, scores in rows.items():
        gains = np.array([s["gain"] for s in scores])
        cells = [f"{np.nanmean([s[name] for s in scores]):.3f}" for name in names]
        lines.append(f"| {method} | {100 * (gains > 0).mean():.0f} % | {100 * (gains < -3).mean():.0f} % | "
                     + " | ".join(cells) + " |")  # fmt: skip
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True, help="a folder of photos, twenty or more")
    parser.add_argument("--luts", type=Path, help="a folder of LUTs; without it grades are drawn at random")
    parser.add_argument("--masks", type=Path, help="a folder of label maps with the photos' names")
    parser.add_argument("--models", nargs="*", default=["grade-lite", "photowct-lite", "photowct-strong"])
    parser.add_argument("--count", type=int, default=40, help="cases of each kind, at most")
    parser.add_argument("--side", type=int, default=448, help="of the photos, pixels")
    parser.add_argument("--seed", type=int, default=1, help="of random grades")
    parser.add_argument("--guards", action="store_true", help="structure and likeness to the style as well (slow)")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    if importlib.util.find_spec("torch") is None:
        parser.error("grades are drawn by PyTorch, which is not installed: pip install torch")

    grades = read_luts(args.luts) if args.luts else random_luts(args.count, args.seed)
    adjustments = random_luts(args.count, args.seed, adjustments=True)
    cases = list(make_cases(read_sources(args.photos, args.masks, args.side), grades, adjustments, args.count))
    methods: dict[str, Method] = {
        "identity": lambda case: case.content,
        "truth": lambda case: case.truth,
        "reinhard": reinhard,
        "mkl": colour_matrix,
        **{name: of_model(name, args.threads) for name in args.models},
    }
    args.out.mkdir(parents=True, exist_ok=True)
    found: dict[str, dict[str, list[dict[str, float]]]] = {kind: defaultdict(list) for kind in KINDS}
    sheets: dict[str, list[Photo]] = defaultdict(list)
    account = {}
    for case in tqdm(cases):
        results = {name: method(case) for name, method in methods.items()}
        for name, result in results.items():
            scores = scores_of(case, result, args.guards)
            found[case.kind][name].append(scores)
            account[f"{case.name}/{name}"] = scores
        if len(sheets[case.kind]) < SHEET_ROWS:
            shown = [case.content, case.style, case.truth, *(results[name] for name in args.models)]
            sheets[case.kind].append(np.concatenate([cell(photo) for photo in shown], axis=1))
    (args.out / "scores.json").write_text(json.dumps(account, indent=1))
    for kind, rows in sheets.items():
        fp.write_photo(args.out / f"sheet_{kind}.png", fp.Photo(np.concatenate(rows)))
    for kind in KINDS:
        if found[kind]:
            print(f"\n{kind}: {len(found[kind]['identity'])} cases\n{table(found[kind])}")


if __name__ == "__main__":
    main()
