"""The footprints of a run and what they bear, from what the tiles kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from changedet.grid import ground_area_m2
from changedet.kernels.pixel_classes import CHANGED, NOT_OBSERVED
from changedet.outputs.gpkg import vector_layers
from changedet.outputs.rasters.reading import read_window
from changedet.outputs.values import iso_dates
from changedet.pipeline.area_sums import Area, clear_fraction
from changedet.pipeline.built_since import boxes_on, built_tiles
from changedet.pipeline.changes import SHOWS_ALL
from changedet.pipeline.date_model import DateModel
from changedet.pipeline.field_ground import field_ground, read_fields, still_planted, with_rim
from changedet.pipeline.planted import planted_ground
from changedet.pipeline.season_footprints import held_against_seasons
from changedet.pipeline.things.waters import Waters
from changedet.plan import Plan
from changedet.plan.seasons import knows_seasons
from changedet.stages.footprint.afloat import beside_built, without_ships, without_water
from changedet.stages.footprint.bare_sites import (
    all_bare,
    nearly_all_built,
    with_what_came,
    with_what_stands,
    without_fields,
    without_planted,
    without_plants,
)
from changedet.stages.footprint.kernels.ground import GroundStatistics
from changedet.stages.footprint.new_works import with_works
from changedet.stages.footprint.outlines import Footprint, estimates, outlines
from changedet.stages.footprint.shapes import gained_and_lost, on_some_alone
from changedet.stages.footprint.stage import footprint_method, needs_lasting, series_trees
from changedet.stages.footprint.still_ground import settled
from changedet.stages.footprint.turned_ground import Masks
from changedet.stages.series.estimates import Estimate
from changedet.stages.series.onsets import CEILING_M2, FLOOR_M2
from changedet.stages.series.table import DateMeasurements

BARE: Final = (
    "footprint: nearly all of the site passes for bare on every date, so that yards cannot be told from the ground "
    "around them: only the boxes and buildings on it are sure, and what else it is said to bear is a guess"
)
"""Of a desert, or a frame within one yard."""
BY_COLOUR: Final = (
    "footprint: kinds of ground are told in pixels of 0.25 to 1.3 m with red, green and blue; here built ground is "
    "told by its colour alone, which fields and bare soil share: it may be several times too large, and its lower "
    "bounds hold only what is marked as changed"
)
"""Where kinds of ground are not distinguished."""
BARE_CHANGE: Final = (
    "changed area: hardly anything grows on the site on any date, and ground that was levelled, dug or heaped in its "
    "own colour may go unmarked there; its upper bounds allow for three times what is marked and 8 % of the site"
)


def footprints_of(
    plan: Plan,
    models: Mapping[dt.date, DateModel],
    detections: gpd.GeoDataFrame | None,
    changes: gpd.GeoDataFrame,
) -> dict[dt.date, Footprint]:
    """Outline the footprint of every date.

    Parameters
    ----------
    plan : Plan
        Its passes are done.
    models : mapping of date to DateModel
    detections : GeoDataFrame or None
        Boxes with ``date`` and ``counted``.
    changes : GeoDataFrame
        Changed regions of all dates, with ``date``, ``direction`` and ``kind``, in the grid's CRS.

    Returns
    -------
    dict of date to Footprint
        Empty where `changedet.stages.footprint.stage.why_not` says why.
    """
    if footprint_method(plan.facts) is None:
        return {}
    days = plan.dates
    # All dates together: what one does not see is as its neighbours in time show it.
    dates = ((built_tiles(plan, day), boxes_on(detections, day)) for day in days)
    lasts, trees = needs_lasting(plan.facts), series_trees(plan.facts)
    masks, at = None, iso_dates(changes["date"])
    if trees is not None and plan.compares:
        own = [changes[at == str(day)] for day in days]
        marks = [shapely.union_all(rows.geometry.to_numpy()) for rows in own]
        masks = Masks(plan.reference, [_made(rows) for rows in own], marks)
    found = outlines(dates, plan.grid, lasts=lasts, dense=knows_seasons(plan), trees=trees, masks=masks)
    if masks is not None:
        planted = planted_ground(plan, models[plan.reference_date].alignment.displacement)
        marked = partial(_marked, plan)
        found = settled(found, plan.reference, marked, masks.marks, planted, plan.grid.crs, plan.grid.ground_metre)
        waters = Waters(plan, models)
        lasting = beside_built(waters.lasting(), found) if waters.by_colour else waters.lasting()
        found = without_water(found, lasting, masks.made, plan.grid.crs, plan.grid.ground_metre)
        found = without_ships(found, masks.made, waters.share, plan.grid.crs, plan.grid.ground_metre)
        gained = [_made(rows[rows["direction"] == "gain"]) for rows in own]
        found = with_works(found, gained, partial(_shown, plan), plan.grid)
        fields = read_fields(plan, models)
        if fields is not None:
            around = with_rim(fields, masks.marks)
            alike = field_ground(fields, [one.geometry for one in found], around)
            found = without_fields(found, alike, masks.marks)
            found = without_planted(found, still_planted(fields, around))
    if lasts and knows_seasons(plan):
        found = held_against_seasons(plan, found, changes)
    if trees is None:
        found = with_what_came(found, _came(changes, days))
    if all_bare(found, plan.grid.area, _plants_or_water(plan, models)):
        found = with_what_stands(found)
    return dict(zip(days, found, strict=True))


def _came(changes: gpd.GeoDataFrame, days: Sequence[dt.date]) -> list[BaseGeometry]:
    """What each date's mask marks, but for what went."""
    kept = changes[changes["direction"] != "loss"]
    at = iso_dates(kept["date"])
    return [shapely.union_all(kept.geometry[at == str(day)].to_numpy()) for day in days]


def _plants_or_water(plan: Plan, models: Mapping[dt.date, DateModel]) -> list[float | None]:
    """Of each date that has statistics of its ground, the share that bears plants or is water."""
    found = [models[day].footprint for day in plan.dates]
    return [one.plants_or_water for one in found if isinstance(one, GroundStatistics)]


def _marked(plan: Plan, index: int, ground: BaseGeometry) -> tuple[float, float]:
    """The share of some ground that a date's mask marks of what it shows, and the share that it shows."""
    window = plan.grid.window_about(ground)
    mask = read_window(plan.mask_file(plan.looks[index].date), window)
    inside = plan.grid.inside(window, ground)
    shown = inside & (mask != NOT_OBSERVED)
    marked, seen, whole = (int(part.sum()) for part in (shown & (mask == CHANGED), shown, inside))
    return marked / max(seen, 1), seen / max(whole, 1)


def _shown(plan: Plan, index: int, ground: BaseGeometry) -> float:
    """The share of some ground that a date shows; all on the reference, where nothing is gained since itself."""
    return 1.0 if index == plan.reference else _marked(plan, index, ground)[1]


def _made(changes: gpd.GeoDataFrame) -> BaseGeometry:
    """What a date's mask marks beside boxes, of some of its regions."""
    return shapely.union_all(changes.geometry[changes["kind"] != "box"].to_numpy())


def bare_site(plan: Plan, models: Mapping[dt.date, DateModel], footprints: Mapping[dt.date, Footprint]) -> list[str]:
    """Say that a footprint is no more than all that is bare, where it is.

    Parameters
    ----------
    plan : Plan
    models : mapping of date to DateModel
    footprints : mapping of date to Footprint
        Of `footprints_of`.

    Returns
    -------
    list of str
        Warnings, of its changed area too where nothing grows; or none.
    """
    bare = all_bare(list(footprints.values()), plan.grid.area, _plants_or_water(plan, models))
    worked = [BARE_CHANGE] if plan.compares and is_without_plants(plan, models, footprints) else []
    coloured = bool(footprints) and series_trees(plan.facts) is None
    return [*([BARE] if bare else []), *([BY_COLOUR] if coloured else []), *worked]


def is_without_plants(plan: Plan, models: Mapping[dt.date, DateModel], footprints: Mapping[dt.date, Footprint]) -> bool:
    """Whether no date shows plants or water, so that worked ground has the colour of all that is around it.

    Parameters
    ----------
    plan : Plan
    models : mapping of date to DateModel
    footprints : mapping of date to Footprint
        Of `footprints_of`. In coarse pixels they are all that no look shows green.

    Returns
    -------
    bool
        False where the ground was not measured.
    """
    never_green = knows_seasons(plan) and nearly_all_built(list(footprints.values()), plan.grid.area)
    return never_green or without_plants(_plants_or_water(plan, models))


def footprint_layer(
    footprints: Mapping[dt.date, Footprint], looks: Sequence[DateMeasurements], plan: Plan
) -> gpd.GeoDataFrame:
    """Make the layer ``footprint``, a row a date.

    Parameters
    ----------
    footprints : mapping of date to Footprint
        Of `footprints_of`.
    looks : sequence of DateMeasurements
    plan : Plan

    Returns
    -------
    GeoDataFrame
        With ``area_m2``, NaN where the date shows too little, as in the series; its outline is then that of all dates.
    """
    if not footprints:
        return vector_layers.empty("footprint", plan.grid.crs)
    unseen = _unseen(looks)
    areas = [float("nan") if day in unseen else found.area_m2 for day, found in footprints.items()]
    columns = {"date": [str(day) for day in footprints], "area_m2": areas}
    return gpd.GeoDataFrame(columns, geometry=[found.geometry for found in footprints.values()], crs=plan.grid.crs)


def _unseen(looks: Sequence[DateMeasurements]) -> set[dt.date]:
    """Dates that show too little of the site for figures of its footprint."""
    return {look.date for look in looks if "" not in look.footprint_m2}


def ground_layer(
    footprints: Mapping[dt.date, Footprint], looks: Sequence[DateMeasurements], plan: Plan
) -> gpd.GeoDataFrame | None:
    """Make the layer ``ground``: what each date's footprint bears, and what of it came and went.

    Parameters
    ----------
    footprints : mapping of date to Footprint
        Of `footprints_of`.
    looks : sequence of DateMeasurements
    plan : Plan

    Returns
    -------
    GeoDataFrame or None
        A row a date and kind, with ``area_m2`` and, since the date before that has figures, ``gained_m2, lost_m2``; all
        three empty where the date shows too little. None where kinds are not distinguished.
    """
    if not any(found.kinds for found in footprints.values()):
        return None
    rows: list[dict[str, object]] = []
    before: Mapping[str, BaseGeometry] = {}
    unseen = _unseen(looks)
    for day, found in footprints.items():
        compared = bool(before and found.kinds) and day not in unseen
        under = shapely.union(before["stored"], found.kinds["stored"]) if compared else None
        for kind, shape in found.kinds.items():
            moved = (None, None) if under is None else _moved(kind, before[kind], shape, under, plan)
            area = None if day in unseen else float(ground_area_m2([shape], plan.grid.crs)[0])
            row = {"date": str(day), "kind": kind, "area_m2": area, "gained_m2": moved[0], "lost_m2": moved[1]}
            rows.append({**row, "geometry": shape})
        before = before if day in unseen else found.kinds or before
    return gpd.GeoDataFrame(rows, geometry="geometry", crs=plan.grid.crs)


def _moved(
    kind: str, earlier: BaseGeometry, later: BaseGeometry, under: BaseGeometry, plan: Plan
) -> tuple[float, float]:
    """What a kind gained and lost; what boxes stand upon is neither lost nor, once they left, gained."""
    if kind != "stored":
        earlier, later = shapely.difference(earlier, under), shapely.difference(later, under)
    return gained_and_lost(earlier, later, plan.grid.crs, plan.grid.ground_metre)


def as_estimates(
    built: Footprint | None, areas: Mapping[str, Area], clear: Mapping[str, float], plan: Plan
) -> dict[str, Estimate]:
    """Give a footprint's area with its bounds, by area.

    Parameters
    ----------
    built : Footprint or None
    areas : mapping of str to geometry or None
        By zone; None is the whole site.
    clear : mapping of str to float
        Share of each area that the date shows, 0 to 1.
    plan : Plan

    Returns
    -------
    dict of str to Estimate
        m2; areas that the date shows too little of are left out.
    """
    if built is None:
        return {}
    return {name: Estimate(*figure) for name, figure in estimates(built, areas, clear, plan.grid).items()}


def with_hidden_ground(plan: Plan, table: pd.DataFrame, footprints: Mapping[dt.date, Footprint]) -> pd.DataFrame:
    """Say of each date what of its footprint other dates had to tell, where they do not agree.

    Parameters
    ----------
    plan : Plan
        Its passes are done.
    table : DataFrame
        The time series.
    footprints : mapping of date to Footprint
        Of dates that show enough of the site.

    Returns
    -------
    DataFrame
        With `FLOOR_M2` and `CEILING_M2` in the rows of the whole site: the footprint without, and with, the ground that
        the date hides and that is built on some dates and not on others; the footprint itself where it hides little.
    """
    floor = table["footprint_area_m2"].to_numpy(np.float64, copy=True)
    ceiling = floor.copy()
    days = table["date"].dt.date
    hides = (table["zone"] == "") & (table["valid_fraction"] < SHOWS_ALL) & days.isin(footprints)
    # Of a wide site this takes seconds, and most series hide nothing.
    moved = on_some_alone([found.geometry for found in footprints.values()] if hides.any() else [])
    for i in np.flatnonzero(hides) if not moved.is_empty else ():
        built, free = _hidden_m2(plan, days.iloc[i], moved, footprints[days.iloc[i]].geometry)
        floor[i], ceiling[i] = floor[i] - built, ceiling[i] + free
    return table.assign(**{FLOOR_M2: floor, CEILING_M2: ceiling})


def _hidden_m2(plan: Plan, day: dt.date, moved: BaseGeometry, own: BaseGeometry) -> tuple[float, float]:
    """What a date hides of some ground, within its footprint and beside it."""
    parts = [shapely.intersection(moved, own), shapely.difference(moved, own)]
    seen = clear_fraction(plan.quality_file(day), plan.grid, parts)
    areas = ground_area_m2(parts, plan.grid.crs)
    built, free = (area * (1.0 - share) if share == share else 0.0 for share, area in zip(seen, areas, strict=True))
    return float(built), float(free)
