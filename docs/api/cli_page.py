"""Writes docs/cli.md, the page of all commands and options, from the program:  python docs/api/cli_page.py"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
from fastphoto_native.commands.main import main

PAGE = Path(__file__).resolve().parents[1] / "cli.md"

HEAD = """# The command line

This page is made from the program (`python docs/api/cli_page.py`); a test compares the two.

## Exit statuses

| status | when |
|---|---|
| 0 | the work is done, and results are written |
| 1 | a file, a model, the device or the memory is wrong: one line on standard error says what was found and expected |
| 2 | usage: an unknown option or a value out of range; standard error has the usage as well |
| 130 | Ctrl-C: one line; no half-written file is left |

Warnings are lines on standard error that begin with `fastphoto: warning:`; they do not change the status. Without a
terminal there is nothing else on standard error.

## Shell completion

| shell | once, in its start-up file |
|---|---|
| bash | `eval "$(_FASTPHOTO_COMPLETE=bash_source fastphoto)"` |
| zsh | `eval "$(_FASTPHOTO_COMPLETE=zsh_source fastphoto)"` |
| fish | `_FASTPHOTO_COMPLETE=fish_source fastphoto \\| source` |
"""


def page() -> str:
    """The page's text."""
    return HEAD + "".join(_section(context) for context in _commands(main, None))


def _commands(command: click.Command, parent: click.Context | None) -> Iterator[click.Context]:
    context = click.Context(command, info_name="fastphoto" if parent is None else command.name, parent=parent)
    yield context
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None and not inner.hidden:
                yield from _commands(inner, context)


def _section(context: click.Context) -> str:
    command = context.command
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    text = f"\n## {context.command_path}\n\n```text\n{usage}\n```\n\n{_prose(command.help or '')}\n"
    options = [parameter for parameter in command.get_params(context) if isinstance(parameter, click.Option)]
    records = [record for option in options if (record := option.get_help_record(context)) is not None]
    if records:
        text += "\n| option | |\n|---|---|\n"
        text += "".join(f"| {_code(names)} | {_cell(about)} |\n" for names, about in records)
    return text


def _prose(text: str) -> str:
    """Help as paragraphs, each on a line of its own; click wraps them for terminals."""
    paragraphs = [" ".join(part.split()) for part in text.strip().split("\n\n")]
    return "\n\n".join(paragraphs)


def _code(names: str) -> str:
    return f"`{_cell(names)}`"


def _cell(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page())
