"""The parts without a network: moves a photo's colours to another's.  python 03_parts.py CONTENT STYLE OUT

An affine map gives the content the style's mean colour and covariance. Then closed-form smoothing removes what the map
did to noise and other structure that the content does not have.
"""

import sys

import fastphoto_native as fp
import numpy as np


def main(content_file: str, style_file: str, out_file: str) -> None:
    """Statistics of both photos, the map between them, smoothing."""
    content = fp.read_photo(content_file)
    style = fp.read_photo(style_file)

    # Features are channels x pixels; here the channels are R, G, B.
    colours = content.pixels.reshape(-1, 3).T
    transform = fp.monge_kantorovich(
        fp.mean_and_covariance(colours),
        fp.mean_and_covariance(style.pixels.reshape(-1, 3).T),
        content_ridge=1e-4,
        strength=1.0,
    )
    moved = transform.apply(colours).T.reshape(content.pixels.shape)

    smooth, info = fp.closed_form_smooth(moved, content.pixels, return_info=True)
    fp.write_photo(out_file, fp.Photo(np.clip(smooth, 0, 1), alpha=content.alpha, depth=content.depth))
    sys.stdout.write(f"{info.iterations} iterations, residual {info.residual:.1e}\n")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit("usage: 03_parts.py CONTENT STYLE OUT")
    try:
        main(*sys.argv[1:])
    except fp.FastphotoError as error:
        sys.exit(f"03_parts.py: {error}")
