"""A group of commands of which each is imported when it runs, so that --help and the other commands start quickly."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click


class QuickGroup(click.Group):
    """A group that knows some of its commands by name only.

    Args:
        modules: the package in which each of them has a module of its own name.
        lines: for each of them what the list of commands says of it.
    """

    def __init__(self, *arguments: Any, modules: str, lines: Mapping[str, str], **others: Any) -> None:
        super().__init__(*arguments, **others)
        self._modules = modules
        self._lines = lines

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in alphabetical order."""
        return sorted({*super().list_commands(ctx), *self._lines})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A command by its name; imported if need be."""
        if cmd_name in self._lines and cmd_name not in self.commands:
            name = cmd_name.replace("-", "_")
            self.add_command(getattr(import_module(f"{self._modules}.{name}"), name), cmd_name)
        return super().get_command(ctx, cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without an import."""
        names = self.list_commands(ctx)
        room = formatter.width - 6 - max(map(len, names))
        lines = []
        for name in names:
            command = self.commands.get(name) or click.Command(name, help=self._lines[name])
            lines.append((name, command.get_short_help_str(room)))
        with formatter.section("Commands"):
            formatter.write_dl(lines)
