"""A group with a command that is meant when none is named: `look a.jpg` is `look make a.jpg`."""

from __future__ import annotations

from typing import Any

import click


class DefaultGroup(click.Group):
    """A group with a default command.

    Args:
        default: the command that is meant if the first argument names none.
    """

    def __init__(self, *arguments: Any, default: str, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._default = default

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Puts the default command's name before arguments that do not begin with a command or ask for help."""
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = [self._default, *args]
        return super().parse_args(ctx, args)
