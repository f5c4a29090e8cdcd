"""Photorealistic style transfer: give a photo the look of another photo, and nothing else.

    import fastphoto_native as fp
    result = fp.stylize(content, style)          # H x W x 3 arrays

Three depths: one call (`stylize`); prepare once, run many (`Stylizer`, `Look`); the parts (`closed_form_smooth`,
`matting_laplacian`, `guided_filter`, `local_affine_filter`, `bilateral_affine_filter`, `repair_posterization`,
`whitening_coloring`, `monge_kantorovich`). Files are
read and written by `read_photo`, `read_mask` and `write_photo`; everything else takes and gives arrays.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fastphoto_native import optimise
    from fastphoto_native._core import (
        AffineTransform,
        Statistics,
        __version__,
        mean_and_covariance,
        monge_kantorovich,
        whitening_coloring,
    )
    from fastphoto_native.adjustment import Adjustment
    from fastphoto_native.colors.match import match_colors
    from fastphoto_native.errors import (
        ArgumentError,
        CancelledError,
        DeviceError,
        FastphotoError,
        ModelError,
        PhotoError,
    )
    from fastphoto_native.files.photos import Encoding, Photo, read_mask, read_photo, write_photo
    from fastphoto_native.looks.look import Look
    from fastphoto_native.luts.files import read_lut, write_lut
    from fastphoto_native.luts.fit import fit_lut
    from fastphoto_native.luts.lut import Lut
    from fastphoto_native.report import Report
    from fastphoto_native.runtime.names import DEFAULT_MODEL, Device
    from fastphoto_native.scoring.scores import evaluate
    from fastphoto_native.smoothing.filters import (
        bilateral_affine_filter,
        closed_form_smooth,
        guided_filter,
        local_affine_filter,
        matting_laplacian,
        repair_posterization,
    )
    from fastphoto_native.smoothing.methods import Smoothing
    from fastphoto_native.smoothing.smoother import Smoother
    from fastphoto_native.stylizer import Stylizer, stylize
    from fastphoto_native.textures import texture

__all__ = [
    "DEFAULT_MODEL",
    "Adjustment",
    "AffineTransform",
    "ArgumentError",
    "CancelledError",
    "Device",
    "DeviceError",
    "Encoding",
    "FastphotoError",
    "Look",
    "Lut",
    "ModelError",
    "Photo",
    "PhotoError",
    "Report",
    "Smoother",
    "Smoothing",
    "Statistics",
    "Stylizer",
    "__version__",
    "bilateral_affine_filter",
    "closed_form_smooth",
    "evaluate",
    "fit_lut",
    "guided_filter",
    "local_affine_filter",
    "match_colors",
    "matting_laplacian",
    "mean_and_covariance",
    "monge_kantorovich",
    "optimise",
    "read_lut",
    "read_mask",
    "read_photo",
    "repair_posterization",
    "stylize",
    "texture",
    "whitening_coloring",
    "write_lut",
    "write_photo",
]

# The module of each public name. It is imported when one of its names is first asked for (PEP 562), so that a program
# that needs a part does not wait for all.
_HOMES = {
    "_core": (
        "AffineTransform", "Statistics", "__version__", "mean_and_covariance", "monge_kantorovich",
        "whitening_coloring",
    ),
    "adjustment": ("Adjustment",),
    "colors.match": ("match_colors",),
    "errors": ("ArgumentError", "CancelledError", "DeviceError", "FastphotoError", "ModelError", "PhotoError"),
    "files.photos": ("Encoding", "Photo", "read_mask", "read_photo", "write_photo"),
    "looks.look": ("Look",),
    "luts.files": ("read_lut", "write_lut"),
    "luts.fit": ("fit_lut",),
    "luts.lut": ("Lut",),
    "optimise": (),
    "report": ("Report",),
    "runtime.names": ("DEFAULT_MODEL", "Device"),
    "scoring.scores": ("evaluate",),
    "smoothing.filters": (
        "bilateral_affine_filter", "closed_form_smooth", "guided_filter", "local_affine_filter", "matting_laplacian",
        "repair_posterization",
    ),
    "smoothing.methods": ("Smoothing",),
    "smoothing.smoother": ("Smoother",),
    "stylizer": ("Stylizer", "stylize"),
    "textures": ("texture",),
}  # fmt: skip
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}
_MODULES = {home for home, names in _HOMES.items() if not names}  # public themselves


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    if name not in _HOME_OF:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    value = getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
