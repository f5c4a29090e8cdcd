"""Options of all commands that run networks: on which device, and with how many threads."""

from __future__ import annotations

import click

from fastphoto_native.runtime.device import MOST_THREADS
from fastphoto_native.runtime.names import DEVICES

device_option = click.option(
    "--device", type=click.Choice(DEVICES), default="auto", show_default=True, help="Where the network runs."
)
threads_option = click.option(
    "--threads",
    type=click.IntRange(0, MOST_THREADS),
    default=0,
    show_default=True,
    help="CPU threads; 0 takes all cores.",
)
