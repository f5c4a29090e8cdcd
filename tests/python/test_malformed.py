"""Malformed inputs through the command: a one-line error or a whole result, and nothing half done.

A part of tests/malformed_inputs.py, in this process. scripts/malformed.sh tries all, with limits of time and memory.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
from click.testing import CliRunner
from fastphoto_native.commands.main import main
from malformed_cases import Case, complaint, lay_out
from malformed_inputs import cases
from tiny_model import make_tiny_bundle

# One of so many; the number has no factor in common with the number of changes, so that each change has its turn.
STEP = 13


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_bundle(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def every(model: Path) -> list[Case]:
    return cases(model)


def test_there_are_500(every: list[Case]) -> None:
    assert len(every) >= 500
    assert len({case.name for case in every}) == len(every)


def test_a_part_of_them(every: list[Case], model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    complaints = []
    for number, case in enumerate(every[::STEP]):
        folder = tmp_path / str(number)
        folder.mkdir()
        arguments = lay_out(case, folder, model)
        monkeypatch.chdir(folder)
        with warnings.catch_warnings():
            warnings.simplefilter("always")  # as in a process of its own, where the command prints them
            done = CliRunner().invoke(main, arguments, prog_name="fastphoto")
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            complaints.append(f"{case.name}: {done.exception!r}")
        elif found := complaint(case, done.exit_code, done.stderr, folder):
            complaints.append(f"{case.name}: {found}")
    assert complaints == []
