"""How a bundle of the recipe's weights describes itself and aligns: from a TOML file, or as photowct-lite does."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fastphoto_native.errors import ModelError

NEEDED = {"version", "description", "licence", "working_side", "smoothing", "provenance", "alignments"}
LEVELS = {"relu4_1", "relu3_1", "relu2_1", "relu1_1"}
DEFAULT = Path(__file__).parents[1] / "export" / "photowct-lite.toml"


def bundle_settings(recipe: Mapping[str, Any], config: Path | None) -> dict[str, Any]:
    """The settings for models.export.export.write_chain.

    Args:
        recipe: what the weights were trained by.
        config: a file like models/export/photowct-lite.toml. Without one, alignments, working side and smoothing are
            photowct-lite's, and nothing is claimed of licence and photos.

    Raises:
        ModelError: a file that is not such a one.
    """
    path = config or DEFAULT
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ModelError(f"{path} is not TOML: {error}") from error
    if missing := NEEDED - settings.keys():
        raise ModelError(f"{path} lacks {', '.join(sorted(missing))}; expected {', '.join(sorted(NEEDED))}")
    points = list(settings["alignments"])
    if points[:1] != ["colours"] or len(points) < 2 or not set(points[1:]) <= LEVELS:
        raise ModelError(
            f"{path} aligns {', '.join(points) or 'nothing'}; expected colours, then one or more of "
            f"{', '.join(sorted(LEVELS, reverse=True))}"
        )
    changes = settings.get("changes", {})
    if not isinstance(changes, dict):
        raise ModelError(f"{path}: changes is {changes!r}; expected a table for each level")
    for name, factors in changes.items():
        numbers = isinstance(factors, dict) and all(isinstance(v, int | float) for v in factors.values())
        if name not in points[1:] or not numbers or set(factors) != {"luma", "chroma"}:
            raise ModelError(
                f"{path}: changes.{name} is {factors!r}; expected numbers luma and chroma of a level it aligns"
            )
    if config is None:
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
