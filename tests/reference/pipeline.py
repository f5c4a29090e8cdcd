"""The whole pipeline, slow and obvious: graphs under ONNX Runtime, everything between them in NumPy and SciPy.

Li et al., "A Closed-form Solution to Photorealistic Image Stylization", ECCV 2018, with this project's additions. For
small photos: the smoothing is a direct solve, the guided filter goes pixel by pixel.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from reference import labels as masks
from reference import resample
from reference.alignment import ChainAlignment, Moments
from reference.detail import restore_detail
from reference.gamut import compress_to_gamut
from reference.guided_filter import guided_filter
from reference.smoothing import closed_form_smooth_constants

Float32Array = NDArray[np.float32]
Labels = NDArray[np.integer[Any]]

LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)  # Rec. 709
GUIDED_RADIUS, GUIDED_EPS = 35, 0.001 / 255**2  # GuidedFilterOptions in options.h


def stylize(
    folder: Path,
    content: Float32Array,
    style: Float32Array,
    content_labels: Labels | None = None,
    style_labels: Labels | None = None,
    *,
    smoothing: Literal["closed-form", "guided", "none"] = "closed-form",
    strength: float = 1.0,
    max_side: int | None = None,
) -> Float32Array:
    """H x W x 3 photos in 0..1 and H x W label maps; `folder` holds a bundle."""
    bundle = json.loads((folder / "bundle.json").read_text())
    points, side = bundle["alignments"], max_side or bundle["working_side"]
    small, small_style = (_at_working_size(photo, side) for photo in (content, style))
    weights = style_weights = None
    if content_labels is not None and style_labels is not None:
        of_content = masks.label_weights(content_labels, small.shape[:2], "content mask")
        of_style = masks.label_weights(style_labels, small_style.shape[:2], "style mask")
        shared = masks.shared_labels(of_content.areas(), of_style.areas())
        weights, style_weights = of_content.select(shared), of_style.select(shared)

    multiple, margin = bundle["size_multiple"], bundle.get("margin", 0)
    areas = [float(small_style.shape[0] * small_style.shape[1])]
    if style_weights is not None:
        areas = [float(plane.sum()) for plane in style_weights[:-1]]  # the last label is what belongs to none
    wanted = _style_moments(folder, bundle, _planes(small_style, multiple, margin), style_weights)
    align = ChainAlignment(points, wanted, strength, keep_rest=weights is not None, areas=areas)
    state = _run(folder, bundle["segments"][0], image=_planes(small, multiple, margin),
                 next_labels=_label_tensor(weights, points[0], multiple, margin))  # fmt: skip
    for index, point in enumerate(points):
        matrix, offset = align(index, _moments(state["mean"], state["covariance"]))
        segment = bundle["segments"][index + 1]
        inputs = {
            "features": state["features_out"],
            "labels": _label_tensor(weights, point, multiple, margin),
            "matrix": matrix.astype(np.float32),
            "offset": offset.astype(np.float32),
            **{name: state[f"{name}_out"] for name in segment["carry"]},
        }
        if index + 1 < len(points):
            inputs["next_labels"] = _label_tensor(weights, points[index + 1], multiple, margin)
        state = _run(folder, segment, **inputs)
    restyled = state["photo"][0].transpose(1, 2, 0)[margin:, margin:][: small.shape[0], : small.shape[1]]
    if small.shape != content.shape:
        restyled = content + resample.resize(restyled - small, *content.shape[:2])
    if weights is None and _is_grey(wanted[0][0], points[0]):
        restyled = restyled + strength * min(1.0, areas[0] / 64) * ((restyled @ LUMA)[..., None] - restyled)

    if smoothing == "closed-form":
        lam, eps = bundle["smoothing"]["lam"], bundle["smoothing"]["eps"]
        restyled = closed_form_smooth_constants(restyled, content.astype(np.float64), lam, eps, radius=1)
    elif smoothing == "guided":
        restyled = guided_filter(content.astype(np.float64), restyled, GUIDED_RADIUS, GUIDED_EPS)
    result = compress_to_gamut(restyled.astype(np.float32))
    return result if smoothing == "none" else restore_detail(result, content)


def _is_grey(colours: Moments, point: dict[str, Any]) -> bool:
    """Whether the style's colours all lie along grey: root mean square distance below a level of 255."""
    mean, covariance = colours
    if point["channels"] != 3 or point["stride"] != 1:
        return False
    across = np.eye(3) - np.full((3, 3), 1 / 3)
    return bool(np.trace(across @ (covariance + np.outer(mean, mean))) < 1 / 255**2)


def _at_working_size(photo: Float32Array, max_side: int) -> Float32Array:
    height, width = photo.shape[:2]
    scale = max_side / max(height, width)
    if scale >= 1:
        return photo
    small = resample.resize(photo, max(1, round(height * scale)), max(1, round(width * scale)))
    return np.clip(small, 0, 1).astype(np.float32)


def _run(folder: Path, entry: dict[str, Any], **inputs: Any) -> dict[str, Any]:
    session = onnxruntime.InferenceSession(folder / entry["file"], providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, inputs), strict=True))


def _style_moments(folder: Path, bundle: dict[str, Any], image: Float32Array, weights: Any) -> list[list[Moments]]:
    points, multiple, margin = bundle["alignments"], bundle["size_multiple"], bundle.get("margin", 0)
    labels = {f"labels_{p['name']}": _label_tensor(weights, p, multiple, margin) for p in points}
    found = _run(folder, bundle["style"], image=image, **labels)
    moments = [_moments(found[f"mean_{p['name']}"], found[f"covariance_{p['name']}"]) for p in points]
    return [m if weights is None else m[:-1] for m in moments]  # the last label is what belongs to none


def _moments(means: Float32Array, covariances: Float32Array) -> list[Moments]:
    return [(m, (s + s.T) / 2) for m, s in zip(means.astype(float), covariances.astype(float), strict=True)]


def _padding(side: int, multiple: int, margin: int) -> tuple[int, int]:
    return margin, margin + -(side + 2 * margin) % multiple


def _planes(photo: Float32Array, multiple: int, margin: int) -> Float32Array:
    """1 x 3 x H x W, padded by reflection: by the margin, then to multiples."""
    padding = [*(_padding(side, multiple, margin) for side in photo.shape[:2]), (0, 0)]
    return np.ascontiguousarray(np.pad(photo, padding, mode="reflect").transpose(2, 0, 1)[None])


def _label_tensor(weights: Float32Array | None, point: dict[str, Any], multiple: int, margin: int) -> Float32Array:
    """K x 1 x h x w: means over the photo pixels that each feature stands for."""
    if weights is None:
        return np.ones((1, 1, 1, 1), np.float32)
    padding = [(0, 0), *(_padding(side, multiple, margin) for side in weights.shape[1:])]
    padded, n = np.pad(weights, padding, mode="reflect"), point["stride"]
    blocks = padded.reshape(len(padded), padded.shape[1] // n, n, padded.shape[2] // n, n)
    return np.ascontiguousarray(blocks.mean(axis=(2, 4), dtype=np.float32)[:, None])
