"""Malformed bundles: what bundle.json may say that is not so, and networks that are none."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from malformed_cases import Case

VALUES: tuple[Any, ...] = (None, True, -1, 1e308, 10**30, "x", "../../x.onnx", "\x1b[31m\n", [], {}, [[[]]])


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every value of a document, by the keys that lead there."""
    if path:
        yield path
    inside: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inside:
        yield from _places(item, (*path, key))


def _replaced(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    changed = copy.deepcopy(document)
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return changed


def _without(document: Any, path: tuple[Any, ...]) -> Any:
    changed = copy.deepcopy(document)
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    del inner[path[-1]]
    return changed


def _texts(text: str) -> Iterator[tuple[str, bytes]]:
    yield "UTF-16", text.encode("utf-16")
    yield "with a mark of UTF-8", b"\xef\xbb\xbf" + text.encode()
    yield "keys twice", text.encode().rstrip()[:-1] + b"," + text.encode().lstrip()[1:]
    yield "comments", b"// a bundle\n" + text.encode()
    yield "nan", text.replace("768", "NaN").replace("256", "NaN").encode()
    yield "a zero", text.encode() + b"\0"
    yield "100 MB of spaces", text.encode() + b" " * 100_000_000


def cases(sound_model: Path) -> Iterator[Case]:
    """Models for `stylize`: every place of bundle.json with a value that is none there, in turn."""
    text = (sound_model / "bundle.json").read_text()
    document = json.loads(text)
    arguments = ("good.png", "good.png", "-o", "r.png")
    places = list(_places(document))
    for number, path in enumerate(places):
        name = "/".join(map(str, path))
        value = VALUES[number % len(VALUES)]
        changed = json.dumps(_replaced(document, path, value)).encode()
        yield Case(f"bundle, {name} is {value!r}", {}, arguments, {"bundle.json": changed})
    for path in places[::5]:
        missing = json.dumps(_without(document, path)).encode()
        yield Case(f"bundle without {'/'.join(map(str, path))}", {}, arguments, {"bundle.json": missing})
    for name, data in _texts(text):
        yield Case(f"bundle.json, {name}", {}, arguments, {"bundle.json": data})
