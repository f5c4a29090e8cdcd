"""From weights to a bundle: what kind of file is it, which chain does it make, what must be said about it."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from fastphoto_native.checks.verification import Verification, verify_bundle
from fastphoto_native.errors import ArgumentError, ModelError
from fastphoto_native.runtime.bundle import find_bundle

from ..export.artistic import published_chain
from ..export.cascade import cascade_chain
from ..export.chain import Chain
from ..export.export import write_chain
from ..export.graphs import change_chain
from . import collaborative, photo_wct, vgg19
from .bundle_settings import bundle_settings
from .model_card import model_card
from .recipe import Trained, is_recipe, read_trained
from .vgg_shapes import WIDTHS
from .weights_file import HDF5, Arrays, checked_tensors, first_bytes, read_checkpoint, stored

Method = Literal["monge-kantorovich", "whitening-coloring"]


@dataclass(frozen=True)
class Options:
    """What the user may choose; None takes what the weights' own description says."""

    decoders: Path | None = None
    config: Path | None = None
    alignment: Method | None = None
    licence: str | None = None
    working_side: int | None = None
    half: bool = False


@dataclass(frozen=True)
class Imported:
    """The bundle that was made, and what its user must know about the licence ("" if nothing)."""

    verification: Verification
    notice: str


@dataclass(frozen=True)
class _Model:
    chain: Chain
    settings: dict[str, Any]
    notice: str


def import_model(weights: Path, folder: Path, name: str, options: Options, replace: bool = False) -> Imported:
    """Builds the bundle `folder` from weights; it appears there only when it is whole and verified.

    Args:
        weights: photo_wct.pth, a weights.pt of the recipe, a VGG-19 of torchvision or Keras (with options.decoders),
            or a folder of Collaborative-Distillation's encoders (with that of the decoders in options.decoders).
        folder: the bundle's.
        name: the model's.
        options: see :class:`Options`.
        replace: a bundle that is there already may be replaced; nothing else ever is.

    Raises:
        ModelError: the weights are not what they should be.
        ArgumentError: the folder is there already, or options that do not go together.
    """
    if folder.exists() and not (replace and (folder / "bundle.json").is_file()):
        raise ArgumentError(f"{folder} is there already; remove it or choose another name")
    model = _read(weights, options)
    if options.alignment:
        for table in model.settings["alignments"].values():
            if table["method"] != "knothe-rosenblatt":  # of colours, with limits of its own
                table["method"] = options.alignment
                if options.alignment == "whitening-coloring":
                    table.pop("max_gain", None)  # bounds gains of symmetric maps
    if options.working_side:
        model.settings["working_side"] = options.working_side
    if options.licence:
        model.settings["licence"] = options.licence
    given = [p for p in (weights, options.decoders) if p]
    files = [f for p in given for f in (sorted(p.iterdir()) if p.is_dir() else [p]) if f.is_file()]
    sources = {f.name: _digest(f) for f in files}
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".import-") as scratch:
        made = Path(scratch) / name
        write_chain(made, name, model.settings, model.chain)
        card = model_card(name, model.settings, sources, options.half)
        (made / "MODEL_CARD.md").write_text(card, encoding="utf-8")
        verification = verify_bundle(find_bundle(made))
        if folder.exists():
            shutil.rmtree(folder)
        shutil.move(made, folder)
    verification.folder = str(folder)
    return Imported(verification, model.notice)


def _read(path: Path, options: Options) -> _Model:
    if path.is_dir():
        return _compressed(path, options)
    if first_bytes(path).startswith(HDF5):
        return _vgg(path, vgg19.from_keras(path), options)
    content = read_checkpoint(path)
    if is_recipe(content):
        if options.decoders:
            raise ArgumentError(f"--decoders goes with a VGG-19 encoder; {path} has its own decoders")
        trained = read_trained(path, content)
        return _trained(path, trained, trained.weights, options)
    if vgg19.is_torchvision(content):
        return _vgg(path, vgg19.from_torchvision(path, content), options)
    if any(name.startswith(("e1.", "e2.", "e3.", "e4.", "d1.", "d2.", "d3.", "d4.")) for name in content):
        if options.decoders or options.config:
            raise ArgumentError(f"--decoders and --config do not go with {path}: it holds NVIDIA's whole cascade")
        tensors = checked_tensors(path, content, photo_wct.expected_shapes())
        chain = cascade_chain(stored(tensors, options.half, path), WIDTHS)
        return _Model(chain, photo_wct.settings(), photo_wct.NOTICE)
    names = ", ".join(list(content)[:3])
    raise ModelError(
        f"{path} holds {names or 'nothing'}{', ...' if len(content) > 3 else ''}; expected NVIDIA's photo_wct.pth "
        "(e1.conv0.weight, ...), torchvision's or Keras' VGG-19 (features.0.weight, ...) or a weights.pt of "
        "'fastphoto models train'"
    )


def _compressed(path: Path, options: Options) -> _Model:
    """A folder of Collaborative-Distillation's encoders, with one of decoders."""
    if options.decoders is None or not options.decoders.is_dir():
        raise ArgumentError(f"{path} is a folder of encoders; expected --decoders, the folder of their decoders")
    if options.config:
        raise ArgumentError(f"--config does not go with {path}: five levels of published networks align as published")
    weights = collaborative.read_folders(path, options.decoders)
    widths = {level: collaborative.layers(level)[f"conv{level}_1"][1] for level in collaborative.LEVELS}
    chain = published_chain(stored(weights, options.half, path), widths)
    return _Model(chain, collaborative.settings(), "")


def _vgg(path: Path, encoder: Arrays, options: Options) -> _Model:
    if not options.decoders:
        raise ArgumentError(f"{path} is a VGG-19, an encoder only; expected --decoders, a weights.pt trained for it")
    content = read_checkpoint(options.decoders)
    if not is_recipe(content):
        raise ModelError(f"{options.decoders} is no weights.pt of 'fastphoto models train'")
    trained = read_trained(options.decoders, content)
    if tuple(trained.widths) != WIDTHS:
        raise ModelError(f"{options.decoders} has widths {trained.widths}, expected VGG-19's {list(WIDTHS)}")
    for name, array in encoder.items():
        # The decoders' file holds the encoder that they were trained for; both were folded in float64.
        if not np.allclose(trained.weights[name], array, rtol=1e-4, atol=1e-5 * float(np.abs(array).max())):
            raise ModelError(f"{options.decoders} was trained for another encoder than {path}: '{name}' differs")
    return _trained(path, trained, trained.weights | encoder, options)


def _trained(path: Path, trained: Trained, weights: Arrays, options: Options) -> _Model:
    settings = bundle_settings(trained.recipe, options.config)
    levels = [int(name[4]) for name in settings["alignments"] if name != "colours"]
    chain = change_chain(stored(weights, options.half, path), trained.widths, levels, settings.get("changes"))
    return _Model(chain, settings, "")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
