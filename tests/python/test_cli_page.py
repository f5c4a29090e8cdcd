"""docs/cli.md says what the program says."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import click
from fastphoto_native.commands.main import main

ROOT = Path(__file__).resolve().parents[2]


def cli_page() -> ModuleType:
    spec = importlib.util.spec_from_file_location("cli_page", ROOT / "docs/api/cli_page.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_current() -> None:
    assert (ROOT / "docs/cli.md").read_text() == cli_page().page(), "run: python docs/api/cli_page.py"


def test_every_command_and_option_is_on_the_page() -> None:
    text = (ROOT / "docs/cli.md").read_text()
    commands: list[tuple[str, click.Command]] = [("fastphoto", main)]
    while commands:
        path, command = commands.pop()
        assert f"\n## {path}\n" in text
        section = text.partition(f"\n## {path}\n")[2].partition("\n## ")[0]
        for parameter in command.params:
            if isinstance(parameter, click.Option) and not parameter.hidden:
                assert all(name in section for name in parameter.opts)
        if isinstance(command, click.Group):
            commands += [(f"{path} {name}", inner) for name, inner in command.commands.items()]
