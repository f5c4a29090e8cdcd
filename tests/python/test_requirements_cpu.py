"""requirements-cpu.txt says what pyproject.toml says, but for the runtime."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_requirements_are_the_projects_own_with_the_small_runtime() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    dependencies = {line.split(";")[0].strip() for line in project["dependencies"]}
    gpu = {line for line in dependencies if line.startswith("onnxruntime-gpu")}
    lines = (ROOT / "requirements-cpu.txt").read_text().splitlines()
    assert gpu
    assert {line for line in lines if not line.startswith("#")} == dependencies - gpu
