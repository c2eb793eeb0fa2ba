"""How large and how plain the parts of the package are: sizes, types, numbers, imports within functions."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest
from package_sources import FILES, PACKAGE, functions, import_nodes, tree

LONGEST_FILE, LONGEST_FUNCTION, LONG_FUNCTION = 350, 50, 25
LEAST_SHARE_SHORT = 0.9
ANY_PER_THOUSAND_LINES = 3.0
PLAIN_NUMBERS = {0, 1, 2, 3, 4, 0.5, 90, 180, 360, 255, 256}
"""Counts, halves, right angles and what a byte holds say by themselves what they are."""
GREATEST_EPSILON = 1e-6
"""Smaller ones keep a division from failing."""


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").as_posix()


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_files_and_functions_stay_small(path: Path) -> None:
    assert path.read_text().count("\n") <= LONGEST_FILE
    too_long = {name: lines for name, lines, _ in functions(path) if lines > LONGEST_FUNCTION}
    assert not too_long


def test_nine_functions_of_ten_are_short() -> None:
    lengths = sorted(lines for path in FILES for _, lines, _ in functions(path))
    assert lengths[int(LEAST_SHARE_SHORT * len(lengths))] <= LONG_FUNCTION


def test_hardly_anything_is_of_any_type() -> None:
    texts = [path.read_text() for path in FILES]
    uses = sum(len(re.findall(r"\bAny\b", text)) for text in texts)
    assert uses <= ANY_PER_THOUSAND_LINES * sum(text.count("\n") for text in texts) / 1000


def bare_numbers(path: Path) -> list[tuple[int, float]]:
    """Lines and values of the numbers in functions that no constant names."""

    def within(node: ast.AST, inside: bool) -> Iterator[tuple[int, float]]:
        for child in ast.iter_child_nodes(node):
            deep = inside or isinstance(node, ast.FunctionDef | ast.Lambda)
            if deep and isinstance(child, ast.Constant) and type(child.value) in (int, float):
                number = abs(child.value)
                if number not in PLAIN_NUMBERS and not 0 < number <= GREATEST_EPSILON:
                    yield child.lineno, child.value
            yield from within(child, deep)

    return list(within(tree(path), False))


@pytest.mark.parametrize("path", [path for path in FILES if "kernels" in path.parts], ids=name_of)
def test_numbers_in_kernels_have_a_name(path: Path) -> None:
    assert not bare_numbers(path)


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_an_import_within_a_function_says_why(path: Path) -> None:
    lines = path.read_text().split("\n")
    for name, _, first in functions(path):
        if first is not None:
            said = lines[first - 2].lstrip().startswith("#") or "#" in lines[first - 1]
            assert said, f"line {first}: {name} imports without a comment that says why"


def test_no_module_is_loaded_by_a_string_but_the_public_names() -> None:
    users = [name_of(path) for path in FILES if re.search(r"\bimport_module\(|__import__\(", path.read_text())]
    assert users == ["__init__"]


def test_no_module_of_the_top_is_named_like_a_public_name() -> None:
    import changedet

    tops = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}
    assert not tops & set(changedet.__all__)


def imported_by(path: Path, modules: Collection[str]) -> set[str]:
    """Modules that a file names in imports: at its top, within its functions, and for type checkers alone."""
    found: set[str] = set()
    for node in import_nodes(path):
        if isinstance(node, ast.ImportFrom):
            named = {name for alias in node.names if (name := f"{node.module}.{alias.name}") in modules}
            found |= named or {str(node.module)}
        else:
            found |= {alias.name for alias in node.names}
    return {name for name in found if name in modules}


def test_no_circle_of_imports() -> None:
    modules = {("changedet." + name_of(path).replace("/", ".")).removesuffix(".__init__"): path for path in FILES}
    graph = {module: imported_by(path, modules) for module, path in modules.items()}
    done: set[str] = set()

    def visit(module: str, way: tuple[str, ...]) -> None:
        assert module not in way, " -> ".join((*way[way.index(module) :], module))
        if module not in done:
            for other in sorted(graph[module]):
                visit(other, (*way, module))
            done.add(module)

    for module in graph:
        visit(module, ())
