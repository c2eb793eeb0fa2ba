"""Libraries as the command loads them: without what they write, and load, for readers of their help."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import LazyLoader
from types import ModuleType
from typing import Final

_HELP: Final = "scipy._lib._docscrape"
"""By which scipy takes the help of 280 functions apart as it loads, and puts it together again with a note."""
_CLASS: Final = "FunctionDoc"
"""What of it does so."""
_LATER: Final = frozenset({"numpy.f2py", "numpy.testing"})
"""What scipy takes over by name with all else of numpy, and nobody here calls: loaded when somebody does."""


class _NoHelp(defaultdict[str, list[object]]):
    """Stands for the help of a function: takes notes by section, and says nothing."""

    def __init__(self, *_function: object) -> None:
        super().__init__(list)

    def __str__(self) -> str:
        # scipy drops the first line, as it names the arguments
        return "\n"


class _WithoutHelp(SourceFileLoader):
    """Puts that in the place of scipy's class, where there is one."""

    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        if hasattr(module, _CLASS):
            setattr(module, _CLASS, _NoHelp)


class _LeanFinder(MetaPathFinder):
    """Finds these modules where Python does, and has them loaded otherwise."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != _HELP and fullname not in _LATER:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or not isinstance(spec.loader, SourceFileLoader):
            return spec
        if fullname == _HELP:
            spec.loader = _WithoutHelp(spec.loader.name, spec.loader.path)
        else:
            spec.loader = LazyLoader(spec.loader)
        return spec


def load_leanly() -> None:
    """Have libraries loaded without their help from here on, as far as they are not loaded yet."""
    if not any(isinstance(finder, _LeanFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _LeanFinder())
