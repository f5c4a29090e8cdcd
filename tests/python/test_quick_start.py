"""What starts the package quickly: nothing large is imported before it is needed, and nothing is missing for it."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import click
import fastphoto_native as fp
import pytest
from fastphoto_native.commands.main import COMMANDS, main
from fastphoto_native.runtime.device import MOST_THREADS

# Packages that take long to import.
LARGE = ("numpy", "onnxruntime", "pyvips", "scipy", "torch", "msgspec", "tqdm")


@pytest.mark.parametrize(
    "program",
    [
        "import fastphoto_native",
        "from fastphoto_native.commands.main import main; main(['--help'], standalone_mode=False)",
        "from fastphoto_native.commands.main import main; main(['--version'], standalone_mode=False)",
    ],
)
def test_nothing_large_is_imported(program: str) -> None:
    check = f"import sys; print('LARGE', *[name for name in {LARGE!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", f"{program}; {check}"], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "LARGE"


def test_every_public_name_is_there() -> None:
    assert sorted([*fp._HOME_OF, *fp._MODULES]) == sorted(fp.__all__)
    for name, home in fp._HOME_OF.items():
        assert getattr(fp, name) is getattr(import_module(f"fastphoto_native.{home}"), name)
    for name in fp._MODULES:
        assert getattr(fp, name) is import_module(f"fastphoto_native.{name}")
    assert set(fp.__all__) <= set(dir(fp))


def test_what_is_no_public_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'fastphoto_native' has no attribute 'stylise'"):
        _ = fp.stylise


def test_the_help_says_of_commands_what_they_say_of_themselves() -> None:
    context = click.Context(main)
    for name, line in COMMANDS.items():
        command = main.get_command(context, name)
        assert command is not None
        assert command.get_short_help_str(1000) == click.Command(name, help=line).get_short_help_str(1000)


def test_every_command_bounds_its_threads() -> None:
    context = click.Context(main)
    options = [
        parameter
        for name in main.list_commands(context)
        for parameter in getattr(main.get_command(context, name), "params", [])
        if parameter.name == "threads"
    ]
    assert len(options) >= 6
    for option in options:
        assert isinstance(option.type, click.IntRange)
        assert (option.type.min, option.type.max) == (0, MOST_THREADS)
