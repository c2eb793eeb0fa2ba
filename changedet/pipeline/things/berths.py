"""Berths: on which dates a ship lay there, for how many days at least and at most, and how many ships were seen."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from changedet.grid.geodesy import LONLAT, transform_xy
from changedet.grid.positions import read_positions
from changedet.json_types import JsonObject
from changedet.outputs.values import iso_dates
from changedet.pipeline.area_sums import Area
from changedet.pipeline.things.kernels.found_bounds import found_bounds
from changedet.pipeline.things.ships import Ships

LEAST_SEEN: Final = 0.8
"""Share of a berth or zone that a date must show to say how many ships lie there."""
LEAST_IN: Final = 0.3
"""Share of a ship's outline within a berth from which it lies there: berths are drawn narrower than ships."""
FOUND: Final = 0.88
"""Share of vessels of 25 m and more that are found: drawn harbours, seeds 1100 to 1129; on real tiles more."""
TRUE: Final = 0.78
"""Share of the found that are vessels: 31 of 40 on real harbour tiles when it was set; on drawn ones more."""
REPORTED_M: Final = 300.0
"""A position so near a berth is of a ship that lies there: antennas stand up to a ship's length away."""
AT_QUAYS: Final = "ships at quays"
EDGE_M: Final = 3.0
"""Boxes nearer to the edge of a berth may stand on the quay: so far a stack of two leans out under 30 degrees."""
LADEN: Final = 2
"""Boxes on the water of a berth from which a ship bears them that is not found: one may be part of a crane."""
SHIP: Final = "ship"
"""What the column ``on`` of the layer ``containers`` says of a box on a deck."""


def parted_boxes(
    detections: gpd.GeoDataFrame | None, ships: Ships | None, unit: float
) -> tuple[gpd.GeoDataFrame | None, gpd.GeoDataFrame | None]:
    """Part the boxes that stand in the yard from those that lie on ships.

    Parameters
    ----------
    detections : GeoDataFrame or None
        Boxes with ``date``.
    ships : Ships or None
    unit : float
        A metre on the ground in units of the CRS.

    Returns
    -------
    ashore : GeoDataFrame or None
        The table itself where no ship bears a box.
    on_deck : GeoDataFrame or None
        None there.
    """
    if detections is None or ships is None:
        return detections, None
    return boxes_ashore(detections, ships.layer, ships.berths, unit)


def boxes_ashore(
    boxes: gpd.GeoDataFrame, ships: gpd.GeoDataFrame | None, berths: gpd.GeoDataFrame | None, unit: float
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame | None]:
    """As `parted_boxes`, of boxes and the layer of a finished run.

    Parameters
    ----------
    boxes : GeoDataFrame
        With ``date``.
    ships : GeoDataFrame or None
        The layer ``ships``.
    berths : GeoDataFrame or None
        Zones of kind berth: what lies on their water lies on a ship, be the ship found or not.
    unit : float
        A metre on the ground in units of the CRS.

    Returns
    -------
    ashore : GeoDataFrame
        The table itself where no ship bears a box.
    on_deck : GeoDataFrame or None
        None there.
    """
    if ships is None:
        return boxes, None
    aboard = (ship_of(boxes, ships) >= 0) | (berth_of(boxes, berths, unit) >= 0)
    if not aboard.any():
        return boxes, None
    return boxes[~aboard].reset_index(drop=True), boxes[aboard].reset_index(drop=True)


def berth_of(boxes: gpd.GeoDataFrame, berths: gpd.GeoDataFrame | None, unit: float) -> np.ndarray:
    """Find the berth on whose water each box lies.

    Parameters
    ----------
    boxes : GeoDataFrame
        In the CRS of `berths`.
    berths : GeoDataFrame or None
        Zones of kind berth.
    unit : float
        A metre on the ground in units of the CRS.

    Returns
    -------
    int64 (n,)
        Row of the berth; -1 for none, and within `EDGE_M` of its edge.
    """
    found = np.full(len(boxes), -1, np.int64)
    if berths is None or not len(boxes):
        return found
    water = shapely.buffer(berths.geometry.to_numpy(), -unit * EDGE_M)
    box, berth = shapely.STRtree(water).query(shapely.centroid(boxes.geometry.to_numpy()), predicate="intersects")
    found[box] = berth
    return found


def with_laden_berths(ships: Ships | None, boxes: gpd.GeoDataFrame | None, unit: float) -> Ships | None:
    """Say of berths in which boxes lie that they are not empty, though no ship is found.

    Parameters
    ----------
    ships : Ships or None
    boxes : GeoDataFrame or None
        With ``date``.
    unit : float
        A metre on the ground in units of the CRS.

    Returns
    -------
    Ships or None
        With them among ``unclear``: a dark barge on dark water bears boxes that are seen.
    """
    if ships is None or ships.berths is None or boxes is None:
        return ships
    rows, names = berth_of(boxes, ships.berths, unit), ships.berths["name"].astype(str).to_numpy()
    days = [dt.date.fromisoformat(day) for day in iso_dates(boxes["date"])]
    laden = Counter((day, str(names[row])) for day, row in zip(days, rows, strict=True) if row >= 0)
    return replace(ships, unclear=ships.unclear | {one for one, number in laden.items() if number >= LADEN})


def ship_of(boxes: gpd.GeoDataFrame, ships: gpd.GeoDataFrame) -> np.ndarray:
    """Find the ship that bears each box.

    Parameters
    ----------
    boxes, ships : GeoDataFrame
        Layers with ``date``.

    Returns
    -------
    int64 (n,)
        Row of the ship; -1 for none.
    """
    found = np.full(len(boxes), -1, np.int64)
    if not len(boxes) or not len(ships):
        return found
    centres = shapely.centroid(boxes.geometry.to_numpy())
    box, ship = shapely.STRtree(ships.geometry.to_numpy()).query(centres, predicate="intersects")
    same = iso_dates(boxes["date"])[box] == iso_dates(ships["date"])[ship]
    found[box[same]] = ship[same]
    return found


def count_ships(ships: Ships, day: dt.date, area: Area) -> tuple[float, float, float]:
    """Count the ships of 25 m and more of a date.

    Parameters
    ----------
    ships : Ships
    day : date
    area : geometry or None
        None is the whole site.

    Returns
    -------
    number, low, high : float
        NaN where the date does not show the area, where without a berth none is afloat, and where none is found and a
        berth is not empty.
    """
    seen = ships.seen.get(day)
    if seen is None or (area is not None and _share(seen, area) < LEAST_SEEN):
        return float("nan"), float("nan"), float("nan")
    own = _of_day(ships.layer, day)
    own = own[own["kind"] != "boat"]
    number = int((_inside(own, area) >= LEAST_IN).sum()) if area is not None else len(own)
    if not number and ships.berths is None:
        # Ships at quays are not looked for: that none is afloat does not say that none is there.
        return float("nan"), float("nan"), float("nan")
    if not number and any(one == day and (area is None or _is(ships, name, area)) for one, name in ships.unclear):
        return float("nan"), float("nan"), float("nan")
    return float(number), *found_bounds(number, FOUND, TRUE)


def why_no_ships(ships: Ships) -> dict[str, str]:
    """Say why ships cannot be counted.

    Parameters
    ----------
    ships : Ships

    Returns
    -------
    dict of str to str
        ``ships`` -> the reason, where no date shows it; `AT_QUAYS` where no berth is drawn.
    """
    missing = {AT_QUAYS: "only those afloat are found without a zone of kind berth; draw one along each quay"}
    missing = missing if ships.berths is None else {}
    return missing if ships.seen or not ships.reasons else {"ships": next(iter(ships.reasons.values()))}


def _share(seen: BaseGeometry, area: BaseGeometry) -> float:
    return float(shapely.intersection(seen, area).area / area.area) if area.area else 0.0


def _of_day(layer: gpd.GeoDataFrame, day: dt.date) -> gpd.GeoDataFrame:
    return layer[iso_dates(layer["date"]) == str(day)] if len(layer) else layer


def _inside(ships: gpd.GeoDataFrame, area: BaseGeometry) -> np.ndarray:
    """Share of each ship's outline within an area."""
    outlines = ships.geometry.to_numpy()
    return np.asarray(shapely.area(shapely.intersection(outlines, area)) / np.maximum(shapely.area(outlines), 1e-9))


def _is(ships: Ships, name: str, area: BaseGeometry) -> bool:
    berths = ships.berths
    return berths is not None and bool((berths.geometry[berths["name"] == name] == area).any())


def ships_layer(ships: Ships, containers: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Make the layer ``ships``.

    Parameters
    ----------
    ships : Ships
    containers : GeoDataFrame
        The layer ``containers``.

    Returns
    -------
    GeoDataFrame
        With ``boxes``, the detected containers on each deck; NA where containers are not counted.
    """
    bearing = ship_of(containers, ships.layer)
    boxes = np.bincount(bearing[bearing >= 0], minlength=len(ships.layer))
    return ships.layer.assign(boxes=boxes)


@dataclass(frozen=True)
class ReportedDays:
    """Days on which ships reported their positions.

    Attributes
    ----------
    near : mapping of str to set of date
        By berth, days with a position within `REPORTED_M`.
    covered : set of date
        Days with any position at all: on others the table may have a gap.
    """

    near: Mapping[str, frozenset[dt.date]]
    covered: frozenset[dt.date]


def reported_days(ships: Ships, path: str | None, unit: float) -> ReportedDays | None:
    """Read on which days ships reported positions near each berth.

    Parameters
    ----------
    ships : Ships
    path : str or None
        Of the table of positions.
    unit : float
        As of `parted_boxes`.

    Returns
    -------
    ReportedDays or None
        None without a table or a berth.
    """
    if ships.berths is None or path is None:
        return None
    found = read_positions(path)
    days = np.array(found.days, dtype=object)
    east, north = transform_xy(LONLAT, str(ships.berths.crs), found.lon, found.lat)
    near = {}
    for name, area in zip(ships.berths["name"], ships.berths.geometry, strict=True):
        is_near = shapely.dwithin(shapely.points(east, north), area, unit * REPORTED_M)
        near[str(name)] = frozenset(days[is_near].tolist())
    return ReportedDays(near, frozenset(found.days))


def berth_records(ships: Ships, days: Sequence[dt.date], reported: ReportedDays | None) -> JsonObject | None:
    """Say of each berth on which dates a ship lay there.

    Parameters
    ----------
    ships : Ships
    days : sequence of date
        Of the run, sorted.
    reported : ReportedDays or None
        None where no positions are given.

    Returns
    -------
    dict or None
        By berth ``dates`` (true, false, or null where the date cannot tell), ``days_low`` and ``days_high``: days with
        a ship between the first and the last date, at least those of the looks that show one, at most all but those of
        looks that show none. With positions ``silent_dates``, ``silent_low`` and ``silent_high`` too: days with a ship
        and no position near. None where no zone is a berth.
    """
    if ships.berths is None:
        return None
    found: JsonObject = {}
    span = (days[-1] - days[0]).days + 1
    for name, area in zip(ships.berths["name"], ships.berths.geometry, strict=True):
        states = {day: _lay_there(ships, day, str(name), area) for day in days}
        full, empty = (sum(1 for state in states.values() if state is wanted) for wanted in (True, False))
        record: JsonObject = {"dates": {str(day): state for day, state in states.items()}, "days": span}
        record |= {"days_low": full, "days_high": span - empty}
        found[str(name)] = record | ({} if reported is None else _silent(states, reported, str(name)))
    return found


def _silent(states: Mapping[dt.date, bool | None], reported: ReportedDays, name: str) -> JsonObject:
    """Days with a ship and no reported position near, at least and at most."""
    first, last = min(states), max(states)
    near = {day for day in reported.near[name] if first <= day <= last}
    silent = [day for day, state in states.items() if state and day in reported.covered and day not in near]
    empty = sum(1 for day, state in states.items() if state is False and day not in near)
    high = (last - first).days + 1 - len(near) - empty
    return {"silent_dates": [str(day) for day in silent], "silent_low": len(silent), "silent_high": high}


def _lay_there(ships: Ships, day: dt.date, name: str, area: BaseGeometry) -> bool | None:
    own = _of_day(ships.layer, day)
    if len(own) and (_inside(own[own["kind"] != "boat"], area) >= LEAST_IN).any():
        return True
    seen = ships.seen.get(day)
    if seen is None or _share(seen, area) < LEAST_SEEN or (day, name) in ships.unclear:
        return None
    return False
