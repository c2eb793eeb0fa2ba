"""The walls of docs/design.md, read from the imports: they point down only, and each library has its few places."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest
from package_sources import FILES, PACKAGE, import_nodes, tree

STAGES = ("mask", "align", "normalise", "change", "footprint", "objects", "tracks", "series")
KERNELS_MAY = {"changedet", "cc3d", "cv2", "numba", "numpy", "scipy", "onnxruntime"}
STANDARD_IN_KERNELS = {
    "__future__",
    "collections",
    "dataclasses",
    "functools",
    "itertools",
    "math",
    "threading",
    "types",
    "typing",
    "enum",
}
STANDARD_IN_KERNELS |= {"fractions", "hashlib", "io", "json", "zipfile"}
LEVELS = {
    0: "arrays errors json_types libraries at_work kernels",
    1: "blocks models store",
    2: "grid outputs",
    3: "imagery",
    4: "stages",
    5: "workflow",
    6: "plan simulate",
    7: "pipeline",
    8: "assess",
    9: "cli __main__",
}
"""Rooms of the house by level; a folder `kernels` lies on level 0 wherever it is."""
LEVEL_OF = {name: level for level, names in LEVELS.items() for name in names.split()}


def names_of(path: Path) -> tuple[str, ...]:
    return path.relative_to(PACKAGE).with_suffix("").parts


@cache
def imports(path: Path) -> frozenset[str]:
    found: set[str] = set()
    for node in import_nodes(path):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        else:
            assert node.level == 0, f"{path}: relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {str(node.module)}
    return frozenset(found)


def imported_modules(path: Path) -> set[tuple[str, ...]]:
    """Modules of the package that a file imports, as the names of their path."""
    found = set()
    for name in imports(path):
        parts = name.split(".")
        place = PACKAGE.joinpath(*parts[1:])
        if parts[0] == "changedet" and len(parts) > 1 and (place.is_dir() or place.with_suffix(".py").is_file()):
            found.add(tuple(parts[1:]))
    return found


def level_of(names: tuple[str, ...]) -> int:
    """The level of a module by the folders that it lies in."""
    return 0 if "kernels" in names else LEVEL_OF[names[0]]


@pytest.mark.parametrize("path", FILES, ids=lambda path: "/".join(names_of(path)))
def test_imports_point_down(path: Path) -> None:
    own = names_of(path)
    if own == ("__init__",):
        return
    assert own[0] in LEVEL_OF, f"{own[0]} has no place in the table"
    higher = {".".join(other) for other in imported_modules(path) if level_of(other) > level_of(own)}
    assert not higher, f"{'/'.join(own)} (level {level_of(own)}) imports {sorted(higher)}"
    if own[0] == "stages" and own[1] in STAGES:
        others = {
            ".".join(other) for other in imported_modules(path) if other[0] == "stages" and other[1:2] != own[1:2]
        }
        assert not {name for name in others if name.split(".")[1] in STAGES}, sorted(others)


def users_of(library: str) -> set[str]:
    found = set()
    for path in FILES:
        if any(name.split(".")[0] == library for name in imports(path)):
            found.add(names_of(path)[0])
    return found


def test_the_design_page_has_each_room_at_its_level() -> None:
    page = (PACKAGE.parent / "docs" / "design.md").read_text().replace("\\_", "_")
    rows = re.findall(r"^\| (\d) \| (.*) \|$", page, re.MULTILINE)
    told = {int(level): {name.strip() for name in re.sub(r"\([^)]*\)", "", names).split(",")} for level, names in rows}
    assert told == {level: set(names.split()) for level, names in LEVELS.items()}


def test_what_is_imported_is_required_and_nothing_else() -> None:
    named = {
        "cc3d": "connected-components-3d",
        "cv2": "opencv-python-headless",
        "odc": "odc-geo",
        "yaml": "pyyaml",
        "PIL": "pillow",
    }
    tops = {name.split(".")[0] for path in FILES for name in imports(path)}
    used = {named.get(top, top.replace("_", "-")) for top in tops - sys.stdlib_module_names - {"changedet"}}
    project = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text())["project"]
    # Of the extras only this one is imported; the others are found by libraries, or are given.
    required = [*project["dependencies"], *project["optional-dependencies"]["s3"]]
    assert used == {re.split("[><=]", text)[0].lower() for text in required}


def test_libraries_have_their_places() -> None:
    assert users_of("dask") == {"blocks"}
    assert users_of("distributed") <= {"blocks", "pipeline"}
    assert users_of("yaml") == {"workflow"}
    assert users_of("numba") == {"kernels"}
    assert [path.name for path in FILES if "botocore" in {name.split(".")[0] for name in imports(path)}] == [
        "client.py"
    ]
    assert [path.name for path in FILES if "numba" in {name.split(".")[0] for name in imports(path)}] == ["compiled.py"]
    allowed = {"grid", "imagery", "outputs", "workflow", "simulate", "assess", "cli"}
    assert users_of("rasterio") <= allowed


KERNELS = [path for path in FILES if "kernels" in names_of(path)]


@pytest.mark.parametrize("path", KERNELS, ids=lambda path: "/".join(names_of(path)))
def test_kernels_know_only_arrays(path: Path) -> None:
    found = imports(path)
    tops = {name.split(".")[0] for name in found} - STANDARD_IN_KERNELS
    assert tops <= KERNELS_MAY, f"{path.stem} imports {sorted(tops - KERNELS_MAY)}"
    others = {".".join(other) for other in imported_modules(path) if level_of(other)}
    assert not others, sorted(others)


def test_only_the_command_line_prints() -> None:
    for path in FILES:
        # Parsing all files takes seconds, and hardly any holds such a word.
        if names_of(path)[0] == "cli" or not re.search(r"\b(print|echo|secho)\b", path.read_text()):
            continue
        calls = [node.func for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]
        assert not [call for call in calls if isinstance(call, ast.Name) and call.id == "print"], path
        said = [call for call in calls if isinstance(call, ast.Attribute) and call.attr in {"echo", "secho"}]
        assert not said, path


@pytest.mark.parametrize("room", ["changedet", "scenarios", "training", "benchmarks"])
def test_training_and_benchmarks_lie_below_nobody(room: str) -> None:
    """Both take their scenes from `scenarios`; nothing but a test may import either."""
    closed = {"training", "benchmarks"} - {room} | ({"scenarios"} if room == "changedet" else set())
    for path in sorted((PACKAGE.parent / room).rglob("*.py")):
        found = {name.split(".")[0] for name in imports(path)} & closed
        assert not found, f"{path.name} imports {sorted(found)}"


def test_the_drawing_names_every_module() -> None:
    page = (PACKAGE.parent / "docs" / "design.md").read_text()
    drawing = set(re.findall(r"\w+", page.split("```")[1]))
    drawn = [path for path in FILES if "simulate" not in names_of(path) and path.stem != "__init__"]
    missing = [path for path in drawn if path.stem not in drawing and path.parent.name != "models"]
    assert not missing, [path.relative_to(PACKAGE).as_posix() for path in missing]
