"""What half precision in the convolutions changes in the network's result, before smoothing; measured without a GPU.

    python -m benchmarks.half_precision --pairs PAIRS [--models photowct-lite photowct-strong] [--ids 3,5,8]
                                        [--convolutions marked|all|segment_2.onnx,segment_3.onnx]

PAIRS holds the folders content/ and style/ with files of equal names. ONNX Runtime's CPU provider computes a graph in
half precision in float32 and takes the roundings out as needless, so they are put in here: the graphs stay in float32,
and casts to float16 and back stand before and after convolutions. What a GPU does inside one convolution (the order
and width of its sums) is not imitated; `fastphoto doctor --gpu` compares that.
"""

from __future__ import annotations

import argparse
import hashlib
import tempfile
from pathlib import Path

import fastphoto_native as fp
import msgspec
import numpy as np
import onnx
from fastphoto_native import _core
from fastphoto_native.runtime.bundle import Bundle, find_bundle
from fastphoto_native.runtime.half_precision import COMPUTE_CAST
from fastphoto_native.runtime.onnx_runtime import OnnxRuntime
from numpy.typing import NDArray
from onnx import TensorProto, helper

from benchmarks.working_size import at_working_size

FloatArray = NDArray[np.float32]


def rounding(model: onnx.ModelProto, marked: bool) -> onnx.ModelProto:
    """The model with what convolutions read and write rounded to half precision: those marked for it, or all."""
    marks = {n.output[0] for n in model.graph.node if n.name.startswith(COMPUTE_CAST)}
    nodes = []

    def rounded(x: str, y: str) -> None:
        nodes.append(helper.make_node("Cast", [x], [f"{y}_half"], to=TensorProto.FLOAT16))
        nodes.append(helper.make_node("Cast", [f"{y}_half"], [y], to=TensorProto.FLOAT))

    for node in model.graph.node:
        if node.op_type != "Conv" or (marked and node.input[1] not in marks):
            nodes.append(node)
            continue
        result = node.output[0]
        rounded(node.input[0], f"{result}_input")
        node.input[0], node.output[0] = f"{result}_input", f"{result}_exact"
        nodes.append(node)
        rounded(f"{result}_exact", result)
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return model


def rounding_bundle(bundle: Bundle, folder: Path, convolutions: str) -> Bundle:
    """A copy of the bundle whose segments round; the style graph, which is run once for a look, stays as it is."""
    manifest = bundle.manifest.to_dict()
    (folder / manifest["style"]["file"]).write_bytes(bundle.read(bundle.manifest.style))
    for entry in manifest["segments"]:
        model = onnx.load(bundle.folder / entry["file"])
        if convolutions in ("marked", "all") or entry["file"] in convolutions.split(","):
            model = rounding(model, convolutions == "marked")
        content = model.SerializeToString()
        (folder / entry["file"]).write_bytes(content)
        entry["sha256"] = hashlib.sha256(content).hexdigest()
    (folder / "bundle.json").write_bytes(msgspec.json.encode(manifest))
    return find_bundle(folder)


def in_range(bundle: Bundle, runtime: OnnxRuntime, content: FloatArray, style: FloatArray) -> FloatArray:
    """The network's result for a pair, within the range of colours."""
    return np.clip(_core.Chain(bundle, runtime).restyle(content, style), 0, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=Path, required=True)
    parser.add_argument("--models", nargs="+", default=["photowct-lite", "photowct-strong"])
    parser.add_argument("--ids", help="names of some pairs, separated by commas")
    parser.add_argument("--convolutions", default="marked", help="marked, all, or files whose convolutions all round")
    parser.add_argument("--threads", type=int, default=0)
    args = parser.parse_args()
    names = sorted((p.name for p in (args.pairs / "content").iterdir()), key=lambda n: (len(n), n))
    if args.ids:
        names = [n for n in names if Path(n).stem in args.ids.split(",")]
    print("| model | pair | pixels within 1/255, % | 99.9 % within, 1/255 | largest difference, 1/255 |")
    print("|---|---|---|---|---|")
    for model in args.models:
        bundle = find_bundle(model)
        side = bundle.manifest.working_side
        shares, largest = [], []
        with tempfile.TemporaryDirectory() as folder:
            runtime = OnnxRuntime("cpu", args.threads)
            rounded = rounding_bundle(bundle, Path(folder), args.convolutions)
            for name in names:
                content, style = (
                    at_working_size(fp.read_photo(args.pairs / kind / name).pixels, side)
                    for kind in ("content", "style")
                )
                difference = 255 * np.abs(
                    in_range(rounded, runtime, content, style) - in_range(bundle, runtime, content, style)
                ).max(axis=2)
                shares.append(100 * float((difference <= 1).mean()))
                largest.append(float(difference.max()))
                print(
                    f"| {bundle.name} | {Path(name).stem} | {shares[-1]:.4f} | {np.quantile(difference, 0.999):.3f} | "
                    f"{largest[-1]:.2f} |",
                    flush=True,
                )
        print(f"{bundle.name}: {len(names)} pairs, worst share {min(shares):.4f} %, largest {max(largest):.2f}/255")


if __name__ == "__main__":
    main()
