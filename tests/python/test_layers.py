"""The layers of docs/architecture.md hold: no include and no import runs up, and every file has its place."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# --- the page -------------------------------------------------------------------------------------------------------


class Layers:
    """Entries such as `base/` or `solver/stencil`, each with its rank; the lowest rank is 0."""

    def __init__(self, page: str, name: str) -> None:
        blocks = re.findall(rf"^```{name}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
        assert len(blocks) == 1, f"found {len(blocks)} blocks {name}, expected one"
        self.rank: dict[str, int] = {}
        for rank, line in enumerate(blocks[0].splitlines()):
            for entry in line.split(","):
                assert entry.strip() not in self.rank, f"{name} lists {entry.strip()} twice"
                self.rank[entry.strip()] = rank

    def entry_of(self, file: str) -> str | None:
        """The entry of a file, named without its suffix: its own, else that of the nearest folder."""
        if file in self.rank:
            return file
        folder = file
        while "/" in folder:
            folder = folder.rpartition("/")[0]
            if f"{folder}/" in self.rank:
                return f"{folder}/"
        return None

    def complaints(self, uses: Mapping[str, set[str]]) -> list[str]:
        """What is wrong with files and what each of them uses."""
        used_entries = {self.entry_of(file) for file in uses}
        found = [f"{file} is in no layer" for file in uses if self.entry_of(file) is None]
        found += [f"{entry} is listed and does not exist" for entry in self.rank if entry not in used_entries]
        for file, others in uses.items():
            for other in sorted(others):
                mine, its = self.entry_of(file), self.entry_of(other)
                if its is None:
                    found.append(f"{file} uses {other}, which is in no layer")
                elif mine is not None and mine != its and self.rank[its] >= self.rank[mine]:
                    found.append(f"{file} ({mine}) uses {other} ({its}), which stands no lower")
        return found


# --- C++ ------------------------------------------------------------------------------------------------------------

ROOMS = {"cpp/include/fastphoto": "fastphoto", "cpp/src": "", "python/bindings": "bindings"}


def sources(root: Path) -> Iterator[tuple[Path, str]]:
    """C++ files and the names by which the layers know them."""
    for folder, room in ROOMS.items():
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in {".h", ".cpp"}:
                yield path, (Path(room) / path.relative_to(root / folder)).with_suffix("").as_posix()


def includes(path: Path, name: str, names: set[str]) -> set[str]:
    """The project's own files that a file includes."""
    found = set()
    for quote, include in re.findall(r'^#\s*include\s+(["<])([^">]+)[">]', path.read_text(), re.MULTILINE):
        target = include.removesuffix(".h")
        beside = (Path(name).parent / target).as_posix()
        if quote == '"' and beside in names:
            found.add(beside)
        elif target in names or quote == '"':
            found.add(target)
    return found - {name}


def cpp_complaints(root: Path, page: str) -> list[str]:
    files = list(sources(root))
    names = {name for _, name in files}
    uses: dict[str, set[str]] = {}
    complaints = []
    for path, name in files:
        used = includes(path, name, names)
        uses[name] = uses.get(name, set()) | used
        if name.startswith("fastphoto/"):
            private = sorted(other for other in used if not other.startswith("fastphoto/"))
            complaints += [f"the public header {name} includes the private {other}" for other in private]
    return complaints + Layers(page, "layers-cpp").complaints(uses)


# --- Python ---------------------------------------------------------------------------------------------------------

PACKAGE = "fastphoto_native"


def modules(root: Path) -> dict[str, Path]:
    folder = root / "python" / PACKAGE
    paths = [path for pattern in ("*.py", "*.pyi") for path in sorted(folder.rglob(pattern))]
    return {path.relative_to(folder).with_suffix("").as_posix(): path for path in paths}


def imports(path: Path, name: str, names: set[str]) -> set[str]:
    """The package's own modules that a module imports, anywhere in it."""

    def module(dotted: str) -> str:
        inner = dotted.removeprefix(PACKAGE).lstrip(".").replace(".", "/")
        return inner if inner in names else f"{inner}/__init__".lstrip("/")

    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {module(alias.name) for alias in node.names if alias.name.split(".")[0] == PACKAGE}
        elif isinstance(node, ast.ImportFrom):
            origin = node.module or ""
            if node.level:  # relative to the module's folder
                above = (PACKAGE, *name.split("/"))[: -node.level]
                origin = ".".join([*above, *filter(None, [origin])])
            if origin.split(".")[0] == PACKAGE:
                for alias in node.names:  # a module of that folder, or a name in the module
                    inner = module(f"{origin}.{alias.name}")
                    found.add(inner if inner in names else module(origin))
    return found - {name}


def python_complaints(root: Path, page: str) -> list[str]:
    files = modules(root)
    uses = {name: imports(path, name, set(files)) for name, path in files.items()}
    return Layers(page, "layers-python").complaints(uses)


# --- this repository ------------------------------------------------------------------------------------------------

PAGE = (ROOT / "docs" / "architecture.md").read_text()


def test_includes_run_down() -> None:
    assert cpp_complaints(ROOT, PAGE) == []


def test_imports_run_down() -> None:
    assert python_complaints(ROOT, PAGE) == []


def test_every_file_that_the_page_names_exists() -> None:
    tables = PAGE.partition("## Layers")[0]
    named = set(re.findall(r"`([\w./]+\.(?:cpp|h|py))`", tables))
    assert len(named) >= 40  # the page still names files
    paths = [path.as_posix() for folder in ("cpp", "python") for path in (ROOT / folder).rglob("*")]
    assert [name for name in sorted(named) if not any(path.endswith(f"/{name}") for path in paths)] == []


# --- a tiny tree, to see that the checks can fail ---------------------------------------------------------------------

TINY = """
```layers-cpp
fastphoto/
base/
left/, right/
deep/part
multi/
deep/
bindings/
```
```layers-python
_core, errors
files/
face
__init__
```
"""
SOUND = {
    "cpp/include/fastphoto/image.h": "#include <vector>\n",
    "cpp/include/fastphoto/all.h": '#include "fastphoto/image.h"\n',
    "cpp/src/base/field.h": '#include "fastphoto/image.h"\n',
    "cpp/src/left/a.cpp": '#include "base/field.h"\n#include "left/b.h"\n',
    "cpp/src/left/b.h": "",
    "cpp/src/right/c.cpp": "#include <fastphoto/image.h>\n",
    "cpp/src/deep/part.h": '#include "base/field.h"\n',
    "cpp/src/multi/m.cpp": '#include "deep/part.h"\n',
    "cpp/src/deep/top.cpp": '#include "deep/part.h"\n',
    "python/bindings/arrays.h": '#include "fastphoto/image.h"\n',
    "python/bindings/module.cpp": '#include "arrays.h"\n#include "left/b.h"\n',
    "python/fastphoto_native/__init__.py": "from fastphoto_native.face import face\n",
    "python/fastphoto_native/_core.pyi": "import os\n",
    "python/fastphoto_native/errors.py": "",
    "python/fastphoto_native/files/__init__.py": "",
    "python/fastphoto_native/files/photos.py": "from fastphoto_native import _core, errors\n",
    "python/fastphoto_native/face.py": "def face():\n    from fastphoto_native.files import photos\n",
}


def complaints_of_tree(folder: Path, change: Mapping[str, str]) -> list[str]:
    for name, text in {**SOUND, **change}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return cpp_complaints(folder, TINY) + python_complaints(folder, TINY)


def test_a_sound_tree_passes(tmp_path: Path) -> None:
    assert complaints_of_tree(tmp_path, {}) == []


@pytest.mark.parametrize(
    ("file", "text", "complaint"),
    [
        ("cpp/src/base/field.h", '#include "left/b.h"',
         "base/field (base/) uses left/b (left/), which stands no lower"),
        ("cpp/src/right/c.cpp", '#include "left/b.h"',
         "right/c (right/) uses left/b (left/), which stands no lower"),
        ("cpp/src/multi/m.cpp", '#include "deep/top.h"',
         "multi/m (multi/) uses deep/top (deep/), which stands no lower"),
        ("cpp/src/deep/part.h", '#include "multi/m.h"',
         "deep/part (deep/part) uses multi/m (multi/), which stands no lower"),
        ("cpp/src/left/a.cpp", '#include "bindings/arrays.h"',
         "left/a (left/) uses bindings/arrays (bindings/), which stands no lower"),
        ("cpp/src/left/a.cpp", '#include "lost/a.h"', "left/a uses lost/a, which is in no layer"),
        ("cpp/src/lost/a.cpp", "", "lost/a is in no layer"),
        ("cpp/include/fastphoto/all.h", '#include "base/field.h"',
         "the public header fastphoto/all includes the private base/field"),
        ("python/fastphoto_native/errors.py", "import fastphoto_native.files.photos",
         "errors (errors) uses files/photos (files/), which stands no lower"),
        ("python/fastphoto_native/errors.py", "from fastphoto_native import _core",
         "errors (errors) uses _core (_core), which stands no lower"),
        ("python/fastphoto_native/files/photos.py", "from ..face import face",
         "files/photos (files/) uses face (face), which stands no lower"),
        ("python/fastphoto_native/face.py", "from fastphoto_native import __version__",
         "face (face) uses __init__ (__init__), which stands no lower"),
        ("python/fastphoto_native/lost.py", "", "lost is in no layer"),
        ("python/fastphoto_native/lost/module.py", "", "lost/module is in no layer"),
    ],
)  # fmt: skip
def test_a_tree_that_is_not_sound_fails(tmp_path: Path, file: str, text: str, complaint: str) -> None:
    assert complaint in complaints_of_tree(tmp_path, {file: f"{text}\n"})


def test_an_entry_without_files_fails(tmp_path: Path) -> None:
    complaints_of_tree(tmp_path, {})
    (tmp_path / "cpp/src/multi/m.cpp").unlink()
    assert cpp_complaints(tmp_path, TINY) == ["multi/ is listed and does not exist"]


@pytest.mark.parametrize("page", ["", TINY + TINY])
def test_a_page_without_one_block_fails(tmp_path: Path, page: str) -> None:
    with pytest.raises(AssertionError, match="expected one"):
        cpp_complaints(tmp_path, page)
