"""Runs a bundle's graphs: features stay on the device, only statistics and photos come back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastphoto_native._core import Statistics
from fastphoto_native.errors import FastphotoError, ModelError
from fastphoto_native.runtime.arena import share_arena, shrinking_run
from fastphoto_native.runtime.bundle import Alignment, Bundle
from fastphoto_native.runtime.device import CPU, Choice, Device, Precision, Sessions
from fastphoto_native.runtime.tensors import check_tensors

FloatArray = NDArray[np.float32]
# Given the number of an alignment and the content's statistics for each label there, returns T (K x C x C), b (K x C).
# Called for the first to the last, in the chain's order.
Aligner = Callable[[int, list[Statistics]], tuple[FloatArray, FloatArray]]

ONE_LABEL = np.ones((1, 1, 1, 1), np.float32)  # label weights of a photo without a mask: broadcast over its pixels


class Engine:
    """The sessions of one bundle on one device.

    Not for use from several threads at once; open one engine for each.

    Args:
        bundle: the model.
        device: as for :class:`Sessions`.
        threads: as for :class:`Sessions`.
        precision: as for :class:`Sessions`.
        profiles: as for :class:`Sessions`.

    Raises:
        ModelError: a file of the bundle is missing, damaged or not what bundle.json says.
        DeviceError: the device asked for cannot be used.
    """

    def __init__(
        self,
        bundle: Bundle,
        device: Device,
        threads: int,
        precision: Precision = "auto",
        *,
        profiles: Path | None = None,
    ) -> None:
        self.bundle = bundle
        self._alignments = bundle.manifest.alignments
        self._sessions = Sessions(device, threads, precision, profiles=profiles)
        self._style = self._open(bundle.manifest.style.file, bundle.read(bundle.manifest.style))
        self._segments = [self._open(s.file, bundle.read(s)) for s in bundle.manifest.segments]
        check_tensors(bundle, [self._style, *self._segments])
        # What the arena keeps of a photo of the model's own size is little; of larger ones it would be missed by what
        # comes after the network. On a GPU nothing comes after it.
        runtime, provider = self._sessions.runtime, self.choice.provider
        shrinks = provider == CPU and share_arena(runtime, provider)
        self._after_large = shrinking_run(runtime) if shrinks else None

    @property
    def choice(self) -> Choice:
        """The device in use and why."""
        return self._sessions.choice

    def style_statistics(self, photo: FloatArray, labels: FloatArray | None) -> list[list[Statistics]]:
        """The statistics of a style photo (H x W x 3, 0..1) at every alignment, for every label.

        Args:
            photo: the style photo at working size.
            labels: K x H x W weights, or None.
        """
        inputs = {"image": self._to_tensor(photo)}
        for a in self._alignments:
            inputs[f"labels_{a.name}"] = self._label_tensor(labels, a.stride)
        wanted = [f"{kind}_{a.name}" for a in self._alignments for kind in ("mean", "covariance")]
        outputs = self._run(self._style, inputs, wanted, on_device=())
        return [self._statistics(outputs, a, f"_{a.name}") for a in self._alignments]

    def run(
        self,
        photo: FloatArray,
        labels: FloatArray | None,
        align: Aligner,
        progress: Callable[[str], None],
    ) -> FloatArray:
        """Sends a content photo (H x W x 3, 0..1) down the chain; the result is H x W x 3 and not clipped.

        Args:
            photo: the content photo at working size.
            labels: K x H x W weights that sum to 1 at every pixel, or None.
            align: makes the affine maps of each alignment.
            progress: called with the name of each step before it starts.
        """
        height, width = photo.shape[:2]
        large = max(height, width) > self.bundle.manifest.working_side
        image = self._to_tensor(photo)
        progress("statistics of the colours")
        state = self._run_segment(0, {"image": image}, labels)
        for index, alignment in enumerate(self._alignments):
            progress(f"alignment of {alignment.name}")
            matrix, offset = align(index, self._statistics(state, alignment))
            segment = self.bundle.manifest.segments[index + 1]
            inputs = {
                "features": state["features_out"],
                "labels": self._label_tensor(labels, alignment.stride),
                "matrix": matrix,
                "offset": offset,
                **{name: state[f"{name}_out"] for name in segment.carry},
            }
            last = index + 1 == len(self._alignments)
            state = self._run_segment(index + 1, inputs, labels, shrink=last and large)
        result: FloatArray = state["photo"].numpy()[0].transpose(1, 2, 0)[:height, :width]
        return result

    def _run_segment(
        self, index: int, inputs: dict[str, Any], labels: FloatArray | None, *, shrink: bool = False
    ) -> dict[str, Any]:
        if index < len(self._alignments):
            inputs["next_labels"] = self._label_tensor(labels, self._alignments[index].stride)
        session = self._segments[index]
        outputs = [o.name for o in session.get_outputs()]
        on_device = [n for n in outputs if n.endswith("_out")]
        return self._run(session, inputs, outputs, on_device=on_device, shrink=shrink)

    def _run(
        self,
        session: Any,
        inputs: dict[str, Any],
        outputs: Sequence[str],
        *,
        on_device: Sequence[str],
        shrink: bool = False,
    ) -> dict[str, Any]:
        binding = session.io_binding()
        for name, value in inputs.items():
            if isinstance(value, np.ndarray):
                binding.bind_cpu_input(name, np.ascontiguousarray(value))
            else:
                binding.bind_ortvalue_input(name, value)
        for name in outputs:
            binding.bind_output(name, self.choice.used if name in on_device else "cpu")
        try:
            session.run_with_iobinding(binding, self._after_large if shrink else None)
        except Exception as error:  # the runtime's exceptions have no common base class of their own
            if "allocate" in str(error).lower() or "memory" in str(error).lower():
                raise MemoryError(
                    f"the network ran out of memory on {self.choice.used}: try a smaller max_side"
                ) from error
            raise FastphotoError(f"the network failed on {self.choice.used}: {error}") from error
        return dict(zip(outputs, binding.get_outputs(), strict=True))

    def _open(self, name: str, content: bytes) -> Any:
        try:
            return self._sessions.open(content)
        except FastphotoError:
            raise
        except Exception as error:
            raise ModelError(f"model '{self.bundle.name}': {name} is not a usable ONNX file: {error}") from error

    def _statistics(self, outputs: dict[str, Any], alignment: Alignment, suffix: str = "") -> list[Statistics]:
        means, covariances = (outputs[f"{kind}{suffix}"].numpy() for kind in ("mean", "covariance"))
        c = alignment.channels
        if means.shape[1:] != (c,) or covariances.shape[1:] != (c, c):
            raise ModelError(
                f"model '{self.bundle.name}': '{alignment.name}' has {means.shape[-1]} channels, bundle.json says {c}"
            )
        # Rounding in the graph leaves covariances symmetric to the last bits only.
        return [Statistics(m, (s + s.T) / 2) for m, s in zip(means, covariances.astype(np.float64), strict=True)]

    def _padded(self, array: FloatArray, axes: tuple[int, int]) -> FloatArray:
        """Pads height and width by reflection to what the model's strides divide."""
        multiple = self.bundle.manifest.size_multiple
        padding = [(0, 0)] * array.ndim
        for axis in axes:
            padding[axis] = (0, -array.shape[axis] % multiple)
        return np.pad(array, padding, mode="reflect") if any(p for _, p in padding) else array

    def _to_tensor(self, photo: FloatArray) -> FloatArray:
        return np.ascontiguousarray(self._padded(photo, (0, 1)).transpose(2, 0, 1)[None])

    def _label_tensor(self, labels: FloatArray | None, stride: int) -> FloatArray:
        """K x 1 x h x w: each feature's label weights are the means over the photo pixels it stands for."""
        if labels is None:
            return ONE_LABEL
        padded = self._padded(labels, (1, 2))
        k, height, width = padded.shape
        blocks = padded.reshape(k, height // stride, stride, width // stride, stride)
        return np.ascontiguousarray(blocks.mean(axis=(2, 4), dtype=np.float32)[:, None])
