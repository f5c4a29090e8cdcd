"""Closed-form smoothing against results of the published implementation (SciPy's direct solve).

    python -m benchmarks.smoothing_reference --data DIR

DIR holds NAME_content.png, NAME_y.png and NAME_result.npy. As published, the stylized image is cropped by two pixels
and edge-replicated by two; the content is resized (Pillow, bilinear) to the cropped size and edge-replicated; the
system is solved as it stands, and its result cropped by two. Prints errors in 8-bit steps; fails if one is beyond the
target, 0.1 for 99.9 % of the values and 1 for all.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import fastphoto_native as fp
import numpy as np
from numpy.typing import NDArray
from PIL import Image

MARGIN = 2


def padded(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.pad(image, ((MARGIN, MARGIN), (MARGIN, MARGIN), (0, 0)), "edge")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of NAME_{content,y}.png and NAME_result.npy")
    parser.add_argument("--rtol", type=float, default=fp._core.SmoothingOptions().rtol)
    parser.add_argument("--threads", type=int, default=0)
    arguments = parser.parse_args()

    met = True
    results = sorted(arguments.data.glob("*_result.npy"))
    if not results:
        parser.error(f"no *_result.npy in {arguments.data}")
    print(f"{'case':16} {'99.9 %':>8} {'largest':>8} {'mean':>8} {'iterations':>10} {'residual':>9} {'s/MP':>6}")
    for path in results:
        name = path.name.removesuffix("_result.npy")
        expected = np.load(path)
        height, width, _ = expected.shape
        stylized = np.asarray(Image.open(path.with_name(f"{name}_y.png")).convert("RGB"))
        content = Image.open(path.with_name(f"{name}_content.png")).convert("RGB")
        smooth, info = fp.closed_form_smooth(
            padded(stylized[MARGIN:-MARGIN, MARGIN:-MARGIN]),
            padded(np.asarray(content.resize((width, height), Image.Resampling.BILINEAR))),
            rtol=arguments.rtol,
            normalized=True,
            threads=arguments.threads,
            return_info=True,
        )
        error = np.abs(smooth[MARGIN:-MARGIN, MARGIN:-MARGIN] - expected) * 255
        most, largest = np.quantile(error, 0.999), error.max()
        met = met and info.converged and bool(most < 0.1) and bool(largest < 1)
        print(
            f"{name:16} {most:8.4f} {largest:8.4f} {error.mean():8.5f} {info.iterations:10d} {info.residual:9.2e}"
            f" {info.seconds / (smooth.shape[0] * smooth.shape[1] / 1e6):6.2f}"
        )
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
