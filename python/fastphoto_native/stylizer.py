"""The pipeline on one page: style -> look, content + look -> restyled content.

Li, Liu, Li, Yang, Kautz: "A Closed-form Solution to Photorealistic Image Stylization", ECCV 2018. Step F1 is the chain
of segments with statistical alignments between them, step F2 the smoothing. What neither knows of, tones out of
range and faded detail, is mended at the end.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastphoto_native._core import Statistics
from fastphoto_native.alignment import ChainAlignment
from fastphoto_native.arrays.images import as_photo
from fastphoto_native.arrays.masks import MIN_AREA, LabelWeights, label_weights, shared_labels
from fastphoto_native.detail import restore_detail
from fastphoto_native.errors import ArgumentError
from fastphoto_native.gamut import compress_to_gamut
from fastphoto_native.looks.look import WHOLE, LabelStyle, Look
from fastphoto_native.report import DeviceReport, Progress, Report, SmoothingReport, Stopwatch
from fastphoto_native.runtime.bundle import DEFAULT_MODEL, find_bundle
from fastphoto_native.runtime.device import Choice, Device, Precision
from fastphoto_native.runtime.engine import Engine
from fastphoto_native.smoothing.methods import Smoothing, check_smoothing, smooth
from fastphoto_native.working_size import at_full_size, at_working_size

FloatArray = NDArray[np.float32]


class Stylizer:
    """A model, ready on a device: analyse a style once, apply its look to many photos.

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
        bundle = find_bundle(model if isinstance(model, str) else Path(model))
        self._manifest = bundle.manifest
        self._fingerprint = bundle.fingerprint
        self._threads = threads
        self._engine = Engine(bundle, device, threads, precision)

    @property
    def device(self) -> Choice:
        """The device in use, what was asked for, and why they differ if they do."""
        return self._engine.choice

    def analyze(self, style: ArrayLike, mask: ArrayLike | None = None, *, max_side: int | None = None) -> Look:
        """The look of a style photo: its feature statistics, per label.

        Args:
            style: H x W x 3, float in 0..1 or uint8 or uint16, sRGB-encoded.
            mask: H x W integer label map or H x W x K soft weights; None takes the photo as a whole.
            max_side: longest side at which the network sees the photo, pixels; None takes the model's own.

        Raises:
            ArgumentError: not a photo or not a mask.
        """
        photo = at_working_size(as_photo(style, "style"), self._working_side(max_side))
        if mask is None:
            statistics = self._engine.style_statistics(photo, None)
            return self._look({WHOLE: float(photo.shape[0] * photo.shape[1])}, statistics, masked=False)
        labels = label_weights(np.asarray(mask), photo.shape[:2], "style mask")
        areas = {k: area for k, area in labels.areas().items() if area > MIN_AREA}
        if not areas:
            raise ArgumentError(f"style mask: no label has more than {MIN_AREA} pixels")
        statistics = self._engine.style_statistics(photo, labels.select(list(areas)))
        return self._look(areas, statistics, masked=True)

    @overload
    def apply(
        self, content: ArrayLike, look: Look, mask: ArrayLike | None = None, *, smoothing: Smoothing = ...,
        strength: float = ..., max_side: int | None = ..., progress: Progress | None = ...,
        return_report: Literal[False] = ...,
    ) -> FloatArray: ...  # fmt: skip
    @overload
    def apply(
        self, content: ArrayLike, look: Look, mask: ArrayLike | None = None, *, smoothing: Smoothing = ...,
        strength: float = ..., max_side: int | None = ..., progress: Progress | None = ...,
        return_report: Literal[True],
    ) -> tuple[FloatArray, Report]: ...  # fmt: skip
    def apply(
        self,
        content: ArrayLike,
        look: Look,
        mask: ArrayLike | None = None,
        *,
        smoothing: Smoothing = "closed-form",
        strength: float = 1.0,
        max_side: int | None = None,
        progress: Progress | None = None,
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
            strength: 0 returns the content as it is, 1 the full look.
            max_side: longest side at which the network sees the photo, pixels; None takes the model's own.
            progress: called with each step's name and the share of steps done.
            return_report: return (photo, :class:`Report`).

        Returns:
            H x W x 3 float32 in 0..1.

        Raises:
            ArgumentError: not a photo, not a mask, or a look of another model.
        """
        check_smoothing(smoothing)
        if not 0 <= strength <= 1:
            raise ArgumentError(f"strength must lie between 0 and 1, got {strength}")
        self._check_look(look, mask)
        photo = as_photo(content, "content")
        report, clock = self._new_report(strength, photo), Stopwatch()
        if strength == 0:
            return (photo.copy(), report) if return_report else photo.copy()

        # What the network sees, and which of its pixels belong to which label.
        with clock.stage("reduce to working size"):
            small = at_working_size(photo, self._working_side(max_side))
            report.working_size = small.shape[0], small.shape[1]
            labels, weights = self._match_labels(look, mask, small, report)

        # F1: down the chain; at each alignment the content's statistics meet the look's.
        points = self._manifest.alignments
        wanted = [[look.labels[k].statistics[index] for k in labels] for index in range(len(points))]
        align = ChainAlignment(points, wanted, strength, keep_rest=weights is not None)
        steps = len(points) + 2
        done = 0

        def step(name: str) -> None:
            nonlocal done
            if progress:
                progress(name, done / steps)
            done += 1

        with clock.stage("network"):
            restyled = self._engine.run(small, weights, align, step)
        with clock.stage("enlarge to full size"):
            restyled = at_full_size(restyled, small, photo)

        # F2: what stylisation did to structure is undone.
        step("smoothing")
        with clock.stage("smoothing"):
            result, info = smooth(smoothing, restyled, photo, self._manifest.smoothing, self._threads)
        report.smoothing = SmoothingReport(smoothing)
        if info:
            report.smoothing = SmoothingReport(smoothing, info.iterations, info.residual, info.converged)
        with clock.stage("compress to gamut"):
            result = compress_to_gamut(result)
        if smoothing != "none":
            with clock.stage("restore detail"):
                result = restore_detail(result, photo, self._threads)
        report.stages = clock.stages
        if progress:
            progress("done", 1.0)
        return (result, report) if return_report else result

    def _working_side(self, max_side: int | None) -> int:
        if max_side is None:
            return self._manifest.working_side
        if max_side < 1:
            raise ArgumentError(f"max_side must be at least 1 pixel, got {max_side}")
        return max_side

    def _look(self, areas: dict[int, float], statistics: list[list[Statistics]], *, masked: bool) -> Look:
        by_label = {
            label: LabelStyle(area, tuple(point[k] for point in statistics))
            for k, (label, area) in enumerate(areas.items())
        }
        return Look(self._manifest.name, self._fingerprint, masked, by_label)

    def _check_look(self, look: Look, mask: ArrayLike | None) -> None:
        if look.fingerprint != self._fingerprint:
            raise ArgumentError(
                f"the look was made with model '{look.model}' ({look.fingerprint[:8]}), "
                f"it does not fit '{self._manifest.name}' ({self._fingerprint[:8]})"
            )
        if look.masked and mask is None:
            raise ArgumentError("the style has a mask but the content has none: give both or neither")
        if not look.masked and mask is not None:
            raise ArgumentError("the content has a mask but the style has none: give both or neither")

    def _match_labels(
        self, look: Look, mask: ArrayLike | None, small: FloatArray, report: Report
    ) -> tuple[list[int], FloatArray | None]:
        """The labels that take part and their weights (a last one for all other pixels), None without a mask."""
        if mask is None:
            return [WHOLE], None
        content: LabelWeights = label_weights(np.asarray(mask), small.shape[:2], "content mask")
        labels = shared_labels(content.areas(), {k: style.area for k, style in look.labels.items()})
        report.labels = labels
        report.kept_labels = [k for k in content.labels if k not in labels]
        return labels, content.select(labels)

    def _new_report(self, strength: float, photo: FloatArray) -> Report:
        choice = self.device
        device = DeviceReport(choice.requested, choice.used, choice.provider, choice.reason, choice.precision)
        size = photo.shape[0], photo.shape[1]
        return Report(self._manifest.name, self._manifest.version, device, strength, size, size)


def stylize(
    content: ArrayLike,
    style: ArrayLike,
    *,
    content_mask: ArrayLike | None = None,
    style_mask: ArrayLike | None = None,
    model: str | os.PathLike[str] = DEFAULT_MODEL,
    smoothing: Smoothing = "closed-form",
    strength: float = 1.0,
    device: Device = "auto",
    threads: int = 0,
    max_side: int | None = None,
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
        strength: 0 returns the content as it is, 1 the full look.
        device: "auto" (a GPU if it works, else the CPU), "cpu" or "cuda".
        threads: CPU threads; 0 takes what the machine has.
        max_side: longest side at which the network sees the photos, pixels; None takes the model's own. The
            result has the content's size all the same.

    Returns:
        H x W x 3 float32 in 0..1.

    Raises:
        ArgumentError (a ValueError): an argument is not what it should be.
        ModelError: no such model, or its files are damaged.
        DeviceError: CUDA was asked for and cannot be used.

    Source: Li et al., ECCV 2018.
    """
    stylizer = Stylizer(model, device, threads)
    look = stylizer.analyze(style, style_mask, max_side=max_side)
    return stylizer.apply(content, look, content_mask, smoothing=smoothing, strength=strength, max_side=max_side)
