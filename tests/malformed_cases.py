"""A malformed input as files and arguments of the command, and what is wrong with how the command ended."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

Change = Callable[[bytes], bytes]
Image.MAX_IMAGE_PIXELS = None  # Pillow is the judge of results, also of large ones


@dataclass(frozen=True)
class Case:
    """Arguments of the command and the files that they name.

    Attributes:
        name: of the case.
        files: names and bytes.
        arguments: without the model and the working size, which are the same for all. "r.png" is the output.
        model: None for the sound one, else changes of the sound one's files, by name.
        command: its name or names; those other than `stylize` and `batch` take no model.
        megabytes: that it may take.
    """

    name: str
    files: dict[str, bytes] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    model: dict[str, bytes] | None = None
    command: tuple[str, ...] = ("stylize",)
    megabytes: int = 2000


def picture(height: int = 40, width: int = 56) -> np.ndarray:
    y, x = np.mgrid[0:height, 0:width]
    rng = np.random.default_rng(0)
    slope = np.stack([60 + 2 * x, 70 + 3 * y, 200 - x - y], axis=-1)
    return np.clip(slope + rng.integers(-20, 20, slope.shape), 0, 255).astype(np.uint8)


def saved(kind: str, mode: str = "RGB", **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture()).convert(mode).save(buffer, kind, **options)
    return buffer.getvalue()


def _flipped(seed: int) -> Change:
    def change(data: bytes) -> bytes:
        rng = np.random.default_rng(seed)
        damaged = bytearray(data)
        for at in rng.integers(0, len(data), 1 + seed):
            damaged[at] ^= int(rng.integers(1, 256))
        return bytes(damaged)

    return change


def _hole(data: bytes) -> bytes:
    at = len(data) // 2
    return data[:at] + bytes(600) + data[at + 600 :]


CHANGES: dict[str, Change] = {
    "nothing": lambda data: data[:0],
    "one byte": lambda data: data[:1],
    "head": lambda data: data[:30],
    "a quarter": lambda data: data[: len(data) // 4],
    "nine tenths": lambda data: data[: len(data) * 9 // 10],
    "without the last byte": lambda data: data[:-1],
    "hole": _hole,
    "flipped 1": _flipped(1),
    "flipped 5": _flipped(5),
    "flipped 40": _flipped(40),
    "twice": lambda data: data + data,
    "shifted": lambda data: b"\0" + data,
}


def claiming(archive: bytes, size: int) -> bytes:
    """A zip archive whose first member says that it unpacks to so many bytes."""
    changed, at = bytearray(archive), archive.index(b"PK\x01\x02")
    changed[at + 24 : at + 28] = changed[22:26] = size.to_bytes(4, "little")
    return bytes(changed)


def lay_out(case: Case, folder: Path, sound_model: Path) -> list[str]:
    """Writes a case's files into an empty folder and returns all arguments."""
    (folder / "good.png").write_bytes(saved("PNG"))
    for name, data in case.files.items():
        (folder / name).write_bytes(data)
    if case.command[0] not in ("stylize", "batch"):
        return [*case.command, *case.arguments]
    model = sound_model
    if case.model is not None:
        model = folder / "model"
        shutil.copytree(sound_model, model)
        for name, data in case.model.items():
            (model / name).write_bytes(data)
    usual = [] if "--model" in case.arguments else ["--model", str(model)]
    small = [] if "--max-side" in case.arguments else ["--max-side", "48"]
    return [*case.command, *case.arguments, *usual, *small, "--device", "cpu"]


def complaint(case: Case, status: int, errors: str, folder: Path) -> str | None:
    """What is wrong with how the command ended, or None."""
    lines = [line for line in errors.splitlines() if not line.startswith("fastphoto: warning: ")]
    left = [path.name for path in folder.iterdir() if path.name.startswith(".fastphoto-")]
    if left:
        return f"left {left[0]}"
    if "Traceback" in errors:
        return "a traceback"
    result = folder / ("out/r.png" if case.command == ("batch",) else "r.png")
    if status == 0:
        if lines:
            return f"success, and on standard error {lines[0]!r}"
        if "r.png" in case.arguments or case.command == ("batch",):
            with Image.open(result) as image:
                image.load()
        return None
    if result.exists():
        return "an error, and a result"
    if status == 2:
        return None if "Usage: " in errors and "Error: " in errors else "status 2 without a word on usage"
    if status != 1:
        return f"status {status}"
    if case.command == ("batch",) and all(line.startswith("fastphoto: error: ") for line in lines):
        lines = lines[:1]  # and one for all of them
    if len(lines) != 1 or not lines[0].startswith("fastphoto: error: "):
        return f"{len(lines)} lines instead of one: {errors[:300]!r}"
    return None if len(lines[0]) < 1000 else f"a line of {len(lines[0])} characters"
