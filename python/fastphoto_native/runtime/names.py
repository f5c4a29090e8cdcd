"""The names that the runtime's options take; it imports nothing, so that a command's help is quick."""

from __future__ import annotations

from typing import Literal

DEFAULT_MODEL = "grade-lite"
STATISTICS_MODEL = "photowct-lite"  # with an encoder, and of the statistics of a style

Device = Literal["auto", "cpu", "cuda"]
DEVICES: tuple[Device, ...] = ("auto", "cpu", "cuda")
Precision = Literal["auto", "float32", "float16"]
PRECISIONS: tuple[Precision, ...] = ("auto", "float32", "float16")
