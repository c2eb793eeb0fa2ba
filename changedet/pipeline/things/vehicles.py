"""Vehicles at gates and on roads: how many lorries, trailers and buses stand there on each date, and their queue."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from changedet.arrays import Floats
from changedet.grid.zones import GATE, ROAD, of_kind
from changedet.json_types import JsonObject
from changedet.outputs.values import iso_dates
from changedet.pipeline.things.kernels.found_bounds import found_bounds
from changedet.pipeline.things.kernels.queues import longest_queue_m, merged
from changedet.stages.series.table import DateMeasurements

LEAST_SEEN: Final = 0.8
"""Share of a zone that a date must show to say how many vehicles stand there."""
FOUND: Final = 0.9
"""Share of lorries, trailers and buses that are found in rows."""
TRUE: Final = 0.93
"""Share of the found that are one."""


class Waiting(NamedTuple):
    """Vehicles in a zone on a date.

    Attributes
    ----------
    number : int
    low, high : float
        95 % interval.
    queue_m : float
        Length of the longest queue, metres; 0 where none follow one another.
    """

    number: int
    low: float
    high: float
    queue_m: float


Vehicles = Mapping[tuple[dt.date, str], Waiting | None]
"""By date and zone, ``""`` being all such zones together; None where the date does not tell."""


def find_vehicles(
    containers: gpd.GeoDataFrame, zones: gpd.GeoDataFrame | None, looks: Sequence[DateMeasurements], unit: float
) -> Vehicles | None:
    """Count the vehicles in zones of kind ``gate`` and ``road``.

    Parameters
    ----------
    containers : GeoDataFrame
        Boxes that each look counts: those of kind ``other`` are trailers and buses, the others ride on lorries there.
    zones : GeoDataFrame or None
        With ``kind``.
    looks : sequence of DateMeasurements
    unit : float
        A metre on the ground in units of the CRS.

    Returns
    -------
    mapping or None
        None where no zone is of these kinds. A look that is too unlike what was learned to be counted says nothing.
    """
    places = of_kind(zones, GATE, ROAD)
    if places is None:
        return None
    areas = [*zip(places["name"].astype(str), places.geometry, strict=True), ("", places.union_all())]
    days = iso_dates(containers["date"])
    found: dict[tuple[dt.date, str], Waiting | None] = {}
    for look in looks:
        own = containers[days == str(look.date)]
        shown = [look.valid_fraction.get(name, 0.0) >= LEAST_SEEN for name, _ in areas[:-1]]
        for (name, area), is_shown in zip(areas, [*shown, all(shown)], strict=True):
            counts = is_shown and look.counts_possible and not look.is_refused
            found[look.date, name] = _waiting(own, area, unit) if counts else None
    return found


def _waiting(boxes: gpd.GeoDataFrame, area: BaseGeometry, unit: float) -> Waiting:
    inside = boxes[shapely.intersects(area, boxes.geometry.centroid.to_numpy())]
    vehicles = merged(placed(inside, unit))
    low, high = found_bounds(len(vehicles), FOUND, TRUE)
    return Waiting(len(vehicles), low, high, longest_queue_m(vehicles))


def placed(boxes: gpd.GeoDataFrame, unit: float) -> Floats:
    """Boxes as numbers.

    Parameters
    ----------
    boxes : GeoDataFrame
        Rows of the layer ``containers``.
    unit : float
        A metre on the ground in units of the CRS.

    Returns
    -------
    float64 (n, 5)
        x, y, length, width in metres on the ground, the long side's angle in radians counterclockwise from x.
    """
    centres = shapely.get_coordinates(boxes.geometry.centroid.to_numpy()).reshape(-1, 2) / unit
    sizes = boxes[["length_m", "width_m"]].to_numpy(np.float64)
    return np.column_stack([centres, sizes, np.radians(90.0 - boxes["angle_deg"].to_numpy(np.float64))])


def count_vehicles(vehicles: Vehicles, day: dt.date, zone: str) -> tuple[float, float, float]:
    """How many vehicles wait.

    Parameters
    ----------
    vehicles : mapping
    day : date
    zone : str
        A gate or road; empty for all of them together.

    Returns
    -------
    number, low, high : float
        NaN elsewhere, and where the date does not tell.
    """
    one = vehicles.get((day, zone))
    return (float("nan"),) * 3 if one is None else (float(one.number), one.low, one.high)


def vehicle_records(vehicles: Vehicles) -> JsonObject:
    """Write down the vehicles of each gate and road.

    Parameters
    ----------
    vehicles : mapping

    Returns
    -------
    dict
        By zone and date ``vehicles, low, high, queue_m``, or null where the date does not tell.
    """
    found: dict[str, JsonObject] = {}
    for (day, zone), one in vehicles.items():
        if zone:
            told: JsonObject | None = None
            if one is not None:
                told = {"vehicles": one.number, "low": one.low, "high": one.high, "queue_m": round(one.queue_m, 1)}
            found.setdefault(zone, {})[str(day)] = told
    return dict(found)
