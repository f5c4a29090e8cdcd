"""`fastphoto batch`: one look over many photos."""

from __future__ import annotations

import functools
import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click
import msgspec
from tqdm import tqdm

from fastphoto_native.batch.cluster import LOCAL, check_address, open_cluster
from fastphoto_native.batch.jobs import Job, jobs_of
from fastphoto_native.batch.journal import Journal, remove_leftovers
from fastphoto_native.batch.memory import MemoryGate, usual_limit
from fastphoto_native.batch.remote import Order
from fastphoto_native.batch.runner import Batch
from fastphoto_native.batch.worker import PhotoWorker, Settings, Worker
from fastphoto_native.commands.look_options import LookOptions, look_options
from fastphoto_native.commands.photo_files import OutputOptions, output_options
from fastphoto_native.commands.run_options import device_option
from fastphoto_native.commands.terminal import echo_json, fail, one_line_errors, say
from fastphoto_native.errors import ArgumentError
from fastphoto_native.files.names import shown
from fastphoto_native.masking.segmentation import Segmenter
from fastphoto_native.runtime.bundle import DEFAULT_MODEL
from fastphoto_native.runtime.device import MOST_THREADS, PRECISIONS, Device, Precision
from fastphoto_native.smoothing.methods import DEFAULT_QUALITY, QUALITIES, SMOOTHINGS, Quality, Smoothing
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
@click.option(
    "--quality", type=click.Choice(QUALITIES), default=DEFAULT_QUALITY, show_default=True, help="As for stylize."
)
@click.option("--strength", type=click.FloatRange(0, 1), default=1.0, show_default=True, help="As for stylize.")
@click.option("--insist", is_flag=True, help="As for stylize.")
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
    help="Such as 6G: fewer photos at once if they need more [default: 70 % of what is free; of another machine's "
    "cluster all].",
)
@click.option(
    "--cluster",
    metavar="local|ray://HOST:PORT",
    help="Work in processes of Ray: on this machine, or on a cluster whose machines see the same files under the same "
    "names. Needs the extra 'cluster'.",
)
@click.option(
    "--report", type=PATH, help=f"The report, one line of JSON for each photo [default: {REPORT} in the folder]."
)
@click.option("--redo", is_flag=True, help="Also do photos that are done and up to date.")
@click.option("--json", "as_json", is_flag=True, help="Print a machine-readable summary.")
@output_options
@functools.partial(look_options, one_photo=False)
def batch(
    photos: tuple[str, ...],
    output: Path,
    styles: tuple[Path, ...],
    smoothing: Smoothing,
    quality: Quality,
    strength: float,
    insist: bool,
    model: str,
    device: Device,
    precision: Precision,
    max_side: int | None,
    threads: int,
    at_once: int | None,
    max_memory: str | None,
    cluster: str | None,
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
        if cluster is not None:
            check_address(cluster)
        limit = None if max_memory is None else size_of(max_memory)
        style = options.style(styles) if styles or options.looks else None
        jobs = jobs_of(photos, output, written.suffix)
        if style is None and all(job.style is None for job in jobs):
            raise ArgumentError("found neither a style nor a look; give --style or --look, or name them in a manifest")
        if not any(job.content_masks for job in jobs):
            options.require_masks(None)
        output.mkdir(parents=True, exist_ok=True)
        settings = Settings(
            smoothing=smoothing,
            quality=quality,
            strength=strength,
            adjustment=options.adjustment(),
            insist=insist,
            max_side=max_side,
            encoding=written.encoding,
            output_profile=written.output_profile,
            strip=written.strip,
            mapping=options.mapping(),
            overwrite=written.overwrite,
            redo=redo,
        )
        options.require_auto_mask_alone()
        folders = {job.output.parent for job in jobs}
        journal = Journal(report or output / REPORT)
        summary = Summary(len(jobs), report=str(journal.path))
        order = Order(os.getcwd(), model, device, threads, precision, options.auto_mask, settings)  # noqa: PTH109
        try:
            remove_leftovers(folders)
            with _workers(order, cluster, at_once, len(jobs)) as workers:
                if limit is None:
                    limit = usual_limit() if cluster in (None, LOCAL) else sys.maxsize
                _run(Batch(workers, style, settings, journal, MemoryGate(limit)), jobs, summary)
        except KeyboardInterrupt:
            summary.interrupted = True
            left = summary.photos - summary.done - summary.skipped - summary.failed
            say(f"fastphoto: {left} of {summary.photos} photos are left; the same command goes on")
            raise
        finally:
            remove_leftovers(folders)  # of workers that were lost
            journal.close()
            if as_json:
                echo_json(summary)
    if summary.failed:
        fail(f"{summary.failed} of {summary.photos} photos failed; {shown(summary.report)} says why")


@contextmanager
def _workers(order: Order, cluster: str | None, at_once: int | None, most: int) -> Iterator[list[Worker]]:
    """What works on photos: as many as are on their way at once. The order's threads are those of all together."""
    if cluster is None:
        count, each = _shares(order.threads or available_cores(), at_once, most)
        segmenter = None if order.auto_mask is None else Segmenter(order.auto_mask, order.device, each)
        stylizer = Stylizer(order.model, order.device, each, order.precision)
        yield [PhotoWorker(stylizer, order.settings, segmenter)] * count
        return
    cores = order.threads or available_cores()
    with open_cluster(cluster, cores) as ray:
        if cluster != LOCAL:
            cores = order.threads or ray.cpus
        if order.device == "cuda":
            at_once = min(at_once or cores, max(1, ray.gpus))
        count, each = _shares(cores, at_once, most)
        yield list(ray.workers(replace(order, threads=each), count))


def _shares(threads: int, at_once: int | None, most: int) -> tuple[int, int]:
    """How many photos at once, and threads of each."""
    count = max(1, min(at_once or threads, most))
    return count, max(1, threads // count)


def _run(work: Batch, jobs: Sequence[Job], summary: Summary) -> None:
    """Works, with a bar on a terminal and a line for every photo that failed."""
    with tqdm(
        total=len(jobs), file=sys.stderr, disable=True if sys.stderr is None else None, unit="photo", dynamic_ncols=True
    ) as bar:
        for outcome in work.run(jobs):
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
