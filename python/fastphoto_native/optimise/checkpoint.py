"""What an interrupted optimisation needs to go on, in one file: NumPy's archive without pickles."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastphoto_native.errors import PhotoError
from fastphoto_native.files.atomic import whole_file

FORMAT = 1
Arrays = dict[str, NDArray[Any]]


def save_checkpoint(path: Path, header: dict[str, Any], arrays: Arrays) -> None:
    """Writes header and arrays under a temporary name, then renames.

    Raises:
        OSError: the file cannot be written; an older one stays as it was.
    """
    text = json.dumps({"format": FORMAT, **header}).encode()
    with whole_file(path) as file:
        np.savez(file, header=np.frombuffer(text, np.uint8), **arrays)  # type: ignore[arg-type]


def load_checkpoint(path: Path) -> tuple[dict[str, Any], Arrays]:
    """Header and arrays.

    Raises:
        PhotoError: the file cannot be read or is no checkpoint.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:  # its own handle would stay open
            arrays = {name: archive[name] for name in archive.files}
        header = json.loads(arrays.pop("header").tobytes())
        if header["format"] != FORMAT:
            raise PhotoError(f"{path} is a checkpoint of format {header['format']}, expected {FORMAT}")
    except OSError as error:
        raise PhotoError(f"cannot read {path}: {error.strerror or error}") from error
    except PhotoError:
        raise
    except Exception as error:  # zip, header and JSON errors have no common base
        raise PhotoError(f"{path} is damaged or no checkpoint of 'fastphoto transfer'") from error
    return header, arrays
