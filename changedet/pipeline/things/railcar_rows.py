"""Rows of the layer ``railcars``: each car with its train, kind and load."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import shapely

from changedet.arrays import Floats, Singles
from changedet.kernels.containers import TEU_OF_KIND
from changedet.outputs.values import iso_dates
from changedet.pipeline.things.kernels import siding_tracks
from changedet.pipeline.things.kernels.rail_strips import Strip
from changedet.pipeline.things.kernels.siding_pictures import STEP_M, Turned
from changedet.pipeline.things.kernels.siding_tracks import CLASSES, LENGTHWISE_M, Axis, Car, TrackCars

WIDTH_M: Final = 2.9
"""Drawn width of a car: wagons have 2.6 to 3.1 m."""
LENGTH_ERROR_M: Final = 1.4
"""Standard error of a length: each end is read to the metre."""
LEAST_SHARE: Final = 0.6
"""Probability from which on a kind is named; below, it is ``car``."""
LEAST_SEEN: Final = 0.5
"""Mean probability that a car is seen, from which on its kind is named: below, it was filled in between others."""
SURE_SHARE: Final = 0.9
"""From here on a kind that bears no containers stands against a container detected on it."""
UNCOUPLED_M: Final = 5.0
"""Bare track that parts two trains."""
FLAT, LOADED, CAR = "flat", "with boxes", "car"


@dataclass(frozen=True)
class ReadTrack:
    """A track of a siding on a date.

    Attributes
    ----------
    number : int
        From 1.
    odds : float32 (class and end, v, w)
        The network's answer of the date.
    line : Axis
    picture : Turned or Strip
        Of what ``odds`` are.
    """

    number: int
    odds: Singles
    line: Axis
    picture: Turned | Strip

    def read(self) -> TrackCars:
        """Read its cars.

        Returns
        -------
        TrackCars
            None of them, surely, where the date shows nothing of the track.
        """
        return siding_tracks.cars_on(self.odds, self.line) or TrackCars([], np.ones(1))


def rows_of(day: dt.date, zone: str, found: Sequence[tuple[ReadTrack, TrackCars]], scale: float) -> gpd.GeoDataFrame:
    """Make the rows of a siding and date in the layer ``railcars``.

    Parameters
    ----------
    day : date
    zone : str
    found : sequence of (ReadTrack, TrackCars)
    scale : float
        Metres on the ground for a unit of the CRS.

    Returns
    -------
    GeoDataFrame
        Without ``boxes``; ``train_id`` counts from 1 within siding and date.
    """
    rows: list[dict[str, object]] = []
    train = 0
    for track, on in found:
        before: Car | None = None
        place = 0
        for car in on.cars:
            if before is None or (car.first - before.last) * LENGTHWISE_M > UNCOUPLED_M:
                train, place = train + 1, 0
            place, before = place + 1, car
            ring = _ring(car, track.line + on.aside, track.picture)
            where = {"date": str(day), "zone": zone, "track": track.number, "train_id": train, "car_id": place}
            rows.append(where | _row(car, ring) | {"geometry": shapely.Polygon(ring / scale)})
    return gpd.GeoDataFrame(rows, geometry="geometry") if rows else gpd.GeoDataFrame({"geometry": []})


def _row(car: Car, ring: Floats) -> dict[str, object]:
    kind = CLASSES[car.kind]
    is_named = car.kind_share >= LEAST_SHARE and car.confidence >= LEAST_SEEN
    is_flat = kind in (FLAT, LOADED)
    east, north = ring[1] - ring[0]
    return {
        "kind": kind if is_named else CAR,
        "kind_confidence": car.kind_share,
        "loaded": (kind == LOADED) if is_flat and is_named else None,
        "length_m": float(np.hypot(east, north)),
        "length_error_m": LENGTH_ERROR_M,
        "angle_deg": float(np.degrees(np.arctan2(east, north)) % 180.0),
        "confidence": car.confidence,
    }


def _ring(car: Car, line: Axis, picture: Turned | Strip) -> Floats:
    """Corners of a car, the long side first, in metres."""
    steps = np.array([car.first, car.last], float)
    v = (np.interp(steps, np.arange(len(line)) + 0.5, line) + 0.5) * STEP_M
    ends = picture.place(steps * LENGTHWISE_M, v)
    ahead = ends[1] - ends[0]
    side = np.array([-ahead[1], ahead[0]]) / max(float(np.hypot(*ahead)), 1e-9) * WIDTH_M / 2
    return np.array([ends[0] + side, ends[1] + side, ends[1] - side, ends[0] - side])


def with_boxes(cars: gpd.GeoDataFrame, containers: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Add to each car how many detected containers stand on it, and take their word on its load.

    Parameters
    ----------
    cars : GeoDataFrame
        The layer ``railcars`` without ``boxes``.
    containers : GeoDataFrame
        The layer ``containers``.

    Returns
    -------
    GeoDataFrame
        With ``boxes``. A car with a container on it is ``with boxes``, but for one that is surely of another kind.
    """
    if not len(cars):
        return cars
    boxes = _boxes_on(cars, containers[containers["kind"].isin(TEU_OF_KIND)])
    is_other = ~cars["kind"].isin([FLAT, LOADED, CAR]) & (cars["kind_confidence"] >= SURE_SHARE)
    bears = (boxes > 0) & ~is_other.to_numpy()
    return cars.assign(
        kind=cars["kind"].where(~bears, LOADED),
        loaded=cars["loaded"].astype(object).where(~bears, True),
        boxes=boxes,
    )


def _boxes_on(cars: gpd.GeoDataFrame, containers: gpd.GeoDataFrame) -> np.ndarray:
    number = np.zeros(len(cars), np.int64)
    if not len(containers):
        return number
    centres = shapely.centroid(containers.geometry.to_numpy())
    box, car = shapely.STRtree(cars.geometry.to_numpy()).query(centres, predicate="intersects")
    same = iso_dates(containers["date"])[box] == iso_dates(cars["date"])[car]
    # a box over the gap between two cars counts once
    _, once = np.unique(box[same], return_index=True)
    np.add.at(number, car[same][once], 1)
    return number
