"""_core.pyi is written by hand; this is what keeps it true."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import fastphoto_native
from fastphoto_native import _core

STUB = ast.parse((Path(fastphoto_native.__file__).parent / "_core.pyi").read_text(encoding="utf-8"))


def public_names(members: list[str]) -> set[str]:
    return {name for name in members if not name.startswith("_") or name == "__version__"}


def declared(body: list[ast.stmt]) -> dict[str, ast.stmt]:
    found: dict[str, ast.stmt] = {}
    for statement in body:
        if isinstance(statement, (ast.ClassDef, ast.FunctionDef)):
            found[statement.name] = statement
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            found[statement.target.id] = statement
    return found


def members_of(statement: ast.ClassDef) -> set[str]:
    """With those of the classes it is derived from."""
    members = public_names(list(declared(statement.body)))
    for base in statement.bases:
        if isinstance(base, ast.Name) and isinstance(found := declared(STUB.body)[base.id], ast.ClassDef):
            members |= members_of(found)
    return members


def argument_names(function: ast.FunctionDef) -> list[str]:
    arguments = function.args
    return [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs) if a.arg != "self"]


def test_the_stub_names_what_the_module_has() -> None:
    stub = declared(STUB.body)
    assert set(stub) == public_names(dir(_core))
    for name, statement in stub.items():
        if isinstance(statement, ast.ClassDef):
            assert members_of(statement) == public_names(dir(getattr(_core, name))), name


def test_functions_take_the_arguments_the_stub_says() -> None:
    for name, statement in declared(STUB.body).items():
        if isinstance(statement, ast.FunctionDef):
            signature = (inspect.getdoc(getattr(_core, name)) or "").splitlines()[0]
            fixed = [a for a in argument_names(statement) if f"{a}:" in signature]
            rest = [a for a in argument_names(statement) if a not in fixed]
            # Keywords that the module takes as **kwargs are the fields of the options.
            assert rest == (list(_core.TransformOptions._fields) if "**" in signature else []), name  # type: ignore[attr-defined]


def test_options_take_the_fields_the_stub_says() -> None:
    for name, statement in declared(STUB.body).items():
        if isinstance(statement, ast.ClassDef) and name.endswith("Options"):
            options = getattr(_core, name)
            members = declared(statement.body)
            init = members.pop("__init__")
            assert isinstance(init, ast.FunctionDef)
            assert argument_names(init) == list(members) == list(options._fields)
            again = options(**{field: getattr(options(), field) for field in options._fields})
            assert repr(again) == repr(options())
