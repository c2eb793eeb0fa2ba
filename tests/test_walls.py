"""The walls of docs/design.md, read from the imports: they point down only, and each library has its few places."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "changedet"
FILES = sorted(PACKAGE.rglob("*.py"))
STAGES = ("mask", "align", "normalise", "change", "objects", "tracks", "series")
KERNELS_MAY = {"changedet", "cc3d", "cv2", "numba", "numpy", "scipy", "onnxruntime"}
STANDARD_IN_KERNELS = {"__future__", "collections", "dataclasses", "functools", "itertools", "math", "typing", "enum"}
STANDARD_IN_KERNELS |= {"fractions", "hashlib", "io", "json", "zipfile"}
LEVELS = {
    0: "errors kernels",
    1: "methods blocks grid geodesy displacement virtual rasters shelf pixels warp roles vectors learned trained dated",
    2: "scenes stac footprint " + " ".join(STAGES),
    3: "workflow",
    4: "plan describe store steps outputs datework measuring tilework dateoutputs maskoutputs persist placebo results "
    "outlines seen zones",
    5: "publish run starter simulate evaluate sampling compare compared train_matches review verdicts recount labels "
    "calibrate doctor options",
    6: "cli __main__",
}
LEVEL_OF = {name: level for level, names in LEVELS.items() for name in names.split()}


def names_of(path: Path) -> tuple[str, ...]:
    return path.relative_to(PACKAGE).with_suffix("").parts


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {str(node.module)}
    return found


def imported_modules(path: Path) -> set[str]:
    """Top modules of the package that a file imports."""
    parts = {name.split(".")[1] for name in imports(path) if name.startswith("changedet.") and name.count(".")}
    return {part for part in parts if (PACKAGE / part).is_dir() or (PACKAGE / f"{part}.py").is_file()}


@pytest.mark.parametrize("path", FILES, ids=lambda path: "/".join(names_of(path)))
def test_imports_point_down(path: Path) -> None:
    own = names_of(path)[0]
    if own == "__init__":
        return
    assert own in LEVEL_OF, f"{own} has no place in the table"
    level = LEVEL_OF[own]
    higher = {other for other in imported_modules(path) if LEVEL_OF[other] > level}
    assert not higher, f"{'/'.join(names_of(path))} (level {level}) imports {sorted(higher)}"
    if own in STAGES:
        assert not {other for other in imported_modules(path) if other in STAGES and other != own}


def users_of(library: str) -> set[str]:
    found = set()
    for path in FILES:
        if any(name.split(".")[0] == library for name in imports(path)):
            found.add(names_of(path)[0])
    return found


def test_the_design_page_has_each_module_at_its_level() -> None:
    page = (PACKAGE.parent / "docs" / "design.md").read_text().replace("\\_", "_")
    rows = re.findall(r"^\| (\d) \| (.*) \|$", page, re.MULTILINE)
    told = {
        int(level): re.sub(r"\([^)]*\)", "", names).replace("the seven stages", ", ".join(STAGES))
        for level, names in rows
    }
    assert {level: {name.strip() for name in names.split(",")} for level, names in told.items()} == {
        level: set(names.split()) for level, names in LEVELS.items()
    }


def test_what_is_imported_is_required_and_nothing_else() -> None:
    named = {"cc3d": "connected-components-3d", "cv2": "opencv-python-headless", "odc": "odc-geo", "yaml": "pyyaml"}
    tops = {name.split(".")[0] for path in FILES for name in imports(path)}
    used = {named.get(top, top.replace("_", "-")) for top in tops - sys.stdlib_module_names - {"changedet"}}
    required = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text())["project"]["dependencies"]
    assert used == {re.split("[><=]", text)[0].lower() for text in required}


def test_libraries_have_their_places() -> None:
    assert users_of("dask") == {"blocks"}
    assert users_of("distributed") <= {"blocks", "run"}
    assert users_of("yaml") == {"workflow"}
    allowed = {"grid", "rasters", "pixels", "warp", "scenes", "outputs", "starter", "simulate", "evaluate", "doctor"}
    assert users_of("rasterio") <= allowed


@pytest.mark.parametrize("path", sorted((PACKAGE / "kernels").glob("*.py")), ids=lambda path: path.stem)
def test_kernels_know_only_arrays(path: Path) -> None:
    found = imports(path)
    tops = {name.split(".")[0] for name in found} - STANDARD_IN_KERNELS
    assert tops <= KERNELS_MAY, f"{path.stem} imports {sorted(tops - KERNELS_MAY)}"
    own = {name for name in found if name.startswith("changedet.")}
    assert all(name.startswith(("changedet.kernels", "changedet.errors")) for name in own), own


def test_only_the_command_line_prints() -> None:
    for path in FILES:
        if names_of(path) == ("cli",):
            continue
        calls = [node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
        assert not [call for call in calls if isinstance(call, ast.Name) and call.id == "print"], path
        said = [call for call in calls if isinstance(call, ast.Attribute) and call.attr in {"echo", "secho"}]
        assert not said, path


@pytest.mark.parametrize("path", FILES, ids=lambda path: "/".join(names_of(path)))
def test_files_and_functions_stay_small(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") < 480, path
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            code = node.body[1:] if ast.get_docstring(node) else node.body
            length = node.end_lineno - code[0].lineno + 1 if code else 0  # type: ignore[operator]
            assert length < 71, f"{path.name}: {node.name} has {length} lines"
