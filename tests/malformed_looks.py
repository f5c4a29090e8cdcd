"""Malformed looks: files of both formats that are cut off, lie about themselves, or hold no statistics."""

from __future__ import annotations

import functools
import io
import json
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fastphoto_native as fp
import numpy as np
from malformed_cases import CHANGES, Case, claiming, picture

Header = dict[str, Any]


@functools.cache
def sound_look(model: Path) -> bytes:
    """A look of the model's."""
    return fp.Stylizer(model, "cpu", 1).analyze(picture(), max_side=48).to_bytes()


def _parts(data: bytes) -> tuple[Header, bytes]:
    size = int.from_bytes(data[:8], "little")
    return json.loads(data[8 : 8 + size]), data[8 + size :]


def _joined(header: bytes | Header, tensors: bytes, size: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if size is None else size).to_bytes(8, "little") + text + tensors


def _headers(sound: bytes) -> Iterator[tuple[str, bytes]]:
    """What the header may say that is not so."""
    header, tensors = _parts(sound)
    text = json.dumps(header).encode()
    mean = next(name for name in header if name.endswith("mean"))
    covariance = next(name for name in header if name.endswith("covariance"))

    def with_entry(entry: str, **changes: object) -> bytes:
        return _joined({**header, entry: {**header[entry], **changes}}, tensors)

    def with_metadata(**changes: object) -> bytes:
        return with_entry("__metadata__", **changes)

    yield "header of 2^63 bytes", _joined(text, tensors, 1 << 63)
    yield "header longer than the file", _joined(text, tensors, len(sound) + 1)
    yield "empty header", _joined(b"", tensors)
    yield "header of spaces", _joined(b" " * (1 << 20), tensors)
    yield "a list as header", _joined(b"[]", tensors)
    yield "header in UTF-16", _joined(text.decode().encode("utf-16"), tensors)
    yield "header with bytes of Latin-1", _joined(text.replace(b"tiny", b"t\xefny"), tensors)
    yield "nested header", _joined(b"[" * 200_000, tensors)
    yield "nested objects", _joined(b'{"a":' * 100_000, tensors)
    yield "numbers out of range", _joined(b'{"a": 1e999}', tensors)
    yield "an entry twice", _joined(text[:-1] + b", " + json.dumps({mean: header[mean]}).encode()[1:], tensors)
    yield "metadata twice", _joined(b'{"__metadata__": {}, ' + text[1:], tensors)
    yield "no metadata", _joined({k: v for k, v in header.items() if k != "__metadata__"}, tensors)
    yield "metadata of numbers", _joined({**header, "__metadata__": {"format": 2}}, tensors)
    yield "another format", with_metadata(**dict.fromkeys(header["__metadata__"], "99"))
    yield "long metadata", with_metadata(name="x" * 1_000_000)
    yield "control characters in the name", with_metadata(name="a\x1b[31m\nb\x00")
    yield "no such model", with_metadata(fingerprint="0" * 64)
    yield "a tensor is missing", _joined({k: v for k, v in header.items() if k != mean}, tensors)
    yield "a tensor too many", _joined({**header, "9/9/mean": header[mean]}, tensors)
    yield "a path as tensor", _joined({**header, "../../etc/passwd": header[mean]}, tensors)
    yield "10^5 tensors", _joined({**header, **{f"{k}/0/mean": header[mean] for k in range(100_000)}}, tensors)
    yield "another type", with_entry(mean, dtype="F64")
    yield "no type", with_entry(mean, dtype=None)
    yield "huge shape", with_entry(mean, shape=[10**18])
    yield "negative shape", with_entry(mean, shape=[-3])
    yield "shape that overflows", with_entry(covariance, shape=[2**33, 2**33])
    yield "shape that is no list", with_entry(mean, shape="3")
    yield "not square", with_entry(covariance, shape=[9, 1])
    yield "offsets beyond the end", with_entry(mean, data_offsets=[len(tensors), len(tensors) + 12])
    yield "offsets backwards", with_entry(mean, data_offsets=[12, 0])
    yield "offsets of another tensor", with_entry(mean, data_offsets=header[covariance]["data_offsets"])
    yield "offsets of 10^30", with_entry(mean, data_offsets=[10**30, 10**30 + 12])

    def with_number(name: str, at: int, value: float) -> bytes:
        start = header[name]["data_offsets"][0] + 4 * at
        return _joined(header, tensors[:start] + struct.pack("<f", value) + tensors[start + 4 :])

    for value in (np.nan, np.inf, -np.inf, 1e38):
        yield f"mean of {value}", with_number(mean, 0, value)
        yield f"variance of {value}", with_number(covariance, 0, value)
    yield "negative variance", with_number(covariance, 0, -1.0)
    yield "not symmetric", with_number(covariance, 1, 0.7)


def _npz(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def _npy(array: np.ndarray, **options: Any) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, **options)
    return buffer.getvalue()


def _archives() -> Iterator[tuple[str, bytes]]:
    """Looks of format 1 that are none."""

    def header(**changes: object) -> bytes:
        row = {"label": 0, "area": 100.0, "points": 1}
        fields = {"format": 1, "model": "tiny", "fingerprint": "0" * 64, "masked": False, "labels": [row], **changes}
        return _npy(np.frombuffer(json.dumps(fields).encode(), np.uint8))

    mean, covariance = _npy(np.zeros(3, np.float32)), _npy(np.eye(3, dtype=np.float32))
    sound = {"header.npy": header(), "0/0/mean.npy": mean, "0/0/covariance.npy": covariance}
    lie = covariance.replace(b"(3, 3)", b"(9, 9)")
    head = b"{'descr': '<f4', 'fortran_order': False, 'shape': (99999, 99999), }"
    bomb = b"\x93NUMPY\x01\x00\x76\x00" + head.ljust(118)
    yield "of format 1 for no model", _npz(sound)
    yield "a zip without header", _npz({"a.npy": mean})
    yield "an empty zip", _npz({})
    yield "10^6 labels", _npz({**sound, "header.npy": header(labels=[{"label": 0}] * 1_000_000)})
    yield "no labels", _npz({**sound, "header.npy": header(labels=[])})
    yield "pickled", _npz({**sound, "0/0/mean.npy": _npy(np.array([{}]), allow_pickle=True)})
    yield "shape lie", _npz({**sound, "0/0/covariance.npy": lie})
    yield "bomb", claiming(_npz(sound), (1 << 32) - 2)
    yield "shape of 40 GB", _npz({**sound, "0/0/covariance.npy": bomb})
    yield "path traversal", _npz({**sound, "../../x.npy": mean})
    yield "nested header of format 1", _npz({**sound, "header.npy": _npy(np.frombuffer(b"[" * 99_999, np.uint8))})
    for how in ("a quarter", "hole", "flipped 5"):
        yield f"of format 1, {how}", CHANGES[how](_npz(sound))


def cases(sound_model: Path) -> Iterator[Case]:
    """Looks for `stylize`, one in three for `look show`."""
    sound = sound_look(sound_model)
    changed = [(how, change(sound)) for how, change in CHANGES.items()]
    for number, (name, data) in enumerate([*changed, *_headers(sound), *_archives()]):
        if number % 3 == 2:
            yield Case(f"look show, {name}", {"x.look": data}, ("x.look",), command=("look", "show"))
        else:
            yield Case(f"look, {name}", {"x.look": data}, ("good.png", "--look", "x.look", "-o", "r.png"))
    for weight in ("0", "1e400", "-1", "nan", "1e-320"):
        arguments = ("good.png", "--look", f"x.look:{weight}", "--look", f"y.look:{weight}", "-o", "r.png")
        yield Case(f"looks of weight {weight}", {"x.look": sound, "y.look": sound}, arguments)
