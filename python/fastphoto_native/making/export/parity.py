r"""Check a bundle against the PyTorch network it was exported from, tensor by tensor.

    python -m fastphoto_native.making.export.parity --config models/recipes/photowct-lite.export.toml \
        --weights runs/photowct-lite/weights.pt --bundle models/photowct-lite

Both sides use the weights as they are stored, in half precision, and compute in float32; they differ by rounding
only. Exits with status 1 if any difference exceeds its tolerance.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from ..training.network import PhotoWCT
from .graphs import Changes
from .settings import read_settings

SIZES = ((64, 96), (8, 8), (136, 72))
LUMA = (0.2126, 0.7152, 0.0722)  # Rec. 709; not the export's own, which is what is checked here
TOLERANCE = 2e-5  # relative to the largest value: float32 rounding through up to 18 layers, with room for ten times it


def difference(name: str, found: np.ndarray, expected: np.ndarray) -> float:
    error = float(np.abs(found - expected).max() / max(np.abs(expected).max(), 1e-3))
    print(f"  {name:24} {error:.1e}{'' if error <= TOLERANCE else '  TOO LARGE'}")
    return error


@torch.no_grad()
def compare(model: PhotoWCT, changes: Changes, bundle: Path, height: int, width: int, labels: int) -> float:
    """Runs the whole chain on both sides, on random photos, masks and maps; returns the largest difference."""
    print(f"{height} x {width}, {labels} labels")
    rng = np.random.default_rng(height * width + labels)
    manifest = json.loads((bundle / "bundle.json").read_text())
    deepest_first = [int(a["name"][4]) for a in manifest["alignments"][1:]]  # the first one is the colours'
    count = len(manifest["alignments"])
    options = onnxruntime.SessionOptions()
    sessions = [
        onnxruntime.InferenceSession(bundle / f"segment_{i}.onnx", options, providers=["CPUExecutionProvider"])
        for i in range(count + 1)
    ]
    image = rng.random((1, 3, height, width), np.float32)
    strides = [1, *(2 ** (level - 1) for level in deepest_first)]
    weights = []
    for stride in strides:
        w = rng.random((labels, 1, height // stride, width // stride), np.float32)
        weights.append(w / w.sum(0, keepdims=True))

    def statistics(f: torch.Tensor, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        x = f[0].reshape(f.shape[1], -1).double().numpy()
        flat = w.reshape(labels, -1).astype(np.float64)
        means = np.stack([(x * k).sum(1) / k.sum() for k in flat])
        covariances = [((x - m[:, None]) * k) @ (x - m[:, None]).T / k.sum() for k, m in zip(flat, means, strict=True)]
        return means, np.stack(covariances)

    state = dict(
        zip(
            [o.name for o in sessions[0].get_outputs()],
            sessions[0].run(None, {"image": image, "next_labels": weights[0]}),
            strict=True,
        )
    )
    photo, features, positions = torch.from_numpy(image), torch.from_numpy(image), None
    worst = 0.0
    for index in range(count):
        mean, covariance = statistics(features, weights[index])
        worst = max(worst, difference(f"segment {index} features", state["features_out"], features.numpy()))
        worst = max(worst, difference(f"segment {index} mean", state["mean"], mean))
        worst = max(worst, difference(f"segment {index} covariance", state["covariance"], covariance))
        c = features.shape[1]
        matrix = (np.eye(c) + 0.2 * rng.standard_normal((labels, c, c)) / np.sqrt(c)).astype(np.float32)
        offset = 0.1 * rng.standard_normal((labels, c)).astype(np.float32)
        x = features[0].reshape(c, -1)
        aligned = torch.zeros_like(x)
        for k in range(labels):
            share = torch.from_numpy(weights[index][k].reshape(1, -1))
            aligned += share * (torch.from_numpy(matrix[k]) @ x + torch.from_numpy(offset[k])[:, None])
        aligned = aligned.reshape(features.shape)
        inputs = {"features": state["features_out"], "labels": weights[index], "matrix": matrix, "offset": offset}
        session = sessions[index + 1]
        names = {i.name for i in session.get_inputs()}
        inputs |= {n: state[f"{n}_out"] for n in names if f"{n}_out" in state and n != "features"}
        if "next_labels" in names:
            inputs["next_labels"] = weights[index + 1]
        state = dict(zip([o.name for o in session.get_outputs()], session.run(None, inputs), strict=True))
        if index == 0:
            photo = aligned
        else:
            level = deepest_first[index - 1]
            decoder = model.decoders[level - 1]
            change = decoder(aligned, positions) - decoder(features, positions)
            factors = changes.get(f"relu{level}_1", {"luma": 1, "chroma": 1})
            luma = sum(weight * change[:, k : k + 1] for k, weight in enumerate(LUMA))
            photo = photo + factors["luma"] * luma + factors["chroma"] * (change - luma)
        if index < count - 1:
            levels, positions = model.encoder(photo.clamp(0, 1), deepest_first[index])
            features = levels[-1]
    return max(worst, difference("photo", state["photo"], photo.numpy()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, required=True, help="the bundle's settings (TOML)")
    parser.add_argument("--weights", type=Path, required=True, help="weights.pt of `fastphoto models train`")
    parser.add_argument("--bundle", type=Path, required=True, help="the exported bundle's folder")
    args = parser.parse_args()
    saved = torch.load(args.weights, weights_only=True)
    model = PhotoWCT(saved["widths"])
    model.load_state_dict({name: w.half().float() for name, w in saved["weights"].items()})
    changes = read_settings(args.config).get("changes", {})
    worst = max(compare(model, changes, args.bundle, h, w, labels) for h, w in SIZES for labels in (1, 3))
    print(f"largest relative difference {worst:.1e}, tolerance {TOLERANCE:.0e}")
    sys.exit(worst > TOLERANCE)


if __name__ == "__main__":
    main()
