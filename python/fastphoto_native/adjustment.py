"""Strengths apart: how much of a look's tone, colour and white balance comes through, and what stays the content's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from fastphoto_native import _core
from fastphoto_native.errors import ArgumentError

Kept = Literal["luminance", "skin", "neutrals"]
KEPT: tuple[Kept, ...] = get_args(Kept)


@dataclass(frozen=True)
class Adjustment:
    """What of a look comes through, beside its strength. The defaults change nothing.

    Attributes:
        tone: of the change of luma, 0..1.5: 0 keeps the content's tones, 1 takes the look's, more exaggerates.
        color: of the change of colours, beside the shift that the whole photo shares, 0..1.5.
        white_balance: of the shift of colour that the whole photo shares, 0..1.5.
        preserve: "luminance" (the content's luma stays exactly), "skin" (colours of skin stay; their tone follows),
            "neutrals" (what is grey stays grey); any of them together.
    """

    tone: float = 1.0
    color: float = 1.0
    white_balance: float = 1.0
    preserve: tuple[Kept, ...] = ()

    def __post_init__(self) -> None:
        for name in self.preserve:
            if name not in KEPT:
                raise ArgumentError(f"preserve must name any of {', '.join(KEPT)}, got {name!r}")
        for factor in ("tone", "color", "white_balance"):
            value = getattr(self, factor)
            if not 0 <= value <= 1.5:
                raise ArgumentError(f"{factor} must lie between 0 and 1.5, got {value}")

    def options(self) -> _core.AdjustmentOptions:
        """As the engine takes it."""
        return _core.AdjustmentOptions(
            tone=self.tone,
            colour=self.color,
            white_balance=self.white_balance,
            preserve_luminance="luminance" in self.preserve,
            preserve_skin="skin" in self.preserve,
            preserve_neutrals="neutrals" in self.preserve,
        )
