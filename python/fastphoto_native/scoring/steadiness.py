"""Steadiness of a stylised clip: what a pixel changes by while it moves (Lai et al., ECCV 2018, section 4)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fastphoto_native.errors import ArgumentError
from fastphoto_native.scoring.filters import sample

Plane = NDArray[np.float64]


def warp(frame: Plane, flow: Plane) -> Plane:
    """The frame as a flow (H x W x 2: x and y in pixels) sees it: result(p) = frame(p + flow(p)), bilinear."""
    height, width = flow.shape[:2]
    rows, columns = np.mgrid[:height, :width].astype(np.float64)
    y, x = rows + flow[..., 1], columns + flow[..., 0]
    if frame.ndim == 2:
        return sample(frame, y, x)
    return np.stack([sample(plane, y, x) for plane in np.moveaxis(frame, -1, 0)], -1)


def reliable(forward: Plane, backward: Plane) -> NDArray[np.bool_]:
    """Where a flow can be trusted (Ruder et al. 2016, eq. 5 and 6): neither hidden in the other frame nor at the border
    of a motion. One-sided differences, as Lai et al. use them.

    Args:
        forward: H x W x 2, from the frame in question to the other one.
        backward: from the other frame back.
    """
    there = warp(backward, forward)
    apart = ((forward + there) ** 2).sum(axis=2)
    lengths = (forward**2).sum(axis=2) + (there**2).sum(axis=2)
    visible = apart <= 0.01 * lengths + 0.5
    dx = np.diff(forward, axis=1, append=forward[:, -1:])
    dy = np.diff(forward, axis=0, append=forward[-1:])
    bend = (dx**2 + dy**2).sum(axis=2)
    calm: NDArray[np.bool_] = bend <= 0.01 * (forward**2).sum(axis=2) + 0.002
    height, width = calm.shape
    rows, columns = np.mgrid[:height, :width]
    y, x = rows + forward[..., 1], columns + forward[..., 0]
    inside = (y >= 0) & (y <= height - 1) & (x >= 0) & (x <= width - 1)
    return np.asarray(visible & calm & inside)


def warping_error(frames: Sequence[Plane], forward: Sequence[Plane], backward: Sequence[Plane]) -> float:
    """E_warp: the mean over pairs of frames of the squared difference between a frame and the next one warped to it.

    Args:
        frames: T frames of H x W x 3 in 0..1, T at least 2.
        forward: T - 1 flows of the clip before stylisation, each from a frame to the next one.
        backward: T - 1 flows, each from the next frame back.

    Raises:
        ArgumentError: other numbers or sizes.
    """
    if len(frames) < 2 or len(forward) != len(frames) - 1 or len(backward) != len(frames) - 1:
        raise ArgumentError(
            f"got {len(frames)} frames, {len(forward)} forward and {len(backward)} backward flows; expected T frames "
            "and T - 1 flows each, T at least 2"
        )
    errors = []
    for here, following, ahead, back in zip(frames[:-1], frames[1:], forward, backward, strict=True):
        if here.shape[:2] != ahead.shape[:2] or ahead.shape != back.shape or ahead.shape[2:] != (2,):
            raise ArgumentError(
                f"got a frame of {here.shape}, flows of {ahead.shape} and {back.shape}; expected H x W x 2"
            )
        mask = reliable(ahead, back)
        difference = ((here - warp(following, ahead)) ** 2)[mask]
        errors.append(float(difference.mean()) if difference.size else 0.0)
    return float(np.mean(errors))
