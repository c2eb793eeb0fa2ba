"""Railcars: how many stand on each track on each date, of what kind, and whether flats are loaded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import geopandas as gpd
from shapely.geometry.base import BaseGeometry

from changedet.grid.zones import SIDING, SIDING_MARGIN_M, of_kind
from changedet.imagery.bands import is_sar
from changedet.outputs.gpkg import vector_layers
from changedet.pipeline.date_model import DateModel
from changedet.pipeline.things.found_rails import FoundBed, find_beds, why_no_tracks
from changedet.pipeline.things.kernels import car_chains
from changedet.pipeline.things.kernels.siding_tracks import SURE, TrackCars
from changedet.pipeline.things.railcar_pictures import COARSEST_M
from changedet.pipeline.things.railcar_reading import ReadGroup, on_beds, on_sidings
from changedet.pipeline.things.railcar_rows import rows_of, with_boxes
from changedet.pipeline.things.working_pixels import is_fine, why_too_coarse
from changedet.plan import Plan

HIDDEN: Final = "hidden, or out of the picture"
COARSE: Final = f"pixels coarser than {COARSEST_M:g} m"
NO_TRACK: Final = "no railway track is found"


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
        Of all tracks together, on the dates that show them all.
    beds : sequence of FoundBed or None
        Tracks that no zone tells of; None where the workflow does not want them.
    """

    layer: gpd.GeoDataFrame
    counts: Mapping[tuple[dt.date, str], Count] = field(default_factory=dict)
    tracks: Sequence[TrackCount] = ()
    reasons: Mapping[tuple[dt.date, str], str] = field(default_factory=dict)
    sums: Mapping[dt.date, Count] = field(default_factory=dict)
    beds: Sequence[FoundBed] | None = None


def find_railcars(
    plan: Plan, models: Mapping[dt.date, DateModel], zones: gpd.GeoDataFrame | None, containers: gpd.GeoDataFrame
) -> Railcars | None:
    """Find the railcars of all dates on sidings and, where the workflow wants it, on tracks that are found.

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
        None where no zone is a siding and the workflow does not want them.
    """
    own = of_kind(zones, SIDING)
    sidings = [] if own is None else [(str(one.name), one.geometry) for one in own.itertuples()]
    if not sidings and not plan.workflow.railcars:
        return None
    names = [name for name, _ in sidings]
    on_found = None if _why_not(plan) or why_no_tracks(plan) else _on_found(plan, models, zones)
    reason = _why_not(plan) or ("" if sidings or on_found else why_no_tracks(plan) or NO_TRACK)
    if reason:
        none = vector_layers.empty("railcars", plan.grid.crs)
        return Railcars(none, reasons={(look.date, name): reason for look in plan.looks for name in names or [""]})
    beds = None if on_found is None else [bed for bed, _ in on_found]
    read = {(one.date, one.zone): one for one in on_sidings(plan, models, sidings)}
    read |= {(one.date, one.zone): one for _, groups in on_found or () for one in groups}
    return _gathered(plan, read, [*names, *(bed.zone for bed in beds or ())], beds, containers)


def _on_found(
    plan: Plan, models: Mapping[dt.date, DateModel], zones: gpd.GeoDataFrame | None
) -> list[tuple[FoundBed, list[ReadGroup]]]:
    """Tracks that are found, with their cars."""
    drawn = _drawn(zones, plan.grid.ground_metre)
    return list(on_beds(plan, models, find_beds(plan, models, drawn), drawn, _names(zones)))


def _drawn(zones: gpd.GeoDataFrame | None, unit: float) -> BaseGeometry | None:
    """What the zones of kind siding cover."""
    return None if zones is None else zones[zones["kind"] == SIDING].union_all().buffer(unit * SIDING_MARGIN_M)


def _names(zones: gpd.GeoDataFrame | None) -> list[str]:
    return [] if zones is None else [str(name) for name in zones["name"]]


def _gathered(
    plan: Plan,
    read: Mapping[tuple[dt.date, str], ReadGroup],
    names: Sequence[str],
    beds: Sequence[FoundBed] | None,
    containers: gpd.GeoDataFrame,
) -> Railcars:
    """Counts and rows of what was read on each date and group of tracks."""
    counts, tracks, tables = {}, [], []
    scale = plan.grid.ground_resolution_m / plan.grid.resolution_m
    days = plan.dates
    for name in names:
        for day in days:
            if (day, name) not in read:
                continue
            found = read[day, name].found
            counts[day, name] = _sum([on for _, on in found])
            tracks += [TrackCount(day, name, track.number, _sum([on])) for track, on in found]
            tables.append(rows_of(day, name, found, scale))
    layer = with_boxes(vector_layers.joined("railcars", tables, plan.grid.crs), containers)
    why = {look.date: HIDDEN if is_fine(look, COARSEST_M) else COARSE for look in plan.looks}
    reasons = {(day, name): why[day] for name in names for day in days if (day, name) not in counts}
    whole = [day for day in days if all((day, name) in counts for name in names)]
    sums = {day: _sum([on for name in names for _, on in read[day, name].found]) for day in whole}
    return Railcars(layer, counts, tracks, reasons, sums, beds)


def _sum(found: Sequence[TrackCars]) -> Count:
    """How many cars stand on some tracks."""
    number = sum(len(on.cars) for on in found)
    low, high = car_chains.interval_of(car_chains.sum_of([on.counts for on in found]), SURE)
    return Count(number, min(low, number), max(high, number))


def _why_not(plan: Plan) -> str:
    if is_sar(plan.roles):
        return "railcars are not looked for in radar images"
    return why_too_coarse(plan, "railcars", plan.grid.ground_resolution_m, COARSEST_M)
