"""Style transfer by optimisation: Gatys et al.'s neural style, and Luan et al.'s Deep Photo Style Transfer."""

from __future__ import annotations

from typing import Any, Literal, Unpack, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastphoto_native import _core
from fastphoto_native.optimise.options import Options, split_options
from fastphoto_native.optimise.presets import Method, Preset, PresetName, find_preset
from fastphoto_native.optimise.report import TransferReport
from fastphoto_native.optimise.transfer import Outcome, Request, checked_photo, losses_of, run_transfer
from fastphoto_native.optimise.weights import EMBEDDED
from fastphoto_native.smoothing.filters import bilateral_affine_filter

FloatArray = NDArray[np.float32]


@overload
def neural_style(
    content: ArrayLike, style: ArrayLike, *, preset: PresetName | Preset = ..., return_report: Literal[False] = ...,
    **options: Unpack[Options],
) -> FloatArray: ...  # fmt: skip
@overload
def neural_style(
    content: ArrayLike, style: ArrayLike, *, preset: PresetName | Preset = ..., return_report: Literal[True],
    **options: Unpack[Options],
) -> tuple[FloatArray, TransferReport]: ...  # fmt: skip
def neural_style(
    content: ArrayLike,
    style: ArrayLike,
    *,
    preset: PresetName | Preset = "fast",
    return_report: bool = False,
    **options: Unpack[Options],
) -> FloatArray | tuple[FloatArray, TransferReport]:
    """Paints `content` in the manner of `style`, such as a painting: its colours, strokes and textures.

    Source: Gatys, Ecker, Bethge, "Image Style Transfer Using Convolutional Neural Networks", CVPR 2016.

    Args:
        content: H x W x 3, float in 0..1 or uint8 or uint16, sRGB-encoded.
        style: the same, of any other size.
        preset: "paper", "authors-code", "fast" (the paper's loss sooner), or a Preset of your own.
        return_report: return (picture, TransferReport).
        options: content_mask, style_mask: label maps or soft weights; each label takes its style from the same label.
            network: the loss network: "embedded", a file (see `read_network`) or a LossNetwork. network_input: what a
            file's network expects, "caffe" or "torchvision". start: "content", "noise", "photowct" or a picture.
            max_side: longest side of the picture, pixels. seed: of the noise. device, threads: as everywhere.
            progress: called with the step and the share done before each evaluation; False ends the call with
            CancelledError. pictures: called with the number of evaluations and a copy of the picture every
            `picture_every` evaluations. checkpoint: a file from which an interrupted call with the same arguments goes
            on; it is removed at the end. On the CPU with threads=1 it ends with the same bits; CUDA adds up losses and
            gradients in no fixed order, so any two calls differ by rounding. style_layers, content_layers: other layers
            than the preset's. style_weight, content_weight, matting_weight: factors of the preset's weights.
            evaluations: in all stages together. missing_labels: "skip" or "merge" labels that the style lacks.

    Returns:
        h x w x 3 float32 in 0..1, at the size that was optimised.

    Raises:
        ArgumentError: an argument is not what it should be.
        ModelError: the loss network's file holds none.
        DeviceError: CUDA was asked for and cannot be used.
        CancelledError: `progress` returned False.
    """
    outcome = _run("gatys", content, style, preset, dict(options))
    return (outcome.picture, outcome.report) if return_report else outcome.picture


@overload
def deep_photo(
    content: ArrayLike, style: ArrayLike, *, preset: PresetName | Preset = ..., return_report: Literal[False] = ...,
    **options: Unpack[Options],
) -> FloatArray: ...  # fmt: skip
@overload
def deep_photo(
    content: ArrayLike, style: ArrayLike, *, preset: PresetName | Preset = ..., return_report: Literal[True],
    **options: Unpack[Options],
) -> tuple[FloatArray, TransferReport]: ...  # fmt: skip
def deep_photo(
    content: ArrayLike,
    style: ArrayLike,
    *,
    preset: PresetName | Preset = "fast",
    return_report: bool = False,
    **options: Unpack[Options],
) -> FloatArray | tuple[FloatArray, TransferReport]:
    """Gives `content` the look of the photo `style` by minimising a loss; the result stays a photo.

    Gatys et al.'s losses for each label, and a term that is zero where the result is locally an affine function of the
    content's colours. The presets "paper" and "authors-code" end with the bilateral affine filter, which takes away
    what single pixels gathered; so does every preset where the content is larger than the working size.

    Source: Luan, Paris, Shechtman, Bala, "Deep Photo Style Transfer", CVPR 2017.

    Args:
        content: as for `neural_style`.
        style: as for `neural_style`.
        preset: as for `neural_style`.
        return_report: as for `neural_style`.
        options: as for `neural_style`.

    Returns:
        H x W x 3 float32 in 0..1, of the content's size: what was optimised at the working size changes the content,
        and the last filter ties the change to the content's edges.

    Raises:
        ArgumentError: an argument is not what it should be.
        ModelError: the loss network's file holds none.
        DeviceError: CUDA was asked for and cannot be used.
        CancelledError: `progress` returned False.
    """
    outcome = _run("dpst", content, style, preset, dict(options))
    threads = options.get("threads", 0)
    photo = checked_photo(content, "content")
    picture = outcome.picture
    enlarged = photo.shape != picture.shape
    if enlarged:
        picture = _core.add_resized(photo, picture - outcome.content, threads)
    if enlarged or find_preset("dpst", preset).polish:  # what was enlarged knows nothing of the content's edges
        picture = bilateral_affine_filter(picture, photo, threads=threads)
    picture = np.clip(picture, 0, 1)
    return (picture, outcome.report) if return_report else picture


def losses(
    picture: ArrayLike,
    content: ArrayLike,
    style: ArrayLike,
    *,
    method: Method,
    preset: PresetName | Preset = "paper",
    **options: Unpack[Options],
) -> dict[str, float]:
    """What an optimisation would say of any picture: the values of its losses, weights included.

    Args:
        picture: H x W x 3 of the content's size or the working size.
        content: as for `neural_style`.
        style: as for `neural_style`.
        method: "gatys" or "dpst".
        preset: whose losses; those of its last stage.
        options: as for `neural_style`.

    Raises:
        ArgumentError: an argument is not what it should be.
    """
    chosen, rest = split_options(find_preset(method, preset), dict(options))
    return losses_of(picture, content, style, Request(method, chosen, **({"network": EMBEDDED} | rest)))


def _run(
    method: Method, content: ArrayLike, style: ArrayLike, preset: PresetName | Preset, options: dict[str, Any]
) -> Outcome:
    chosen, rest = split_options(find_preset(method, preset), options)
    request = Request(method, chosen, **({"network": EMBEDDED} | rest))
    return run_transfer(content, style, request)
