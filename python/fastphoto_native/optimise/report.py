"""What an optimisation did: layers, labels, losses along the way, time and memory."""

from __future__ import annotations

import msgspec

from fastphoto_native.report import DeviceReport


class Evaluation(msgspec.Struct):
    """One evaluation of the losses: its number in its stage, the sum, and the values it is the sum of."""

    stage: int
    evaluation: int
    loss: float
    values: dict[str, float]


class TransferReport(msgspec.Struct):
    """A machine-readable account of one optimisation.

    Attributes:
        method: "gatys" or "dpst".
        network: name of the loss network.
        device: where it ran.
        size: height and width of the optimised picture, pixels.
        style_layers: those that counted.
        content_layers: those that counted.
        lacking_layers: those of the preset that the network does not have.
        labels: those that took part.
        missing_labels: labels of the content that the style lacks.
        memory_needed: bytes, as estimated before the start.
        seconds: of the optimisation.
        trace: every evaluation; of stages at another size as well.
    """

    method: str
    network: str
    device: DeviceReport
    size: tuple[int, int]
    style_layers: list[str] = []
    content_layers: list[str] = []
    lacking_layers: list[str] = []
    labels: list[int] = []
    missing_labels: list[int] = []
    memory_needed: int = 0
    seconds: float = 0.0
    trace: list[Evaluation] = []
