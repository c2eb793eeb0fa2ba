"""What tests ask of the package's sources: each file is parsed once a question, and its tree is not kept."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "changedet"
FILES = sorted(PACKAGE.rglob("*.py"))


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@cache
def import_nodes(path: Path) -> tuple[ast.Import | ast.ImportFrom, ...]:
    """All imports of a file: at its top, within its functions, and for type checkers alone."""
    return tuple(node for node in ast.walk(tree(path)) if isinstance(node, ast.Import | ast.ImportFrom))


@cache
def functions(path: Path) -> tuple[tuple[str, int, int | None], ...]:
    """Name and lines of code of each function, its docstring left out, and the line of the first import in it."""
    return tuple(_functions(path))


def _functions(path: Path) -> Iterator[tuple[str, int, int | None]]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            code = node.body[1:] if ast.get_docstring(node) else node.body
            first = next((one.lineno for one in code if isinstance(one, ast.Import | ast.ImportFrom)), None)
            yield node.name, int(node.end_lineno or 0) - code[0].lineno + 1 if code else 0, first
