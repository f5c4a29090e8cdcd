"""Doxygen's filter for headers: puts what a header declares into the header's group (docs/api/groups.dox)."""

from __future__ import annotations

import re
import sys
from pathlib import Path

GROUPS = {
    "pipeline": ["engine", "engine/stylizer"],
    "models": ["engine/bundle", "engine/look", "engine/report"],
    "runtimes": ["engine/runtime", "onnxruntime"],
    "photos": [
        "error", "export", "fastphoto", "image", "labels", "options", "pixels", "progress", "simd_level", "threads",
    ],
    "smoothing": [
        "bilateral_affine_filter", "closed_form_smoothing", "detail", "guided_filter", "local_affine_filter",
        "local_affine_maps",
        "matting_laplacian", "resample",
    ],
    "colours": ["adjustment", "barycentre", "colour_map", "gamut", "knothe_rosenblatt", "statistics", "transform"],
    "c": ["fastphoto_c"],
}  # fmt: skip

path = Path(sys.argv[1])
name = path.as_posix().rpartition("include/fastphoto/")[2].removesuffix(".h")
groups = [group for group, headers in GROUPS.items() if name in headers]
if len(groups) != 1:
    raise SystemExit(f"{path} is in {len(groups)} groups of {Path(__file__).name}, expected one")

# No line is added, so that doxygen's messages name the header's own lines.
in_c = name == "fastphoto_c"
for line in path.read_text().splitlines():
    if in_c:  # plain C comments document what follows them, or what stands before them on their line
        line = re.sub(r"^( *)/\* (?!-|SPDX)", r"\1/** ", line)
        line = re.sub(r"(?<=\S)( +)/\* ", r"\1/**< ", line)
    if line in {"namespace fastphoto {", 'extern "C" {'}:
        line += f" /** \\addtogroup {groups[0]} */ /** @{{ */"
    elif line == "}  // namespace fastphoto" or (in_c and line == "}"):
        line = f"/** @}} */ {line}"
    sys.stdout.write(f"{line}\n")
