"""What public names say of themselves: every parameter, what comes out, what is raised."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest
from numpydoc.hooks.validate_docstrings import parse_config, process_file

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted((ROOT / "changedet").rglob("*.py"))
PROPERTIES = {"property", "cached_property"}
RETURNS_MISSING = "RT01"
SECTIONS_MISSING = {"PR01", RETURNS_MISSING}
CONFIG = parse_config(str(ROOT))


def properties(path: Path) -> set[int]:
    """Lines on which properties begin: the first line of their docstrings is what they return."""
    defined = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)]
    marked = [
        node
        for node in defined
        if any(isinstance(item, ast.Name) and item.id in PROPERTIES for item in node.decorator_list)
    ]
    return {line for node in marked for line in (node.lineno, *(item.lineno for item in node.decorator_list))}


def overrides(path: Path, name: str) -> bool:
    """Whether ``module.Class.method`` does what a base class documents: what the subclass adds is said in a line."""
    owner, method = name.split(".")[-2:]
    module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    bases = getattr(getattr(module, owner, None), "__mro__", ())[1:]
    return any(getattr(vars(base).get(method), "__doc__", None) for base in bases)


@pytest.mark.parametrize(
    "path", FILES, ids=lambda path: path.relative_to(ROOT / "changedet").with_suffix("").as_posix()
)
def test_numpydoc_finds_nothing_missing(path: Path) -> None:
    known = properties(path)
    found = process_file(str(path), CONFIG)
    missing = [
        f"{place}: {code} {what}"
        for place, name, code, what in found
        if not (code == RETURNS_MISSING and int(place.rsplit(":", 1)[1]) in known)
        and not (code in SECTIONS_MISSING and overrides(path, name))
    ]
    assert not missing


def test_raised_exceptions_stand_in_the_docstring() -> None:
    """A function that returns the exception (``raise unfit(..)``) is named in lower case, and passed over."""
    command = [sys.executable, "-m", "ruff", "check", "--preview", "--select", "DOC501", "--output-format", "concise"]
    said = subprocess.run([*command, "changedet"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    found = [line for line in said.splitlines() if re.search(r"exception `[A-Z]", line)]
    assert not found, "\n".join(found)
