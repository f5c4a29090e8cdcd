"""Brings the masks of content and style together: which labels mean the same, and which of them can take part."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec

from fastphoto_native.errors import ArgumentError
from fastphoto_native.files.names import shown
from fastphoto_native.looks.look import LabelLook, Look
from fastphoto_native.masking.mask import Mask, color_name

# Colours that differ by no more than this in any channel are one label: painting programs and profiles move colours by
# a step or two. Colours that are meant to differ lie much farther apart.
SAME_COLOR = 4
_COLOR = re.compile(r"#[0-9a-f]{6}")


class LabelReport(msgspec.Struct):
    """A label of the content: its share of the photo, whose look it took, and whether it took part.

    `style` is the share of what has a label in the style.
    """

    label: str
    content: float
    style_label: str | None
    style: float
    took_part: bool = False


@dataclass(frozen=True, eq=False)
class PairedMask:
    """A content's mask in the numbers of the look, what is known of each label, and what is to be said."""

    mask: Mask
    look: Look
    labels: dict[int, LabelReport]
    notes: list[str]

    def report(self, took_part: list[int]) -> list[LabelReport]:
        """With the labels that took part, the largest first."""
        for number, label in self.labels.items():
            label.took_part = number in took_part
        return sorted(self.labels.values(), key=lambda label: -label.content)


def parse_mask_map(text: str | None) -> dict[str, str]:
    """The parts of "sky=sky,lake=sea": labels of the content, and those of the style whose look they take.

    Raises:
        ArgumentError: not such a text.
    """
    pairs: dict[str, str] = {}
    for part in (text or "").split(","):
        if not part.strip():
            continue
        content, equals, style = (piece.strip() for piece in part.partition("="))
        if not (equals and content and style):
            raise ArgumentError(f"a mask map must be like 'sky=sky,lake=sea', got '{part.strip()}'")
        if content in pairs:
            raise ArgumentError(f"the mask map names '{content}' of the content twice; expected once")
        pairs[content] = style
    return pairs


def pair_masks(content: Mask, look: Look, mapping: Mapping[str, str]) -> PairedMask:
    """The content's mask in the numbers of the look's labels.

    Labels meet by name; colours also by nearness. `mapping` comes first. What meets nothing keeps its look.

    Args:
        content: of the content photo.
        look: made with a mask.
        mapping: names of labels of the content, and of the style.

    Raises:
        ArgumentError: the mapping names a label that does not exist, or no label meets another.
    """
    names = {label: look.label_names.get(label, color_name(label)) for label in look.labels}
    by_name = {name: label for label, name in names.items()}
    _check_mapping(content, by_name, mapping)
    partner = {label: _partner(name, by_name, mapping) for label, name in content.names.items()}
    if not any(partner.values()):
        raise ArgumentError(
            f"the masks have no label in common: the content has {listed(content.names.values())}, the style has "
            f"{listed(by_name)}; expected the same names or colours, or a mask map"
        )
    if content.soft:
        look, order = _compact(look)
        by_name = {name: order[label] for name, label in by_name.items()}
    # Several labels of the content may take the look of one label of the style: they become one.
    # What meets nothing keeps its number if the look has no such label; weights need numbers that are small.
    joined: dict[int, int] = {}
    taken = set(by_name.values())
    free = max(by_name.values() if content.soft else [*by_name.values(), *content.names]) + 1
    for label, style in partner.items():
        if style is not None:
            joined[label] = by_name[style]
        elif label not in taken and not content.soft:
            joined[label] = label
        else:
            joined[label], free = free, free + 1
    total = sum(label.area for label in look.labels.values())
    shares = content.shares()
    reports: dict[int, LabelReport] = {}
    for label, number in joined.items():
        name, style = content.names[label], partner[label]
        area = look.labels[number].area / total if style else 0.0
        if number in reports:
            reports[number].label += f", {name}"
            reports[number].content += shares[label]
        else:
            reports[number] = LabelReport(name, shares[label], style, area)
    merged = {number: report.label for number, report in reports.items()}
    notes = [
        f"the style mask's {style} counts as the content mask's {content.names[label]}"
        for label, style in partner.items()
        if style not in (None, content.names[label], mapping.get(content.names[label]))
    ]
    return PairedMask(content.renumbered(joined, merged), look, reports, notes)


def _check_mapping(content: Mask, by_name: Mapping[str, int], mapping: Mapping[str, str]) -> None:
    known = set(content.names.values())
    for name, style in mapping.items():
        if name not in known:
            raise ArgumentError(f"the mask map names '{name}', the content has {listed(known)}")
        if style not in by_name:
            raise ArgumentError(f"the mask map names '{style}', the style has {listed(by_name)}")


def listed(names: Iterable[str]) -> str:
    """Labels for a message; of very many, or very long ones, the first and the last."""
    return shown(", ".join(sorted(names)))


def _partner(name: str, by_name: Mapping[str, int], mapping: Mapping[str, str]) -> str | None:
    if name in mapping:
        return mapping[name]
    if name in by_name:
        return name
    if not _COLOR.fullmatch(name):
        return None
    near = [(_distance(name, style), style) for style in by_name if _COLOR.fullmatch(style)]
    close = min(near, default=(SAME_COLOR + 1, ""))
    return close[1] if close[0] <= SAME_COLOR else None


def _distance(first: str, second: str) -> int:
    """The largest difference in a channel."""
    channels = [(int(first[i : i + 2], 16), int(second[i : i + 2], 16)) for i in (1, 3, 5)]
    return max(abs(a - b) for a, b in channels)


def _compact(look: Look) -> tuple[Look, dict[int, int]]:
    """The look with its labels numbered 0 .. K - 1, as weights need them."""
    order = {label: number for number, label in enumerate(sorted(look.labels))}
    labels: dict[int, LabelLook] = {order[label]: style for label, style in look.labels.items()}
    names = {order[label]: name for label, name in look.label_names.items()}
    again = Look(look.model, look.fingerprint, look.masked, labels, look.thumbnail)
    return again.with_details(look.name, look.sources, names, look.preview), order
