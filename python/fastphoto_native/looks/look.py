"""A look: what a style photo comes down to for one model, its feature statistics at every alignment."""

from __future__ import annotations

import io
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from fastphoto_native._core import Statistics
from fastphoto_native.errors import FastphotoError, PhotoError
from fastphoto_native.files.atomic import write_whole

FORMAT = 1
WHOLE = 0  # the label of a photo without a mask


@dataclass(frozen=True)
class LabelStyle:
    """The statistics of one label of the style photo, in the order of the model's alignments."""

    area: float  # pixels of the label at working size
    statistics: tuple[Statistics, ...]


@dataclass(frozen=True)
class Look:
    """A style photo's statistics: all that is needed to give other photos its look.

    Made by :meth:`Stylizer.analyze`. Fits the models that share its `fingerprint`.
    """

    model: str
    fingerprint: str
    masked: bool
    labels: dict[int, LabelStyle]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the look to a file (NumPy's .npz container), by way of a temporary name.

        Raises:
            PhotoError: the file cannot be written.
        """
        header = {
            "format": FORMAT,
            "model": self.model,
            "fingerprint": self.fingerprint,
            "masked": self.masked,
            "labels": [{"label": k, "area": v.area, "points": len(v.statistics)} for k, v in self.labels.items()],
        }
        arrays: dict[str, Any] = {"header": np.frombuffer(json.dumps(header).encode(), np.uint8)}
        for label, style in self.labels.items():
            for point, s in enumerate(style.statistics):
                # The network computes in float32, so nothing is lost here.
                arrays[f"{label}/{point}/mean"] = s.mean.astype(np.float32)
                arrays[f"{label}/{point}/covariance"] = s.covariance.astype(np.float32)
        content = io.BytesIO()
        np.savez_compressed(content, **arrays)
        target = Path(path)
        try:
            write_whole(target, content.getvalue())
        except OSError as error:
            raise PhotoError(f"cannot write the look {target}: {error.strerror}") from error

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Look:
        """Reads a look that :meth:`save` wrote.

        Raises:
            PhotoError: the file cannot be read or is not a look.
        """
        try:
            with Path(path).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                header = json.loads(arrays["header"].tobytes())
                if header["format"] != FORMAT:
                    raise PhotoError(f"{path}: look format {header['format']}, expected {FORMAT}")
                labels = {}
                for row in header["labels"]:
                    statistics = tuple(
                        Statistics(arrays[f"{row['label']}/{p}/mean"], arrays[f"{row['label']}/{p}/covariance"])
                        for p in range(row["points"])
                    )
                    labels[int(row["label"])] = LabelStyle(float(row["area"]), statistics)
                return cls(header["model"], header["fingerprint"], bool(header["masked"]), labels)
        except FastphotoError:
            raise
        except OSError as error:
            raise PhotoError(f"cannot read the look {path}: {error.strerror or error}") from error
        except (ValueError, KeyError, TypeError, EOFError, BadZipFile) as error:
            raise PhotoError(f"{path} is not a look: expected a file written by Look.save") from error
