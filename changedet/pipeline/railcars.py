"""Railcars: how many stand on each track of a siding on each date, of what kind, and whether flats are loaded."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from changedet.arrays import Bytes, Floats, Singles
from changedet.blocks import Window
from changedet.grid import Grid
from changedet.grid.zones import SIDING
from changedet.kernels.onnx_session import Session, session
from changedet.kernels.pixel_classes import HAZE, SATURATED, SHADE, SHADOW, SHOWS_BOXES
from changedet.models.loader import released_content
from changedet.outputs.gpkg import vector_layers
from changedet.outputs.rasters.reading import read_window
from changedet.pipeline.date_model import DateModel
from changedet.pipeline.kernels import car_chains, siding_tracks
from changedet.pipeline.kernels.siding_pictures import MARGIN_M, Turned, turned
from changedet.pipeline.kernels.siding_tracks import SURE, TrackCars
from changedet.pipeline.railcar_rows import ReadTrack, rows_of, with_boxes
from changedet.plan import Plan
from changedet.stages.objects.detector import bands_used

MODEL: Final = "railcars.onnx"
COARSEST_M: Final = 1.0
"""Beyond, the gap of 1.3 m between two cars is no pixel any more."""
FINEST_M: Final = 0.5
"""Finer pixels are averaged to it: the network was taught on it."""
SEEN: Final = (*SHOWS_BOXES, HAZE, SHADE, SHADOW, SATURATED)
"""Classes that show a car: many are as dark as shade."""
LEAST_SEEN: Final = 0.8
"""Share of a siding that a date must show to say how many cars stand there."""
HIDDEN: Final = "hidden, or out of the picture"
RADAR: Final = frozenset({"vv", "vh", "hh", "hv", "amplitude"})


class Count(NamedTuple):
    """A number with its 95 % interval.

    Attributes
    ----------
    number, low, high : int
    """

    number: int
    low: int
    high: int


class TrackCount(NamedTuple):
    """Cars of a track on a date.

    Attributes
    ----------
    date : date
    zone : str
    track : int
        From 1, the northernmost (westernmost) first.
    cars : Count
    """

    date: dt.date
    zone: str
    track: int
    cars: Count


@dataclass(frozen=True)
class Railcars:
    """The railcars of a run.

    Attributes
    ----------
    layer : GeoDataFrame
        The layer ``railcars``.
    counts : mapping of (date, str) to Count
        Of each siding on the dates that show it.
    tracks : sequence of TrackCount
    reasons : mapping of (date, str) to str
        Why a date cannot tell.
    sums : mapping of date to Count
        Of all sidings together, on the dates that show them all.
    """

    layer: gpd.GeoDataFrame
    counts: Mapping[tuple[dt.date, str], Count] = field(default_factory=dict)
    tracks: Sequence[TrackCount] = ()
    reasons: Mapping[tuple[dt.date, str], str] = field(default_factory=dict)
    sums: Mapping[dt.date, Count] = field(default_factory=dict)


class _Shown(NamedTuple):
    """A siding on a date: the frame of its picture, and the network's answer."""

    picture: Turned
    odds: Singles


def find_railcars(
    plan: Plan, models: Mapping[dt.date, DateModel], zones: gpd.GeoDataFrame | None, containers: gpd.GeoDataFrame
) -> Railcars | None:
    """Find the railcars on the sidings of all dates.

    Parameters
    ----------
    plan : Plan
        Its passes are done.
    models : mapping of date to DateModel
    zones : GeoDataFrame or None
        With ``kind``.
    containers : GeoDataFrame
        The layer ``containers``: boxes on cars.

    Returns
    -------
    Railcars or None
        None where no zone is a siding.
    """
    if zones is None or not (zones["kind"] == SIDING).any():
        return None
    sidings = [(str(one.name), one.geometry) for one in zones[zones["kind"] == SIDING].itertuples()]
    reason = _why_not(plan)
    if reason:
        none = vector_layers.empty("railcars", plan.grid.crs)
        return Railcars(none, reasons={(look.date, name): reason for look in plan.looks for name, _ in sidings})
    grid = plan.grid.coarsened(max(1, math.floor(FINEST_M / plan.grid.ground_resolution_m + 1e-6)))
    scale = _scale(grid)
    counts: dict[tuple[dt.date, str], Count] = {}
    tracks: list[TrackCount] = []
    reasons: dict[tuple[dt.date, str], str] = {}
    tables = []
    on_all: dict[dt.date, list[list[TrackCars]]] = {}
    for name, siding in sidings:
        shown = dict(_shown(plan, models, grid, siding))
        reasons |= {(look.date, name): HIDDEN for look in plan.looks if look.date not in shown}
        tracks_there = siding_tracks.tracks_of([one.odds for one in shown.values()]) if shown else []
        for day, one in shown.items():
            read = [ReadTrack(k, one.odds, line) for k, line in enumerate(tracks_there, 1)]
            found = [(track, track.read()) for track in read]
            on_all.setdefault(day, []).append([on for _, on in found])
            counts[day, name] = _sum(on_all[day][-1])
            tracks += [TrackCount(day, name, track.number, _sum([on])) for track, on in found]
            tables.append(rows_of(day, name, one.picture, found, scale))
    layer = with_boxes(_joined(tables, plan.grid.crs), containers)
    sums = {day: _sum([on for own in on_all[day] for on in own]) for day in on_all if len(on_all[day]) == len(sidings)}
    return Railcars(layer, counts, tracks, reasons, sums)


def _sum(found: Sequence[TrackCars]) -> Count:
    """How many cars stand on some tracks."""
    number = sum(len(on.cars) for on in found)
    low, high = car_chains.interval_of(car_chains.sum_of([on.counts for on in found]), SURE)
    return Count(number, min(low, number), max(high, number))


def _joined(tables: Sequence[gpd.GeoDataFrame], crs: str) -> gpd.GeoDataFrame:
    filled = [table for table in tables if len(table)]
    if not filled:
        return vector_layers.empty("railcars", crs)
    return gpd.GeoDataFrame(pd.concat(filled, ignore_index=True), geometry="geometry", crs=crs)


def _why_not(plan: Plan) -> str:
    if RADAR & set(plan.roles):
        return "railcars are not looked for in radar images"
    coarsest = max([plan.grid.ground_resolution_m, *(look.gsd_m for look in plan.looks)])
    if coarsest > COARSEST_M:
        return f"railcars need pixels of {COARSEST_M:g} m or finer; these have {coarsest:.2g} m"
    return ""


def _shown(
    plan: Plan, models: Mapping[dt.date, DateModel], grid: Grid, siding: BaseGeometry
) -> Iterator[tuple[dt.date, _Shown]]:
    """The dates that show enough of a siding."""
    inside = shapely.intersection(siding, grid.area)
    if inside.is_empty:
        return
    window = _window(grid, inside)
    burnt = grid.burn([(siding, 1)], window) > 0
    for look in plan.looks:
        moved = models[look.date].alignment.displacement
        image, _ = look.read(grid, window, plan.roles, moved, grid.ground_resolution_m)
        shown = np.isin(_quality(plan, look.date, grid, window), SEEN) & np.isfinite(image).all(axis=0)
        if (shown & burnt).sum() < LEAST_SEEN * burnt.sum():
            continue
        colours = image[list(bands_used(plan.roles))]
        colours[:, ~shown] = np.nan
        picture = turned(colours, _to_pixels(grid, window), _corners(inside) * _scale(grid))
        yield look.date, _Shown(picture, answer(picture.image))


def _scale(grid: Grid) -> float:
    """Metres on the ground for a unit of the grid's CRS."""
    return grid.ground_resolution_m / grid.resolution_m


def _corners(siding: BaseGeometry) -> Floats:
    return np.asarray(shapely.get_coordinates(shapely.oriented_envelope(siding))[:4], np.float64)


def _window(grid: Grid, area: BaseGeometry) -> Window:
    """Pixels around an area, within the grid."""
    margin = 2 * MARGIN_M / _scale(grid)
    ring = shapely.get_coordinates(shapely.oriented_envelope(area).buffer(margin))
    columns, rows = ~grid.transform @ (ring[:, 0], ring[:, 1])
    top, left = (max(0, math.floor(at.min())) for at in (rows, columns))
    bottom, right = (min(n, math.ceil(at.max())) for n, at in zip(grid.shape, (rows, columns), strict=True))
    return Window(top, left, bottom - top, right - left)


def _to_pixels(grid: Grid, window: Window) -> Floats:
    """From metres on the ground to pixels of a window."""
    place = ~grid.window_transform(window)
    scale = _scale(grid)
    return np.array([[place.a / scale, place.b / scale, place.c], [place.d / scale, place.e / scale, place.f]])


def _quality(plan: Plan, day: dt.date, grid: Grid, window: Window) -> Bytes:
    factor = round(grid.resolution_m / plan.grid.resolution_m)
    whole = Window(window.y * factor, window.x * factor, window.height * factor, window.width * factor)
    kept = read_window(plan.folder.quality_file(day, plan.formats), whole)
    return np.asarray(kept[::factor, ::factor], np.uint8)


@lru_cache(maxsize=1)
def _session() -> Session:
    return session(released_content(MODEL))


def answer(image: Singles) -> Singles:
    """What the railcar network says of a siding's picture.

    Parameters
    ----------
    image : float32 (3, v, u)
        Of `Turned`.

    Returns
    -------
    float32 (class and end, v, u / 2)
        Log odds; NaN where the picture has no data.
    """
    even = image[:, :, : image.shape[2] // 2 * 2]
    hidden = np.asarray(~np.isfinite(even).all(axis=0))
    odds = np.array(_session().run(None, {"siding": np.nan_to_num(even)[None]})[0][0], np.float32)
    odds[:, hidden[:, ::2] | hidden[:, 1::2]] = np.nan
    return odds
