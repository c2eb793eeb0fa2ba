"""Changed regions and areas of all dates, from their masks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd

from changedet.arrays import Floats
from changedet.grid.zones import zone_of
from changedet.kernels import intervals
from changedet.outputs.gpkg import vector_layers
from changedet.outputs.summary import FIGURE_COLUMNS
from changedet.outputs.values import iso_dates
from changedet.pipeline.area_sums import Area, changed_and_seen, marked_ground
from changedet.pipeline.faint_change import is_judged
from changedet.pipeline.first_change import changed_by_first_date, first_dates, unseen_before_first_date
from changedet.plan import Plan
from changedet.plan.model import PROBABILISTIC
from changedet.plan.seasons import knows_seasons
from changedet.stages.change.method import TREES_M
from changedet.stages.normalise.kernels.band_fits import BandLines, are_of_light
from changedet.stages.series.estimates import Estimate
from changedet.stages.series.onsets import BOXES_M2, UNSEEN_M2
from changedet.stages.series.table import DateMeasurements
from changedet.store import read_geoframe

SHOWS_ALL: Final = 0.95
"""Share of the site from which a date hides too little to be asked for what it hides."""


def changes_layer(plan: Plan, zones: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame:
    """Make the layer ``changes`` of all dates.

    Parameters
    ----------
    plan : Plan
        Its masks are done.
    zones : GeoDataFrame or None

    Returns
    -------
    GeoDataFrame
        One row a changed region and date, with ``first_seen`` and zone.
    """
    found = {day: read_geoframe(plan.folder.table("changes", day)) for day in plan.compared_dates}
    found = {day: table for day, table in found.items() if len(table)}
    if not found:
        return vector_layers.empty("changes", plan.grid.crs)
    first = _first_seen(plan, found)
    tables = [table.assign(first_seen=seen) for table, seen in zip(found.values(), first, strict=True)]
    changes = pd.concat(tables, ignore_index=True)
    return changes.assign(zone=zone_of(changes.geometry.representative_point(), zones))


def _first_seen(plan: Plan, found: Mapping[dt.date, gpd.GeoDataFrame]) -> list[list[str | None]]:
    path = plan.first_change_file
    if not path.exists():
        return [[None] * len(table) for table in found.values()]
    if is_pair(plan):
        return [[str(day)] * len(table) for day, table in found.items()]
    # the raster knows the dates after the reference; what lies before it is first seen on no date
    later = {day: table.geometry.to_numpy() for day, table in found.items() if day > plan.reference_date}
    seen = dict(zip(later, first_dates(path, plan.grid, later), strict=True))
    return [seen.get(day, [None] * len(table)) for day, table in found.items()]


def is_pair(plan: Plan) -> bool:
    """Whether there are two looks, the reference first: no later one could contradict the mask.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    bool
        False of longer series, and where the reference is the later look.
    """
    return len(plan.looks) == 2 and plan.reference == 0


ChangedAreas: TypeAlias = dict[dt.date, dict[str, tuple[float, float]]]
"""For each compared date and area the ground that is changed and that is observed, in m2."""
LoneAreas: TypeAlias = dict[dt.date, dict[str, float]]
"""For each of them the changed ground that no other date's mask marks, in m2; empty where seasons are not read.

In pixels that coarse a field that is ploughed for the first time in a series is as bare as ground that is built upon;
the next look shows which it is.
"""


def changed_areas(plan: Plan, areas: Mapping[str, Area]) -> tuple[ChangedAreas, LoneAreas]:
    """Sum the changed and the observed ground of each compared date and area.

    Parameters
    ----------
    plan : Plan
        Its masks are done.
    areas : mapping of str to geometry or None
        By zone; None is the whole site.

    Returns
    -------
    changed : ChangedAreas
        Empty where the stage change is switched off.
    lone : LoneAreas
        Of the same dates and areas.
    """
    shapes, days = list(areas.values()), plan.compared_dates
    if not knows_seasons(plan):
        pairs = [changed_and_seen(plan.mask_file(day), plan.grid, shapes) for day in days]
        return {day: dict(zip(areas, row, strict=True)) for day, row in zip(days, pairs, strict=True)}, {}
    sums = marked_ground([plan.mask_file(day) for day in days], plan.grid, shapes)
    found = {day: dict(zip(areas, row, strict=True)) for day, row in zip(days, sums, strict=True)}
    return (
        {day: {name: (one.changed, one.seen) for name, one in of_day.items()} for day, of_day in found.items()},
        {day: {name: one.lone for name, one in of_day.items()} for day, of_day in found.items()},
    )


def mask_shares(plan: Plan, is_bare: bool) -> intervals.MaskShares:
    """How much of the changed area a run's masks hold.

    Parameters
    ----------
    plan : Plan
    is_bare : bool
        Whether no date shows plants or water.

    Returns
    -------
    MaskShares
        Of its method and the bands that all looks share.
    """
    if plan.facts.is_sar:
        return intervals.RADAR_SHARES
    if knows_seasons(plan):
        bare = intervals.BARE_SHARES
        return (
            intervals.SEASON_SHARES._replace(low=bare.low, unseen=bare.unseen) if is_bare else intervals.SEASON_SHARES
        )
    if plan.choices["change"].method not in PROBABILISTIC:
        return intervals.USUAL_SHARES
    if not is_judged(plan):
        return intervals.coarse_shares(min(plan.facts.gsd_m))
    if plan.facts.panchromatic:
        return intervals.GREY_SHARES
    if "nir" not in plan.roles:
        return intervals.COLOUR_SHARES
    return intervals.BARE_SHARES if is_bare else intervals.LEARNED_SHARES


def shares_of_pair(
    plan: Plan, gsd_m: float, shares: intervals.MaskShares, lines: BandLines | None = None
) -> intervals.MaskShares:
    """How much of the changed area the mask of one look holds.

    Parameters
    ----------
    plan : Plan
    gsd_m : float
        Of the look.
    shares : MaskShares
        As of `mask_shares`.
    lines : BandLines, optional
        By which the look was brought to the reference's light.

    Returns
    -------
    MaskShares
        The same, but where finer looks have a series compared by models and this pair has pixels in which these mark
        next to nothing, or its light is not told: there, what coarse pixels and grey pictures may miss.
    """
    coarsest, grey = max(gsd_m, plan.reference_look.gsd_m), intervals.GREY_SHARES
    if is_judged(plan) and lines is not None and not are_of_light(lines):
        shares = shares._replace(low=min(shares.low, grey.low), unseen=max(shares.unseen, grey.unseen))
    if not is_judged(plan) or coarsest <= TREES_M[1]:
        return shares
    return intervals.coarse_shares(coarsest)._replace(unseen=grey.unseen)


def with_unshown_boxes(
    looks: Sequence[DateMeasurements], changes: gpd.GeoDataFrame, shares: intervals.MaskShares
) -> list[DateMeasurements]:
    """Let the upper bounds of looks too coarse for boxes reach up to what the finer looks beside them mark of boxes.

    Parameters
    ----------
    looks : sequence of DateMeasurements
        In the order of time.
    changes : GeoDataFrame
        Changed regions of all dates, with ``date``, ``zone``, ``kind`` and ``area_m2``.
    shares : MaskShares
        Of the masks.

    Returns
    -------
    list of DateMeasurements
        Boxes that the nearest look on either side marks as changed, and this one does not, may have come or left
        before it.
    """
    fine = [k for k, look in enumerate(looks) if look.counts_possible]
    marked = changes[changes["kind"] == "box"]
    marked = marked.assign(day=iso_dates(marked["date"]))

    def _boxes(k: int, zone: str) -> float:
        own = marked[marked["day"] == str(looks[k].date)]
        return float((own if zone == "" else own[own["zone"] == zone])["area_m2"].sum())

    found = list(looks)
    for k, look in enumerate(looks):
        beside = [*[n for n in fine if n < k][-1:], *[n for n in fine if n > k][:1]]
        if look.counts_possible or not beside:
            continue
        raised = {}
        for zone, area in look.changed_area_m2.items():
            more = max(_boxes(n, zone) for n in beside) - _boxes(k, zone)
            raised[zone] = area.reaching(high=area.high + max(0.0, more) / shares.low)
        found[k] = replace(look, changed_area_m2=raised)
    return found


def with_built_ground(looks: Sequence[DateMeasurements], reference: dt.date) -> list[DateMeasurements]:
    """Let the upper bounds of changed area reach up to the ground that was surely built, or given up, since.

    Built ground that is new is changed ground, though a mask does not show it. Where most of a site was built upon, and
    its scenes show nothing around it, what happened to all of it alike is taken for light.

    Parameters
    ----------
    looks : sequence of DateMeasurements
        With changed areas and footprints.
    reference : datetime.date
        The date that masks compare with.

    Returns
    -------
    list of DateMeasurements
        Where the footprint's bounds of both dates lie apart by more than a mask's upper bound, of the site or a zone,
        it is raised to the most that the footprint can have gained or lost; where both dates show the ground and some
        of it has surely changed, to the upper bound of what the footprint likely gained or lost.
    """
    before = next((look for look in looks if look.date == reference), None)
    return [replace(look, changed_area_m2=_allowing(look, before)) for look in looks]


def _allowing(look: DateMeasurements, reference: DateMeasurements | None) -> dict[str, Estimate]:
    raised = {}
    for name, marked in look.changed_area_m2.items():
        built, earlier = look.footprint_m2.get(name), None if reference is None else reference.footprint_m2.get(name)
        raised[name] = marked
        if reference is None or built is None or earlier is None:
            continue
        if max(built.low - earlier.high, earlier.low - built.high) > marked.high:
            # A mask that lacks sure ground bounds nothing.
            raised[name] = marked.reaching(high=max(built.high - earlier.low, earlier.high - built.low))
        elif marked.low > 0 and all(one.valid_fraction.get(name, 0.0) >= SHOWS_ALL for one in (look, reference)):
            # Works on soil of the ground's own colour are marked in part; where nothing is marked, fields look built.
            gain = abs(built.value - earlier.value) / intervals.USUAL_SHARES.low
            raised[name] = marked.reaching(high=min(gain, max(built.high - earlier.low, earlier.high - built.low)))
    return raised


def with_lasting_area(plan: Plan, table: pd.DataFrame) -> pd.DataFrame:
    """Put the area that is changed for good in place of what each mask marks: single bad looks date falsely.

    Parameters
    ----------
    plan : Plan
    table : DataFrame
        The time series.

    Returns
    -------
    DataFrame
        The table itself where no later date could contradict a mask; else with `UNSEEN_M2` of dates that hide ground
        which was changed when it was seen next.
    """
    path = plan.first_change_file
    if not path.exists() or is_pair(plan):
        return table
    by_day = changed_by_first_date(path, plan.grid)
    out, names = table.copy(), list(FIGURE_COLUMNS["changed_area_m2"])
    later = (table["zone"] == "") & (table["date"].dt.date > plan.reference_date)
    rows = table[later].dropna(subset=names).sort_values("date")
    days = [stamp.date() for stamp in rows["date"]]
    lasting = np.array([sum(area for first, area in by_day.items() if first <= day) for day in days], np.float64)
    out.loc[rows.index, names] = lasting_bounds(rows[names].to_numpy(np.float64), lasting)
    hiding = [day for day, share in zip(days, rows["valid_fraction"], strict=True) if share < SHOWS_ALL]
    masks = {day: plan.mask_file(day) for day in hiding}
    unseen = unseen_before_first_date(path, masks, days, plan.grid)
    out.loc[rows.index, UNSEEN_M2] = [unseen.get(day, 0.0) for day in days]
    return out


def with_marked_boxes(table: pd.DataFrame, changes: gpd.GeoDataFrame) -> pd.DataFrame:
    """Add what each date marks as boxes.

    Parameters
    ----------
    table : DataFrame
        The time series.
    changes : GeoDataFrame
        Changed regions of all dates, with ``date``, ``kind`` and ``area_m2``.

    Returns
    -------
    DataFrame
        With `BOXES_M2`, NaN on dates that hide ground, on which boxes may have changed, and for zones.
    """
    boxes = changes[changes["kind"] == "box"]
    marked = boxes["area_m2"].groupby(iso_dates(boxes["date"])).sum()
    shows = (table["zone"] == "") & (table["valid_fraction"] >= SHOWS_ALL) & table["changed_area_m2"].notna()
    areas = np.array([float(marked.get(day, 0.0)) for day in iso_dates(table["date"])])
    return table.assign(**{BOXES_M2: np.where(shows, areas, np.nan)})


def lasting_bounds(marked: Floats, lasting: Floats) -> Floats:
    """Bounds of what is changed for good, from those of what each look marks.

    Parameters
    ----------
    marked : float64 (date, 3)
        Area that a look marks, and its bounds, m2.
    lasting : float64 (date,)
        Area that this look or an earlier one marks and no later one shows as it was, m2; it never falls.

    Returns
    -------
    float64 (date, 3)
        The lasting area and its bounds. A look that marks less than lasts hides the rest: earlier looks bound it.
    """
    value, low, high = marked.T
    share = np.minimum(np.divide(lasting, value, out=np.ones_like(value), where=value > 0), 1.0)
    low, high = np.minimum(low * share, lasting), np.maximum(high * share, lasting)
    # Both are sums of the same pixels, in another order: where a look marks all that lasts they are equal but for that.
    hides = (lasting > value) & ~np.isclose(lasting, value)
    low = np.where(hides, np.maximum.accumulate(low), low)
    return np.column_stack([lasting, low, high])
