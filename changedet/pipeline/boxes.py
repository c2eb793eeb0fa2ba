"""Boxes and tracks of all dates, from what the passes kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from changedet.grid import Grid
from changedet.grid.zones import zone_of, zone_table
from changedet.kernels.doubts import HOME_ODDS
from changedet.outputs.gpkg import vector_layers
from changedet.pipeline.box_marks import BoxMarks, box_marks
from changedet.pipeline.date_model import DateModel
from changedet.pipeline.familiarity import counted_dates, familiarities
from changedet.pipeline.looks import looks_of
from changedet.pipeline.things.berths import SHIP, parted_boxes, with_laden_berths
from changedet.pipeline.things.ships import Ships, find_ships
from changedet.plan import Plan
from changedet.stages.objects.boxes import georeferenced
from changedet.stages.tracks.confirmed import CONFIRMED, LISTED_KIND
from changedet.stages.tracks.result import Tracks
from changedet.store import RunFolder, read_frame


@dataclass(frozen=True)
class RunBoxes:
    """Boxes of all dates and their tracks.

    Attributes
    ----------
    roofs : GeoDataFrame or None
        Where the pictures show the boxes, of `detections_of`; None where boxes were not looked for.
    tracks : Tracks or None
        On the ground; None without boxes and where the stage tracks is switched off.
    ships : Ships or None
        On whose decks boxes lie that are not among `roofs`; None where ships are not looked for.
    on_deck : GeoDataFrame or None
        Those boxes; None where there is none.
    """

    roofs: gpd.GeoDataFrame | None
    tracks: Tracks | None
    ships: Ships | None = None
    on_deck: gpd.GeoDataFrame | None = None

    def marks(
        self, reference: dt.date, days: Sequence[dt.date], unit: float, *, asks_pixels: bool
    ) -> dict[dt.date, BoxMarks]:
        """Decide about the boxes of each date against the reference.

        Parameters
        ----------
        reference : date
        days : sequence of date
            All dates of the series, those too coarse to show boxes among them.
        unit : float
            A metre on the ground in units of the CRS.
        asks_pixels : bool
            Whether pixels decide about the boxes in doubt.

        Returns
        -------
        dict of date to BoxMarks
            Of `box_marks`; empty where nothing was followed.
        """
        if self.roofs is None or self.tracks is None:
            return {}
        shapes = self.roofs.geometry.to_numpy()
        return box_marks(self.tracks, shapes, reference, days, unit=unit, asks_pixels=asks_pixels)


def followed_boxes(plan: Plan, models: Mapping[dt.date, DateModel]) -> RunBoxes:
    """Follow the boxes of all dates.

    Parameters
    ----------
    plan : Plan
        Its passes are done.
    models : mapping of date to DateModel

    Returns
    -------
    RunBoxes
        Without tracks where boxes are not looked for or not followed.
    """
    found = detections_of(plan)
    unit = plan.grid.ground_metre
    ships = with_laden_berths(find_ships(plan, models, zone_table(plan.zones)), found, unit)
    roofs, on_deck = parted_boxes(found, ships, unit)
    return RunBoxes(roofs, tracks_of(plan, models, roofs), ships, on_deck)


def detections_of(plan: Plan) -> gpd.GeoDataFrame | None:
    """Read the boxes of all dates that can be counted.

    Parameters
    ----------
    plan : Plan
        Its passes are done.

    Returns
    -------
    GeoDataFrame or None
        As of `kept_boxes`; None where boxes were not looked for.
    """
    if plan.built("objects") is None or not counted_dates(plan):
        return None
    return kept_boxes(plan.folder, plan.grid, counted_dates(plan))


def kept_boxes(folder: RunFolder, grid: Grid, days: Sequence[dt.date]) -> gpd.GeoDataFrame:
    """Read the boxes that the passes over some dates kept.

    Parameters
    ----------
    folder : RunFolder
    grid : Grid
    days : sequence of date

    Returns
    -------
    GeoDataFrame
        The columns of the layer ``containers`` without track and zone, and ``counted``: False for a candidate below the
        count threshold. Rectangles in the grid's CRS whose centre lies in the site.
    """
    tables = []
    for day in days:
        boxes = read_frame(folder.table("boxes", day))
        if len(boxes):
            placed = georeferenced(boxes, grid.transform, grid.crs, grid.ground_resolution_m)
            inside = shapely.intersects(shapely.centroid(placed.geometry.to_numpy()), grid.area)
            tables.append(placed[inside].assign(date=str(day)))
    if not tables:
        none = vector_layers.empty("containers", grid.crs).drop(columns=["track_id", "zone", "confirmed"])
        return none.assign(counted=pd.Series([], dtype=bool))
    found = pd.concat(tables, ignore_index=True)
    found["date"] = pd.to_datetime(found["date"], utc=True)
    found.insert(1, "object_id", np.arange(1, len(found) + 1))
    if "counted" not in found:
        found["counted"] = True
    return found


def tracks_of(plan: Plan, models: Mapping[dt.date, DateModel], detections: gpd.GeoDataFrame | None) -> Tracks | None:
    """Follow the boxes over the dates, and keep what light was read for it.

    Parameters
    ----------
    plan : Plan
    models : mapping of date to DateModel
    detections : GeoDataFrame or None
        Of `detections_of`.

    Returns
    -------
    Tracks or None
        None without boxes and where the stage tracks is switched off.
    """
    follow = plan.built("tracks")
    if follow is None or detections is None:
        return None
    days, known = counted_dates(plan), familiarities(plan)
    distances = tuple(known[day].distance if day in known else float("nan") for day in days)
    looks = looks_of(plan, models, days, distances)
    tracks: Tracks = follow(detections, looks)
    looks.keep_light()
    return tracks


def containers_layer(plan: Plan, boxes: RunBoxes, zones: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame:
    """Make the layer ``containers``.

    Parameters
    ----------
    plan : Plan
    boxes : RunBoxes
    zones : GeoDataFrame or None

    Returns
    -------
    GeoDataFrame
        One row a counted box and date.
    """
    detections = boxes.tracks.detections if boxes.tracks is not None else boxes.roofs
    if detections is None:
        return vector_layers.empty("containers", plan.grid.crs)
    if "track_id" not in detections:
        # The stage is switched off: rows are of no track, as in the file.
        detections = detections.assign(track_id=pd.array([None] * len(detections), dtype="Int64"))
    return with_deck(counted_rows(detections, zones), boxes.on_deck, zones)


def with_deck(
    ashore: gpd.GeoDataFrame, on_deck: gpd.GeoDataFrame | None, zones: gpd.GeoDataFrame | None
) -> gpd.GeoDataFrame:
    """Add the boxes on ships to those that stand ashore.

    Parameters
    ----------
    ashore : GeoDataFrame
        Of `counted_rows`.
    on_deck : GeoDataFrame or None
        Boxes on ships.
    zones : GeoDataFrame or None

    Returns
    -------
    GeoDataFrame
        With ``on``, ``ship`` for boxes on ships; `ashore` itself where there is none.
    """
    if on_deck is None:
        return ashore
    aboard = counted_rows(on_deck, zones).assign(on=SHIP)
    both = pd.concat([ashore.assign(on=None), aboard], ignore_index=True)
    return gpd.GeoDataFrame(both.sort_values("object_id", ignore_index=True), geometry="geometry", crs=aboard.crs)


def counted_rows(detections: gpd.GeoDataFrame, zones: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame:
    """Take the boxes that count, each with the zone that holds its centre.

    Parameters
    ----------
    detections : GeoDataFrame
        With ``counted``, and where they were followed with what the series confirms, see `Tracks.detections`.
    zones : GeoDataFrame or None

    Returns
    -------
    GeoDataFrame
        Rows of the layer ``containers``; those that the series confirms with its probability and kind.
    """
    if not len(detections):
        return vector_layers.empty("containers", detections.crs)
    sure = detections[CONFIRMED] if CONFIRMED in detections else pd.Series(np.nan, detections.index)
    confirmed = sure.notna()
    spare = ["counted", LISTED_KIND, HOME_ODDS]
    rows = detections.drop(columns=spare, errors="ignore").assign(**{CONFIRMED: confirmed})
    rows["confidence"] = rows["confidence"].where(~confirmed, sure)
    rows["kind"] = detections.get(LISTED_KIND, detections["kind"].where(detections["counted"].astype(bool)))
    rows = rows[rows["kind"].notna()].reset_index(drop=True)
    return rows.assign(zone=zone_of(rows.geometry.centroid, zones))


def by_look(detections: gpd.GeoDataFrame, zones: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame:
    """Take the boxes that each look counts by itself, whatever the series says of them.

    Parameters
    ----------
    detections : GeoDataFrame
        Of `Tracks.detections`.
    zones : GeoDataFrame or None

    Returns
    -------
    GeoDataFrame
        As of `counted_rows`.
    """
    return counted_rows(detections.drop(columns=[CONFIRMED, LISTED_KIND], errors="ignore"), zones)
