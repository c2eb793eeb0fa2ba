"""The public names of `changedet`: what they are, that they load when first used, and what type checkers see."""

from __future__ import annotations

import ast
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import changedet

FUNCTIONS = tuple(name for name in changedet.__all__ if name[0].islower())
CLASSES = ("ChangedetError", "InputError", "MethodError", "Plan", "Run", "Workflow")
EVERY_MODULE = """
import importlib, pkgutil, changedet
for module in pkgutil.walk_packages(changedet.__path__, "changedet."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
"""


def run_python(code: str) -> str:
    """What a fresh interpreter prints."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize("first", ["", EVERY_MODULE], ids=["nothing before", "every module before"])
def test_public_names_are_functions_and_classes_whatever_was_imported_before(first: str) -> None:
    kinds = "{name: type(getattr(changedet, name)).__name__ for name in changedet.__all__}"
    found = ast.literal_eval(run_python(f"import changedet\n{first}\nprint({kinds})"))
    assert {name: found[name] for name in FUNCTIONS} == dict.fromkeys(FUNCTIONS, "function")
    assert {name: found[name] for name in CLASSES} == dict.fromkeys(CLASSES, "type")
    assert set(found) == {*FUNCTIONS, *CLASSES, "__version__"}


def test_no_module_is_named_like_a_public_name() -> None:
    assert not {module.name for module in pkgutil.iter_modules(changedet.__path__)} & set(changedet.__all__)


def test_import_changedet_loads_no_heavy_library() -> None:
    heavy = ("numpy", "dask", "rasterio", "numba", "pandas", "pydantic", "xarray", "click")
    assert run_python(f"import sys, changedet; print([name for name in {heavy} if name in sys.modules])") == "[]"


def test_dir_lists_public_names_before_they_are_used() -> None:
    assert run_python("import changedet; print(set(changedet.__all__) <= set(dir(changedet)))") == "True"


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = changedet.nothing


def test_type_checkers_are_told_the_modules_that_names_are_loaded_from() -> None:
    tree = ast.parse(Path(changedet.__file__).read_text())
    block = next(node for node in tree.body if isinstance(node, ast.If))
    told = {alias.name: node.module for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert told == changedet._MODULES
