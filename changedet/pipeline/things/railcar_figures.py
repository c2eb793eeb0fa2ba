"""What the time series, the summary and the report say of railcars: numbers with intervals, and sums of each train."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from typing import Final

import geopandas as gpd
import shapely

from changedet.json_types import Json, JsonObject
from changedet.outputs.values import iso_date
from changedet.pipeline.things.railcars import Railcars

SIMPLE_M: Final = 0.5
"""By how much the line along tracks in ``summary.json`` may stray from it."""


def count_railcars(railcars: Railcars, day: dt.date, zone: str) -> tuple[float, float, float]:
    """How many railcars a date shows.

    Parameters
    ----------
    railcars : Railcars
    day : date
    zone : str
        A siding; empty for all of them together.

    Returns
    -------
    number, low, high : float
        NaN in other zones, and where the date does not show a siding.
    """
    found = railcars.counts.get((day, zone)) if zone else railcars.sums.get(day)
    if found is None:
        return float("nan"), float("nan"), float("nan")
    return float(found.number), float(found.low), float(found.high)


def railcar_records(railcars: Railcars, unit: float) -> JsonObject:
    """Write down the cars of each track, and the sums of each train.

    Parameters
    ----------
    railcars : Railcars
    unit : float
        A metre on the ground in units of the CRS.

    Returns
    -------
    dict
        ``tracks``: a row a track and date, ``date, zone, track, railcars, low, high``. ``trains``: a row a train, of
        `train_sums`. ``found``, where the workflow wants tracks to be found: a row a group of tracks, ``zone, length_m,
        width_m, probability, line`` (longitudes and latitudes).
    """
    tracks: list[Json] = [
        {
            "date": str(one.date),
            "zone": one.zone,
            "track": one.track,
            "railcars": one.cars.number,
            "low": one.cars.low,
            "high": one.cars.high,
        }
        for one in railcars.tracks
    ]
    found: JsonObject = {"tracks": tracks, "trains": [*train_sums(railcars.layer, unit)]}
    return found if railcars.beds is None else found | {"found": [*_bed_records(railcars, unit)]}


def _bed_records(railcars: Railcars, unit: float) -> list[JsonObject]:
    beds = railcars.beds or ()
    shapes = gpd.GeoSeries([one.line for one in beds], crs=railcars.layer.crs)
    seen = shapes.simplify(unit * SIMPLE_M).to_crs("EPSG:4326")
    return [
        {
            "zone": one.zone,
            "length_m": round(float(one.line.length) / unit, 1),
            "width_m": round(sum(one.sides_m), 1),
            "probability": round(one.probability, 3),
            "line": [[round(x, 7), round(y, 7)] for x, y in shapely.get_coordinates(drawn).tolist()],
        }
        for one, drawn in zip(beds, seen, strict=True)
    ]


def train_sums(layer: gpd.GeoDataFrame, unit: float) -> list[JsonObject]:
    """Sum up each train.

    Parameters
    ----------
    layer : GeoDataFrame
        The layer ``railcars``.
    unit : float
        A metre on the ground in units of the CRS.

    Returns
    -------
    list of dict
        ``date, zone, track, train, railcars, kinds`` (kind -> number), ``loaded`` and ``empty`` flats, ``length_m``
        from the first car's end to the last's, ``sequence`` (kinds in order from the west).
    """
    found: list[JsonObject] = []
    for (day, zone, train), cars in layer.groupby(["date", "zone", "train_id"], sort=True):
        ordered = cars.sort_values("car_id")
        ends = ordered.geometry.union_all().minimum_rotated_rectangle.exterior.coords
        length = max((ends[k][0] - ends[k + 1][0]) ** 2 + (ends[k][1] - ends[k + 1][1]) ** 2 for k in (0, 1)) ** 0.5
        loaded = ordered["loaded"].astype("boolean")
        kinds: Mapping[str, Json] = dict(sorted(Counter(map(str, ordered["kind"])).items()))
        found.append(
            {
                "date": iso_date(day),
                "zone": str(zone),
                "track": int(ordered["track"].iloc[0]),
                "train": int(str(train)),
                "railcars": len(ordered),
                "kinds": dict(kinds),
                "loaded": int(loaded.fillna(False).sum()),
                "empty": int((~loaded.fillna(True)).sum()),
                "length_m": round(float(length) / unit, 1),
                "sequence": ", ".join(map(str, ordered["kind"])),
            }
        )
    return found
