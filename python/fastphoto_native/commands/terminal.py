"""What the commands share: progress on a terminal, and one line for whatever goes wrong."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
import msgspec
from tqdm import tqdm

from fastphoto_native.errors import FastphotoError
from fastphoto_native.report import Progress


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """A bar on a terminal, nothing in a pipe."""
    with tqdm(
        total=1.0, file=sys.stderr, disable=None, leave=False, bar_format="{percentage:3.0f}% |{bar:24}| {desc}"
    ) as bar:

        def progress(step: str, done: float) -> None:
            bar.set_description_str(step, refresh=False)
            bar.update(done - bar.n)
            bar.refresh()

        yield progress


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Turns what can go wrong into one line on standard error and exit status 1."""
    try:
        with warnings.catch_warnings():
            warnings.showwarning = lambda message, *_, **__: click.echo(f"fastphoto: warning: {message}", err=True)
            yield
    except FastphotoError as error:
        click.echo(f"fastphoto: error: {error}", err=True)
        sys.exit(1)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        click.echo(f"fastphoto: error: {where}{error.strerror or error}", err=True)
        sys.exit(1)
    except MemoryError as error:
        click.echo(f"fastphoto: error: out of memory{f': {error}' if str(error) else ''}", err=True)
        sys.exit(1)


def echo_json(value: Any) -> None:
    """Prints a machine-readable report."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2))
