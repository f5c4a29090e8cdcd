"""Model bundles: a folder of ONNX files and the `bundle.json` that says what they are.

`bundle.json` is the only description of a model: the chain of segments, the alignment between neighbours, file
hashes, licence and provenance. docs/bundle.md documents the format.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import platformdirs

from fastphoto_native import _core
from fastphoto_native.errors import ModelError

FORMAT = 1
DEFAULT_MODEL = "photowct-lite"

Positive = Annotated[int, msgspec.Meta(gt=0)]
PositiveNumber = Annotated[float, msgspec.Meta(gt=0)]
NonNegative = Annotated[float, msgspec.Meta(ge=0)]
Gain = Annotated[float, msgspec.Meta(ge=1)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
FileName = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.-]+\.onnx$")]
Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class ModelFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One ONNX file and what it must hash to."""

    file: FileName
    sha256: Sha256


class Segment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One graph of the chain.

    `carry` names the tensors that it needs beside the features; each is an output `<name>_out` of the segment
    before it.
    """

    file: FileName
    sha256: Sha256
    carry: tuple[str, ...] = ()


class Alignment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the features between two segments are given the style's statistics.

    `stride`: photo pixels per feature pixel. `content_ridge` and `style_ridge` are added to the diagonals of the
    covariances, in squared feature units; `relative_ridge` is added to both, as a share of the two photos' mean
    variance: it limits how much a direction in which the content hardly varies can be amplified. `max_gain` is a
    limit for the Knothe-Rosenblatt map of photos (knothe_rosenblatt.py). `strength` blends aligned and original
    features (1 = aligned).
    """

    name: str
    channels: Positive
    stride: Positive
    method: Literal["monge-kantorovich", "whitening-coloring", "knothe-rosenblatt"]
    content_ridge: NonNegative = 0.0
    style_ridge: NonNegative = 0.0
    relative_ridge: NonNegative = 0.0
    max_gain: Gain | None = None
    strength: Share = 1.0


class Provenance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the weights come from."""

    recipe: str
    training_photos: str
    teacher: str
    method: str


class SmoothingSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The closed-form smoothing that suits a model: `lam` and `eps` of `closed_form_smooth`."""

    lam: PositiveNumber
    eps: PositiveNumber


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The contents of bundle.json."""

    format: int
    name: str
    version: str
    description: str
    licence: str
    provenance: Provenance
    size_multiple: Positive
    working_side: Positive
    smoothing: SmoothingSettings
    style: ModelFile
    alignments: tuple[Alignment, ...]
    segments: tuple[Segment, ...]


class Bundle(msgspec.Struct, frozen=True):
    """A verified model on disk."""

    folder: Path
    manifest: Manifest

    @property
    def name(self) -> str:
        return self.manifest.name

    @property
    def entries(self) -> tuple[ModelFile | Segment, ...]:
        """The style graph and the segments, in the order of the chain."""
        return self.manifest.style, *self.manifest.segments

    @property
    def size(self) -> int:
        """Bytes of the ONNX files; those that are missing count as none."""
        files = {self.folder / entry.file for entry in self.entries}
        return sum(f.stat().st_size for f in files if f.is_file())

    @property
    def fingerprint(self) -> str:
        """Identifies the graph that looks are made by: looks travel only between models that share it."""
        return self.manifest.style.sha256

    def read(self, entry: ModelFile | Segment) -> bytes:
        """The bytes of one ONNX file, checked against its hash.

        Raises:
            ModelError: the file is missing, is a Git-LFS pointer or is not the one that bundle.json names.
        """
        path = self.folder / entry.file
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ModelError(f"model '{self.name}': cannot read {path}: {error.strerror}") from error
        if content.startswith(b"version https://git-lfs"):
            raise ModelError(f"model '{self.name}': {path} is a Git-LFS pointer, not the model; run 'git lfs pull'")
        found = hashlib.sha256(content).hexdigest()
        if found != entry.sha256:
            raise ModelError(
                f"model '{self.name}': {path} has SHA-256 {found[:12]}..., expected {entry.sha256[:12]}...: "
                "the file is damaged or from another version; install the model again"
            )
        return content


def bundled_models() -> Path:
    """The folder of the models that come with the package (beside the extension module in every kind of install)."""
    return Path(_core.__file__).parent / "models"


def user_models() -> Path:
    """The folder of the user's own models: $FASTPHOTO_MODELS, else `models` in the user's data folder."""
    chosen = os.environ.get("FASTPHOTO_MODELS")
    return Path(chosen) if chosen else platformdirs.user_data_path("fastphoto", appauthor=False) / "models"


def model_folders() -> dict[str, Path]:
    """The models that can be named, and their folders. An embedded model's name cannot be taken by another."""
    found: dict[str, Path] = {}
    for folder in (user_models(), bundled_models()):
        found |= {p.parent.name: p.parent for p in sorted(folder.glob("*/bundle.json"))}
    return found


def find_bundle(model: str | Path) -> Bundle:
    """Opens a model by the name of an embedded one or of one in the user's folder, or by the path of a bundle's folder.

    Raises:
        ModelError: no such model, or a bundle.json that is not one.
    """
    named = model_folders()
    folder = named[model] if isinstance(model, str) and model in named else Path(model)
    if not (folder / "bundle.json").is_file():
        raise ModelError(
            f"no model '{model}': expected a name ({', '.join(sorted(named)) or 'none installed'}) "
            "or a folder with a bundle.json"
        )
    return Bundle(folder, _read_manifest(folder / "bundle.json"))


def _read_manifest(path: Path) -> Manifest:
    try:
        content = path.read_bytes()
        version = msgspec.json.decode(content, type=dict[str, object]).get("format")
        if version != FORMAT:
            raise ModelError(f"{path}: bundle format {version}, this version of fastphoto-native reads {FORMAT}")
        manifest = msgspec.json.decode(content, type=Manifest)
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ModelError(f"{path}: not a valid bundle: {error}") from error
    if len(manifest.segments) != len(manifest.alignments) + 1:
        raise ModelError(
            f"{path}: {len(manifest.segments)} segments for {len(manifest.alignments)} alignments, expected one more"
        )
    for alignment in manifest.alignments:
        if manifest.size_multiple % alignment.stride:
            raise ModelError(
                f"{path}: alignment '{alignment.name}' has stride {alignment.stride}, "
                f"expected a divisor of size_multiple {manifest.size_multiple}"
            )
        if alignment.method == "knothe-rosenblatt":
            if alignment.channels != 3 or alignment.relative_ridge == 0:
                raise ModelError(
                    f"{path}: alignment '{alignment.name}' has {alignment.channels} channels and a relative_ridge of "
                    f"{alignment.relative_ridge:g}, expected 3 and more than 0 for the method {alignment.method}"
                )
        elif alignment.max_gain is not None:
            raise ModelError(
                f"{path}: alignment '{alignment.name}' has a max_gain and the method {alignment.method}, "
                "expected knothe-rosenblatt"
            )
    return manifest
