"""Stages of an optimisation one after the other: counting, reporting, pictures, interrupting, resuming."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from fastphoto_native.errors import ArgumentError, CancelledError
from fastphoto_native.optimise.adam import Adam, AdamSettings
from fastphoto_native.optimise.checkpoint import load_checkpoint, save_checkpoint
from fastphoto_native.optimise.lbfgs import Lbfgs, Precondition
from fastphoto_native.optimise.presets import Stage
from fastphoto_native.optimise.report import Evaluation
from fastphoto_native.optimise.terms import Objective
from fastphoto_native.report import Progress

Float32Array = NDArray[np.float32]
Pictures = Callable[[int, NDArray[np.float32]], None]

SAVE_EVERY = 100  # evaluations between two checkpoints


@dataclass
class Prepared:
    """One stage at its size: what to minimise, and what resizes the picture of the stage before."""

    stage: Stage
    objective: Objective
    enlarge: Callable[[Float32Array], Float32Array]
    precondition: Precondition | None = None


class _Enough(Exception):  # noqa: N818 (no error)
    """The stage's evaluations are used up."""


@dataclass
class Run:
    """An optimisation on its way.

    Attributes:
        stages: how many there are, and a function that prepares each when its turn comes.
        prepare: index of a stage -> the stage at its size.
        budget: evaluations of all stages.
        fingerprint: of photos and settings; a checkpoint of others is refused.
        progress: see report.Progress.
        pictures: called with the number of evaluations done and the picture, H x W x 3 in 0..1.
        picture_every: evaluations.
        checkpoint: file, or None.
        trace: every evaluation.
    """

    stages: int
    prepare: Callable[[int], Prepared]
    budget: int
    fingerprint: str
    progress: Progress | None = None
    pictures: Pictures | None = None
    picture_every: int = 100
    checkpoint: Path | None = None
    trace: list[Evaluation] = field(default_factory=list)

    def minimise(self, start: Callable[[], Float32Array]) -> Float32Array:
        """The picture (3 x H x W) at the end of the last stage; `start` gives the first one unless a run is resumed.

        Raises:
            CancelledError: `progress` returned False. A checkpoint was written if one is named, as for any exception.
            PhotoError: the checkpoint's file is none.
            ArgumentError: it belongs to other photos or settings.
        """
        first, state, picture = 0, None, None
        if self.checkpoint and self.checkpoint.exists():
            first, state, picture = self._resumed(self.checkpoint)
        if picture is None:
            picture = start()
        for index in range(first, self.stages):
            prepared = self.prepare(index)
            if state is None:
                picture = prepared.enlarge(picture)
            picture = self._run_stage(index, prepared, picture, state)
            state = None
        if self.checkpoint:
            self.checkpoint.unlink(missing_ok=True)
        return picture

    def _run_stage(
        self, index: int, prepared: Prepared, picture: Float32Array, state: dict[str, Any] | None
    ) -> Float32Array:
        settings = prepared.stage.optimiser
        optimiser: Adam | Lbfgs
        if isinstance(settings, AdamSettings):
            optimiser, searches = Adam(settings), False
        else:
            optimiser, searches = Lbfgs(settings, prepared.precondition), settings.line_search
        scale = np.float32(settings.scale)
        if state is not None:
            optimiser.restore(state)
        here = picture * scale if state is None else picture  # a checkpoint holds the optimiser's own units
        last = [here]

        before = sum(entry.stage <= index for entry in self.trace)  # evaluations of earlier stages
        most = prepared.stage.evaluations

        def evaluate(x: Float32Array) -> tuple[float, Float32Array]:
            done = len(self.trace) - before
            if done >= most:
                raise _Enough
            self._report(index, done, most)
            loss, gradient, values = prepared.objective.evaluate(x / scale)
            if not np.isfinite(loss) and not searches:
                raise ArgumentError(
                    f"the loss is {loss} after {done} evaluations of stage {index + 1}: the steps are too long for "
                    "these losses; expected another optimiser or smaller weights"
                )
            self.trace.append(Evaluation(index + 1, done + 1, loss, values))
            if not searches:
                last[0] = x
            if self.pictures and len(self.trace) % self.picture_every == 0:
                self.pictures(len(self.trace), np.clip(x / scale, 0, 1).transpose(1, 2, 0))
            return loss, gradient / scale

        boundary = len(self.trace)
        saved = boundary
        try:
            while len(self.trace) - before < most:
                here = optimiser.iterate(here, evaluate)
                boundary = len(self.trace)
                if isinstance(optimiser, Lbfgs) and optimiser.finished:
                    break
                if self.checkpoint and boundary - saved >= SAVE_EVERY:
                    saved = boundary
                    self._save(index, here, optimiser.state(), boundary)
        except _Enough:
            pass
        except BaseException:
            if self.checkpoint:
                self._save(index, here, optimiser.state(), boundary)
            raise
        if isinstance(optimiser, Lbfgs) and searches and optimiser.point is not None:
            last[0] = optimiser.point.x
        found: Float32Array = last[0] / scale
        return found

    def _report(self, index: int, done: int, most: int) -> None:
        if self.progress is None:
            return
        step = f"stage {index + 1} of {self.stages}, evaluation {done + 1} of {most}"
        if self.trace:
            step += f", loss {self.trace[-1].loss:.5g}"
        if self.progress(step, min(1.0, len(self.trace) / self.budget)) is False:
            raise CancelledError(f"the optimisation was cancelled after {len(self.trace)} evaluations")

    def _save(self, index: int, picture: Float32Array, state: dict[str, Any], count: int) -> None:
        if self.checkpoint is None:
            return
        header = {"fingerprint": self.fingerprint, "stage": index, "trace": msgspec.to_builtins(self.trace[:count])}
        arrays = {f"state_{name}": array for name, array in state.items()} | {"picture": picture}
        save_checkpoint(self.checkpoint, header, arrays)

    def _resumed(self, path: Path) -> tuple[int, dict[str, Any], Float32Array]:
        header, arrays = load_checkpoint(path)
        if header.get("fingerprint") != self.fingerprint:
            raise ArgumentError(f"{path} belongs to other photos or settings; remove it or name another file")
        self.trace[:] = msgspec.convert(header["trace"], list[Evaluation])
        picture = arrays.pop("picture")
        return header["stage"], {name.removeprefix("state_"): array for name, array in arrays.items()}, picture
