"""Watch a site from above: change, counts, tracks and onset, each with its uncertainty."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.metadata import version
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from changedet.align import align
    from changedet.change import change_mask, change_score
    from changedet.normalise import normalise
    from changedet.objects import detect_containers
    from changedet.run import run
    from changedet.series import onset
    from changedet.store import Run, open_run
    from changedet.tracks import track
    from changedet.workflow import Workflow, load_workflow

__version__ = version("changedet")

_PUBLIC = {
    "Run": "store",
    "Workflow": "workflow",
    "align": "align",
    "change_mask": "change",
    "change_score": "change",
    "detect_containers": "objects",
    "load_workflow": "workflow",
    "normalise": "normalise",
    "onset": "series",
    "open_run": "store",
    "run": "run",
    "track": "tracks",
}

__all__ = [
    "Run",
    "Workflow",
    "__version__",
    "align",
    "change_mask",
    "change_score",
    "detect_containers",
    "load_workflow",
    "normalise",
    "onset",
    "open_run",
    "run",
    "track",
]


class _Package(ModuleType):
    """Public names are functions also where a module has the same name (run, align, normalise), and load when used."""

    def __setattr__(self, name: str, value: Any) -> None:
        # The import system binds each submodule to its name here: a public function keeps that name.
        if not (name in _PUBLIC and isinstance(value, ModuleType)):
            super().__setattr__(name, value)

    def __getattr__(self, name: str) -> Any:
        if name not in _PUBLIC:
            raise AttributeError(f"module 'changedet' has no attribute '{name}'")
        return getattr(import_module(f"changedet.{_PUBLIC[name]}"), name)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *_PUBLIC})


sys.modules[__name__].__class__ = _Package
