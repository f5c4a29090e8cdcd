"""The pipeline's Python face: arrays in, arrays out. The pipeline itself is C++ (cpp/src/engine/stylizer.cpp)."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastphoto_native import _core
from fastphoto_native.adjustment import Adjustment
from fastphoto_native.arrays.images import as_alpha, as_photo
from fastphoto_native.errors import ArgumentError
from fastphoto_native.looks.look import Look
from fastphoto_native.report import Progress, Report
from fastphoto_native.runtime.bundle import find_bundle
from fastphoto_native.runtime.device import Choice, thread_count, usable_cpus
from fastphoto_native.runtime.names import DEFAULT_MODEL, Device, Precision
from fastphoto_native.runtime.onnx_runtime import OnnxRuntime
from fastphoto_native.smoothing.methods import DEFAULT_QUALITY, Quality, Smoothing

FloatArray = NDArray[np.float32]

AS_IT_COMES = Adjustment()

PREVIEW_SIDE = 1024


class Stylizer:
    """A model, ready on a device: analyse a style once, apply its look to many photos.

    May be used by several threads at once. A child process made by fork() opens a Stylizer of its own; every call of an
    inherited one raises DeviceError there.

    Args:
        model: the name of an embedded model or the path of a bundle's folder.
        device: "auto" (a GPU if it works, else the CPU), "cpu" or "cuda".
        threads: CPU threads; 0 takes what the machine has.
        precision: of the convolutions that the model allows to run in float16: "float32", "float16" or "auto" (float16
            on a GPU).

    Raises:
        ModelError: no such model, or its files are damaged.
        DeviceError: CUDA was asked for and cannot be used.
    """

    def __init__(
        self,
        model: str | os.PathLike[str] = DEFAULT_MODEL,
        device: Device = "auto",
        threads: int = 0,
        precision: Precision = "auto",
    ) -> None:
        if not isinstance(model, str | os.PathLike):
            raise ArgumentError(f"model must be a name or a folder, got {type(model).__name__}")
        bundle = find_bundle(model if isinstance(model, str) else Path(model))
        # More than there are CPUs only take time to start.
        self._threads = min(thread_count(threads), usable_cpus())
        self._runtime = OnnxRuntime(device, threads, precision)
        self._core = _core.Stylizer(bundle, self._runtime)

    @property
    def device(self) -> Choice:
        """The device in use, what was asked for, and why they differ if they do."""
        return self._runtime.choice

    def analyze(
        self,
        style: ArrayLike,
        mask: ArrayLike | None = None,
        *,
        max_side: int | None = None,
        progress: Progress | None = None,
        alpha: ArrayLike | None = None,
    ) -> Look:
        """The look of a style photo: its feature statistics, per label.

        Args:
            style: H x W x 3, float in 0..1 or uint8 or uint16, sRGB-encoded.
            mask: H x W integer label map or H x W x K soft weights; None takes the photo as a whole.
            max_side: longest side at which the network sees the photo, pixels; None takes the model's own.
            progress: as in :meth:`apply`.
            alpha: H x W, 1 is opaque: what is transparent does not count. None: all is opaque.

        Raises:
            ArgumentError: not a photo, not a mask or not an alpha.
            CancelledError: `progress` returned False.
        """
        visible = as_alpha(alpha, "alpha of the style")
        return self._core.analyze(as_photo(style, "style"), mask, max_side, self._threads, progress, visible)

    @overload
    def apply(
        self, content: ArrayLike, look: Look, mask: ArrayLike | None = None, *, smoothing: Smoothing = ...,
        quality: Quality = ..., strength: float = ..., adjustment: Adjustment = ..., insist: bool = ...,
        max_side: int | None = ...,
        progress: Progress | None = ..., alpha: ArrayLike | None = ..., return_report: Literal[False] = ...,
    ) -> FloatArray: ...  # fmt: skip
    @overload
    def apply(
        self, content: ArrayLike, look: Look, mask: ArrayLike | None = None, *, smoothing: Smoothing = ...,
        quality: Quality = ..., strength: float = ..., adjustment: Adjustment = ..., insist: bool = ...,
        max_side: int | None = ...,
        progress: Progress | None = ..., alpha: ArrayLike | None = ..., return_report: Literal[True],
    ) -> tuple[FloatArray, Report]: ...  # fmt: skip
    def apply(
        self,
        content: ArrayLike,
        look: Look,
        mask: ArrayLike | None = None,
        *,
        smoothing: Smoothing = "closed-form",
        quality: Quality = DEFAULT_QUALITY,
        strength: float = 1.0,
        adjustment: Adjustment = AS_IT_COMES,
        insist: bool = False,
        max_side: int | None = None,
        progress: Progress | None = None,
        alpha: ArrayLike | None = None,
        return_report: bool = False,
    ) -> FloatArray | tuple[FloatArray, Report]:
        """The content in the look, at the content's full size.

        Args:
            content: H x W x 3, float in 0..1 or uint8 or uint16, sRGB-encoded.
            look: from :meth:`analyze` or `Look.load`.
            mask: the content's labels, needed exactly if the look was made with a mask. Labels that the style lacks
                keep their look.
            smoothing: "closed-form" (the paper's), "guided" (its fast approximation) or "none" (the network's photo, in
                which no detail is restored either).
            quality: of closed-form smoothing. "exact" solves for every pixel; "balanced" and "draft" solve large photos
                at a smaller size and carry the result over. docs/smoothing.md says what they change.
            strength: 0 returns the content as it is, 1 the full look.
            adjustment: strengths of tone, colour and white balance apart, and what is kept of the content.
            insist: of models with an estimator (grade-lite): all of the look, even where the style tells little about
                how this content should look. Other models take no notice.
            max_side: longest side at which the network sees the photo, pixels; None takes the model's own.
            progress: called with the step at work and the share of the work done (0..1), also in the midst of a step.
                If it returns False the call ends with CancelledError; what it raises comes out of the call.
            alpha: H x W, 1 is opaque: what is transparent does not count in the statistics. None: all is opaque.
            return_report: return (photo, :class:`Report`).

        Returns:
            H x W x 3 float32 in 0..1.

        Raises:
            ArgumentError: not a photo, not a mask, or a look of another model.
            CancelledError: `progress` returned False.
        """
        photo = as_photo(content, "content")
        result = np.empty(photo.shape, np.float32)
        report = self.apply_into(
            result, photo, look, mask,
            smoothing=smoothing, quality=quality, strength=strength, adjustment=adjustment, insist=insist,
            max_side=max_side, progress=progress, alpha=alpha,
        )  # fmt: skip
        return (result, report) if return_report else result

    def apply_into(
        self,
        result: NDArray[Any],
        content: ArrayLike,
        look: Look,
        mask: ArrayLike | None = None,
        *,
        smoothing: Smoothing = "closed-form",
        quality: Quality = DEFAULT_QUALITY,
        strength: float = 1.0,
        adjustment: Adjustment = AS_IT_COMES,
        insist: bool = False,
        max_side: int | None = None,
        progress: Progress | None = None,
        alpha: ArrayLike | None = None,
    ) -> Report:
        """As :meth:`apply`, into an array of the caller's: for large photos, and for 8 and 16 bits without a detour.

        Args:
            result: written: H x W x 3 of the content's height and width, float32, uint8 or uint16. May be the content.
            content: as in :meth:`apply`.
            look: as in :meth:`apply`.
            mask: as in :meth:`apply`.
            smoothing: as in :meth:`apply`.
            quality: as in :meth:`apply`.
            strength: as in :meth:`apply`.
            adjustment: as in :meth:`apply`.
            insist: as in :meth:`apply`.
            max_side: as in :meth:`apply`.
            progress: as in :meth:`apply`.
            alpha: as in :meth:`apply`.

        Raises:
            ArgumentError: as in :meth:`apply`, or another shape or type of `result`.
            CancelledError: `progress` returned False.
        """
        photo = self._content(content, look)
        visible = as_alpha(alpha, "alpha of the content")
        return Report.of(
            self._core.apply(
                photo, look, result, mask, smoothing, quality, strength, max_side, self._threads, progress,
                adjustment.options(), visible, insist,
            )
        )  # fmt: skip

    def preview(
        self,
        content: ArrayLike,
        look: Look,
        mask: ArrayLike | None = None,
        *,
        side: int = PREVIEW_SIDE,
        smoothing: Smoothing = "closed-form",
        strength: float = 1.0,
        adjustment: Adjustment = AS_IT_COMES,
        insist: bool = False,
        max_side: int | None = None,
        progress: Progress | None = None,
        alpha: ArrayLike | None = None,
    ) -> FloatArray:
        """The content in the look at a smaller size, quickly: what :meth:`apply` gives, reduced, but for small things.

        Args:
            content: as in :meth:`apply`; any size.
            look: as in :meth:`apply`.
            mask: as in :meth:`apply`.
            side: the longest side of the preview, pixels; a smaller content keeps its size.
            smoothing: as in :meth:`apply`. Closed-form smoothing is always a draft here.
            strength: as in :meth:`apply`.
            adjustment: as in :meth:`apply`.
            insist: as in :meth:`apply`.
            max_side: as in :meth:`apply`.
            progress: as in :meth:`apply`.
            alpha: as in :meth:`apply`.

        Returns:
            h x w x 3 float32 in 0..1.

        Raises:
            ArgumentError: as in :meth:`apply`, or `side` is less than 1.
            CancelledError: `progress` returned False.
        """
        photo = self._content(content, look)
        visible = as_alpha(alpha, "alpha of the content")
        height, width = photo.shape[:2]
        result = np.empty((*_core.Stylizer.preview_size(height, width, side), 3), np.float32)
        self._core.preview(
            photo, look, result, mask, smoothing, "draft", strength, max_side, self._threads, progress,
            adjustment.options(), visible, insist,
        )  # fmt: skip
        return result

    def apply_stream(
        self,
        contents: Iterable[ArrayLike],
        look: Look,
        *,
        smoothing: Smoothing = "closed-form",
        quality: Quality = DEFAULT_QUALITY,
        strength: float = 1.0,
        adjustment: Adjustment = AS_IT_COMES,
        insist: bool = False,
        max_side: int | None = None,
    ) -> Iterator[FloatArray]:
        """Every content in the look, in order: the network works on the next photo while this one is smoothed.

        Takes the memory of two photos. `contents` is read one photo ahead, on another thread.

        Args:
            contents: photos as in :meth:`apply`; they may differ in size.
            look: without a mask.
            smoothing: as in :meth:`apply`.
            quality: as in :meth:`apply`.
            strength: as in :meth:`apply`.
            adjustment: as in :meth:`apply`.
            insist: as in :meth:`apply`.
            max_side: as in :meth:`apply`.

        Yields:
            H x W x 3 float32 in 0..1.

        Raises:
            ArgumentError: as :meth:`apply`, when its photo's turn comes.
        """
        photos = iter(contents)

        def next_half() -> tuple[NDArray[Any], _core.Stylizer.Restyled] | None:
            for content in islice(photos, 1):
                photo = self._content(content, look)
                half_way = self._core.restyle(
                    photo, look, None, smoothing, quality, strength, max_side, self._threads, None,
                    adjustment.options(), None, insist,
                )  # fmt: skip
                return photo, half_way
            return None

        with ThreadPoolExecutor(1, "fastphoto-network") as network:
            ahead: deque[Future[tuple[NDArray[Any], _core.Stylizer.Restyled] | None]] = deque()
            ahead.append(network.submit(next_half))
            while (current := ahead.popleft().result()) is not None:
                ahead.append(network.submit(next_half))
                yield self._finish(*current, None)[0]

    def prepare(self, width: int, height: int, *, quality: Quality = DEFAULT_QUALITY) -> None:
        """Does ahead what can be done before a photo of that size comes.

        From then on the Stylizer keeps the memory that one photo takes, so that later calls allocate nothing large.
        """
        self._core.prepare(width, height, quality)

    def memory_needed(
        self,
        width: int,
        height: int,
        *,
        smoothing: Smoothing = "closed-form",
        quality: Quality = DEFAULT_QUALITY,
        max_side: int | None = None,
    ) -> int:
        """An upper bound for the bytes that :meth:`apply` takes, beside the arrays that go in and come out.

        A photo with transparency takes 24 bytes a pixel more.
        """
        return self._core.memory_needed(width, height, smoothing, quality, max_side)

    @staticmethod
    def _content(content: ArrayLike, look: Look) -> NDArray[Any]:
        """The content as the engine takes it, and a look that is one."""
        if not isinstance(look, Look):
            raise ArgumentError(f"look must be a Look, got {type(look).__name__}: read a file with Look.load(path)")
        return as_photo(content, "content")

    def _finish(
        self, photo: NDArray[Any], half_way: _core.Stylizer.Restyled, progress: Progress | None
    ) -> tuple[FloatArray, Report]:
        result = np.empty(photo.shape, np.float32)
        return result, Report.of(self._core.finish(half_way, result, self._threads, progress))


def stylize(
    content: ArrayLike,
    style: ArrayLike,
    *,
    content_mask: ArrayLike | None = None,
    style_mask: ArrayLike | None = None,
    model: str | os.PathLike[str] = DEFAULT_MODEL,
    smoothing: Smoothing = "closed-form",
    quality: Quality = DEFAULT_QUALITY,
    strength: float = 1.0,
    adjustment: Adjustment = AS_IT_COMES,
    insist: bool = False,
    device: Device = "auto",
    threads: int = 0,
    max_side: int | None = None,
    precision: Precision = "auto",
    progress: Progress | None = None,
    content_alpha: ArrayLike | None = None,
    style_alpha: ArrayLike | None = None,
) -> FloatArray:
    """Gives `content` the look of `style` and nothing else; structure and size stay the content's.

    Args:
        content: H x W x 3, float in 0..1 or uint8 or uint16, sRGB-encoded.
        style: the same, of any other size.
        content_mask: H x W integer label map or H x W x K soft weights; resized to the photo if need be. Each label
            takes its look from the same label of the style. Both masks or neither.
        style_mask: the same for the style.
        model: the name of an embedded model or the path of a bundle's folder.
        smoothing: "closed-form" (the paper's), "guided" (its fast approximation) or "none" (the network's photo, in
            which no detail is restored either).
        quality: of closed-form smoothing, as in :meth:`Stylizer.apply`.
        strength: 0 returns the content as it is, 1 the full look.
        adjustment: strengths of tone, colour and white balance apart, and what is kept of the content.
        insist: of models with an estimator (grade-lite): all of the look, even where the style tells little about how
            this content should look. Other models take no notice.
        device: "auto" (a GPU if it works, else the CPU), "cpu" or "cuda".
        threads: CPU threads; 0 takes what the machine has.
        max_side: longest side at which the network sees the photos, pixels; None takes the model's own. The
            result has the content's size all the same.
        precision: as for :class:`Stylizer`.
        progress: as in :meth:`Stylizer.apply`.
        content_alpha: H x W, 1 is opaque: what is transparent in the content does not count in its statistics.
        style_alpha: the same for the style.

    Returns:
        H x W x 3 float32 in 0..1.

    Raises:
        ArgumentError (a ValueError): an argument is not what it should be.
        ModelError: no such model, or its files are damaged.
        DeviceError: CUDA was asked for and cannot be used.
        CancelledError: `progress` returned False.

    Source: Li et al., ECCV 2018.
    """
    stylizer = Stylizer(model, device, threads, precision)
    look = stylizer.analyze(style, style_mask, max_side=max_side, alpha=style_alpha)
    return stylizer.apply(
        content, look, content_mask, smoothing=smoothing, quality=quality, strength=strength, adjustment=adjustment,
        insist=insist, max_side=max_side, progress=progress, alpha=content_alpha,
    )  # fmt: skip
