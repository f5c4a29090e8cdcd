"""The numbers of bundle.json, all of them written out: what the settings leave open gets the defaults of the C++ core.

A bundle that states its numbers gives the same pictures when a later version changes a default.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fastphoto_native import _core

from .chain import Point

FORMAT = 2
OPTIONS = {"gamut": _core.GamutOptions, "detail": _core.DetailOptions, "labels": _core.LabelOptions}
TABLES = (*OPTIONS, "memory")
LIMITED: Final = "knothe-rosenblatt"  # the method that has limits
LIMITS = {"max_gain", "least_shift"}


def option_tables(settings: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The tables gamut, detail, labels and memory."""
    defaults = {name: _fields(options()) for name, options in OPTIONS.items()}
    defaults["memory"] = _core.MemoryNeeds().to_dict()
    return {name: defaults[name] | settings.get(name, {}) for name in TABLES}


def alignment_table(point: Point, table: Mapping[str, Any]) -> dict[str, Any]:
    """The object of an alignment; `table` has its method and what differs from the defaults."""
    defaults = _core.Alignment(point.name, point.channels, point.stride, LIMITED).to_dict() | {"method": None}
    if table.get("method") != LIMITED:
        defaults = {name: value for name, value in defaults.items() if name not in LIMITS}
    return {**defaults, **table}


def _fields(options: Any) -> dict[str, Any]:
    return {name: list(v) if isinstance(v := getattr(options, name), tuple) else v for name in options._fields}
