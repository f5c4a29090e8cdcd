"""The tensors that each graph of a bundle must have, worked out from bundle.json alone, and the check that it has them.

docs/bundle.md is this file in words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fastphoto_native.errors import ModelError
from fastphoto_native.runtime.bundle import Bundle

FLOAT = "tensor(float)"
Shape = tuple[int | None, ...]  # None where the extent depends on the photo


@dataclass(frozen=True)
class Tensor:
    """An input or output: the type as ONNX Runtime names it, and the shape; None stands for anything."""

    type: str | None
    shape: Shape | None


Tensors = dict[str, Tensor]
PHOTO = Tensor(FLOAT, (1, 3, None, None))
LABELS = Tensor(FLOAT, (None, 1, None, None))


def _statistics(channels: int, suffix: str = "") -> Tensors:
    return {
        f"mean{suffix}": Tensor(FLOAT, (None, channels)),
        f"covariance{suffix}": Tensor(FLOAT, (None, channels, channels)),
    }


def expected_tensors(bundle: Bundle) -> list[tuple[str, Tensors, Tensors]]:
    """File, inputs and outputs of the style graph and then of every segment."""
    alignments, segments = bundle.manifest.alignments, bundle.manifest.segments
    style_outputs: Tensors = {}
    for a in alignments:
        style_outputs |= _statistics(a.channels, f"_{a.name}")
    style_inputs = {"image": PHOTO} | {f"labels_{a.name}": LABELS for a in alignments}
    graphs = [(bundle.manifest.style.file, style_inputs, style_outputs)]
    anything = Tensor(None, None)
    for index, segment in enumerate(segments):
        inputs: Tensors = {"image": PHOTO}
        if index:
            c = alignments[index - 1].channels
            inputs = {
                "features": Tensor(None, (1, c, None, None)),
                "labels": LABELS,
                "matrix": Tensor(FLOAT, (None, c, c)),
                "offset": Tensor(FLOAT, (None, c)),
            } | dict.fromkeys(segment.carry, anything)
        outputs: Tensors = {"photo": PHOTO}
        if index < len(alignments):
            c = alignments[index].channels
            inputs["next_labels"] = LABELS
            carried = dict.fromkeys((f"{name}_out" for name in segments[index + 1].carry), anything)
            outputs = {"features_out": Tensor(None, (1, c, None, None))} | _statistics(c) | carried
        graphs.append((segment.file, inputs, outputs))
    return graphs


def check_tensors(bundle: Bundle, sessions: Iterable[Any]) -> None:
    """Compares the graphs (style first, then the segments; ONNX Runtime sessions) with what bundle.json promises.

    Raises:
        ModelError: a tensor is missing, has another type or shape, or is one that nothing would provide.
    """
    before: Mapping[str, Any] = {}
    for number, ((file, inputs, outputs), session) in enumerate(zip(expected_tensors(bundle), sessions, strict=True)):
        where = f"model '{bundle.name}': {file}"
        found_inputs = {node.name: node for node in session.get_inputs()}
        found_outputs = {node.name: node for node in session.get_outputs()}
        _compare(f"{where}: input", inputs, found_inputs)
        _compare(f"{where}: output", outputs, found_outputs)
        if unknown := found_inputs.keys() - inputs.keys():
            raise ModelError(f"{where}: inputs {_list(unknown)} are unknown; expected {_list(inputs)}")
        if number >= 2:
            handed_on = ("features", *bundle.manifest.segments[number - 1].carry)
            for name in handed_on:
                given, taken = before[f"{name}_out"], found_inputs[name]
                if given.type != taken.type:
                    raise ModelError(
                        f"{where}: input '{name}' is a {taken.type}, the segment before gives {given.type}"
                    )
        before = found_outputs


def _compare(where: str, expected: Tensors, found: Mapping[str, Any]) -> None:
    if missing := expected.keys() - found.keys():
        raise ModelError(f"{where}s lack the tensors {_list(missing)}; found {_list(found) or 'none'}")
    for name, tensor in expected.items():
        node = found[name]
        if tensor.type and node.type != tensor.type:
            raise ModelError(f"{where} '{name}' is a {node.type}, expected {tensor.type}")
        if tensor.shape and not _fits(node.shape, tensor.shape):
            raise ModelError(f"{where} '{name}' has shape {_form(node.shape)}, bundle.json says {_form(tensor.shape)}")


def _fits(found: list[int | str | None], expected: Shape) -> bool:
    """Whether no extent contradicts: a name or None in the file stands for any extent."""
    return len(found) == len(expected) and all(
        not isinstance(f, int) or e is None or f == e for f, e in zip(found, expected, strict=True)
    )


def _form(shape: Iterable[int | str | None]) -> str:
    return " x ".join("?" if n is None else str(n) for n in shape)


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
