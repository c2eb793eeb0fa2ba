"""What was laid or built since the footprint began to grow: how much, of what kind, and when boxes stood on it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from changedet.grid import Grid, ground_area_m2
from changedet.json_types import Json, JsonObject
from changedet.kernels.containers import TEU_OF_KIND
from changedet.pipeline.changes import SHOWS_ALL
from changedet.stages.footprint.outlines import Footprint, estimates
from changedet.stages.footprint.shapes import in_units
from changedet.stages.series.growth import Onset

MARGIN_M: Final = 1.0
"""A box at the edge of new ground stands on it: outlines of footprints are drawn on cells of this size."""
CLOSING_M: Final = 8.0
"""Radius by which footprints are closed: as far as new ground may have moved the outline of the old."""
LEAST_BOXES: Final = 2
"""Boxes from which the first are told of: a single one is as often a false positive."""
YARD_KINDS: Final = ("paving", "stored")
"""What a yard's ground bears: paving, and boxes upon it."""


def new_ground(
    onset: Mapping[str, Json],
    footprints: Mapping[dt.date, Footprint],
    tracks: gpd.GeoDataFrame | None,
    grid: Grid,
) -> JsonObject | None:
    """What the footprint gained when it began to grow.

    Ground that is newly built is changed ground: it began no sooner than the changed area, where that is dated.

    Parameters
    ----------
    onset : mapping
        As in ``summary.json``, of ``footprint`` and ``changed_area``.
    footprints : mapping of date to Footprint
        In the grid's CRS.
    tracks : GeoDataFrame or None
        The boxes' tracks; None where boxes were not followed.
    grid : Grid

    Returns
    -------
    dict or None
        ``value, low, high`` in m2, the ``date`` whose footprint shows it, ``since``, the one before that is compared
        with it, ``kind`` (``yard, paving, building, earthwork, built``), ``shape``, ``began`` (``low, high,
        probability``) and ``boxes_by``, the first date with boxes on it, null where none stood there. None where the
        footprint did not begin to grow.
    """
    built, changed = _dated(onset.get("footprint")), _dated(onset.get("changed_area"))
    if built is None:
        return None
    low, high = str(built["low"]), str(built["high"])
    if changed is not None and low < str(changed["low"]) <= high:
        low = str(changed["low"])
    earlier = [day for day in footprints if day < dt.date.fromisoformat(low)]
    until = max(footprints) if built.get("shape") == "slope" else dt.date.fromisoformat(high)
    if not earlier or until not in footprints:
        return None
    grown = _grown(footprints[max(earlier)].geometry, footprints[until].geometry, grid.ground_metre)
    before, area = _gained(footprints, earlier, until, grown, grid)
    boxes_by = None if tracks is None else first_boxes(tracks, grown, max(earlier))
    return {
        **area,
        "date": str(until),
        "since": str(before),
        "kind": _kind(footprints[until].kinds, grown, has_boxes=boxes_by is not None),
        "shape": built.get("shape"),
        "began": {"low": low, "high": high, "probability": built.get("probability")},
        "boxes_by": boxes_by,
    }


def within_changed(record: JsonObject | None, table: pd.DataFrame, reference_date: dt.date) -> JsonObject | None:
    """The record of new ground with no more than may have changed since: what was built and lasts is changed ground.

    Parameters
    ----------
    record : dict or None
        As `new_ground` makes it.
    table : DataFrame
        As ``timeseries.csv``, with ``date`` as time.
    reference_date : datetime.date
        With which changed areas are compared.

    Returns
    -------
    dict or None
        Its ``high`` no greater than the greatest upper bound of the changed area of the dates from its own on that show
        the whole site; as it is where there is none, or where the reference shows the ground built already.
    """
    if record is None or str(record["since"]) < str(reference_date):
        return record
    shows = (table["zone"] == "") & (table["valid_fraction"] >= SHOWS_ALL)
    since = table["date"].dt.date >= dt.date.fromisoformat(str(record["date"]))
    most = table.loc[shows & since, "changed_area_high_m2"].max()
    value, high = (float(str(record[name])) for name in ("value", "high"))
    return record if np.isnan(most) else {**record, "high": max(value, min(high, float(most)))}


def gained_ground(built: Onset, footprints: Mapping[dt.date, Footprint], unit: float) -> BaseGeometry | None:
    """The ground that a footprint gained when it began to grow.

    Parameters
    ----------
    built : Onset
        Of the footprint, with a date.
    footprints : mapping of date to Footprint
        Of dates that show enough of the site.
    unit : float
        A metre on the ground in units of the CRS.

    Returns
    -------
    geometry or None
        None where no footprint is known from before it, or until it.
    """
    if built.low is None or built.high is None:
        return None
    earlier = [day for day in footprints if day < built.low]
    if not earlier or built.high not in footprints:
        return None
    return _grown(footprints[max(earlier)].geometry, footprints[built.high].geometry, unit)


def _dated(onset: Json) -> JsonObject | None:
    return onset if isinstance(onset, dict) and onset.get("date") else None


def _grown(earlier: BaseGeometry, later: BaseGeometry, unit: float) -> BaseGeometry:
    """What was gained, without strips along edges that moved."""
    gained, margin = shapely.difference(later, earlier), in_units(MARGIN_M, unit)
    # Part by part: around all of a wide site at once GEOS takes ten times the memory, and twice the time.
    inner = shapely.get_parts(shapely.buffer(shapely.get_parts(gained), -margin))
    return shapely.union_all(shapely.buffer(inner, 2 * margin))


def _gained(
    footprints: Mapping[dt.date, Footprint],
    earlier: Sequence[dt.date],
    until: dt.date,
    grown: BaseGeometry,
    grid: Grid,
) -> tuple[dt.date, dict[str, float]]:
    """The area that a footprint gained where it grew, against the earlier date that bounds it best.

    Elsewhere the outlines of both dates err alike, which a difference of whole footprints would count twice; but what
    the greatest of both gained there may be new, too.
    """
    around = shapely.buffer(grown, grid.ground_metre * CLOSING_M)

    def _within(day: dt.date) -> tuple[float, float, float]:
        return estimates(footprints[day], {"": around}, {"": 1.0}, grid)[""]

    before, known = min(((day, _within(day)) for day in earlier), key=lambda pair: pair[1][2] - pair[1][1])
    after = _within(until)
    value = after[0] - known[0]
    fall = np.hypot(after[0] - after[1], known[2] - known[0])
    rise = np.hypot(after[2] - after[0], known[0] - known[1])
    # What may be new elsewhere: there the lax threshold of the later date alone reaches.
    most = footprints[until].greatest
    lax = shapely.intersection(_grown(footprints[before].greatest, most, grid.ground_metre), most)
    beside = float(ground_area_m2([shapely.difference(lax, around)], grid.crs)[0])
    return before, {"value": value, "low": max(0.0, value - float(fall)), "high": value + float(rise) + beside}


def first_boxes(tracks: gpd.GeoDataFrame, ground: BaseGeometry, after: dt.date) -> str | None:
    """The first date with containers on some ground.

    Parameters
    ----------
    tracks : GeoDataFrame
        With ``first_seen`` and ``kind``.
    ground : geometry
        In the CRS of the tracks.
    after : datetime.date
        Boxes that were there before do not count.

    Returns
    -------
    str or None
        ISO date; None where fewer than `LEAST_BOXES` ever came.
    """
    if ground.is_empty or not len(tracks):
        return None
    boxes = tracks[tracks["kind"].isin(TEU_OF_KIND)]
    seen = np.asarray(boxes["first_seen"].astype(str).str[:10])
    inside = np.asarray(shapely.intersects(ground, boxes.geometry.to_numpy()), bool) & (seen > str(after))
    days, number = np.unique(seen[inside], return_counts=True)
    enough = days[number.cumsum() >= LEAST_BOXES]
    return str(enough[0]) if len(enough) else None


def sure_boxes(tracks: gpd.GeoDataFrame, table: pd.DataFrame, trust: Mapping[str, Json]) -> gpd.GeoDataFrame | None:
    """The boxes of which new ground may tell: no surer than what is said of the site's count.

    Parameters
    ----------
    tracks : GeoDataFrame
        Followed boxes.
    table : DataFrame
        As ``timeseries.csv``.
    trust : mapping
        Of `trust_of_counts`.

    Returns
    -------
    GeoDataFrame or None
        None where no look shows most of them for sure, or no date's containers can be counted: on a car park parked
        cars and halves of roofs are tracks as well.
    """
    unknown = bool(trust["none_is_sure"]) or bool(table["containers_expected"].isna().all())
    return None if unknown else tracks


def with_first_boxes(
    record: Mapping[str, Json], footprint: gpd.GeoDataFrame, tracks: gpd.GeoDataFrame | None, unit: float
) -> JsonObject:
    """The record of new ground with the first boxes of other tracks.

    Parameters
    ----------
    record : mapping
        As `new_ground` makes it.
    footprint : GeoDataFrame
        The layer ``footprint``.
    tracks : GeoDataFrame or None
        Those that now hold; None where none is sure.
    unit : float
        A metre on the ground in units of the CRS.

    Returns
    -------
    dict
        With ``boxes_by`` by `tracks`.
    """
    if tracks is None:
        return {**record, "boxes_by": None}
    since, until = str(record["since"]), str(record["date"])
    shapes = dict(zip(footprint["date"].astype(str).str[:10], footprint.geometry, strict=True))
    if since not in shapes or until not in shapes:
        return dict(record)
    grown = _grown(shapes[since], shapes[until], unit)
    return {**record, "boxes_by": first_boxes(tracks, grown, dt.date.fromisoformat(since))}


def _kind(kinds: Mapping[str, BaseGeometry], grown: BaseGeometry, *, has_boxes: bool) -> str:
    areas = {name: float(shapely.intersection(shape, grown).area) for name, shape in kinds.items()}
    if not any(areas.values()):
        return "yard" if has_boxes else "built"
    yard = sum(area for name, area in areas.items() if name in YARD_KINDS)
    rest = {name: area for name, area in areas.items() if name not in YARD_KINDS}
    most = max(rest, key=lambda name: rest[name], default="")
    if not most or yard >= rest[most]:
        return "yard" if has_boxes else "paving"
    return most
