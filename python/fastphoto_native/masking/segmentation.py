"""Makes masks by a semantic segmentation network: any ONNX file whose labels are known."""

from __future__ import annotations

import ast
import hashlib
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from fastphoto_native import _core
from fastphoto_native.errors import FastphotoError, ModelError
from fastphoto_native.masking.ade20k import KINDS, kind_of
from fastphoto_native.masking.mask import MOST_LABELS, Mask
from fastphoto_native.runtime.device import Device, Sessions

FloatArray = NDArray[np.float32]

LARGEST_MODEL = 1 << 31  # bytes
LARGEST_SIDECAR = 1 << 20
MOST_CLASSES = 4096
FREE_SIDE = 512  # longest side, pixels, for networks that take any size
FREE_MULTIPLE = 32
MASK_SIDE = 768  # longest side of a mask, pixels: the working size of the embedded models
LEAST_SHARE = 0.002  # of the photo; a label below it joins the others
# If this share of a network's labels is known to the table of ADE20K, the labels are merged by it.
KNOWN_SHARE = 0.5


class Settings(msgspec.Struct, forbid_unknown_fields=True):
    """What a network expects and means, from the metadata of its file or from a sidecar, MODEL.json.

    Attributes:
        labels: names of the classes, in order.
        mean: of each channel, in 0..1, taken off before the network.
        std: of each channel, divided by.
        white: what 1 becomes at the end: 1, or 255 for networks that take 0..255.
        side: longest side, pixels, at which a network of free size sees photos.
    """

    labels: list[str] = []
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    std: tuple[float, float, float] = (0.229, 0.224, 0.225)
    white: float = 1.0
    side: int = FREE_SIDE


class Segmenter:
    """A segmentation network, ready on a device.

    Args:
        model: an ONNX file. Input: one float or uint8 image, 1 x 3 x H x W or 1 x H x W x 3. Output: scores, 1 x K x h
            x w or 1 x h x w x K, or class numbers, 1 x h x w. Labels stand in the metadata ("labels": a JSON list; or
            "names", a dict as Ultralytics writes it), in MODEL.json (see :class:`Settings`) or in MODEL.txt (one name
            a line, or number and name).
        device: as for :class:`~fastphoto_native.Stylizer`.
        threads: CPU threads; 0 takes what the machine has.

    Raises:
        ModelError: the file cannot be read, is no such network, or its labels are unknown.
    """

    def __init__(self, model: Path, device: Device = "auto", threads: int = 0) -> None:
        self.model = model
        try:
            if not model.is_file():
                raise ModelError(f"{model}: found no file; expected an ONNX file of a segmentation network")
            if model.stat().st_size > LARGEST_MODEL:
                raise ModelError(f"{model}: found {model.stat().st_size / 1e9:.1f} GB; expected at most 2 GB")
            data = model.read_bytes()
        except OSError as error:
            raise ModelError(f"{model}: cannot be read: {error.strerror or error}") from error
        try:
            self._sessions = Sessions(device, threads, "float32")
            self._session = self._sessions.open(data)
        except FastphotoError:
            raise
        except Exception as error:  # the runtime's exceptions have no common base class of their own
            raise ModelError(f"{model}: not a usable ONNX file: {str(error).splitlines()[0][:200]}") from error
        self._settings = _settings(model, self._session.get_modelmeta().custom_metadata_map)
        inputs = self._session.get_inputs()
        if len(inputs) != 1 or len(inputs[0].shape) != 4:
            raise ModelError(f"{model}: found {len(inputs)} inputs; expected one of four axes, an image")
        self._input = inputs[0]
        self._channels_last = inputs[0].shape[3] == 3 and inputs[0].shape[1] != 3
        if not self._channels_last and inputs[0].shape[1] != 3:
            raise ModelError(f"{model}: found an input of the shape {inputs[0].shape}; expected 3 channels")
        if inputs[0].type not in ("tensor(float)", "tensor(uint8)"):
            raise ModelError(f"{model}: found an input of {inputs[0].type}; expected float or uint8")

    @property
    def names(self) -> frozenset[str]:
        """All labels that its masks may have."""
        return frozenset(_names_of_classes(self._settings.labels))

    def __call__(self, pixels: FloatArray) -> Mask:
        """The mask of a photo, at most MASK_SIDE pixels a side; its labels are sorted by name.

        Args:
            pixels: H x W x 3 in 0..1.

        Raises:
            ModelError: the network's output is none of a segmentation.
        """
        image, inside = self._fitted(pixels)
        try:
            with self._sessions.quiet_run():
                scores = self._session.run([self._session.get_outputs()[0].name], {self._input.name: image})[0]
        except Exception as error:  # the runtime's exceptions have no common base class of their own
            raise ModelError(f"{self.model}: the network failed: {str(error).splitlines()[0][:200]}") from error
        shares = self._shares(scores)
        rows, columns = (max(1, round(n * part)) for n, part in zip(shares.shape[:2], inside, strict=True))
        names, merged = _merged(shares[:rows, :columns], self._settings.labels)
        scale = min(1.0, MASK_SIDE / max(pixels.shape[:2]))
        height, width = (max(1, round(n * scale)) for n in pixels.shape[:2])
        large = _core.resize(np.ascontiguousarray(merged), height, width, threads=0)
        return _largest(names, large)

    def _fitted(self, pixels: FloatArray) -> tuple[NDArray[Any], tuple[float, float]]:
        """The photo as the network takes it, at its upper left; and which share of the rows and columns it fills."""
        shape = self._input.shape[1:3] if self._channels_last else self._input.shape[2:4]
        height, width = pixels.shape[:2]
        if all(isinstance(extent, int) for extent in shape):
            rows, columns = shape
            scale = min(rows / height, columns / width)
        else:
            scale = min(1.0, self._settings.side / max(height, width))
            rows, columns = (-(-round(n * scale) // FREE_MULTIPLE) * FREE_MULTIPLE for n in (height, width))
            rows, columns = max(rows, FREE_MULTIPLE), max(columns, FREE_MULTIPLE)
        inner = max(1, round(height * scale)), max(1, round(width * scale))
        small = np.clip(_core.resize(pixels, *inner, threads=0), 0, 1)
        if self._input.type == "tensor(uint8)":
            image: NDArray[Any] = np.zeros((rows, columns, 3), np.uint8)
            image[: inner[0], : inner[1]] = np.rint(small * 255)
        else:
            image = np.zeros((rows, columns, 3), np.float32)
            normal = (small - np.array(self._settings.mean, np.float32)) / np.array(self._settings.std, np.float32)
            image[: inner[0], : inner[1]] = normal * np.float32(self._settings.white)
        planes = image[None] if self._channels_last else image.transpose(2, 0, 1)[None]
        return np.ascontiguousarray(planes), (inner[0] / rows, inner[1] / columns)

    def _shares(self, scores: NDArray[Any]) -> FloatArray:
        """H x w x K: how likely each class is."""
        count = len(self._settings.labels)
        found = scores.shape
        if scores.ndim == 4 and scores.shape[1] == 1 and scores.dtype.kind in "iu":
            scores = scores[:, 0]
        if scores.ndim == 3 and scores.shape[0] == 1 and scores.dtype.kind in "iu":
            classes = scores[0].astype(np.int64)
            if classes.min() < 0 or classes.max() >= count:
                raise ModelError(f"{self.model}: found the class {classes.max()}; expected one of its {count} labels")
            exact: FloatArray = np.eye(count, dtype=np.float32)[classes]
            return exact
        if scores.ndim == 4 and scores.shape[0] == 1 and scores.dtype.kind == "f":
            if scores.shape[1] == count:
                scores = scores.transpose(0, 2, 3, 1)
            if scores.shape[3] == count and np.isfinite(scores).all():
                raised = np.exp(scores[0] - scores[0].max(axis=2, keepdims=True), dtype=np.float32)
                shares: FloatArray = raised / raised.sum(axis=2, keepdims=True)
                return shares
        raise ModelError(
            f"{self.model}: found an output of the shape {found} of {scores.dtype}; expected scores of its {count} "
            "labels or class numbers"
        )


def color_of(name: str) -> int:
    """The colour of a label in mask files: of a kind its own, else one that follows from the name alone."""
    if name in KINDS:
        return KINDS[name][0]
    digest = hashlib.sha256(name.encode()).digest()
    # Levels 16 steps apart, so that colours of two names are either equal or far from each other.
    return sum((digest[i] & 0xF0 | 0x08) << (8 * i) for i in range(3))


def _settings(model: Path, metadata: dict[str, str]) -> Settings:
    sidecar, names = model.with_suffix(".json"), model.with_suffix(".txt")
    try:
        if sidecar.is_file():
            settings = msgspec.json.decode(_small(sidecar), type=Settings)
        else:
            values: dict[str, Any] = {
                key: msgspec.json.decode(metadata[key]) for key in ("mean", "std", "white", "side") if key in metadata
            }
            settings = msgspec.convert(values | {"labels": _labels_in(metadata)}, Settings)
        if not settings.labels and names.is_file():
            settings.labels = _lines(_small(names).decode())
    except (msgspec.MsgspecError, ValueError, SyntaxError, RecursionError, OSError) as error:
        raise ModelError(f"{model}: its labels or settings cannot be read: {error}") from error
    if not 1 <= len(settings.labels) <= MOST_CLASSES:
        raise ModelError(
            f"{model}: found {len(settings.labels)} labels; expected them in the metadata ('labels'), in "
            f"{sidecar.name} or in {names.name}, one a line"
        )
    if min(settings.std) <= 0 or not 0 < settings.white <= 65535 or not FREE_MULTIPLE <= settings.side <= 4096:
        raise ModelError(
            f"{model}: found std {settings.std}, white {settings.white}, side {settings.side} out of range"
        )
    return settings


def _small(path: Path) -> bytes:
    if path.stat().st_size > LARGEST_SIDECAR:
        raise ValueError(f"{path.name} has more than {LARGEST_SIDECAR} bytes")
    return path.read_bytes()


def _labels_in(metadata: dict[str, str]) -> list[str]:
    if "labels" in metadata:
        return msgspec.json.decode(metadata["labels"], type=list[str])
    if "names" in metadata:
        names = ast.literal_eval(metadata["names"])
        if isinstance(names, dict):
            return [str(names[k]) for k in sorted(names)]
        return [str(name) for name in names]
    return []


def _lines(text: str) -> list[str]:
    """Names, one a line; or number and name, where class 0 may be left out and is "other" then."""
    rows = [line.split("\t") for line in text.splitlines() if line.strip()]
    if all(len(row) == 2 and row[0].strip().isdigit() for row in rows):
        numbered = {int(number): name.strip() for number, name in rows}
        if max(numbered, default=0) >= MOST_CLASSES:
            raise ValueError(f"found the class {max(numbered)}, expected less than {MOST_CLASSES}")
        return [numbered.get(k, "other") for k in range(max(numbered, default=-1) + 1)]
    return [" ".join(row).strip() for row in rows]


def _names_of_classes(labels: list[str]) -> list[str]:
    """What each class is called in masks: its kind, if the network's labels are those of ADE20K."""
    kinds = [kind_of(label) for label in labels]
    known = sum(kind is not None for kind in kinds) >= KNOWN_SHARE * len(labels)
    return [kind or label for kind, label in zip(kinds, labels, strict=True)] if known else labels


def _merged(shares: FloatArray, labels: list[str]) -> tuple[list[str], FloatArray]:
    """Classes that are one kind of thing, their likelihoods added."""
    of_class = _names_of_classes(labels)
    names = sorted(set(of_class))
    if len(names) > MOST_LABELS:  # only those that lead somewhere
        leading = {of_class[k] for k in np.unique(shares.argmax(axis=2)).tolist()}
        names = sorted(leading)[:MOST_LABELS]
    planes = [
        sum((shares[..., k] for k, name in enumerate(of_class) if name == wanted), np.zeros(shares.shape[:2], "f4"))
        for wanted in names
    ]
    return names, np.stack(planes, axis=-1)


def _largest(names: list[str], shares: FloatArray) -> Mask:
    """The likeliest label of each pixel, without labels that hardly occur."""
    first = shares.argmax(axis=2)
    counts = np.bincount(first.ravel(), minlength=len(names)) / first.size
    kept = [k for k in range(len(names)) if counts[k] >= LEAST_SHARE]
    return Mask(shares[..., kept].argmax(axis=2), {label: names[k] for label, k in enumerate(kept)})
