r"""How much smoothing: structure and likeness of results for lambda from 1e-6 to 1e-1 and infinity.

    python -m benchmarks.lambda_study --contents FOLDER --styles FOLDER --out runs/lambda [--models NAME ...]
        [--pairs 12] [--side 384] [--edges gradient|hed] [--figure docs/pictures/lambda.png] [--threads 1]

Li et al. (ECCV 2018) chose lambda by boundary scores alone. Here the style's side stands beside the structure's. Each
content goes with one style: photos are sorted by name and paired in turn. For each model the photo of the network (no
smoothing) is smoothed with each lambda; infinity is the network's photo. What was measured stays in OUT/scores.json,
so that an interrupted run goes on. The last lines are the table of the docs.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import fastphoto_native as fp
import numpy as np
from fastphoto_native.optimise.transfer import photo_at
from fastphoto_native.scoring.boundaries import Counts, ods_and_ois
from fastphoto_native.scoring.scores import Scorer
from numpy.typing import NDArray

LAMBDAS = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, np.inf)
EPS = 1e-6  # of the embedded models
SUFFIXES = {".png", ".jpg", ".jpeg", ".webp"}
COLUMNS = ("ods", "ois", "ssim_edge", "w2", "gram", "roughness")
Row = dict[str, Any]


def photos(folder: Path, side: int, count: int) -> list[NDArray[np.float32]]:
    """The first photos of a folder, reduced."""
    paths = sorted(p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES)
    found = []
    for path in paths[:count]:
        photo = fp.read_photo(path).pixels
        factor = min(1.0, side / max(photo.shape[:2]))
        found.append(photo_at(photo, (round(photo.shape[0] * factor), round(photo.shape[1] * factor)), 1))
    return found


def measure(content: NDArray[np.float32], style: NDArray[np.float32], model: str, scorer: Scorer) -> list[Row]:
    """Scores of one pair for every lambda."""
    network = fp.stylize(content, style, model=model, smoothing="none", device="cpu", threads=1)
    rows: list[Row] = []
    for lam in LAMBDAS:
        result = network
        if np.isfinite(lam):
            result = np.clip(fp.closed_form_smooth(network, content, lam=lam, eps=EPS, threads=1), 0, 1)
        score = scorer.score(result, content, style)
        counts = score.counts
        rows.append(
            {"lam": lam, "values": score.values, "matched": counts.matched.tolist(), "found": counts.found.tolist(),
             "truth": counts.truth}
        )  # fmt: skip
    return rows


def summary(rows: list[Row]) -> dict[str, float]:
    """Of all pairs at one lambda."""
    counts = [Counts(np.array(r["matched"]), np.array(r["found"]), r["truth"]) for r in rows]
    ods, ois = ods_and_ois(counts)
    means = {name: float(np.mean([r["values"][name] for r in rows])) for name in COLUMNS if name in rows[0]["values"]}
    return means | {"ods": ods, "ois": ois}


def draw(tables: dict[str, list[dict[str, float]]], path: Path) -> None:
    """Structure and likeness over lambda, for each model."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(9, 3.4), sharex=True)
    places = np.arange(len(LAMBDAS))
    for model, rows in tables.items():
        axes[0].plot(places, [r["ods"] for r in rows], "o-", label=f"{model}, ODS")
        axes[0].plot(places, [r["ssim_edge"] for r in rows], "s--", label=f"{model}, ssim_edge")
        axes[1].plot(places, [r["w2"] for r in rows], "o-", label=model)
    axes[0].set_title("structure kept (higher is better)")
    axes[1].set_title("distance of statistics from the style's, w2 (lower is better)")
    for axis in axes:
        axis.set_xticks(places, [f"{lam:g}" if np.isfinite(lam) else "none" for lam in LAMBDAS])
        axis.set_xlabel("lambda")
        axis.grid(alpha=0.3)
        axis.legend(fontsize=7)
    axes[1].title.set_fontsize(9)
    axes[0].title.set_fontsize(9)
    figure.tight_layout()
    figure.savefig(path, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--contents", type=Path, required=True)
    parser.add_argument("--styles", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--models", nargs="+", default=["photowct-lite", "photowct-strong"])
    parser.add_argument("--pairs", type=int, default=12)
    parser.add_argument("--side", type=int, default=384)
    parser.add_argument("--edges", choices=("gradient", "hed"), default="gradient")
    parser.add_argument("--figure", type=Path)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    file = args.out / "scores.json"
    known: dict[str, list[Row]] = json.loads(file.read_text()) if file.exists() else {}
    contents, styles = photos(args.contents, args.side, args.pairs), photos(args.styles, args.side, args.pairs)
    scorer = Scorer(edges=args.edges, device="cpu", threads=1)
    for model in args.models:
        for number, content in enumerate(contents):
            key = f"{model} {number} {args.edges} {args.side}"
            if key not in known:
                known[key] = measure(content, styles[(number * 5 + 3) % len(styles)], model, scorer)
                temporary = file.with_suffix(".tmp")
                temporary.write_text(json.dumps(known))
                temporary.replace(file)
                print(key, flush=True)
    tables = {}
    for model in args.models:
        of_model = [known[f"{model} {number} {args.edges} {args.side}"] for number in range(len(contents))]
        tables[model] = [summary([rows[i] for rows in of_model]) for i in range(len(LAMBDAS))]
        print(f"\n| {model}, lambda | {' | '.join(COLUMNS)} |\n|{'---|' * (len(COLUMNS) + 1)}")
        for lam, row in zip(LAMBDAS, tables[model], strict=True):
            name = f"{lam:g}" if np.isfinite(lam) else "none"
            print(f"| {name} | {' | '.join(f'{row[c]:.3f}' for c in COLUMNS)} |")
    if args.figure:
        draw(tables, args.figure)


if __name__ == "__main__":
    main()
