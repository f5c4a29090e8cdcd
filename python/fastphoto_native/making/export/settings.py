"""What an export is told about a bundle: a TOML file such as photowct-lite.toml."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Collection
from pathlib import Path
from typing import Any

from fastphoto_native.errors import FastphotoError, ModelError

from .manifest import TABLES

NEEDED = {"version", "description", "licence", "working_side", "smoothing", "provenance", "alignments"}
OPTIONAL = {"name", "chain", "half_precision", "margin", "changes", "estimator", "reach", *TABLES}
ARTISTIC = "artistic"  # a chain without colours, whose levels replace the picture (artistic.py)
LEARNED = "learned"  # the method of colours that an estimator maps
LEVELS = {"relu4_1", "relu3_1", "relu2_1", "relu1_1"}


def read_settings(path: Path) -> dict[str, Any]:
    """The settings for fastphoto_native.making.export.export.write_bundle.

    Raises:
        ModelError: a file that is not such a one.
    """
    settings = read_toml(path, ModelError)
    if missing := NEEDED - settings.keys():
        raise ModelError(f"{path} lacks {', '.join(sorted(missing))}; expected {', '.join(sorted(NEEDED))}")
    if unknown := settings.keys() - NEEDED - OPTIONAL:
        raise ModelError(
            f"{path} has {', '.join(sorted(unknown))}; expected {', '.join(sorted(NEEDED))} and, if at all, "
            f"{', '.join(sorted(OPTIONAL))}"
        )
    for name in ("smoothing", "provenance", "alignments", "estimator", "reach", *TABLES):
        if not isinstance(settings.get(name, {}), dict):
            raise ModelError(f"{path}: {name} is {settings[name]!r}; expected a table")
    for name, table in settings["alignments"].items():
        if not isinstance(table, dict):
            raise ModelError(f"{path}: alignments.{name} is {table!r}; expected a table")
    points = list(settings["alignments"])
    if settings.get("chain", ARTISTIC) != ARTISTIC:
        raise ModelError(f"{path}: chain is {settings['chain']!r}; expected {ARTISTIC!r}, or nothing")
    if settings.get("chain") == ARTISTIC:
        if not points or not set(points) <= LEVELS or "changes" in settings or settings.get("half_precision"):
            raise ModelError(
                f"{path}: an artistic chain aligns {', '.join(points) or 'nothing'}; expected some of "
                f"{', '.join(sorted(LEVELS, reverse=True))}, and neither changes nor half_precision"
            )
        return settings
    learned = settings["alignments"].get("colours", {}).get("method") == LEARNED
    if points[:1] != ["colours"] or not set(points[1:]) <= LEVELS or (len(points) < 2 and not learned):
        raise ModelError(
            f"{path} aligns {', '.join(points) or 'nothing'}; expected colours, then one or more of "
            f"{', '.join(sorted(LEVELS, reverse=True))} (or none, if an estimator maps the colours)"
        )
    check_changes(settings.get("changes", {}), points[1:], str(path))
    return settings


def read_toml(path: Path, failure: type[FastphotoError]) -> dict[str, Any]:
    """A TOML file's table; raises `failure` if it cannot be read or is none."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise failure(f"cannot read {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise failure(f"{path} is not TOML: {error}") from error


def check_changes(changes: Any, levels: Collection[str], where: str) -> None:
    """Raises ModelError unless `changes` has the numbers luma and chroma for some of the levels, and nothing else."""
    if not isinstance(changes, dict):
        raise ModelError(f"{where}: changes is {changes!r}; expected a table for each level")
    for level, factors in changes.items():
        if level not in levels:
            raise ModelError(f"{where} has changes.{level}; expected one of {', '.join(levels)}")
        if (
            not isinstance(factors, dict)
            or factors.keys() != {"luma", "chroma"}
            or not all(map(_is_number, factors.values()))
        ):
            raise ModelError(f"{where}: changes.{level} is {factors!r}; expected numbers luma and chroma")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
