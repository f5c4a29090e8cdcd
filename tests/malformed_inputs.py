"""Inputs that are malformed, made from nothing: photos, masks, models, names and options for the command.

`cases()` lists these and those of looks, LUTs, manifests, other masks and bundles, 500 or more.
tests/python/test_malformed.py tries a part of them, scripts/malformed.sh all, each in a process of its own. An input
may turn out to be readable: then the result must be whole.
"""

from __future__ import annotations

import io
import json
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import malformed_bundles
import malformed_looks
import malformed_luts
import malformed_manifests
import malformed_masks
import numpy as np
import photo_files as make
import tifffile
from malformed_cases import CHANGES, Case, picture, saved


def _tiff(**options: object) -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, picture(), photometric="rgb", metadata=None, **options)  # type: ignore[arg-type]
    return buffer.getvalue()


def sound_photos() -> dict[str, bytes]:
    """One file of each kind, all readable."""
    return {
        "a.jpg": saved("JPEG", quality=90),
        "progressive.jpg": saved("JPEG", quality=90, progressive=True),
        "grey.jpg": saved("JPEG", "L"),
        "cmyk.jpg": saved("JPEG", "CMYK"),
        "a.png": saved("PNG"),
        "palette.png": saved("PNG", "P"),
        "alpha.png": saved("PNG", "RGBA"),
        "deep.png": make.png(picture().astype(np.uint16) * 257, make.RGB, 16),
        "strips.tif": _tiff(rowsperstrip=8),
        "tiles.tif": _tiff(tile=(16, 16)),
        "deflate.tif": _tiff(compression="zlib", rowsperstrip=8),
        "a.webp": saved("WEBP", quality=90),
        "lossless.webp": saved("WEBP", lossless=True),
        "a.gif": saved("GIF", "P"),
        "a.avif": saved("AVIF"),
    }


def _photos() -> Iterator[Case]:
    sound = sound_photos()
    for i, (file, data) in enumerate(sound.items()):
        for j, (how, change) in enumerate(CHANGES.items()):
            role = "style" if (i + j) % 3 == 0 else "content"
            pair = (file, "good.png") if role == "content" else ("good.png", file)
            yield Case(f"{role} {file}, {how}", {file: change(data)}, (*pair, "-o", "r.png"))


def _odd_photos() -> Iterator[Case]:
    grey = np.zeros((1, 1), np.uint8)
    big = {side: make.png(grey, make.GREY, 1, size=side) for side in ((0, 0), (70_000, 70_000), (14_000, 14_000))}
    rows = zlib.compress(b"\0" * 1751 * 14_000, 9)
    constant = (
        b"\x89PNG\r\n\x1a\n"
        + make.png_chunk(b"IHDR", struct.pack(">IIBBBBB", 14_000, 14_000, 1, 0, 0, 0, 0))
        + make.png_chunk(b"IDAT", rows)
        + make.png_chunk(b"IEND", b"")
    )
    bomb = zlib.compress(bytes(50_000_000), 9)
    pixels = picture()
    lie = bytearray(saved("JPEG"))
    at = lie.index(b"\xff\xc0")
    lie[at + 5 : at + 9] = struct.pack(">HH", 14_000, 14_000)
    exif = make.exif_block({0x0112: (make.SHORT, 6)}, {}, thumbnail=b"x" * 40)
    circle = bytearray(make.tiff(pixels, {}))
    circle[-4:] = b"\x08\0\0\0"
    files = {
        "no pixels.png": big[0, 0],
        "too many.png": big[70_000, 70_000],
        "promises 196 MP.png": big[14_000, 14_000],
        "196 MP.png": constant,
        "bomb in a profile.png": make.png(pixels, make.RGB, 8, [(b"iCCP", b"x\0\0" + bomb)]),
        "bomb in a text.png": make.png(pixels, make.RGB, 8, [(b"zTXt", b"x\0\0" + bomb)]),
        "hdr.png": make.png(pixels, make.RGB, 8, [(b"cICP", bytes([9, 16, 0, 1]))]),
        "odd cicp.png": make.png(pixels, make.RGB, 8, [(b"cICP", b"\xff" * 4)]),
        "odd gamma.png": make.png(pixels, make.RGB, 8, [(b"gAMA", b"\0\0\0\0"), (b"cHRM", b"\xff" * 32)]),
        "junk profile.png": make.png(pixels, make.RGB, 8, [(b"iCCP", b"x\0\0" + zlib.compress(b"\xfe" * 4000))]),
        "header lie.jpg": bytes(lie),
        "bare ends.jpg": b"\xff\xd8\xff\xd9",
        "only 0xff.jpg": b"\xff" * 5000,
        "exif.jpg": make.jpeg_with(saved("JPEG"), (0xE1, exif[: len(exif) // 2])),
        "exif to nowhere.jpg": make.jpeg_with(saved("JPEG"), (0xE1, b"Exif\0\0MM\0*\xff\xff\xff\xf0" + bytes(20))),
        "circle.tif": bytes(circle),
        "no directory.tif": b"II*\0\xff\xff\xff\x7f",
        "many entries.tif": b"II*\0\x08\0\0\0\xff\xff" + bytes(400),
        "float nan.tif": make.tiff(np.full((4, 4, 3), np.nan, np.float32), {}),
        "32 bits.tif": make.tiff(np.full((4, 4, 3), 7, np.uint32), {}),
        "seven channels.tif": make.tiff(np.full((4, 4, 7), 7, np.uint8), {}),
        "thin.png": make.png(np.zeros((1, 3000), np.uint8), make.GREY, 8),
        "one pixel.png": make.png(grey, make.GREY, 8),
        "drawing.svg": b"<svg xmlns='http://www.w3.org/2000/svg' width='1e9' height='9'/>",
        "entities.svg": b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><svg>&b;</svg>",
        "heic.jpg": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(99),
        "raw.cr2": b"II*\0\x10\0\0\0CR\x02\0" + bytes(99),
        "text.jpg": b"this is no photo\n" * 9,
        "zeros.jpg": bytes(4096),
        "zip.png": b"PK\x03\x04" + bytes(99),
        "exr.exr": b"\x76\x2f\x31\x01\x02\0\0\0" + bytes(99),
        "hdr.hdr": b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 4 +X 4\n" + bytes(60),
        "box.avif": b"\0\0\0\x14ftypavif\0\0\0\0mif1\xff\xff\xff\xffmeta" + bytes(60),
    }
    for file, data in files.items():
        # A sound photo, though of a few bytes: its pixels alone are 2.4 GB.
        megabytes = 6000 if file == "196 MP.png" else 2000
        yield Case(f"content {file}", {file: data}, (file, "good.png", "-o", "r.png"), megabytes=megabytes)


def _masks() -> Iterator[Case]:
    two = np.zeros((40, 56, 3), np.uint8)
    two[:20] = 255
    noise = np.random.default_rng(0).integers(0, 256, (40, 56, 3)).astype(np.uint8)
    half = noise.copy()
    half[:, :28] = 0
    many = np.repeat(np.repeat(np.arange(200).reshape(10, 20), 4, 0), 3, 1)
    sound = make.png(two, make.RGB, 8)
    files = {
        "photo": make.png(noise, make.RGB, 8),
        "cut-out": make.png(half, make.RGB, 8),
        "deep": make.png(two.astype(np.uint16) * 257, make.RGB, 16),
        "200 labels": make.png(many, make.GREY, 8),
        "one label": make.png(two * 0, make.RGB, 8),
        "aspect": make.png(two[:, :9], make.RGB, 8),
        "one pixel": make.png(np.zeros((1, 1), np.uint8), make.GREY, 8),
        "transparent": make.png(np.zeros((40, 56, 4), np.uint8), make.RGBA, 8),
        "other colours": make.png(two // 2, make.RGB, 8),
        "float": make.tiff(np.zeros((40, 56, 3), np.float32), {}),
        "cmyk": saved("TIFF", "CMYK"),
        "196 MP": make.png(np.zeros((1, 1), np.uint8), make.GREY, 1, size=(14_000, 14_000)),
        "text": b"sky 0 0 255\n",
        "exr": b"\x76\x2f\x31\x01" + bytes(40),
    }
    for how in ("nothing", "head", "a quarter", "nine tenths", "flipped 1", "flipped 5", "twice"):
        files[f"png, {how}"] = CHANGES[how](sound)
    for name, data in files.items():
        for place in ("--content-mask", "--style-mask"):
            other = "--style-mask" if place == "--content-mask" else "--content-mask"
            arguments = ("good.png", "good.png", "-o", "r.png", place, "m.png", other, "sound.png")
            yield Case(f"{place} {name}", {"m.png": data, "sound.png": sound}, arguments)


def _models(sound: Path) -> Iterator[Case]:
    manifest = (sound / "bundle.json").read_bytes()
    graphs = sorted(path.name for path in sound.glob("*.onnx"))
    fields = json.loads(manifest)

    def with_field(**changes: object) -> bytes:
        return json.dumps({**fields, **changes}).encode()

    changes: dict[str, dict[str, bytes]] = {
        f"bundle.json, {how}": {"bundle.json": change(manifest)} for how, change in CHANGES.items()
    }
    changes |= {
        "nested": {"bundle.json": b"[" * 200_000},
        "nested objects": {"bundle.json": b'{"a":' * 100_000},
        "a list": {"bundle.json": b"[]"},
        "a number": {"bundle.json": b"1e999"},
        "latin-1": {"bundle.json": b'{"name": "\xe9"}'},
        "long name": {"bundle.json": with_field(name="x" * 5000)},
        "control characters": {"bundle.json": with_field(name="a\x1b[31m\nb")},
        "working side": {"bundle.json": with_field(working_side=10**18)},
        "size multiple": {"bundle.json": with_field(size_multiple=10**400)},
        "size multiple large": {"bundle.json": with_field(size_multiple=10**9)},
        "margin": {"bundle.json": with_field(margin=10**9)},
        "negative": {"bundle.json": with_field(working_side=-1)},
        "format": {"bundle.json": with_field(format=99)},
        "lambda underflow": {"bundle.json": with_field(smoothing={"lam": 1e-320, "eps": 1e-7})},
        "lambda": {"bundle.json": with_field(smoothing={"lam": 1e-40, "eps": 1e-7})},
        "eps": {"bundle.json": with_field(smoothing={"lam": 1e-4, "eps": 1e308})},
        "null": {"bundle.json": with_field(alignments=None)},
        "no segments": {"bundle.json": with_field(segments=[])},
    }
    for file in (graphs[0], graphs[-1]):
        data = (sound / file).read_bytes()
        for how in ("nothing", "a quarter", "flipped 5"):
            changes[f"{file}, {how}"] = {file: CHANGES[how](data)}
    for name, change in changes.items():
        yield Case(f"model, {name}", {}, ("good.png", "good.png", "-o", "r.png"), change)


def _options() -> Iterator[Case]:
    plain = ("good.png", "good.png", "-o", "r.png")
    words = [
        ("--strength", "nan"), ("--strength", "-1"), ("--strength", "1e999"), ("--threads", "3000000000"),
        ("--threads", "-1"), ("--threads", "2.0"), ("--max-side", "0"), ("--max-side", "99999999999999999999"),
        ("--device", "gpu"), ("--model", ""), ("--model", "../none"), ("--model", "a\nb"), ("--encode", "quality=0"),
        ("--encode", "bits=7"), ("--encode", "compression=zstd"), ("--encode", "x"), ("--encode", "quality=90"),
        ("--output-profile", "none.icc"), ("--output-profile", "good.png"), ("--output-profile", ""),
        ("--format", "bmp"), ("--smoothing", "blur"), ("--content-mask", "good.png"),
    ]  # fmt: skip
    for option, value in words:
        yield Case(f"{option} {value!r}", {}, (*plain, option, value))
    for output in ("r.xyz", "r", "nowhere/r.png", ".", "r.png/r.png", "x" * 300 + ".png", "-"):
        yield Case(f"output {output[:20]!r}", {}, ("good.png", "good.png", "-o", output))
    for content in ("", "none.png", ".", "good.png/x", "/dev/null", "/dev/zero", "a\nb.png", "x" * 5000):
        yield Case(f"content {content[:20]!r}", {}, (content, "good.png", "-o", "r.png"))


def cases(sound_model: Path) -> list[Case]:
    """All of them; `sound_model` is a bundle's folder."""
    ours = [*_photos(), *_odd_photos(), *_masks(), *_models(sound_model), *_options()]
    others = (malformed_looks, malformed_luts, malformed_manifests, malformed_masks, malformed_bundles)
    return [*ours, *(case for module in others for case in module.cases(sound_model))]
