"""The stages of a workflow in the order of the data, each with its registered methods.

Importing this imports every method, the network's runtime included: only what chooses or lists methods should.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import changedet.stages.align.stage
import changedet.stages.change.stage
import changedet.stages.mask.stage
import changedet.stages.normalise.stage
import changedet.stages.objects.stage
import changedet.stages.series.stage
import changedet.stages.tracks.stage
from changedet.stages.registry import Stage

_IN_ORDER: Final[tuple[Stage[object], ...]] = (
    changedet.stages.mask.stage.STAGE,
    changedet.stages.align.stage.STAGE,
    changedet.stages.normalise.stage.STAGE,
    changedet.stages.change.stage.STAGE,
    changedet.stages.objects.stage.STAGE,
    changedet.stages.tracks.stage.STAGE,
    changedet.stages.series.stage.STAGE,
)
STAGES: Final[Mapping[str, Stage[object]]] = MappingProxyType({stage.name: stage for stage in _IN_ORDER})
"""Each stage by its name, which is its key in a workflow and in ``run.json``."""
