"""Pairs masks that a network made: what the style lacks takes the look of the kind that stands in for it."""

from __future__ import annotations

from collections.abc import Mapping

from fastphoto_native.masking.ade20k import STAND_INS

# Of two areas the larger may be so many times the smaller. Far below the engine's limit of 100, where a handful of
# pixels would give half a photo its look.
LARGEST_RATIO = 25.0


def stand_ins(content: Mapping[str, float], style: Mapping[str, float]) -> dict[str, str]:
    """For labels of the content that the style lacks, or has too little of: the style's label whose look they take.

    Args:
        content: names and shares (0..1) of the content's labels.
        style: the same of the style's.

    Returns:
        Names of the content's labels and of the style's, for `pair_masks`. Every label finds one: at the end of the
        table stands the style's largest label.
    """
    chosen: dict[str, str] = {}
    if not style:
        return chosen
    largest = max(style, key=lambda name: style[name])
    for name, share in content.items():
        if _fits(share, style.get(name, 0.0)):
            continue
        found = [other for other in STAND_INS.get(name, ()) if _fits(share, style.get(other, 0.0))]
        chosen[name] = found[0] if found else largest
    return chosen


def _fits(content: float, style: float) -> bool:
    return style > 0 and max(content, style) <= LARGEST_RATIO * min(content, style)
