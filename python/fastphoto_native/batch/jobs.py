"""What a batch is to do: photos from files, folders, patterns and manifests, and where each result goes."""

from __future__ import annotations

import csv
import glob
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from fastphoto_native.errors import ArgumentError, PhotoError
from fastphoto_native.sources import StyleFiles

# What counts as a photo in a folder; a file that is named by itself is always taken.
PHOTO_SUFFIXES = frozenset(
    ".jpg .jpeg .jpe .png .tif .tiff .webp .avif .heic .heif .jxl .jp2 .bmp .ppm .exr".split()  # noqa: SIM905
)
# Suffixes that results keep; others become .png, which holds what they held.
KEPT_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp", ".avif", ".jxl", ".exr"})
MANIFESTS = (".csv", ".jsonl")
LARGEST_MANIFEST = 1 << 28  # bytes
SEPARATOR = ";"  # between the files of one field


@dataclass(frozen=True)
class Job:
    """One photo of a batch.

    Attributes:
        content: the photo.
        output: the result's file.
        style: where its look comes from; None takes the batch's own.
        content_masks: files of its mask, as for `read_named_mask`.
    """

    content: Path
    output: Path
    style: StyleFiles | None = None
    content_masks: tuple[str, ...] = ()


class _Row(msgspec.Struct, forbid_unknown_fields=True):
    """A line of a manifest. Fields for several files have them separated by ';'."""

    content: str
    output: str = ""
    style: str = ""
    look: str = ""
    content_mask: str = ""
    style_mask: str = ""


def jobs_of(photos: Sequence[str], output: Path, suffix: str | None) -> list[Job]:
    """The jobs of a batch, in the order in which they were named; those of a folder or pattern by name.

    Args:
        photos: files, folders (with all folders in them), patterns such as "shoot/*.tif", and manifests: .csv with a
            head line or .jsonl, with the fields content, output, style, look, content_mask and style_mask.
        output: the folder of the results. What comes from a folder keeps its place in it.
        suffix: of all results, such as ".png"; None keeps that of each photo.

    Raises:
        PhotoError: a file, folder or manifest cannot be read, or nothing is found.
        ArgumentError: two photos would be written to the same file, or one over a photo of the batch.
    """
    jobs = [job for text in photos for job in _jobs_of_one(text, output, suffix)]
    if not jobs:
        raise PhotoError("found no photos; expected at least one")
    _check_places(jobs)
    return jobs


def _jobs_of_one(text: str, output: Path, suffix: str | None) -> Iterator[Job]:
    path = Path(text)
    if path.is_dir():
        inside = output.resolve()
        for photo in sorted(path.rglob("*")):
            hidden = any(part.startswith(".") for part in photo.relative_to(path).parts)
            if photo.suffix.lower() in PHOTO_SUFFIXES and photo.is_file() and not hidden:
                if inside != path.resolve() and inside in photo.resolve().parents:
                    continue  # a result of an earlier run
                yield Job(photo, output / _named(photo.relative_to(path), suffix))
    elif path.suffix.lower() in MANIFESTS:
        yield from _of_manifest(path, output, suffix)
    elif glob.has_magic(text) and not path.exists():
        found = sorted(glob.glob(text, recursive=True))  # noqa: PTH207 (Path.glob takes no absolute patterns)
        if not found:
            raise PhotoError(f"{text}: found no photo of that pattern; expected at least one")
        for name in found:
            if Path(name).is_file():
                yield Job(Path(name), output / _named(Path(Path(name).name), suffix))
    else:
        yield Job(path, output / _named(Path(path.name), suffix))


def _named(place: Path, suffix: str | None) -> Path:
    if suffix is not None:
        return place.with_suffix(suffix)
    return place if place.suffix.lower() in KEPT_SUFFIXES else place.with_suffix(".png")


def _of_manifest(path: Path, output: Path, suffix: str | None) -> Iterator[Job]:
    """Names in a manifest are relative to its folder; those of results to the output folder."""
    folder = path.parent
    for number, row in _rows(path):
        if not row.content:
            raise PhotoError(f"{path}: line {number} of the manifest names no content")
        if any("\0" in field for field in msgspec.structs.astuple(row)):
            raise PhotoError(f"{path}: line {number} of the manifest has a byte of zero; expected names of files")
        content = folder / row.content
        place = Path(row.output) if row.output else _named(Path(content.name), suffix)
        if place.is_absolute() or ".." in place.parts:
            raise PhotoError(
                f"{path}: line {number} has the output '{place}'; expected a name within the output folder"
            )
        style = None
        try:
            if row.style or row.look or row.style_mask:
                styles = tuple(folder / name for name in _split(row.style))
                masks, looks = (_beside(folder, field) for field in (row.style_mask, row.look))
                style = StyleFiles(styles, masks, looks)
        except ArgumentError as error:
            raise PhotoError(f"{path}: line {number}: {error}") from error
        yield Job(content, output / place, style, _beside(folder, row.content_mask))


def _rows(path: Path) -> list[tuple[int, _Row]]:
    """The rows, each with the number of its line in the file."""
    try:
        if not path.is_file() or path.stat().st_size > LARGEST_MANIFEST:
            raise PhotoError(f"{path}: found no file, or one over {LARGEST_MANIFEST >> 20} MB; expected a manifest")
        data = path.read_bytes()
    except OSError as error:
        raise PhotoError(f"{path}: cannot be read: {error.strerror or error}; expected a manifest") from error
    rows, number = [], 1
    try:
        if path.suffix.lower() == ".jsonl":
            for number, line in enumerate(data.splitlines(), 1):
                if line.strip():
                    rows.append((number, msgspec.json.decode(line, type=_Row)))
            return rows
        reader = csv.DictReader(data.decode("utf-8-sig").splitlines(), strict=True)
        msgspec.convert(dict.fromkeys(reader.fieldnames or (), ""), _Row)  # the head line
        for fields in reader:
            number = reader.line_num
            rows.append((number, msgspec.convert({k: v or "" for k, v in fields.items()}, _Row)))
        return rows
    except (msgspec.MsgspecError, csv.Error, UnicodeDecodeError, RecursionError, AttributeError, TypeError) as error:
        raise PhotoError(
            f"{path}: line {number}: found no manifest ({error}); expected the fields "
            f"{', '.join(_Row.__struct_fields__)}"
        ) from error


def _split(field: str) -> list[str]:
    return [part.strip() for part in field.split(SEPARATOR) if part.strip()]


def _beside(folder: Path, field: str) -> tuple[str, ...]:
    """Files of a field, relative to the manifest; in NAME=FILE it is the file that is."""
    found = []
    for part in _split(field):
        name, equals, file = part.rpartition("=")
        found.append(f"{name}{equals}{folder / file}")
    return tuple(found)


def _check_places(jobs: Sequence[Job]) -> None:
    contents = {job.content.absolute() for job in jobs}
    taken: dict[Path, Path] = {}
    for job in jobs:
        place = job.output.absolute()
        if place in taken:
            raise ArgumentError(
                f"{taken[place]} and {job.content} would both be written to {job.output}: give their folder instead, "
                "or a manifest with the field output"
            )
        if place in contents:
            raise ArgumentError(f"{job.output} is a photo of the batch and would be overwritten: choose another folder")
        taken[place] = job.content
