"""Cars read on tracks, date by date: on sidings that are drawn, and along tracks that were found."""

from __future__ import annotations

import datetime as dt
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final, NamedTuple

import cv2
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from changedet.arrays import Bytes, Floats, Singles
from changedet.blocks import Window
from changedet.grid import Grid
from changedet.imagery.look import Look
from changedet.kernels.onnx_session import Session, session
from changedet.models.loader import released_content
from changedet.outputs.rasters.reading import read_window
from changedet.pipeline.date_model import DateModel
from changedet.pipeline.found_rails import SEEN, FoundBed, strips_of
from changedet.pipeline.kernels import rail_axes, siding_tracks
from changedet.pipeline.kernels.rail_strips import Strip, axis_of, pixels_of, strip_of
from changedet.pipeline.kernels.siding_pictures import MARGIN_M, Turned, turned
from changedet.pipeline.kernels.siding_tracks import Track, TrackCars
from changedet.pipeline.railcar_rows import ReadTrack
from changedet.plan import Plan
from changedet.stages.objects.detector import bands_used

MODEL: Final = "railcars.onnx"
FINEST_M: Final = 0.5
"""Finer pixels are averaged to it: the network was taught on it."""
LEAST_SEEN: Final = 0.8
"""Share of a siding, or of a group of tracks, that a date must show to say how many cars stand there."""


NAME: Final = "tracks"
"""Groups of tracks that were found are called so, with a number."""
LEAST_CONFIDENCE: Final = 0.5
"""Of a car that says that tracks lie there."""
LEAST_CARS: Final = 4
"""Of them on a track of one date, for which lines on an apron or a road are no tracks."""
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


def read_together(zone: str, dates: Mapping[dt.date, Shown], lines: Sequence[Track]) -> Iterator[ReadGroup]:
    """Read the cars on the tracks of a group.

    Parameters
    ----------
    zone : str
    dates : mapping of date to Shown
    lines : sequence of Track

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
    grid = _grid(plan)
    for name, siding in sidings:
        pictures = _pictures(plan, models, grid, siding)
        dates = {day: Shown(one, answer(one.image)) for day, one in pictures}
        odds = [one.odds for one in dates.values()]
        yield from read_together(name, dates, siding_tracks.tracks_of(odds) if odds else ())


def on_beds(
    plan: Plan, models: Mapping[dt.date, DateModel], beds: Sequence[FoundBed], names: Sequence[str]
) -> Iterator[tuple[FoundBed, list[ReadGroup]]]:
    """Read the cars on tracks that were found.

    Parameters
    ----------
    plan : Plan
        Its passes are done.
    models : mapping of date to DateModel
    beds : sequence of FoundBed
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
    grid = _grid(plan)
    axes = [axis_of(shapely.get_coordinates(bed.line) * _scale(grid)) for bed in beds]
    sides = [(bed.sides_m[0] + MARGIN_M, bed.sides_m[1] + MARGIN_M) for bed in beds]
    shown = _shown_along(plan, models, grid, axes, sides)
    for k, better in enumerate([_straightened(dates) for dates in shown]):
        if better is not None:
            (shown[k],) = _shown_along(plan, models, grid, [better], [sides[k]])
    called = (name for k in itertools.count(1) if (name := f"{NAME} {k}") not in set(names))
    for bed, dates in zip(beds, shown, strict=True):
        odds = [one.odds for one in dates.values()]
        groups = with_cars(list(read_together("", dates, rail_axes.axes_of(odds) if odds else ())))
        if are_tracks(bed.probability, float(bed.line.length) * _scale(grid), groups):
            name = next(called)
            yield bed._replace(zone=name), [group._replace(zone=name) for group in groups]


def _shown_along(
    plan: Plan,
    models: Mapping[dt.date, DateModel],
    grid: Grid,
    axes: Sequence[Floats],
    sides: Sequence[tuple[float, float]],
) -> list[dict[dt.date, Shown]]:
    """Of each group of tracks the dates that show enough of it."""
    found: list[dict[dt.date, Shown]] = [{} for _ in axes]
    for look in plan.looks:
        for dates, strip in zip(found, _strips(plan, models, look, grid, axes, sides), strict=True):
            if np.isfinite(strip.image[0]).mean() >= LEAST_SEEN:
                dates[look.date] = Shown(strip._replace(image=strip.image[:, :0]), answer(strip.image))
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


def _grid(plan: Plan) -> Grid:
    return plan.grid.coarsened(max(1, math.floor(FINEST_M / plan.grid.ground_resolution_m + 1e-6)))


def _strips(
    plan: Plan,
    models: Mapping[dt.date, DateModel],
    look: Look,
    grid: Grid,
    axes: Sequence[Floats],
    sides: Sequence[tuple[float, float]],
) -> list[Strip]:
    """The picture of a date along each group of tracks."""
    whole = Window(0, 0, *grid.shape)
    places = [pixels_of(_to_pixels(grid, whole), axis, own) for axis, own in zip(axes, sides, strict=True)]
    sampled = [np.full((3, *place.shape[:2]), np.nan, np.float32) for place in places]
    for rows, window in strips_of(grid):
        touched = [(k, inside) for k, at in enumerate(places) if (inside := _between(at[..., 1], rows)).any()]
        if not touched:
            continue
        # One row more on each side: places between the rows of two windows.
        top, bottom = max(0, rows.start - 1), min(grid.shape[0], rows.stop + 1)
        image = _colours(plan, models, look, grid, Window(top, 0, bottom - top, window.width))
        for k, inside in touched:
            at = np.ascontiguousarray(places[k] - (0, top), np.float32)
            cut = [
                cv2.remap(band, at, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=float("nan"))
                for band in image
            ]
            sampled[k] = np.where(inside, np.stack(cut), sampled[k])
    return [strip_of(image, axis, own[0]) for image, axis, own in zip(sampled, axes, sides, strict=True)]


def _between(at: Singles, rows: slice) -> np.ndarray:
    return np.asarray((at >= rows.start) & (at < rows.stop) | ((at < 0) & (rows.start == 0)))


def _colours(plan: Plan, models: Mapping[dt.date, DateModel], look: Look, grid: Grid, window: Window) -> Singles:
    """Red, green and blue of a window; NaN where nothing is shown."""
    moved = models[look.date].alignment.displacement
    image, _ = look.read(grid, window, plan.roles, moved, grid.ground_resolution_m)
    shown = np.isin(_quality(plan, look.date, grid, window), SEEN) & np.isfinite(image).all(axis=0)
    colours = image[list(bands_used(plan.roles))]
    colours[:, ~shown] = np.nan
    return colours


def _pictures(
    plan: Plan, models: Mapping[dt.date, DateModel], grid: Grid, siding: BaseGeometry
) -> Iterator[tuple[dt.date, Turned]]:
    """The dates that show enough of a siding."""
    inside = shapely.intersection(siding, grid.area)
    if inside.is_empty:
        return
    window = _window(grid, inside)
    burnt = grid.burn([(siding, 1)], window) > 0
    for look in plan.looks:
        colours = _colours(plan, models, look, grid, window)
        if (np.isfinite(colours[0]) & burnt).sum() < LEAST_SEEN * burnt.sum():
            continue
        yield look.date, turned(colours, _to_pixels(grid, window), _corners(inside) * _scale(grid))


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
