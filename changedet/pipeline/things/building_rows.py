"""Rows and figures of halls: the layer `buildings`, a row a hall, and how many stand on each date, with bounds."""

from __future__ import annotations

import datetime as dt
from typing import Final

import geopandas as gpd
import numpy as np

from changedet.grid import ground_area_m2
from changedet.grid.zones import zone_of
from changedet.json_types import JsonObject
from changedet.kernels.intervals import QUANTILE
from changedet.outputs.gpkg import vector_layers
from changedet.pipeline.area_sums import Area
from changedet.pipeline.things.buildings import Buildings, Hall
from changedet.pipeline.things.kernels import hall_presence
from changedet.pipeline.things.kernels.hall_presence import AREA_ERROR, AREA_EXCESS, RATHER

LEAST_SEEN: Final = 0.5
"""Share of the halls, or of the ground where there are none, that a date must show to say how many stand."""


def buildings_layer(found: Buildings, zones: gpd.GeoDataFrame | None, crs: str) -> gpd.GeoDataFrame:
    """Make the layer ``buildings``.

    Parameters
    ----------
    found : Buildings
    zones : GeoDataFrame or None
    crs : str

    Returns
    -------
    GeoDataFrame
        One row a hall.
    """
    if not found.halls:
        return vector_layers.empty("buildings", crs)
    rows = [{"building_id": k, **_row(one, found)} for k, one in enumerate(found.halls, 1)]
    shapes = [one.shape for one in found.halls]
    area = np.asarray(ground_area_m2(shapes, crs), np.float64) * np.exp(-AREA_EXCESS)
    wide = np.exp(QUANTILE * AREA_ERROR)
    table = gpd.GeoDataFrame(rows, geometry=shapes, crs=crs)
    table = table.assign(area_m2=area, area_low_m2=area / wide, area_high_m2=area * wide)
    return table.assign(zone=zone_of(table.geometry.representative_point(), zones))


def _row(hall: Hall, found: Buildings) -> dict[str, object]:
    on, clear = hall.stands > RATHER, np.flatnonzero(hall.shown)
    first, last = (int(np.flatnonzero(on & hall.shown)[k]) for k in (0, -1))
    before, after = clear[clear < first], clear[clear > last]
    return {
        "first_seen": str(found.days[first]),
        "last_seen": str(found.days[last]),
        "not_before": str(found.days[before[-1]]) if len(before) else None,
        "not_after": str(found.days[after[0]]) if len(after) else None,
        "stood_before": len(before) == 0,
        "probability": hall.probability,
    }


def count_buildings(found: Buildings, day: dt.date, area: Area, clear: float) -> tuple[float, float, float]:
    """Count the halls of a date.

    Parameters
    ----------
    found : Buildings
    day : date
    area : geometry or None
        None is the whole site.
    clear : float
        Share of it that is clear on the date, 0 to 1; where no hall is listed it alone says whether one would be seen.

    Returns
    -------
    number, low, high : float
        NaN where it cannot be had.
    """
    index = found.days.index(day)
    own = [one for one in found.halls if area is None or area.contains(one.shape.representative_point())]
    seen = float(np.mean([one.shown[index] for one in own])) if own else clear
    if found.reason or day in found.coarse or not seen >= LEAST_SEEN:
        return (float("nan"),) * 3
    number, low, high = hall_presence.count([one.probability for one in own], [float(one.stands[index]) for one in own])
    return float(number), float(low), float(high)


def buildings_record(found: Buildings) -> JsonObject | None:
    """Sum halls up for ``summary.json``.

    Parameters
    ----------
    found : Buildings

    Returns
    -------
    dict or None
        How many stood on the first look of their place, were built and are gone; None where they cannot be had.
    """
    if found.reason:
        return None
    rows = [_row(one, found) for one in found.halls]
    return {
        "stood_before": sum(bool(row["stood_before"]) for row in rows),
        "built": sum(not row["stood_before"] for row in rows),
        "gone": sum(row["not_after"] is not None for row in rows),
    }
