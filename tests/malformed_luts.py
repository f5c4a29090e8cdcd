"""Malformed LUTs: .cube files and others that OpenColorIO reads, and HaldCLUT pictures."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import photo_files as make
from malformed_cases import CHANGES, Case
from PIL import Image

SIZE = 5


def _rows(size: int = SIZE) -> list[str]:
    steps = np.linspace(0, 1, size)
    return [f"{r:.6f} {g:.6f} {b:.6f}" for b in steps for g in steps for r in steps]


def _cube(head: str, rows: list[str]) -> bytes:
    return (head + "\n" + "\n".join(rows) + "\n").encode()


def _cubes() -> Iterator[tuple[str, bytes]]:
    rows, size = _rows(), f"LUT_3D_SIZE {SIZE}"
    for value in ("0", "1", "-5", "257", "100000", "99999999999999999999", "5.5", "abc", "nan", ""):
        yield f"size {value or 'missing'}", _cube(f"LUT_3D_SIZE {value}", rows)
    for value in ("nan", "inf", "-inf", "1e38", "1e999", "abc", "0x10", "1,0", "--1"):
        yield f"a value of {value}", _cube(size, [f"{value} 0 0", *rows[1:]])
    yield "no size", _cube("", rows)
    yield "size twice", _cube(f"{size}\nLUT_3D_SIZE 9", rows)
    yield "size of one dimension and of three", _cube(f"LUT_1D_SIZE 5\n{size}", rows)
    yield "rows too few", _cube(size, rows[:-1])
    yield "rows too many", _cube(size, [*rows, *rows[:5]])
    yield "no rows", _cube(size, [])
    yield "two columns", _cube(size, [row.rpartition(" ")[0] for row in rows])
    yield "four columns", _cube(size, [row + " 1" for row in rows])
    yield "domain backwards", _cube(f"{size}\nDOMAIN_MIN 1 1 1\nDOMAIN_MAX 0 0 0", rows)
    yield "domain of nothing", _cube(f"{size}\nDOMAIN_MIN 1 1 1\nDOMAIN_MAX 1 1 1", rows)
    yield "domain of nan", _cube(f"{size}\nDOMAIN_MAX nan nan nan", rows)
    yield "domain of two", _cube(f"{size}\nDOMAIN_MAX 1 1", rows)
    yield "title without end", _cube(f'TITLE "a\n{size}', rows)
    yield "title of a megabyte", _cube(f'TITLE "{"x" * (1 << 20)}"\n{size}', rows)
    yield "title in Latin-1", _cube(f"TITLE x\n{size}", rows).replace(b"TITLE x", b'TITLE "\xe9\xff"')
    yield "control characters", _cube(f'TITLE "\x1b[31m\x00"\n{size}', rows)
    yield "UTF-16", _cube(size, rows).decode().encode("utf-16")
    yield "UTF-8 with its mark", b"\xef\xbb\xbf" + _cube(size, rows)
    yield "ends of lines of old Macs", _cube(size, rows).replace(b"\n", b"\r")
    yield "one line of 10 MB", b"1 " * 5_000_000
    yield "10^6 comments", _cube("#\n" * 1_000_000 + size, rows)
    yield "unknown words", _cube(f"{size}\nFOO 1 2 3", rows)
    yield "one dimension", _cube("LUT_1D_SIZE 4", [f"{x} {x} {x}" for x in (0, 0.3, 0.6, 1)])
    yield "one dimension of 10^6", _cube("LUT_1D_SIZE 1000000", ["0 0 0", "1 1 1"])
    for how in ("nothing", "one byte", "a quarter", "nine tenths", "hole", "flipped 5", "flipped 40", "shifted"):
        yield how, CHANGES[how](_cube(size, rows))


def _others() -> Iterator[tuple[str, bytes]]:
    """Files of other formats, and of none."""
    entities = "".join(f'<!ENTITY e{k} "{f"&e{k - 1};" * 10 if k else "ha" * 10}">' for k in range(9))
    clf = '<ProcessList id="x" compCLFversion="3">{}</ProcessList>'
    array = '<LUT3D inBitDepth="32f" outBitDepth="32f"><Array dim="{}">{}</Array></LUT3D>'
    two = "0 0 0 0 0 1 0 1 0 0 1 1 1 0 0 1 0 1 1 1 0 1 1 1"
    yield "a.clf", clf.format(array.format("2 2 2 3", two)).encode()
    yield "entities.clf", f"<!DOCTYPE a [{entities}]>{clf.format('<Description>&e8;</Description>')}".encode()
    yield "outside.clf", b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>' + clf.format("&b;").encode()
    yield "nested.clf", b"<ProcessList>" + b"<Info>" * 100_000
    yield "huge.clf", clf.format(array.format("9999 9999 9999 3", two)).encode()
    yield "wrong count.clf", clf.format(array.format("2 2 2 3", "0 1")).encode()
    yield "empty.clf", clf.format("").encode()
    yield "a.spi3d", b"SPILUT 1.0\n3 3\n99999 99999 99999\n0 0 0 0 0 0\n"
    yield "index.spi3d", b"SPILUT 1.0\n3 3\n2 2 2\n" + b"9 9 9 0 0 0\n" * 8
    yield "a.spi1d", b"Version 1\nFrom 0 1\nLength 99999999\nComponents 3\n{\n0 0 0\n}\n"
    yield "a.3dl", b"0 512 1023\n" + b"0 0 0\n" * 26
    yield "a.csp", b"CSPLUTV100\n3D\n\n2\n0 1\n0 1\n"
    yield "include.ctf", b"<ProcessList version='1.7'><Reference path='/etc/passwd'/></ProcessList>"
    yield "a.look", b"no LUT"
    yield "a.txt", b"no LUT"
    yield "a", b"no LUT"
    yield "a.xyz", _cube(f"LUT_3D_SIZE {SIZE}", _rows())


def _png(array: np.ndarray, mode: str = "RGB") -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(array).convert(mode).save(buffer, "PNG")
    return buffer.getvalue()


def _halds() -> Iterator[tuple[str, bytes]]:
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (64, 64, 3), np.uint8)
    yield "no cube", _png(noise[:63, :63])
    yield "no square", _png(noise[:, :27])
    yield "one pixel", _png(noise[:1, :1])
    yield "of level 1", _png(np.zeros((1, 1, 3), np.uint8))
    yield "of level 2", _png(noise[:8, :8])
    yield "grey", _png(noise, "L")
    yield "of one bit", _png(noise, "1")
    yield "palette", _png(noise, "P")
    yield "transparent", make.png(np.zeros((64, 64, 4), np.uint8), make.RGBA, 8)
    yield "of level 20", _png(np.zeros((8000, 8000, 3), np.uint8))
    yield "of nan", make.tiff(np.full((64, 64, 3), np.nan, np.float32), {})
    yield "beyond white", make.tiff(np.full((64, 64, 3), 1e30, np.float32), {})
    for how in ("nothing", "a quarter", "nine tenths", "flipped 5"):
        yield how, CHANGES[how](_png(noise))


def cases(_sound_model: Path) -> Iterator[Case]:
    """LUTs for `lut apply`."""
    files = [(f"cube, {name}", "x.cube", data) for name, data in _cubes()]
    files += [(name, name, data) for name, data in _others()]
    files += [(f"hald, {name}", "x.tif" if data[:2] in (b"II", b"MM") else "x.png", data) for name, data in _halds()]
    for name, file, data in files:
        yield Case(f"LUT, {name}", {file: data}, ("good.png", file, "-o", "r.png"), command=("lut", "apply"))
