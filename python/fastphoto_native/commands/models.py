"""`fastphoto models`: what models there are, whether they are whole, and making more of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import msgspec

from fastphoto_native.checks.verification import verify_bundle
from fastphoto_native.commands.terminal import echo, echo_json, one_line_errors, say
from fastphoto_native.errors import ArgumentError, DeviceError, FastphotoError
from fastphoto_native.runtime.bundle import Bundle, bundled_models, find_bundle, model_folders, user_models

PATH = click.Path(path_type=Path, readable=False)  # existence is checked where files are read, with one kind of message
METHODS = ("whitening-coloring", "monge-kantorovich")


@click.group()
def models() -> None:
    """List, show and verify models; make them from weights or by training."""


def summaries() -> list[dict[str, Any]]:
    """Every model that can be named; of one that cannot be read, the reason."""
    rows: list[dict[str, Any]] = []
    for name, folder in model_folders().items():
        row: dict[str, Any] = {"name": name, "folder": str(folder), "embedded": folder.parent == bundled_models()}
        try:
            bundle = find_bundle(folder)
        except FastphotoError as error:
            rows.append(row | {"error": str(error)})
            continue
        m = bundle.manifest
        about = {"version": m.version, "bytes": bundle.size, "licence": m.licence, "description": m.description}
        rows.append(row | about)
    return rows


@models.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print a machine-readable list.")
def list_models(as_json: bool) -> None:
    """List the embedded models and those in the user's folder ($FASTPHOTO_MODELS, else the user's data folder)."""
    with one_line_errors():
        rows = summaries()
    if as_json:
        echo_json({"models": rows, "user_folder": str(user_models())})
        return
    width = max((len(row["name"]) for row in rows), default=0)
    for row in rows:
        if "error" in row:
            echo(f"{row['name']:{width}}  cannot be used: {row['error']}")
        else:
            echo(
                f"{row['name']:{width}}  {row['bytes'] / 1e6:5.1f} MB  {row['licence']}  {row['description']}"
                f"{'' if row['embedded'] else '  (yours)'}"
            )


@models.command()
@click.argument("model")
@click.option("--json", "as_json", is_flag=True, help="Print bundle.json's contents and the files' places.")
def show(model: str, as_json: bool) -> None:
    """Show what MODEL (a name or a folder) says of itself: licence, provenance, alignments, files."""
    with one_line_errors():
        bundle = find_bundle(model)
    card = _model_card(bundle)
    if as_json:
        places = {"folder": str(bundle.folder), "model_card": card, "bytes": bundle.size}
        echo_json(places | {"manifest": bundle.manifest.to_dict()})
        return
    m = bundle.manifest
    _table(
        {
            "model": f"{m.name} {m.version} (format {m.format})",
            "description": m.description,
            "licence": m.licence,
            **{key.replace("_", " "): text for key, text in m.provenance.to_dict().items()},
            "size": f"{bundle.size / 1e6:.1f} MB in {len(bundle.entries)} files",
            "working side": f"{m.working_side} pixels, multiples of {m.size_multiple}",
            "smoothing": f"lambda {m.smoothing.lam:g}, eps {m.smoothing.eps:g}",
            "folder": str(bundle.folder),
            "model card, figures": card or "none",
        }
    )
    for a in m.alignments:
        limits = f"ridges {a.content_ridge:g} content, {a.style_ridge:g} style, {a.relative_ridge:g} relative"
        if a.max_gain is not None:
            limits += f", gain at most {a.max_gain:g}"
        echo(f"  {a.name}: {a.channels} channels, stride {a.stride}, {a.method}, strength {a.strength:g}, {limits}")


@models.command()
@click.argument("model")
@click.option("--json", "as_json", is_flag=True, help="Print a machine-readable report.")
def verify(model: str, as_json: bool) -> None:
    """Verify MODEL (a name or a folder): hashes, tensors of every graph, and one small photo through the chain."""
    with one_line_errors():
        report = verify_bundle(find_bundle(model))
    if as_json:
        echo_json(msgspec.to_builtins(report))
    else:
        echo(f"{report.model} {report.version} is whole: {len(report.files)} files in {report.folder}")


@models.command()
@click.argument("model", required=False)
def path(model: str | None) -> None:
    """Print the folder of MODEL, or the folder that your own models belong in."""
    with one_line_errors():
        echo(str(find_bundle(model).folder if model else user_models()))


@models.command("import")
@click.argument("weights", type=PATH)
@click.option("--name", help="The model's name [default: the output folder's, else the file's].")
@click.option("-o", "--output", type=PATH, help="The bundle's folder [default: NAME among your own models].")
@click.option(
    "--decoders", type=PATH, help="weights.pt that was trained for WEIGHTS, if WEIGHTS is a VGG-19; or a folder."
)
@click.option(
    "--config",
    type=PATH,
    help="How the bundle describes itself and aligns (TOML, see docs/bundle.md).",
)
@click.option("--alignment", type=click.Choice(METHODS), help="Of features [default: as published or configured].")
@click.option("--licence", help="Of the weights, where they or the configuration don't say.")
@click.option("--working-side", type=click.IntRange(1), help="Longest side at which the network sees photos, pixels.")
@click.option("--half", is_flag=True, help="Store weights in half precision: half the size.")
def import_weights(
    weights: Path,
    name: str | None,
    output: Path | None,
    decoders: Path | None,
    config: Path | None,
    alignment: str | None,
    licence: str | None,
    working_side: int | None,
    half: bool,
) -> None:
    """Make a model of WEIGHTS: photo_wct.pth of FastPhotoStyle, a weights.pt of `fastphoto models train`, or VGG-19.

    A VGG-19 (torchvision's .pth or Keras' .h5) is an encoder only and needs --decoders. A folder with the five
    encoders of Collaborative-Distillation's compressed WCT needs the folder of its decoders as --decoders.
    """
    with one_line_errors():
        name = name or (output.absolute().name if output else weights.stem)
        if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", name):
            raise ArgumentError(
                f"the model's name is '{name}', expected letters, digits, '_', '.' and '-': give --name"
            )
        folder = output or user_models() / name
        if not output and name in model_folders():
            raise ArgumentError(f"there is a model '{name}' already ({model_folders()[name]}); choose another --name")
        importer = _making_of_models("importing.importer", "import")
        options = importer.Options(decoders, config, alignment, licence, working_side, half)
        made = importer.import_model(weights, folder, name, options)
        if made.notice:
            say(f"note: {made.notice}")
        echo(f"{folder}: {find_bundle(folder).size / 1e6:.1f} MB, verified")


@models.command()
@click.option("--config", type=PATH, required=True, help="The recipe (TOML, see models/README.md).")
@click.option("--photos", type=PATH, required=True, help="Folder of photos; every 25th is held out.")
@click.option("--out", type=PATH, required=True, help="Folder of checkpoints, log, weights and the bundle.")
@click.option(
    "--table", type=PATH, help="CSV with the columns file, licence_class, split that chooses among the photos."
)
@click.option("--teacher", type=PATH, help="VGG-19's weights (.npz), for recipes that distil from it.")
@click.option("--encoder", type=PATH, help="A VGG-19 (.pth, .h5) as the encoder; its weights stay as they are.")
@click.option(
    "--bundle",
    type=PATH,
    help="How the bundle describes itself and aligns (TOML, see docs/bundle.md).",
)
@click.option("--licence", help="Of the weights, where --bundle doesn't say.")
@click.option("--threads", type=click.IntRange(0), default=0, show_default=True, help="CPU threads; 0: PyTorch's own.")
@click.option("--cpu", is_flag=True, help="Stay on the CPU even if there is a GPU.")
def train(
    config: Path,
    photos: Path,
    out: Path,
    table: Path | None,
    teacher: Path | None,
    encoder: Path | None,
    bundle: Path | None,
    licence: str | None,
    threads: int,
    cpu: bool,
) -> None:
    """Train a model and make a bundle of it, OUT/bundle.

    The same command goes on from its last checkpoint after an interruption. Progress goes to OUT/log.jsonl and, a line
    of JSON each, to standard output.
    """
    with one_line_errors():
        training = _making_of_models("training.train", "train")
        job = training.Job(config, photos, out, table, teacher, encoder, threads, cpu)
        weights = training.train(job, lambda row: echo(msgspec.json.encode(row).decode()))
        importer = _making_of_models("importing.importer", "train")
        options = importer.Options(config=bundle, licence=licence, half=True)
        importer.import_model(weights, out / "bundle", training.Recipe.read(config).name, options, replace=True)
        echo(f"{out / 'bundle'}: {find_bundle(out / 'bundle').size / 1e6:.1f} MB, verified")


def _making_of_models(module: str, extra: str) -> Any:
    """A module of fastphoto_native.making, which needs packages that running models does not.

    Raises:
        DeviceError: such a package is missing; the message names the extra that brings it.
    """
    try:
        return import_module(f"fastphoto_native.making.{module}")
    except ModuleNotFoundError as error:
        if error.name and error.name.startswith("fastphoto_native"):
            raise
        raise DeviceError(
            f"making models needs {error.name}, which is not installed: pip install 'fastphoto-native[{extra}]'"
        ) from error


def _model_card(bundle: Bundle) -> str | None:
    card = bundle.folder / "MODEL_CARD.md"
    return str(card) if card.is_file() else None


def _table(rows: Mapping[str, str]) -> None:
    width = max(map(len, rows))
    for key, value in rows.items():
        echo(f"{key:{width}}  {value}")
