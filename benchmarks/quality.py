"""Stylise a folder of pairs and lay the results side by side, for scoring and for looking.

    python -m benchmarks.quality --pairs PAIRS --out runs/quality [--masks] [--ids 3,5,8]

PAIRS holds the folders content/ and style/ with files of equal names, and content_mask/ and style_mask/ for --masks.
Writes results/NAME.png, unsmoothed/NAME.png, reports.json and sheet_K.png (content, style, unsmoothed, result) under
--out. Any evaluation script can score the two folders of results.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import fastphoto_native as fp
import msgspec
import numpy as np
from fastphoto_native.runtime.names import STATISTICS_MODEL
from numpy.typing import NDArray
from tqdm import tqdm

from benchmarks.working_size import resized

ROWS, HEIGHT, WIDTH = 6, 260, 390  # of a contact sheet and its cells, pixels


def cell(photo: NDArray[np.float32]) -> NDArray[np.float32]:
    """The photo fitted into a cell of the contact sheet."""
    scale = min(HEIGHT / photo.shape[0], WIDTH / photo.shape[1])
    small = resized(photo, max(1, round(photo.shape[0] * scale)), max(1, round(photo.shape[1] * scale)))
    framed = np.ones((HEIGHT, WIDTH, 3), np.float32)
    framed[: small.shape[0], : small.shape[1]] = np.clip(small, 0, 1)
    return framed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--masks", action="store_true", help="use the pairs' masks")
    parser.add_argument("--ids", help="names of some pairs, separated by commas")
    parser.add_argument("--model", default=STATISTICS_MODEL)
    parser.add_argument("--max-side", type=int, help="working size of the network, pixels")
    parser.add_argument("--threads", type=int, default=0)
    args = parser.parse_args()
    names = sorted((p.name for p in (args.pairs / "content").iterdir()), key=lambda n: (len(n), n))
    if args.ids:
        names = [n for n in names if Path(n).stem in args.ids.split(",")]
    for folder in ("results", "unsmoothed"):
        (args.out / folder).mkdir(parents=True, exist_ok=True)
    stylizer = fp.Stylizer(args.model, threads=args.threads)
    reports, rows = {}, []
    for name in tqdm(names):
        content, style = (fp.read_photo(args.pairs / kind / name).pixels for kind in ("content", "style"))
        masks = [
            fp.read_mask(args.pairs / f"{kind}_mask" / name) if args.masks else None for kind in ("content", "style")
        ]
        look = stylizer.analyze(style, masks[1], max_side=args.max_side)
        result, report = stylizer.apply(content, look, masks[0], max_side=args.max_side, return_report=True)
        unsmoothed = stylizer.apply(content, look, masks[0], smoothing="none", max_side=args.max_side)
        stem = Path(name).stem
        fp.write_photo(args.out / "results" / f"{stem}.png", fp.Photo(result))
        fp.write_photo(args.out / "unsmoothed" / f"{stem}.png", fp.Photo(unsmoothed))
        reports[stem] = msgspec.to_builtins(report)
        rows.append(np.concatenate([cell(p) for p in (content, style, unsmoothed, result)], axis=1))
    for number, first in enumerate(range(0, len(rows), ROWS), 1):
        sheet = np.concatenate(rows[first : first + ROWS])
        fp.write_photo(args.out / f"sheet_{number}.png", fp.Photo(sheet))
    (args.out / "reports.json").write_text(json.dumps(reports, indent=1))
    print(f"{len(names)} pairs: {args.out}")


if __name__ == "__main__":
    main()
