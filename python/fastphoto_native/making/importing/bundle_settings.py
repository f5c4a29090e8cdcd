"""How a bundle of the recipe's weights describes itself and aligns: from a TOML file, or as photowct-lite does."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fastphoto_native.runtime.bundle import bundled_models

from ..export.settings import read_settings

DEFAULT = bundled_models() / "recipes" / "photowct-lite.export.toml"


def bundle_settings(recipe: Mapping[str, Any], config: Path | None) -> dict[str, Any]:
    """The settings for fastphoto_native.making.export.

    Args:
        recipe: what the weights were trained by.
        config: a file like models/recipes/photowct-lite.export.toml. Without one, alignments, changes, working side,
            smoothing, gamut, detail and labels are photowct-lite's, and nothing is claimed of licence, photos and
            memory.

    Raises:
        ModelError: a file that is not such a one.
    """
    settings = read_settings(config or DEFAULT)
    if config is None:
        settings.pop("memory", None)  # was measured for photowct-lite's widths
        settings |= {
            "version": "1.0.0",
            "description": f"PhotoWCT trained by the recipe '{recipe.get('name')}'",
            "licence": "not stated",
            "provenance": {
                "recipe": f"fastphoto models train, recipe '{recipe.get('name')}', seed {recipe.get('seed')}",
                "training_photos": "not stated",
                "teacher": "not stated",
                "method": settings["provenance"]["method"],
            },
        }
    return settings
