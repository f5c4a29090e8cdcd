"""Deep Photo Style Transfer on pairs with masks: presets beside each other and beside other results, by one loss.

    python -m benchmarks.deep_photo --pairs FOLDER --network VGG.npz --out runs/deep_photo [--ids 3,11] [--side 700]
        [--presets paper,fast] [--evaluations 2000] [--other authors=FOLDER] [--threads 1]

FOLDER has content/, style/, content_mask/ and style_mask/ with N.png. Results and figures are written as soon
as they are there, and what is there is not made again: an interrupted run goes on. The last lines are a table: losses
(style, matting, content; the paper's, at the same size), ssim_edge, CPU seconds.
"""

from __future__ import annotations

import argparse
import json
import resource
from pathlib import Path
from typing import Any

import fastphoto_native as fp
import numpy as np
from fastphoto_native.optimise import find_preset
from fastphoto_native.optimise.options import with_evaluations
from fastphoto_native.optimise.transfer import photo_at, working_size
from fastphoto_native.scoring.structure import structure_scores
from numpy.typing import NDArray

LAYERS = ("relu1_1", "relu2_1", "relu3_1")


class Pair:
    """Photos and masks of one number, at the size that is asked for."""

    def __init__(self, folder: Path, name: str, side: int) -> None:
        self.content, self.style = (
            _at(fp.read_photo(folder / kind / name).pixels, side) for kind in ("content", "style")
        )
        self.masks: dict[str, Any] = {
            f"{kind}_mask": fp.read_mask(folder / f"{kind}_mask" / name) for kind in ("content", "style")
        }


def _at(photo: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    height, width = photo.shape[:2]
    factor = min(1.0, side / max(height, width))
    return photo_at(photo, (round(height * factor), round(width * factor)), 1)


def figures(picture: NDArray[np.float32], pair: Pair, options: dict[str, Any]) -> dict[str, float]:
    """The paper's losses and the structure of a picture."""
    values = fp.optimise.losses(picture, pair.content, pair.style, method="dpst", **pair.masks, **options)
    kinds = {"style": 0.0, "content": 0.0, "matting": 0.0}
    for name, value in values.items():
        kinds[name.split()[0]] += value
    kinds["all"] = sum(kinds.values())
    kinds |= structure_scores(pair.content.astype(np.float64), picture.astype(np.float64))
    return kinds


def cpu_seconds() -> float:
    """Of this process and its threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def run(pair: Pair, preset: str, evaluations: int | None, options: dict[str, Any], stem: Path) -> dict[str, float]:
    """One result with its figures."""
    before = cpu_seconds()
    chosen = find_preset("dpst", preset)  # type: ignore[arg-type]
    if evaluations and preset != "fast":
        chosen = with_evaluations(chosen, evaluations)
    result, report = fp.optimise.deep_photo(
        pair.content, pair.style, preset=chosen, checkpoint=stem.with_suffix(".checkpoint.npz"), return_report=True,
        **pair.masks, **options,
    )  # fmt: skip
    seconds = cpu_seconds() - before
    fp.write_photo(stem.with_suffix(".png"), fp.Photo(result))
    last = [entry.loss for entry in report.trace if entry.stage == report.trace[-1].stage]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return figures(result, pair, options) | {
        "optimised": min(last), "seconds": seconds, "evaluations": len(report.trace), "peak": peak,
        "estimate": report.memory_needed,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=Path, required=True)
    parser.add_argument("--network", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--ids", help="numbers, separated by commas; all without")
    parser.add_argument("--side", type=int, default=700)
    parser.add_argument("--presets", default="paper,fast")
    parser.add_argument("--evaluations", type=int, help="of presets other than fast")
    parser.add_argument("--other", action="append", default=[], help="NAME=FOLDER of other results")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    options: dict[str, Any] = {
        "network": args.network,
        "style_layers": LAYERS,
        "threads": args.threads,
        "device": "cpu",
    }
    others = dict(entry.split("=", 1) for entry in args.other)
    names = sorted((p.name for p in (args.pairs / "content").glob("*.png")), key=lambda n: (len(n), n))
    if args.ids:
        names = [f"{i}.png" for i in args.ids.split(",")]
    rows: dict[str, list[dict[str, float]]] = {}
    for name in names:
        pair = Pair(args.pairs, name, args.side)
        assert working_size(pair.content.shape[:2], find_preset("dpst", "paper"), None) == pair.content.shape[:2]
        for kind in [*others, *args.presets.split(",")]:
            stem = args.out / f"{name.removesuffix('.png')}_{kind}_{args.side}"
            file = stem.with_suffix(".json")
            if not file.exists():
                if kind in others:
                    found = figures(_at(fp.read_photo(Path(others[kind]) / name).pixels, args.side), pair, options)
                else:
                    found = run(pair, kind, args.evaluations, options, stem)
                temporary = file.with_suffix(".tmp")
                temporary.write_text(json.dumps(found))
                temporary.replace(file)
            rows.setdefault(kind, []).append(json.loads(file.read_text()))
            print(name, kind, {key: float(f"{value:.4g}") for key, value in rows[kind][-1].items()}, flush=True)
    columns = ["all", "style", "matting", "content", "ssim_edge", "optimised", "seconds", "evaluations", "peak"]
    print(f"\n| {len(names)} pairs, {args.side} px | {' | '.join(columns)} |\n|{'---|' * (len(columns) + 1)}")
    for kind, found_rows in rows.items():
        cells = [np.mean([row[c] for row in found_rows]) if c in found_rows[0] else np.nan for c in columns]
        print(f"| {kind} | {' | '.join(f'{cell:.4g}' for cell in cells)} |")


if __name__ == "__main__":
    main()
