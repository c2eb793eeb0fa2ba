"""The plan of a run: everything that is decided before a pixel is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, overload

from changedet.grid import Grid
from changedet.grid.areas import Areas
from changedet.imagery.look import Look
from changedet.imagery.stac.items import LeftOut
from changedet.outputs.notebook import Row, card
from changedet.plan.machine import Share
from changedet.stages.objects.lattice import too_coarse
from changedet.stages.registry import NONE, Choice, Facts, Method
from changedet.store import RunFolder
from changedet.store.bucket.address import Address
from changedet.workflow import Workflow, stages

if TYPE_CHECKING:
    from changedet.arrays import Singles
    from changedet.blocks import PixelMethod
    from changedet.stages.align.alignment import AlignMethod
    from changedet.stages.change.method import ChangeMethod
    from changedet.stages.mask.stage import MaskMethod
    from changedet.stages.objects.lattice import ObjectMethod, ObjectStatistics
    from changedet.stages.series.growth import OnsetMethod
    from changedet.stages.tracks.result import TrackMethod

PROBABILISTIC: Final = ("trees",)
"""Methods of change whose score is a probability."""
PAIR: Final = 2
"""Looks of a pair."""
LATTICE_PX: Final = 512
"""Tiles are whole cells of this lattice, or of the objects method's where its cells are larger: what is detected does
not depend on the chunk."""
MOST_DATES: Final = 12
"""Dates that a notebook's card names one by one."""
_MEGABYTE: Final = 1e6


@dataclass(frozen=True)
class Plan:
    """Everything that a run needs to know before it reads a pixel.

    Attributes
    ----------
    workflow : Workflow
        As `load_workflow` gives it.
    folder : RunFolder
        Where the results go.
    grid : Grid
        Of all results.
    looks : tuple of Look
        One a date, sorted.
    reference : int
        Index of the reference date in `looks`.
    roles : tuple of str
        Band roles that all looks share: clouds, boxes and built ground are found on them, and they are always compared.
    facts : Facts
        What ``auto`` chose by.
    choices : mapping of str to Choice
        The method of each stage, its parameters, and why.
    zones : Areas or None
        In the grid's CRS.
    tile_px, workers : int
        Edge of a tile, and how many are computed at once.
    scheduler : str
        ``threads``, ``processes`` or the address of a running scheduler.
    memory_bytes : int
        Expected peak of the run.
    warnings : tuple of str
        What the user should know before the run.
    left_out : tuple of LeftOut
        Items that searches left out.
    share : Share or None
        Of this machine, where other runs go on beside it.
    upload : Address or None
        Where in a bucket the finished run goes.
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
    left_out: tuple[LeftOut, ...] = field(default=())
    share: Share | None = None
    upload: Address | None = None

    def _repr_html_(self) -> str:
        grid, site = self.grid, self.workflow.site
        height, width = grid.shape
        rows: list[Row] = [
            ("grid", f"{width} x {height} px of {grid.resolution_m / grid.ground_metre:g} m, {grid.crs}"),
            ("dates", _listed([f"{look.date} ({look.gsd_m:.3g} m)" for look in self.looks])),
            ("reference", str(self.reference_date)),
            ("bands", ", ".join(self.roles)),
            *((name, f"{choice.method}: {choice.reason}") for name, choice in self.choices.items()),
            ("containers", countable(self)),
            ("compute", f"{self.scheduler}, {self.workers} workers, about {self.memory_bytes / _MEGABYTE:.0f} MB"),
            ("results", str(self.folder.path)),
        ]
        return card(f"Plan {site.id}: {site.name}", rows, self.warnings)

    @property
    def site_id(self) -> str:
        """The site's id, which names the run folder: letters, digits, ``-`` and ``_``."""
        return self.workflow.site.id

    @property
    def formats(self) -> frozenset[str]:
        """What is written, of `workflow.FORMATS`."""
        return frozenset(self.workflow.outputs.formats)

    @property
    def dates(self) -> list[date]:
        """Of all looks, sorted."""
        return [look.date for look in self.looks]

    @property
    def reference_look(self) -> Look:
        """The look that all others are compared with."""
        return self.looks[self.reference]

    @property
    def reference_date(self) -> date:
        """Its date."""
        return self.reference_look.date

    @property
    def compares(self) -> bool:
        """Whether the stage change is wanted."""
        return self.method("change") is not None

    @property
    def compared_dates(self) -> list[date]:
        """Dates that have a mask: all but the reference, none where the stage change is switched off."""
        return [day for day in self.dates if day != self.reference_date] if self.compares else []

    def mask_file(self, day: date) -> Path:
        """Where a date's mask lies.

        Parameters
        ----------
        day : datetime.date
            Of a look that is compared.

        Returns
        -------
        Path
            Among the results, or kept aside.
        """
        return self.folder.mask_file(day, self.formats)

    def quality_file(self, day: date) -> Path:
        """Where the raster lies that says why each pixel of a date is seen or not.

        Parameters
        ----------
        day : datetime.date
            Of a look.

        Returns
        -------
        Path
            Among the results, or kept aside.
        """
        return self.folder.quality_file(day, self.formats)

    @property
    def first_change_file(self) -> Path:
        """Where the first change lies."""
        return self.folder.first_change_file(self.formats)

    def extra_roles(self, i: int) -> tuple[str, ...]:
        """Roles beside `roles` on which a date is compared with the reference.

        Parameters
        ----------
        i : int
            Index of the date in `looks`; for the reference, roles on which any date is compared with it.

        Returns
        -------
        tuple of str
            In the reference's order.
        """
        reference = self.reference_look
        others = [look for k, look in enumerate(self.looks) if k != self.reference and i in (k, self.reference)]
        shared = [role for role in reference.roles if any(role in look.roles for look in others)]
        return tuple(role for role in shared if role not in self.roles)

    @overload
    def built(self, stage: Literal["mask"], extra: tuple[str, ...] = ..., dtype: str = ...) -> MaskMethod | None: ...
    @overload
    def built(self, stage: Literal["align"], extra: tuple[str, ...] = ..., dtype: str = ...) -> AlignMethod | None: ...
    @overload
    def built(
        self, stage: Literal["normalise"], extra: tuple[str, ...] = ..., dtype: str = ...
    ) -> PixelMethod[Any, Singles] | None: ...
    @overload
    def built(
        self, stage: Literal["change"], extra: tuple[str, ...] = ..., dtype: str = ...
    ) -> ChangeMethod | None: ...
    @overload
    def built(
        self, stage: Literal["objects"], extra: tuple[str, ...] = ..., dtype: str = ...
    ) -> ObjectMethod[ObjectStatistics] | None: ...
    @overload
    def built(self, stage: Literal["tracks"], extra: tuple[str, ...] = ..., dtype: str = ...) -> TrackMethod | None: ...
    @overload
    def built(self, stage: Literal["series"], extra: tuple[str, ...] = ..., dtype: str = ...) -> OnsetMethod | None: ...
    def built(self, stage: str, extra: tuple[str, ...] = (), dtype: str = "") -> object:
        """The stage's method, ready to use.

        Parameters
        ----------
        stage : str
            One of the seven.
        extra : tuple of str
            Band roles beside `roles` that it works on.
        dtype : str
            Of the images, instead of the reference's.

        Returns
        -------
        object or None
            What the stage's methods make; None where it is switched off.
        """
        method = self.method(stage)
        facts = replace(self.facts, roles=(*self.facts.roles, *extra), dtype=dtype or self.facts.dtype)
        return None if method is None else method.function(facts, **self.choices[stage].parameters)

    def method(self, stage: str) -> Method[object] | None:
        """The chosen method of a stage.

        Parameters
        ----------
        stage : str
            One of the seven.

        Returns
        -------
        Method or None
            None where the stage is switched off.
        """
        choice = self.choices[stage]
        return None if choice.method == NONE else stages()[stage].get(choice.method)

    def stage_identity(self, stage: str) -> list[object]:
        """What a stage's results depend on beside its inputs.

        Parameters
        ----------
        stage : str
            One of the seven.

        Returns
        -------
        list
            Name, method, its version, and its parameters but for those of the reading over all dates, which is a step
            of its own.
        """
        method, choice = self.method(stage), self.choices[stage]
        own = {name: value for name, value in choice.parameters.items() if name != "persistence"}
        return [stage, choice.method, method.version if method else 0, own]

    @property
    def reads_together(self) -> bool:
        """Whether the dates' scores are evidence for each other, with three dates and more."""
        if not self.compares or len(self.looks) < 3:
            return False
        return str(self.choices["change"].parameters["persistence"]) != NONE

    @property
    def decides_by_boxes(self) -> bool:
        """Whether the masks wait for boxes that are followed: the reference and another date can be counted."""
        method = self.built("objects")
        if not self.compares or self.method("tracks") is None or method is None:
            return False
        counted = [look.gsd_m <= method.coarsest_m for look in self.looks]
        return counted[self.reference] and sum(counted) > 1

    @property
    def persists(self) -> bool:
        """Whether masks are written when all dates are passed over: dates are read together, or boxes decide."""
        return self.reads_together or self.decides_by_boxes

    @property
    def leaves_movers_out(self) -> bool:
        """Whether masks leave out what stands on single dates and is no box.

        So where dates are read together and boxes decide about themselves, for scores that are probabilities: else a
        container that came or left would be taken for a mover. There the pixels also decide about boxes
        that the tracks leave in doubt.
        """
        return self.reads_together and self.knows_movers

    @property
    def knows_movers(self) -> bool:
        """Whether the pass over a date tells what stands on it alone: of series read together, and of pairs."""
        asks = self.reads_together or len(self.looks) == PAIR
        return asks and self.decides_by_boxes and self.choices["change"].method in PROBABILISTIC


def _listed(words: Sequence[str]) -> str:
    if len(words) <= MOST_DATES:
        return ", ".join(words)
    return f"{', '.join(words[: MOST_DATES - 1])} .. {words[-1]}, {len(words)} in all"


CANNOT: Final = "cannot be counted"
"""How `countable` begins where no date can."""


def countable(plan: Plan) -> str:
    """Whether containers can be counted, in one sentence.

    Parameters
    ----------
    plan : Plan
        Of a run.

    Returns
    -------
    str
        Begins with `CANNOT` where no date can.
    """
    method = plan.built("objects")
    if method is None:
        return f"{CANNOT}: {plan.choices['objects'].reason}"
    coarse = [str(look.date) for look in plan.looks if too_coarse(look.gsd_m, method.coarsest_m)]
    if len(coarse) == len(plan.looks):
        return f"{CANNOT}: no scene is finer than {method.coarsest_m:g} m"
    if coarse:
        return f"can be counted, but not on {', '.join(coarse)}: coarser than {method.coarsest_m:g} m"
    return "can be counted on every date"
