"""`fastphoto batch`: one look over many photos."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec
from tqdm import tqdm

from fastphoto_native.batch.jobs import Job, jobs_of
from fastphoto_native.batch.journal import Journal, remove_leftovers
from fastphoto_native.batch.memory import MemoryGate, usual_limit
from fastphoto_native.batch.runner import Batch, Settings
from fastphoto_native.commands.look_options import LookOptions, look_options
from fastphoto_native.commands.photo_files import OutputOptions, output_options
from fastphoto_native.commands.run_options import device_option
from fastphoto_native.commands.terminal import echo_json, fail, one_line_errors, say
from fastphoto_native.errors import ArgumentError
from fastphoto_native.files.names import shown
from fastphoto_native.runtime.bundle import DEFAULT_MODEL
from fastphoto_native.runtime.device import MOST_THREADS, PRECISIONS, Device, Precision
from fastphoto_native.smoothing.methods import SMOOTHINGS, Smoothing
from fastphoto_native.stylizer import Stylizer

PATH = click.Path(path_type=Path)  # existence is checked where files are read, with one kind of message
REPORT = "fastphoto-batch.jsonl"
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)I?B?", re.IGNORECASE)


class Summary(msgspec.Struct):
    """What a batch did."""

    photos: int
    done: int = 0
    skipped: int = 0
    failed: int = 0
    interrupted: bool = False
    report: str = ""


@click.command()
@click.argument("photos", nargs=-1, required=True, metavar="PHOTOS...")
@click.option("-o", "--output", type=PATH, required=True, help="Folder of the results.")
@click.option("--style", "styles", multiple=True, type=PATH, help="A style photo; several make one look.")
@click.option(
    "--smoothing", type=click.Choice(SMOOTHINGS), default=SMOOTHINGS[0], show_default=True, help="As for stylize."
)
@click.option("--strength", type=click.FloatRange(0, 1), default=1.0, show_default=True, help="As for stylize.")
@click.option("--model", default=DEFAULT_MODEL, show_default=True, help="Name of a model, or a bundle's folder.")
@device_option
@click.option("--precision", type=click.Choice(PRECISIONS), default="auto", show_default=True, help="As for stylize.")
@click.option("--max-side", type=click.IntRange(1), help="As for stylize.")
@click.option(
    "--threads",
    type=click.IntRange(0, MOST_THREADS),
    default=0,
    show_default=True,
    help="CPU threads in all; 0 takes all cores.",
)
@click.option(
    "--at-once", type=click.IntRange(1, 1024), help="Photos on their way at once [default: one for each thread]."
)
@click.option(
    "--max-memory",
    metavar="SIZE",
    help="Such as 6G: fewer photos at once if they need more [default: 70 % of what is free].",
)
@click.option(
    "--report", type=PATH, help=f"The report, one line of JSON for each photo [default: {REPORT} in the folder]."
)
@click.option("--redo", is_flag=True, help="Also do photos that are done and up to date.")
@click.option("--json", "as_json", is_flag=True, help="Print a machine-readable summary.")
@output_options
@look_options
def batch(
    photos: tuple[str, ...],
    output: Path,
    styles: tuple[Path, ...],
    smoothing: Smoothing,
    strength: float,
    model: str,
    device: Device,
    precision: Precision,
    max_side: int | None,
    threads: int,
    at_once: int | None,
    max_memory: str | None,
    report: Path | None,
    redo: bool,
    as_json: bool,
    written: OutputOptions,
    options: LookOptions,
) -> None:
    """Give PHOTOS one look: files, folders, patterns, or a manifest.

    A manifest is a .csv or .jsonl with the fields content, output, style, look, content_mask and style_mask; all but
    the first may be missing. The same command goes on after an interruption, and skips what is done and up to date. A
    photo that cannot be read is reported and stops nothing; the exit status is 1 then.
    """  # fmt: skip
    with one_line_errors():
        if options.content_masks:
            raise ArgumentError("--content-mask belongs to one photo: name masks in a manifest, or use --auto-mask")
        limit = usual_limit() if max_memory is None else size_of(max_memory)
        style = options.style(styles) if styles or options.looks else None
        jobs = jobs_of(photos, output, written.suffix)
        output.mkdir(parents=True, exist_ok=True)
        journal = Journal(report or output / REPORT)
        remove_leftovers({job.output.parent for job in jobs})
        cores = threads or available_cores()
        side_by_side = min(at_once or cores, len(jobs))
        each = max(1, cores // side_by_side)
        stylizer = Stylizer(model, device, each, precision)
        settings = Settings(
            smoothing=smoothing,
            strength=strength,
            adjustment=options.adjustment(),
            max_side=max_side,
            encoding=written.encoding,
            output_profile=written.output_profile,
            strip=written.strip,
            mapping=options.mapping(),
            overwrite=written.overwrite,
            redo=redo,
        )
        work = Batch(stylizer, style, settings, journal, MemoryGate(limit), options.segmenter(device, each))
        summary = Summary(len(jobs), report=str(journal.path))
        try:
            _run(work, jobs, side_by_side, summary)
        except KeyboardInterrupt:
            summary.interrupted = True
            left = summary.photos - summary.done - summary.skipped - summary.failed
            say(f"fastphoto: {left} of {summary.photos} photos are left; the same command goes on")
            raise
        finally:
            journal.close()
            if as_json:
                echo_json(summary)
    if summary.failed:
        fail(f"{summary.failed} of {summary.photos} photos failed; {shown(summary.report)} says why")


def _run(work: Batch, jobs: Sequence[Job], at_once: int, summary: Summary) -> None:
    """Works, with a bar on a terminal and a line for every photo that failed."""
    with tqdm(
        total=len(jobs), file=sys.stderr, disable=True if sys.stderr is None else None, unit="photo", dynamic_ncols=True
    ) as bar:
        for outcome in work.run(jobs, at_once):
            if outcome.skipped:
                summary.skipped += 1
                bar.total = len(jobs) - summary.skipped  # rate and time left are those of the work
                bar.refresh()
                continue
            if outcome.entry.status == "failed":
                summary.failed += 1
                with tqdm.external_write_mode(file=sys.stderr):
                    say(f"fastphoto: error: {outcome.entry.error}")
            else:
                summary.done += 1
            bar.update()


def available_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def size_of(text: str) -> int:
    """Bytes of "6G", "500 MB", "1.5GiB".

    Raises:
        ArgumentError: not such a text.
    """
    found = _SIZE.fullmatch(text.strip())
    size = float(found[1]) * 1024 ** " KMGT".index(found[2].upper() or " ") if found else 0.0
    if not 1 <= size < 1 << 60:
        raise ArgumentError(f"--max-memory must be a size such as 6G or 500M, got '{text}'")
    return int(size)
