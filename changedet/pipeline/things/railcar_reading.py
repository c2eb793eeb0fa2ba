"""Cars read on tracks, date by date: on sidings that are drawn, and along tracks that were found."""

from __future__ import annotations

import datetime as dt
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from changedet.arrays import Floats, Singles
from changedet.blocks import Window
from changedet.grid import Grid
from changedet.kernels.onnx_session import Session, session
from changedet.models.loader import released_content
from changedet.pipeline.date_model import DateModel
from changedet.pipeline.things.found_rails import FoundBed
from changedet.pipeline.things.kernels import rail_axes, siding_tracks
from changedet.pipeline.things.kernels.rail_strips import Strip, axis_of
from changedet.pipeline.things.kernels.siding_pictures import MARGIN_M, REACH_PX, Turned, continued, turned
from changedet.pipeline.things.kernels.siding_tracks import Axis, TrackCars
from changedet.pipeline.things.railcar_pictures import (
    car_grid,
    car_looks,
    colours_of,
    covered_by,
    scale_of,
    strips_along,
    to_pixels,
)
from changedet.pipeline.things.railcar_rows import ReadTrack
from changedet.plan import Plan

MODEL: Final = "railcars.onnx"
LEAST_SEEN: Final = 0.8
"""Share of a siding, or of a group of tracks, that a date must show to say how many cars stand there."""


NAME: Final = "tracks"
"""Groups of tracks that were found are called so, with a number."""
LEAST_CONFIDENCE: Final = 0.5
"""Of a car that says that tracks lie there."""
LEAST_CARS: Final = 6
"""Of them on a track of one date, for which lines on an apron or a road and blocks of stacked boxes are no tracks."""
SURE_BARE: Final = 0.95
LONG_BARE_M: Final = 200.0
"""Mean probability and length of tracks on which no train ever stands, from which on they are taken for tracks."""


class ReadGroup(NamedTuple):
    """The tracks of a siding, or of a group of tracks that were found, with their cars on a date.

    Attributes
    ----------
    date : date
    zone : str
    found : list of (ReadTrack, TrackCars)
    """

    date: dt.date
    zone: str
    found: list[tuple[ReadTrack, TrackCars]]


class Shown(NamedTuple):
    """Tracks on a date.

    Attributes
    ----------
    picture : Turned or Strip
    odds : float32 (class and end, v, w)
        What the network says of it.
    """

    picture: Turned | Strip
    odds: Singles


def read_together(zone: str, dates: Mapping[dt.date, Shown], lines: Sequence[Axis]) -> Iterator[ReadGroup]:
    """Read the cars on the tracks of a group.

    Parameters
    ----------
    zone : str
    dates : mapping of date to Shown
    lines : sequence of Axis

    Yields
    ------
    ReadGroup
        Of each date.
    """
    for day, one in dates.items():
        read = [ReadTrack(k, one.odds, line, one.picture) for k, line in enumerate(lines, 1)]
        yield ReadGroup(day, zone, [(track, track.read()) for track in read])


def on_sidings(
    plan: Plan, models: Mapping[dt.date, DateModel], sidings: Sequence[tuple[str, BaseGeometry]]
) -> Iterator[ReadGroup]:
    """Read the cars on sidings.

    Parameters
    ----------
    plan : Plan
        Its passes are done.
    models : mapping of date to DateModel
    sidings : sequence of (str, geometry)
        Names and zones.

    Yields
    ------
    ReadGroup
        Of the dates that show enough of a siding; its tracks are those on which cars stand on any of them.
    """
    grid = car_grid(plan)
    for name, siding in sidings:
        pictures = _pictures(plan, models, grid, siding)
        dates = {day: Shown(one, answer(one.image)) for day, one in pictures}
        odds = [one.odds for one in dates.values()]
        yield from read_together(name, dates, siding_tracks.tracks_of(odds) if odds else ())


def on_beds(
    plan: Plan,
    models: Mapping[dt.date, DateModel],
    beds: Sequence[FoundBed],
    drawn: BaseGeometry | None,
    names: Sequence[str],
) -> Iterator[tuple[FoundBed, list[ReadGroup]]]:
    """Read the cars on tracks that were found.

    Parameters
    ----------
    plan : Plan
        Its passes are done.
    models : mapping of date to DateModel
    beds : sequence of FoundBed
    drawn : geometry or None
        Zones of kind siding: the cars in them are not read once more.
    names : sequence of str
        Of all zones: groups of tracks are called otherwise.

    Yields
    ------
    FoundBed
        Of those that are tracks, with its name.
    list of ReadGroup
        Of the dates that show enough of it; its tracks are those on which cars stand on any of them.
    """
    if not beds:
        return
    grid = car_grid(plan)
    axes = [axis_of(shapely.get_coordinates(bed.line) * scale_of(grid)) for bed in beds]
    sides = [(bed.sides_m[0] + MARGIN_M, bed.sides_m[1] + MARGIN_M) for bed in beds]
    shown = _shown_along(plan, models, grid, drawn, axes, sides)
    better = {k: line for k, dates in enumerate(shown) if (line := _straightened(dates)) is not None}
    again = _shown_along(plan, models, grid, drawn, list(better.values()), [sides[k] for k in better])
    for k, dates in zip(better, again, strict=True):
        shown[k] = dates
    called = (name for k in itertools.count(1) if (name := f"{NAME} {k}") not in set(names))
    for bed, dates in zip(beds, shown, strict=True):
        odds = [one.odds for one in dates.values()]
        groups = with_cars(list(read_together("", dates, rail_axes.axes_of(odds) if odds else ())))
        if are_tracks(bed.probability, float(bed.line.length) * scale_of(grid), groups):
            name = next(called)
            yield bed._replace(zone=name), [group._replace(zone=name) for group in groups]


def _shown_along(
    plan: Plan,
    models: Mapping[dt.date, DateModel],
    grid: Grid,
    drawn: BaseGeometry | None,
    axes: Sequence[Floats],
    sides: Sequence[tuple[float, float]],
) -> list[dict[dt.date, Shown]]:
    """Of each group of tracks the dates that show enough of it."""
    found: list[dict[dt.date, Shown]] = [{} for _ in axes]
    covered = [
        np.zeros((1, 1), bool) if drawn is None else covered_by(drawn, axis, own, scale_of(grid))
        for axis, own in zip(axes, sides, strict=True)
    ]
    for look in car_looks(plan):
        strips = strips_along(plan, models, look, grid, axes, sides)
        for dates, strip, over in zip(found, strips, covered, strict=True):
            if np.isfinite(strip.image[0]).mean() >= LEAST_SEEN:
                image = np.where(over, np.float32(np.nan), strip.image)
                dates[look.date] = Shown(strip._replace(image=strip.image[:, :0]), answer(image))
    return found


def _straightened(dates: Mapping[dt.date, Shown]) -> Floats | None:
    """A better line along the tracks, where the one that was laid is askew."""
    strips = [one.picture for one in dates.values() if isinstance(one.picture, Strip)]
    return rail_axes.straightened(strips[0], [one.odds for one in dates.values()]) if strips else None


def with_cars(groups: Sequence[ReadGroup]) -> list[ReadGroup]:
    """Leave out lines on which no car is read on any date: where a track lies is not known by itself.

    Parameters
    ----------
    groups : sequence of ReadGroup
        Of the same tracks on some dates.

    Returns
    -------
    list of ReadGroup
        With tracks numbered from 1.
    """
    used = sorted({k for group in groups for k, (_, on) in enumerate(group.found) if on.cars})
    return [
        group._replace(found=[(replace(group.found[k][0], number=n), group.found[k][1]) for n, k in enumerate(used, 1)])
        for group in groups
    ]


def are_tracks(probability: float, length_m: float, groups: Sequence[ReadGroup]) -> bool:
    """Say whether what seems to be tracks is taken for them.

    Parameters
    ----------
    probability : float
        Mean along them.
    length_m : float
    groups : sequence of ReadGroup
        The cars on them, by date.

    Returns
    -------
    bool
        Where a train stands on any date, or where they are long and sure.
    """
    runs = [sum(car.confidence >= LEAST_CONFIDENCE for car in on.cars) for group in groups for _, on in group.found]
    return max(runs, default=0) >= LEAST_CARS or (probability >= SURE_BARE and length_m >= LONG_BARE_M)


def _pictures(
    plan: Plan, models: Mapping[dt.date, DateModel], grid: Grid, siding: BaseGeometry
) -> Iterator[tuple[dt.date, Turned]]:
    """The dates that show enough of a siding."""
    inside = shapely.intersection(siding, grid.area)
    if inside.is_empty:
        return
    window = _window(grid, inside)
    burnt = grid.burn([(siding, 1)], window) > 0
    for look in car_looks(plan):
        colours = colours_of(plan, models, look, grid, window)
        if (np.isfinite(colours[0]) & burnt).sum() < LEAST_SEEN * burnt.sum():
            continue
        yield look.date, turned(colours, to_pixels(grid, window), _corners(inside) * scale_of(grid))


def _corners(siding: BaseGeometry) -> Floats:
    return np.asarray(shapely.get_coordinates(shapely.oriented_envelope(siding))[:4], np.float64)


def _window(grid: Grid, area: BaseGeometry) -> Window:
    """Pixels around an area, within the grid."""
    margin = 2 * MARGIN_M / scale_of(grid)
    ring = shapely.get_coordinates(shapely.oriented_envelope(area).buffer(margin))
    columns, rows = ~grid.transform @ (ring[:, 0], ring[:, 1])
    top, left = (max(0, math.floor(at.min())) for at in (rows, columns))
    bottom, right = (min(n, math.ceil(at.max())) for n, at in zip(grid.shape, (rows, columns), strict=True))
    return Window(top, left, bottom - top, right - left)


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
    shown = np.nan_to_num(continued(even, REACH_PX))[None]
    inside = slice(REACH_PX // 2, (REACH_PX + even.shape[2]) // 2)
    odds = np.array(_session().run(None, {"siding": shown})[0][0][..., inside], np.float32)
    odds[:, hidden[:, ::2] | hidden[:, 1::2]] = np.nan
    return odds
