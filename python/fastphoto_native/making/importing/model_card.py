"""The model card of an imported bundle: what is known, and what its reader should find out."""

from __future__ import annotations

from typing import Any

TEMPLATE = """# {name}

{description}.

| | |
|---|---|
| licence | {licence} |
| made by | `fastphoto models import`, from {sources} |
| input, output | RGB photo, sRGB-encoded, 0..1, any size |
| alignment | {alignment} |
| changes | {changes} |
| weights | {precision} |

## Provenance

| | |
|---|---|
{provenance}

## Figures

Not measured. `benchmarks/quality.py` measures a model on pairs of photos.

## Limits

Not examined. Look at smooth surfaces, faces, text and night photos before you rely on it.
"""


def model_card(name: str, settings: dict[str, Any], sources: dict[str, str], half: bool) -> str:
    """Markdown; `sources` are the names and SHA-256 sums of the files that were read."""
    methods = {table["method"] for table in settings["alignments"].values()}
    changes = [
        f"{level}: luma times {factors['luma']:g}, chroma times {factors['chroma']:g}"
        for level, factors in settings.get("changes", {}).items()
    ]
    return TEMPLATE.format(
        name=name,
        description=settings["description"],
        licence=settings["licence"],
        sources=", ".join(f"`{file}` (SHA-256 {digest})" for file, digest in sources.items()),
        alignment=f"{' and '.join(sorted(methods))} at {', '.join(settings['alignments'])}",
        changes="; ".join(changes) or "as they are",
        precision="half precision" if half else "single precision",
        provenance="\n".join(f"| {key.replace('_', ' ')} | {value} |" for key, value in settings["provenance"].items()),
    )
