"""One date's job: its scenes, bands and methods, how far they look around, and how much it is to be blurred.

A job is pure and picklable: measuring and the passes over tiles run wherever dask puts them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from changedet.blocks.windows import STEP_PX
from changedet.grid import Grid
from changedet.imagery.look import Look
from changedet.imagery.stand_ins import is_grey_among
from changedet.outputs.rasters.encoding import held_nodata
from changedet.pipeline.blur import REACH_SIGMAS
from changedet.pipeline.faint_change import score_file
from changedet.pipeline.witnesses import asks_others, witnesses
from changedet.plan import Plan
from changedet.plan.seasons import knows_seasons
from changedet.stages.align.alignment import AlignMethod
from changedet.stages.change.method import ChangeMethod
from changedet.stages.footprint.stage import FootprintMethod, FootprintStatistics, footprint_method, has_kinds
from changedet.stages.mask.stage import MaskMethod, nodata_only
from changedet.stages.normalise.stage import LineMethod
from changedet.stages.objects.lattice import ObjectMethod, ObjectStatistics, too_coarse
from changedet.stages.overview_factors import cloud_overview_factor, overview_factor

SIMILAR_GSD: Final = 1.25
"""Scenes whose GSDs differ by a lesser factor are compared as they are."""

OUTLINE_PX: Final = 1
"""How far beyond a tile its regions' outlines are looked at."""

PARTS: Final = ("pixels", "boxes")
"""What a pass leaves: rasters with what follows from them, and boxes. Each is done again only where it must be."""


@dataclass(frozen=True)
class Methods:
    """The methods of the pixel stages, ready to use; None where a stage is switched off.

    Attributes
    ----------
    mask : MaskMethod or None
    align : AlignMethod or None
    normalise : LineMethod or None
    change : ChangeMethod or None
    objects : ObjectMethod or None
    footprint : FootprintMethod or None
    """

    mask: MaskMethod | None
    align: AlignMethod | None
    normalise: LineMethod | None
    change: ChangeMethod | None
    objects: ObjectMethod[ObjectStatistics] | None
    footprint: FootprintMethod[FootprintStatistics] | None


@dataclass(frozen=True)
class DateJob:
    """One date and all that measuring it and passing over its tiles depend on.

    Attributes
    ----------
    grid : Grid
    look : Look
        The date's scenes.
    reference : Look or None
        None for the reference date itself.
    roles : tuple of str
        Bands that all dates share.
    scene_roles : tuple of str
        Bands of the aligned scene that is written; empty where none is wanted.
    methods : Methods
    counts : bool
        Whether boxes are looked for on this date.
    dtype : str
        Of the aligned scene: the reference's.
    overview_factor : int
        Pixels of the grid that one of the overview averages on a side; of all dates the same.
    nodata : float or None
        Of the aligned scene: the reference's; None where its files have none.
    witnesses : tuple of Look
        Other dates, nearest first, that may show whether this one hides its ground; of `measuring_job` alone.
    asks_others : bool
        Whether they do so of every date, and not of the reference alone.
    other_season : tuple of Look
        A further one from the other end of the year, if there is any, which may show whether snow lies on it.
    with_reference_quality : bool
        Whether the tiles bring the reference's quality too, which spares it a pass of its own.
    persists : bool
        Whether the mask waits for the scores of all dates.
    with_standing : bool
        Whether the tiles bring what stands on the ground, so that movers can be left out of the masks.
    with_states : bool
        Whether the tiles bring what each date shows of plants and soil, for `season_colours`.
    keeps_scores : bool
        Whether somebody reads the tiles' scores once the mask before cleaning is made of them.
    extra_roles : tuple of str
        Further bands on which this date and the reference are compared, though other dates lack them; of the reference
        those of all dates.
    ground_by_extra : bool
        Whether built ground is detected with `extra_roles`, too.
    """

    grid: Grid
    look: Look
    reference: Look | None
    roles: tuple[str, ...]
    scene_roles: tuple[str, ...]
    methods: Methods
    counts: bool
    dtype: str
    overview_factor: int
    nodata: float | None = None
    witnesses: tuple[Look, ...] = ()
    asks_others: bool = False
    other_season: tuple[Look, ...] = ()
    with_reference_quality: bool = False
    persists: bool = False
    with_standing: bool = False
    with_states: bool = False
    keeps_scores: bool = True
    extra_roles: tuple[str, ...] = ()
    ground_by_extra: bool = False

    @property
    def compared_roles(self) -> tuple[str, ...]:
        """Bands on which this date and the reference are compared, those that all dates share first."""
        return (*self.roles, *self.extra_roles)

    @property
    def is_grey(self) -> bool:
        """Whether the date is a grey picture and the reference has colours, so that its ground cannot be compared."""
        return self.reference is not None and is_grey_among(self.look, [self.reference])

    @property
    def compares(self) -> bool:
        """Whether the date is compared: not the reference itself, nor where the stage change is switched off."""
        return self.reference is not None and self.methods.change is not None

    @property
    def only_quality(self) -> bool:
        """Whether nothing is wanted of the date but its quality: no comparison, pixels, boxes or footprint."""
        detects = self.counts and self.methods.objects is not None
        return not (self.compares or self.scene_roles or detects or self.methods.footprint is not None)

    def only(self, parts: frozenset[str]) -> DateJob:
        """Cut the job down to some of its parts.

        Parameters
        ----------
        parts : set of str
            Of `PARTS`.

        Returns
        -------
        DateJob
            Without the methods and bands that only the others need.
        """
        methods, roles, counts = self.methods, self.scene_roles, self.counts
        if "boxes" not in parts:
            methods, counts = replace(methods, objects=None), False
        if "pixels" not in parts:
            methods, roles = replace(methods, change=None, normalise=None, footprint=None), ()
        return replace(self, methods=methods, scene_roles=roles, counts=counts)

    @property
    def blur_px(self) -> tuple[float, float]:
        """Gaussian sigmas, in pixels, that bring the reference and the date to the coarser GSD of the two."""
        if self.reference is None:
            return 0.0, 0.0
        coarse_m = max(self.reference.gsd_m, self.look.gsd_m)

        def _sigma(own_m: float) -> float:
            if coarse_m < SIMILAR_GSD * own_m:
                return 0.0
            # The box of a detector element has this standard deviation; what the finer scene already has is taken off.
            return float(np.sqrt(coarse_m**2 - own_m**2) / np.sqrt(12) / self.grid.ground_resolution_m)

        return _sigma(self.reference.gsd_m), _sigma(self.look.gsd_m)

    @property
    def change_halo_px(self) -> int:
        """How far the comparison looks around, pixels: the method, the blur, and the outline of regions."""
        if not self.compares or self.methods.change is None:
            return 0
        around = self.methods.change.halo_px + int(np.ceil(REACH_SIGMAS * max(self.blur_px))) + OUTLINE_PX
        # Tiles begin at whole steps, and so do their halos.
        return -(-around // STEP_PX) * STEP_PX

    @property
    def halo_px(self) -> int:
        """How far the widest method of a tile looks around, pixels."""
        objects = self.methods.objects.halo_px if self.methods.objects is not None and self.counts else 0
        footprint = self.methods.footprint.halo_px if self.methods.footprint is not None else 0
        return max(self.change_halo_px, objects, footprint)


def kept_nodata(plan: Plan) -> float | None:
    """The value for no data of the files of scenes, which are of the reference's type.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    float or None
        The reference's own; None where it has none that its type can hold.
    """
    reference = plan.reference_look
    return held_nodata(next(iter(reference.scenes[0].nodata.values())), reference.dtype)


def job_of(plan: Plan, i: int) -> DateJob:
    """Make the job of a date.

    Parameters
    ----------
    plan : Plan
    i : int
        Which of its looks.

    Returns
    -------
    DateJob
        Compared with the reference, unless it is its own.
    """
    look, reference = plan.looks[i], plan.reference_look
    extra, ground = plan.extra_roles(i), ground_roles(plan, i)
    methods = _methods(plan, extra, look, reference, ground)
    wants_scene = "scenes" in plan.formats or "report" in plan.formats
    return DateJob(
        grid=plan.grid,
        look=look,
        reference=None if i == plan.reference else reference,
        roles=plan.roles,
        extra_roles=extra,
        ground_by_extra=bool(ground),
        scene_roles=tuple(look.roles) if wants_scene else (),
        methods=methods,
        counts=methods.objects is not None and not too_coarse(look.gsd_m, methods.objects.coarsest_m),
        dtype=reference.dtype,
        overview_factor=_overview_factor(plan),
        nodata=kept_nodata(plan),
        persists=plan.persists,
        with_standing=plan.knows_movers,
        with_states=knows_seasons(plan),
        keeps_scores=plan.persists or score_file(plan, look.date) is not None,
    )


def job_between(plan: Plan, i: int, k: int) -> DateJob:
    """Make the job that compares a date with another in the reference's place.

    Parameters
    ----------
    plan : Plan
    i, k : int
        The looks before and after.

    Returns
    -------
    DateJob
        On the bands on which both are compared with the reference.
    """
    extra = tuple(role for role in plan.extra_roles(k) if role in plan.extra_roles(i))
    methods = _methods(plan, extra, plan.looks[k], plan.looks[i])
    return replace(job_of(plan, k), reference=plan.looks[i], extra_roles=extra, ground_by_extra=False, methods=methods)


def ground_roles(plan: Plan, i: int) -> tuple[str, ...]:
    """Bands by which a date's built ground is detected beside those that all dates share.

    Parameters
    ----------
    plan : Plan
    i : int
        Which of its looks.

    Returns
    -------
    tuple of str
        Empty where built ground is not detected by colours. In colours alone bare soil is taken for a yard, so near
        infrared is used on each date that has it.
    """
    return plan.extra_roles(i) if has_kinds(plan.facts) else ()


def _methods(plan: Plan, extra: tuple[str, ...], look: Look, reference: Look, ground: tuple[str, ...] = ()) -> Methods:
    # What is compared with an 8-bit display image is compared as one; by itself each date has its own units.
    dtype = "uint8" if "uint8" in (look.dtype, reference.dtype) else plan.facts.dtype
    return Methods(
        mask=_mask(plan, look, reference),
        align=plan.built("align"),
        normalise=plan.built("normalise", extra),
        change=plan.built("change", extra, dtype),
        objects=plan.built("objects", dtype=look.dtype),
        footprint=footprint_method(replace(plan.facts, roles=(*plan.facts.roles, *ground))),
    )


def _mask(plan: Plan, look: Look, reference: Look) -> MaskMethod | None:
    """The mask method of a look: of a grey picture among colours one that tells no cloud from white ground."""
    method = plan.built("mask", dtype=look.dtype)
    if method is None or not is_grey_among(look, [reference]):
        return method
    return nodata_only(replace(plan.facts, dtype=look.dtype, panchromatic=True))


def _overview_factor(plan: Plan) -> int:
    """Of the masks' overviews where a date of any data type needs one."""
    dtypes = {look.dtype for look in plan.looks}
    method = plan.built("mask", dtype="uint8" if "uint8" in dtypes else plan.facts.dtype)
    if method is None or method.classify is None:
        return overview_factor(plan.grid.shape)
    return cloud_overview_factor(plan.grid.shape, plan.grid.ground_resolution_m, method.overview_resolution_m)


def measuring_job(plan: Plan, i: int) -> DateJob:
    """Build a date's job for measuring: with the dates that witness what it hides, which no pass over tiles needs.

    Parameters
    ----------
    plan : Plan
    i : int
        Which of its looks.

    Returns
    -------
    DateJob
        As of `job_of`.
    """
    asked, other_season = witnesses(plan, i)
    return replace(job_of(plan, i), witnesses=asked, asks_others=asks_others(plan), other_season=other_season)
