"""Watch a site from above: change, counts, tracks and onset, each with its uncertainty."""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING

from changedet.libraries import __version__

if TYPE_CHECKING:
    from changedet.errors import ChangedetError, InputError, MethodError
    from changedet.pipeline.finished import Run, open_run
    from changedet.pipeline.run import run
    from changedet.plan.make import make_plan
    from changedet.plan.model import Plan
    from changedet.stages.align.images import align
    from changedet.stages.change.scoring import change_mask, change_score
    from changedet.stages.normalise.images import normalise
    from changedet.stages.objects.whole import detect_containers
    from changedet.stages.series.stage import onset
    from changedet.stages.tracks.stage import track
    from changedet.workflow import Workflow, load_workflow

# onnxruntime reports its machine and leaves a lasting device id under ~/.cache unless this is set before its import:
# here, as whatever imports it, workers too, imports this package first. Who has set it otherwise has chosen so.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

_MODULES = {
    "ChangedetError": "changedet.errors",
    "InputError": "changedet.errors",
    "MethodError": "changedet.errors",
    "Plan": "changedet.plan.model",
    "Run": "changedet.pipeline.finished",
    "Workflow": "changedet.workflow",
    "align": "changedet.stages.align.images",
    "change_mask": "changedet.stages.change.scoring",
    "change_score": "changedet.stages.change.scoring",
    "detect_containers": "changedet.stages.objects.whole",
    "load_workflow": "changedet.workflow",
    "make_plan": "changedet.plan.make",
    "normalise": "changedet.stages.normalise.images",
    "onset": "changedet.stages.series.stage",
    "open_run": "changedet.pipeline.finished",
    "run": "changedet.pipeline.run",
    "track": "changedet.stages.tracks.stage",
}
"""The module that defines each public name; the imports above say the same to type checkers."""

__all__ = [
    "ChangedetError",
    "InputError",
    "MethodError",
    "Plan",
    "Run",
    "Workflow",
    "__version__",
    "align",
    "change_mask",
    "change_score",
    "detect_containers",
    "load_workflow",
    "make_plan",
    "normalise",
    "onset",
    "open_run",
    "run",
    "track",
]


# Type checkers have the imports above, and report any other name.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        # Imported when it is first used, so that the command line starts without what it does not need.
        if name not in _MODULES:
            raise AttributeError(f"module 'changedet' has no attribute '{name}'")
        value = getattr(import_module(_MODULES[name]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
