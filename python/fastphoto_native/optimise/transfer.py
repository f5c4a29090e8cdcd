"""The way of two photos through an optimisation: sizes, labels, loss network, stages."""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastphoto_native import _core
from fastphoto_native.arrays.images import as_float_image, as_photo
from fastphoto_native.errors import ArgumentError
from fastphoto_native.optimise.calibration import like_caffe, rescaled
from fastphoto_native.optimise.label_masks import LabelPair, pair_labels
from fastphoto_native.optimise.memory import memory_needed
from fastphoto_native.optimise.network import LossNetwork
from fastphoto_native.optimise.preconditioner import MattingPreconditioner
from fastphoto_native.optimise.presets import STARTS, Method, Preset
from fastphoto_native.optimise.report import TransferReport
from fastphoto_native.optimise.run import Pictures, Prepared, Run
from fastphoto_native.optimise.targets import choose_layers, network_terms
from fastphoto_native.optimise.terms import MattingLaplacian, Objective, OutOfRange, Term, TotalVariation
from fastphoto_native.optimise.weights import Input, read_network
from fastphoto_native.report import DeviceReport, Progress
from fastphoto_native.runtime.device import Device
from fastphoto_native.runtime.names import STATISTICS_MODEL
from fastphoto_native.runtime.onnx_runtime import OnnxRuntime
from fastphoto_native.smoothing.smoother import Smoother
from fastphoto_native.stylizer import stylize

Float32Array = NDArray[np.float32]
Size = tuple[int, int]

PRECONDITIONER_LAM = 1e-3  # the other terms' curvature, in shares of the matting term's


@dataclass(frozen=True)
class Request:
    """What a caller asks for; see :func:`neural_style`."""

    method: Method
    preset: Preset
    network: LossNetwork | str | os.PathLike[str]
    network_input: Input | None = None
    content_mask: ArrayLike | None = None
    style_mask: ArrayLike | None = None
    start: str | ArrayLike | None = None
    max_side: int | None = None
    seed: int = 0
    device: Device = "auto"
    threads: int = 0
    progress: Progress | None = None
    pictures: Pictures | None = None
    picture_every: int = 100
    checkpoint: str | os.PathLike[str] | None = None


@dataclass(frozen=True)
class Outcome:
    """The optimised picture and the content at its size, both H x W x 3, and what happened."""

    picture: Float32Array
    content: Float32Array
    report: TransferReport


def working_size(size: Size, preset: Preset, max_side: int | None) -> Size:
    """The size at which a photo is optimised: never enlarged."""
    along = max(size) if preset.working_axis == "long" else min(size)
    factor = min(1.0, preset.working_side / along)
    if max_side is not None:
        factor = min(1.0, max_side / max(size))
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))


class Job:
    """Two photos with a request: at the working size, with the loss network and labels that go with them."""

    def __init__(self, content: ArrayLike, style: ArrayLike, request: Request) -> None:
        _check(request)
        preset = request.preset
        self.request = request
        self.photo, self.style_photo = checked_photo(content, "content"), checked_photo(style, "style")
        self.runtime = OnnxRuntime(request.device, request.threads)
        self.network = _network(request, [self.photo, self.style_photo], self.runtime)
        self.size = working_size(self.photo.shape[:2], preset, request.max_side)
        self._style_size = working_size(self.style_photo.shape[:2], preset, request.max_side)
        self.content = photo_at(self.photo, self.size, request.threads)
        self.style = photo_at(self.style_photo, self._style_size, request.threads)
        self.labels = self._labels(1.0)

    def prepare(self, index: int) -> Prepared:
        """One of the preset's stages at its size."""
        request, preset = self.request, self.request.preset
        stage = preset.stages[index]
        size, style_size = _share(self.size, stage.share), _share(self._style_size, stage.share)
        content = photo_at(self.photo, size, request.threads)
        style = photo_at(self.style_photo, style_size, request.threads)
        labels = self.labels if stage.share == 1.0 else self._labels(stage.share)
        planar_content, planar_style = content.transpose(2, 0, 1), style.transpose(2, 0, 1)
        terms: list[Term] = [network_terms(preset, self.network, planar_content, planar_style, labels, self.runtime)]
        precondition = None
        if stage.matting_weight > 0:
            smoother = Smoother(content, lam=PRECONDITIONER_LAM, threads=request.threads)
            terms.append(MattingLaplacian(smoother, stage.matting_weight))
            if stage.preconditioned:
                precondition = MattingPreconditioner(smoother, size)
        if preset.total_variation > 0:
            terms.append(TotalVariation(preset.total_variation, preset.pixel_scale))
        if preset.range_weight > 0:
            terms.append(OutOfRange(preset.range_weight))
        return Prepared(stage, Objective(terms), lambda x: _resized(x, size, request.threads), precondition)

    def _labels(self, share: float) -> LabelPair | None:
        masks = self.request.content_mask, self.request.style_mask
        if masks[0] is None or masks[1] is None:
            return None
        size, style_size = _share(self.size, share), _share(self._style_size, share)
        return pair_labels(masks[0], masks[1], size, style_size, self.request.preset.missing_labels)


def run_transfer(content: ArrayLike, style: ArrayLike, request: Request) -> Outcome:
    """Runs a preset's stages."""
    job = Job(content, style, request)
    preset, layers = request.preset, choose_layers(request.preset, job.network)
    report = TransferReport(request.method, job.network.name, DeviceReport("", "", "", "", ""), job.size)
    report.style_layers, report.content_layers = list(layers.style), list(layers.content)
    report.lacking_layers = list(layers.lacking)
    if job.labels:
        report.labels, report.missing_labels = list(job.labels.labels), list(job.labels.missing)
    report.memory_needed = memory_needed(preset, job.network, job.size)
    if request.progress is not None:
        request.progress(f"taking about {report.memory_needed / 1e6:.0f} MB", 0.0)
    run = Run(
        len(preset.stages),
        job.prepare,
        sum(stage.evaluations for stage in preset.stages),
        _fingerprint(job),
        request.progress,
        request.pictures,
        request.picture_every,
        None if request.checkpoint is None else Path(request.checkpoint),
        report.trace,
    )
    started = time.perf_counter()
    found = run.minimise(lambda: _start(request, job.content, job.style))
    report.seconds = time.perf_counter() - started
    choice = job.runtime.choice
    report.device = DeviceReport(choice.requested, choice.used, choice.provider, choice.reason, "float32")
    if found.shape[1:] != job.size:  # the last stage was at a share of the working size
        found = _resized(found, job.size, request.threads)
    picture = np.ascontiguousarray(np.clip(found, 0, 1).transpose(1, 2, 0))
    return Outcome(picture, job.content, report)


def losses_of(picture: ArrayLike, content: ArrayLike, style: ArrayLike, request: Request) -> dict[str, float]:
    """The values of the last stage's terms for any picture, reduced to the working size."""
    job = Job(content, style, request)
    prepared = job.prepare(len(request.preset.stages) - 1)
    small = photo_at(checked_photo(picture, "picture"), job.size, request.threads)
    return prepared.objective.evaluate(np.ascontiguousarray(small.transpose(2, 0, 1)))[2]


def _check(request: Request) -> None:
    if (request.content_mask is None) != (request.style_mask is None):
        raise ArgumentError("content_mask and style_mask go together: give both or neither")
    if isinstance(request.start, str) and request.start not in STARTS:
        raise ArgumentError(f"start must be one of {', '.join(STARTS)} or a picture, got {request.start!r}")
    if request.max_side is not None and request.max_side < 16:
        raise ArgumentError(f"max_side must be 16 or more, got {request.max_side}")
    if request.picture_every < 1:
        raise ArgumentError(f"picture_every must be 1 or more, got {request.picture_every}")
    if request.threads < 0:
        raise ArgumentError(f"threads must be 0 (automatic) or more, got {request.threads}")


def checked_photo(photo: ArrayLike, name: str) -> Float32Array:
    """H x W x 3 float32, checked to lie in 0..1."""
    image = as_float_image(as_photo(photo, name), name)
    low, high = float(image.min()), float(image.max())
    if not (low >= 0 and high <= 1):
        raise ArgumentError(f"{name} must lie in 0..1, got {low:.3g} to {high:.3g}")
    return np.ascontiguousarray(image)


def _network(request: Request, photos: list[Float32Array], runtime: OnnxRuntime) -> LossNetwork:
    preset = request.preset
    given = request.network
    network = given if isinstance(given, LossNetwork) else read_network(given, request.network_input)
    network = replace(network, pooling=preset.pooling, ceil=preset.ceil, padding=preset.padding)
    network = network.with_pixel_scale(preset.pixel_scale)
    if preset.activations == "one":
        return rescaled(network, photos, None, runtime)
    return like_caffe(network, photos, runtime)


def _start(request: Request, content: Float32Array, style: Float32Array) -> Float32Array:
    """The first picture, 3 x H x W, at the working size."""
    preset = request.preset
    wanted = preset.start if request.start is None else request.start
    if isinstance(wanted, str):
        if wanted == "content":
            first = content
        elif wanted == "photowct":
            first = stylize(
                content, style, content_mask=request.content_mask, style_mask=request.style_mask,
                model=STATISTICS_MODEL, device=request.device, threads=request.threads,
            )  # fmt: skip
        else:
            noise = np.random.default_rng(request.seed).standard_normal(content.shape, np.float32)
            first = np.float32(0.45) + noise * np.float32(preset.noise)
    else:
        first = photo_at(checked_photo(wanted, "start"), content.shape[:2], request.threads)
    return np.ascontiguousarray(first.transpose(2, 0, 1))


def photo_at(photo: Float32Array, size: Size, threads: int) -> Float32Array:
    """A photo at another size; what resampling overshoots is clipped."""
    if photo.shape[:2] == size:
        return photo
    return np.clip(_core.resize(photo, *size, threads), 0, 1)


def _share(size: Size, share: float) -> Size:
    return max(1, round(size[0] * share)), max(1, round(size[1] * share))


def _resized(picture: Float32Array, size: Size, threads: int) -> Float32Array:
    if picture.shape[1:] == size:
        return picture
    image = np.ascontiguousarray(picture.transpose(1, 2, 0))
    return np.ascontiguousarray(_core.resize(image, *size, threads).transpose(2, 0, 1))


def _fingerprint(job: Job) -> str:
    """Tells checkpoints of other photos and settings apart."""
    request = job.request
    found = hashlib.sha256(f"{request.method} {request.preset} {request.max_side} {request.seed}".encode())
    arrays: list[NDArray[np.float32]] = [job.photo, job.style_photo, *job.network.weights.values()]
    if job.labels:
        arrays += [job.labels.content, job.labels.style]
    if request.start is not None:
        first = request.start
        found.update(first.encode() if isinstance(first, str) else np.ascontiguousarray(np.asarray(first)).tobytes())
    for array in arrays:
        found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()
