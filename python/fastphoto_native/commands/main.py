"""The command line: one group of commands, each of which is imported when it runs."""

from __future__ import annotations

import click

from fastphoto_native.commands.interrupt import ignore_interrupt, raise_on_interrupt
from fastphoto_native.commands.quick_group import QuickGroup

# Where each command is, in a module of its own name, and the line that --help has of it.
COMMANDS = {
    "batch": "Give PHOTOS one look: files, folders, patterns, or a manifest.",
    "doctor": "Say what is installed and whether it fits together; exit status 1 if something is wrong.",
    "evaluate": "Score RESULTS: the structure they keep, their likeness to the style, and the damage they do.",
    "look": "Keep the look of style photos in a file, or show such a file.",
    "lut": "Fit a 3D LUT to a pair of photos, or apply a LUT file to a photo.",
    "mask": "Make the mask of PHOTO: a picture in which every kind of thing has a colour.",
    "models": "List, show and verify models; make them from weights or by training.",
    "stylize": "Give CONTENT the look of STYLE, or that of a look file (--look).",
    "transfer": "Give CONTENT the style of STYLE by minimising a loss: slow, and the reference for what is fast.",
}


def print_version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    """Prints the version and ends."""
    if wanted:
        from fastphoto_native import __version__

        click.echo(f"fastphoto, version {__version__}")
        context.exit()


@click.group(
    cls=QuickGroup,
    modules="fastphoto_native.commands",
    lines=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=print_version,
    help="Show the version and exit.",
)
def main() -> None:
    """Give a photo the look of another photo: its film or grade, or its light, weather, season and time of day."""
    raise_on_interrupt()  # the command is imported by now; until then Ctrl-C ends the process at once


def run() -> None:
    """The command as a process: arguments from the shell, an exit status for it (docs/cli.md)."""
    try:
        main(prog_name="fastphoto")
    except OSError as error:  # of click's own printing: a help, the version
        from fastphoto_native.commands.terminal import fail_to_print

        fail_to_print(error)
    finally:
        ignore_interrupt()
