"""The plan of a run: everything that is decided before a pixel is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from changedet.grid import Grid
from changedet.grid.areas import Areas
from changedet.imagery.scene import Look
from changedet.stages.registry import NONE, Choice, Facts, Method
from changedet.store import RunFolder
from changedet.workflow import Workflow, stages

LATTICE_PX: Final = 512
"""Tiles are whole cells of this lattice, or of the objects method's where its cells are larger: what is detected does
not depend on the chunk."""


@dataclass(frozen=True)
class Plan:
    """Everything that a run needs to know before it reads a pixel.

    Attributes
    ----------
    workflow : Workflow
    folder : RunFolder
        Where the results go.
    grid : Grid
    looks : tuple of Look
        One a date, sorted.
    reference : int
        Index of the reference date in `looks`.
    roles : tuple of str
        Band roles that all looks share: what clouds, boxes and built ground are told by, and what is always compared.
    facts : Facts
    choices : mapping of str to Choice
        The method of each stage, its parameters, and why.
    zones : Areas or None
        In the grid's CRS.
    tile_px, workers : int
    memory_bytes : int
        Expected peak of the run.
    warnings : tuple of str
    """

    workflow: Workflow
    folder: RunFolder
    grid: Grid
    looks: tuple[Look, ...]
    reference: int
    roles: tuple[str, ...]
    facts: Facts
    choices: Mapping[str, Choice]
    zones: Areas | None
    tile_px: int
    workers: int
    scheduler: str
    memory_bytes: int
    warnings: tuple[str, ...] = field(default=())

    @property
    def site_id(self) -> str:
        return self.workflow.site.id

    @property
    def formats(self) -> frozenset[str]:
        return frozenset(self.workflow.outputs.formats)

    def extra_roles(self, i: int) -> tuple[str, ...]:
        """Roles beside `roles` on which date `i` is compared with the reference; of the reference, with any date."""
        reference = self.looks[self.reference]
        others = [look for k, look in enumerate(self.looks) if k != self.reference and i in (k, self.reference)]
        shared = [role for role in reference.roles if any(role in look.roles for look in others)]
        return tuple(role for role in shared if role not in self.roles)

    def built(self, stage: str, extra: tuple[str, ...] = (), dtype: str = "") -> Any:
        """The stage's method, ready to use, for `roles` and these, and for another dtype than the reference's if one is
        given; None where it is switched off."""
        method = self.method(stage)
        facts = replace(self.facts, roles=(*self.facts.roles, *extra), dtype=dtype or self.facts.dtype)
        return None if method is None else method.function(facts, **self.choices[stage].parameters)

    def method(self, stage: str) -> Method[object] | None:
        choice = self.choices[stage]
        return None if choice.method == NONE else stages()[stage].get(choice.method)

    def stage_identity(self, stage: str) -> list[Any]:
        """What a stage's results depend on beside its inputs."""
        method, choice = self.method(stage), self.choices[stage]
        # What is read over all dates is a step of its own.
        own = {name: value for name, value in choice.parameters.items() if name != "persistence"}
        return [stage, choice.method, method.version if method else 0, own]

    @property
    def persists(self) -> bool:
        """Whether the masks of all dates are read together."""
        if self.method("change") is None or len(self.looks) < 3:
            return False
        return str(self.choices["change"].parameters["persistence"]) != NONE


CANNOT: Final = "cannot be counted"
"""How `countable` begins where no date can."""


def countable(plan: Plan) -> str:
    """Whether containers can be counted, in one sentence."""
    choice = plan.choices["objects"]
    if choice.method == NONE:
        return f"{CANNOT}: {choice.reason}"
    method = plan.built("objects")
    coarse = [str(look.date) for look in plan.looks if look.gsd_m > method.coarsest_m]
    if len(coarse) == len(plan.looks):
        return f"{CANNOT}: no scene is finer than {method.coarsest_m:g} m"
    if coarse:
        return f"can be counted, but not on {', '.join(coarse)}: coarser than {method.coarsest_m:g} m"
    return "can be counted on every date"
