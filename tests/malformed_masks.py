"""Malformed masks that are no pictures: labelme's JSON, NumPy's arrays, floating-point TIFF, several files by name."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import photo_files as make
import tifffile
from malformed_cases import CHANGES, Case, claiming, picture

HEIGHT, WIDTH = 40, 56


def _labelme() -> Iterator[tuple[str, bytes]]:
    square = {"label": "sky", "points": [[0, 0], [56, 0], [56, 20], [0, 20]], "shape_type": "polygon"}
    sound = {"shapes": [square], "imageHeight": HEIGHT, "imageWidth": WIDTH}

    def file(**changes: object) -> bytes:
        return json.dumps({**sound, **changes}).encode()

    def shape(**changes: object) -> bytes:
        return file(shapes=[{**square, **changes}])

    for how in ("nothing", "one byte", "a quarter", "nine tenths", "flipped 5", "twice"):
        yield how, CHANGES[how](file())
    yield "a list", b"[]"
    yield "nested", b"[" * 200_000
    yield "nested shapes", b'{"shapes":' * 100_000
    yield "UTF-16", file().decode().encode("utf-16")
    yield "shapes twice", file()[:-1] + b', "shapes": []}'
    yield "no shapes", file(shapes=[])
    yield "shapes that are null", file(shapes=None)
    yield "20,000 shapes", file(shapes=[square] * 20_000)
    yield "300 labels", file(shapes=[{**square, "label": str(k)} for k in range(300)])
    yield "a label that is a number", shape(label=5)
    yield "a label of a megabyte", shape(label="x" * (1 << 20))
    yield "control characters in a label", shape(label="a\x1b[31m\n\0b")
    yield "an empty label", shape(label="")
    yield "no points", shape(points=[])
    yield "two points", shape(points=square["points"][:2])
    yield "points of three", shape(points=[[0, 0, 0]] * 4)
    yield "points of nan", shape(points=[[float("nan"), 0], [9, 0], [9, 9]])
    yield "points out of range", shape(points=[[1e308, 0], [9, 1e308], [-1e308, 9]])
    yield "10^5 points", shape(points=[[k % 56, k % 39] for k in range(100_000)])
    yield "a line", shape(shape_type="line")
    yield "a shape without type", shape(shape_type=None)
    yield "a circle without radius", shape(shape_type="circle", points=[[5, 5], [5, 5]])
    for side in (0, -1, 10**9, 10**30, 1.5, "40", None):
        yield f"height {side}", file(imageHeight=side)
    yield "196 MP", file(imageHeight=14_000, imageWidth=14_000)
    yield "as thin as a line", file(imageHeight=1, imageWidth=60_000)


def _npy(array: np.ndarray, **options: Any) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, **options)
    return buffer.getvalue()


def _head(descr: str, shape: str) -> bytes:
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".encode().ljust(245) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


def _arrays() -> Iterator[tuple[str, bytes]]:
    labels = np.zeros((HEIGHT, WIDTH), np.uint8)
    labels[20:] = 1
    soft = np.stack([labels, 1 - labels], axis=-1).astype(np.float32)
    for how in ("nothing", "one byte", "head", "a quarter", "nine tenths", "flipped 5", "shifted"):
        yield how, CHANGES[how](_npy(labels))
    yield "pickled", _npy(np.array([{}, []], object), allow_pickle=True)
    yield "texts", _npy(np.array([["a", "b"]]))
    yield "complex", _npy(labels.astype(np.complex64))
    yield "dates", _npy(labels.astype("datetime64[s]"))
    yield "records", _npy(np.zeros((4, 4), [("a", "u1"), ("b", "f4")]))
    yield "one axis", _npy(labels[0])
    yield "five axes", _npy(labels[None, None, None])
    yield "no pixels", _npy(labels[:0])
    yield "no labels", _npy(soft[..., :0])
    yield "300 labels", _npy(np.arange(HEIGHT * WIDTH).reshape(HEIGHT, WIDTH) % 300)
    yield "labels of 2^63", _npy(labels.astype(np.uint64) + np.uint64(2**63))
    yield "300 weights", _npy(np.zeros((9, 9, 300), np.float32))
    for value in (np.nan, np.inf, -0.5, 7.0, 1e38):
        yield f"weights of {value}", _npy(np.where(soft == 1, np.float32(value), 0).astype(np.float32))
    yield "weights of nothing", _npy(soft * 0)
    yield "big-endian", _npy(labels.astype(">i4"))
    yield "by columns", _npy(np.asfortranarray(soft))
    yield "shape of 10^12", _head("'|u1'", "(1000000, 1000000)") + bytes(99)
    yield "shape that overflows", _head("'<f4'", "(4294967296, 4294967296, 4)") + bytes(99)
    yield "negative shape", _head("'|u1'", "(-4, 4)") + bytes(99)
    yield "a head that is code", _head("__import__('os').getcwd()", "(4, 4)") + bytes(99)
    yield "a nested head", _head("[" * 90, "(4, 4)") + bytes(99)


def _zip(members: dict[str, bytes], level: int = 6) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def _archives() -> Iterator[tuple[str, bytes]]:
    plane = np.ones((HEIGHT, WIDTH), np.float32)
    sound = {"sky.npy": _npy(plane), "sea.npy": _npy(plane * 0)}
    twice = bytearray(_zip({"aaa.npy": _npy(plane), "bbb.npy": _npy(plane)}))
    twice = bytearray(bytes(twice).replace(b"bbb.npy", b"aaa.npy"))
    encrypted = bytearray(_zip(sound))
    for at in (6, bytes(encrypted).index(b"PK\x01\x02") + 8):
        encrypted[at] |= 1
    for how in ("a quarter", "nine tenths", "hole", "flipped 5"):
        yield how, CHANGES[how](_zip(sound))
    yield "no arrays", _zip({})
    yield "a text", _zip({"readme.txt": b"no array"})
    yield "pickled", _zip({"a.npy": _npy(np.array([{}], object), allow_pickle=True)})
    yield "path traversal", _zip({"../../a.npy": _npy(plane), "/b.npy": _npy(plane * 0)})
    yield "one name twice", bytes(twice)
    yield "300 arrays", _zip({f"{k}.npy": _npy(plane[:2, :2]) for k in range(300)})
    yield "two sizes", _zip({"a.npy": _npy(plane), "b.npy": _npy(plane[1:])})
    yield "two types", _zip({"a.npy": _npy(plane), "b.npy": _npy(np.zeros((HEIGHT, WIDTH), complex))})
    yield "encrypted", bytes(encrypted)
    yield "bomb of 256 MB", _zip({"a.npy": _head("'|u1'", "(16384, 16384)") + bytes(1 << 28)}, 1)
    bomb = _zip({"a.npy": _head("'|u1'", "(65535, 65535)") + bytes(99_999)})
    yield "bomb of 4 GB", claiming(bomb, (1 << 32) - 2)
    yield "shape lie", _zip({"a.npy": _head("'<f4'", "(99999, 99999)") + bytes(99)})
    yield "not an array", _zip({"a.npy": b"text"})


def _tiffs() -> Iterator[tuple[str, bytes]]:
    def tiff(array: np.ndarray, **options: Any) -> bytes:
        buffer = io.BytesIO()
        tifffile.imwrite(buffer, array, metadata=None, **options)
        return buffer.getvalue()

    half = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    half[:20] = 1
    for value in (np.nan, np.inf, -1.0, 7.0):
        yield f"of {value}", make.tiff(np.where(half == 1, np.float32(value), 0).astype(np.float32), {})
    yield "of 300 channels", tiff(np.zeros((9, 9, 300), np.float32), photometric="minisblack", planarconfig="contig")
    yield "of 300 pages", tiff(np.zeros((300, 9, 9), np.float32), photometric="minisblack")
    yield "of complex numbers", tiff(np.zeros((9, 9), np.complex64), photometric="minisblack")
    yield "of half precision", tiff(half.astype(np.float16), photometric="rgb")
    yield "of double precision", tiff(half.astype(np.float64), photometric="rgb")
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as writer:
        writer.write(half[..., 0], photometric="minisblack", metadata=None)
        writer.write(half[1:, :, 0], photometric="minisblack", metadata=None)
    yield "of pages that differ", buffer.getvalue()
    for how in ("head", "a quarter", "nine tenths", "flipped 5"):
        yield how, CHANGES[how](tiff(half, photometric="rgb"))


def cases(_sound_model: Path) -> Iterator[Case]:
    """Masks for `stylize`, as the content's and as the style's."""
    kinds = (("m.json", _labelme()), ("m.npy", _arrays()), ("m.npz", _archives()), ("m.tif", _tiffs()))
    sound = {"sound.npy": _npy(np.repeat(np.arange(2, dtype=np.uint8), 20)[:, None] * np.ones((1, WIDTH), np.uint8))}
    options = ("--content-mask", "--style-mask")
    number = 0
    for file, files in kinds:
        for name, data in files:
            number += 1
            ours, theirs = options if number % 2 else options[::-1]
            arguments = ("good.png", "good.png", "-o", "r.png", ours, file, theirs, "sound.npy")
            yield Case(f"mask, {file} {name}", {file: data, **sound}, arguments)
    grey = make.png(picture()[..., 0], make.GREY, 8)
    small = make.png(picture()[:9, :9, 0], make.GREY, 8)
    for name, named in {
        "one name twice": ("a=g.png", "a=g.png"),
        "no name": ("=g.png", "b=g.png"),
        "a name and a file": ("a=g.png", "g.png"),
        "two sizes": ("a=g.png", "b=s.png"),
        "no file": ("a=", "b=g.png"),
        "not there": ("a=none.png", "b=g.png"),
        "a folder": ("a=.", "b=g.png"),
        "control characters": ("a\x1b[31m\n=g.png", "b=g.png"),
        "a text": ("a=g.png", "b=t.png"),
    }.items():
        given = [word for file in named for word in ("--content-mask", file)]
        given += [word for file in ("a=g.png", "b=g.png") for word in ("--style-mask", file)]
        pictures = {"g.png": grey, "s.png": small, "t.png": b"text"}
        yield Case(f"masks by name, {name}", pictures, ("good.png", "good.png", "-o", "r.png", *given))
    for text in ("", "=", "a", "a=", "sky=sky=sky", "none=0", "0=none", "0=0,0=1", "," * 99, "\x1b=0"):
        both = ("--content-mask", "sound.npy", "--style-mask", "sound.npy")
        yield Case(f"mask map {text!r}", sound, ("good.png", "good.png", "-o", "r.png", "--mask-map", text, *both))
