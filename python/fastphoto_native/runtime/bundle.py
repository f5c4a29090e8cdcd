"""Finding models by name. What a bundle is, reading and checking it, is C++ (docs/bundle.md)."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from fastphoto_native import _core
from fastphoto_native._core import Alignment, Bundle, Manifest, ModelFile, Segment, SmoothingSettings
from fastphoto_native.errors import ModelError
from fastphoto_native.runtime.names import DEFAULT_MODEL

__all__ = [
    "DEFAULT_MODEL",
    "Alignment",
    "Bundle",
    "Manifest",
    "ModelFile",
    "Segment",
    "SmoothingSettings",
    "bundled_models",
    "find_bundle",
    "model_folders",
    "user_models",
]


def bundled_models() -> Path:
    """The folder of the models that come with the package (beside the extension module in every kind of install)."""
    return Path(_core.__file__).parent / "models"


def user_models() -> Path:
    """The folder of the user's own models: $FASTPHOTO_MODELS, else `models` in the user's data folder."""
    chosen = os.environ.get("FASTPHOTO_MODELS")
    return Path(chosen) if chosen else platformdirs.user_data_path("fastphoto", appauthor=False) / "models"


def model_folders() -> dict[str, Path]:
    """The models that can be named, and their folders. An embedded model's name cannot be taken by another."""
    found: dict[str, Path] = {}
    for folder in (user_models(), bundled_models()):
        found |= {p.parent.name: p.parent for p in sorted(folder.glob("*/bundle.json"))}
    return found


def find_bundle(model: str | Path) -> Bundle:
    """Opens a model by the name of an embedded one or of one in the user's folder, or by the path of a bundle's folder.

    Raises:
        ModelError: no such model, or a bundle.json that is not one.
    """
    named = model_folders()
    folder = named[model] if isinstance(model, str) and model in named else Path(model)
    if not (folder / "bundle.json").is_file():
        raise ModelError(
            f"no model '{model}': expected a name ({', '.join(sorted(named)) or 'none installed'}) "
            "or a folder with a bundle.json"
        )
    return Bundle.open(folder)
