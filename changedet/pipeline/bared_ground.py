"""Ground that lost its plants for good though no mask holds it: the bounds of changed area allow for it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np

from changedet.arrays import Bytes
from changedet.blocks import Window, tiles
from changedet.grid import pixel_area_m2
from changedet.json_types import JsonObject
from changedet.outputs.rasters.reading import read_bands, read_window
from changedet.pipeline.area_sums import TILE_PX, Area
from changedet.pipeline.faint_change import is_judged
from changedet.pipeline.kernels.bare_to_end import (
    LEVELS,
    Look,
    Season,
    bare_halo_px,
    bare_to_end,
    levels_fell,
    season_of,
)
from changedet.pipeline.kernels.row_counts import count_rows
from changedet.plan import Plan
from changedet.plan.seasons import knows_seasons
from changedet.stages.change.kernels.movers import COLOURS, DIFFERENCES

BaredAreas: TypeAlias = dict[dt.date, dict[str, float]]
"""For each compared date and area the ground that is bare to the end and not marked, in m2."""
FIELD_M2: Final = 100.0
"""Ground that turned green, from which on a site has fields, which lie bare for long, too: of 38 sites drawn without
any two have more. Chosen with sites in view (docs/research/change.md, "Bounds by unmarked ground")."""
DIFFERENCES_FROM: Final = 2 + COLOURS
"""Where differences from the reference lie, behind classes, colours and near infrared."""


def asks_bared(plan: Plan) -> bool:
    """Whether bounds of changed area ask for ground that lost its plants.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    bool
        Of series of fine scenes with near infrared whose dates are read together.
    """
    return is_judged(plan) and "nir" in plan.roles and plan.leaves_movers_out and not knows_seasons(plan)


def bared_areas(plan: Plan, areas: Mapping[str, Area]) -> BaredAreas:
    """Sum the ground of each compared date and area that is bare to the end and not marked.

    Parameters
    ----------
    plan : Plan
        Its masks are done.
    areas : mapping of str to geometry or None
        By zone; None is the whole site.

    Returns
    -------
    dict of date to dict of str to float
        m2; empty where bounds do not ask for it, and where the site has fields.
    """
    if not asks_bared(plan):
        return {}
    field_m2, found = 0.0, BaredAreas()
    for side in _sides(plan):
        seasons = _seasons(plan, side)
        sums, row_m2 = np.zeros((len(side), len(areas))), pixel_area_m2(plan.grid)
        for window in tiles(plan.grid.shape, TILE_PX) if side else ():
            weights = row_m2[window.y : window.y + window.height]
            told = bare_to_end(_looks(plan, seasons, window), plan.grid.ground_resolution_m)
            site, *within = (plan.grid.inside(window, *filter(None, [area])) for area in (None, *areas.values()))
            field_m2 += float((weights * count_rows(told.field, site)).sum())
            sums += [[(weights * count_rows(own, area)).sum() for area in within] for own in told.bare]
        found |= {day: dict(zip(areas, map(float, own), strict=True)) for day, own in zip(side, sums, strict=True)}
    return found if field_m2 < FIELD_M2 else {}


def bared_json(areas: BaredAreas) -> JsonObject:
    """What the summary says of such ground.

    Parameters
    ----------
    areas : BaredAreas

    Returns
    -------
    dict
        By date, the whole site's in m2; only dates on which that is some.
    """
    return {str(day): round(own[""], 1) for day, own in sorted(areas.items()) if own[""] > 0}


def _sides(plan: Plan) -> list[list[dt.date]]:
    """The compared dates after the reference and those before it, the farthest first."""
    days, reference = plan.compared_dates, plan.reference_date
    return [[day for day in reversed(days) if day > reference], [day for day in days if day < reference]]


def _seasons(plan: Plan, side: Sequence[dt.date]) -> dict[dt.date, Season]:
    found = {}
    for day in side:
        counts = np.zeros(LEVELS, np.int64)
        for window in tiles(plan.grid.shape, TILE_PX):
            counts += levels_fell(*_standing_and_mask(plan, day, window))
        found[day] = season_of(counts)
    return found


def _looks(plan: Plan, seasons: Mapping[dt.date, Season], window: Window) -> Iterator[Look]:
    wide = window.grown(bare_halo_px(plan.grid.ground_resolution_m))
    for day, season in seasons.items():
        standing, mask = _standing_and_mask(plan, day, wide)
        yield Look(standing, read_window(_aside(plan, "score", day), wide), mask, season)


def _standing_and_mask(plan: Plan, day: dt.date, window: Window) -> tuple[Bytes, Bytes]:
    path = _aside(plan, "standing", day)
    classes, differences = (
        read_bands(path, window, count, from_band=first) for count, first in ((1, 0), (DIFFERENCES, DIFFERENCES_FROM))
    )
    return np.concatenate([classes, differences]), read_bands(plan.mask_file(day), window, 1)[0]


def _aside(plan: Plan, name: str, day: dt.date) -> Path:
    return plan.folder.aside(name, day)
