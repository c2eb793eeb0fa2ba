"""Ground that footprints tell as built since the reference, marked where its pixels are likely changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import NamedTuple

import geopandas as gpd
import numpy as np
from shapely.geometry.base import BaseGeometry

from changedet.arrays import Bytes, Singles
from changedet.blocks import Window
from changedet.pipeline.outlined_dates import cells_of
from changedet.pipeline.series_job import SeriesJob
from changedet.pipeline.told_ground import TOLD_PROBABILITY
from changedet.plan import Plan
from changedet.stages.change.kernels.ground_built import built_since, changed_where_built, ground_halo_px
from changedet.stages.change.kernels.outlined_ground import MOST_LOOKS
from changedet.stages.footprint.outlines import cells_factor, likely_surfaces
from changedet.stages.footprint.stage import footprint_method, series_trees
from changedet.store import read_json
from changedet.store.packing import ClassTile, unpack


class BuiltSince(NamedTuple):
    """Since which look cells of a part of a grid are built.

    Attributes
    ----------
    cells : ClassTile
        Of `ground_built.built_since`.
    row, column : int
        Of the first cell.
    factor : int
        Pixels on a side of a cell.
    """

    cells: ClassTile
    row: int
    column: int
    factor: int

    def near(self, window: Window) -> BuiltSince | None:
        """Cut out what meets a window, so that a tile's task carries no more.

        Parameters
        ----------
        window : Window
            May reach beyond the grid.

        Returns
        -------
        BuiltSince or None
            None where nothing is new.
        """
        top, left = (max(0, at // self.factor - first) for at, first in self._starts(window))
        bottom, right = (
            max(0, -(-(at + size) // self.factor) - first)
            for (at, first), size in zip(self._starts(window), window.shape, strict=True)
        )
        part = np.ascontiguousarray(self.cells.raster[top:bottom, left:right])
        return BuiltSince(ClassTile(part), self.row + top, self.column + left, self.factor) if part.any() else None

    def on_pixels(self, window: Window) -> Bytes:
        """Since which look each pixel is built.

        Parameters
        ----------
        window : Window
            May reach beyond the cells.

        Returns
        -------
        uint8 (y, x)
            0 beyond them.
        """
        raster = self.cells.raster
        at = [
            np.arange(start, start + size) // self.factor - first
            for (start, first), size in zip(self._starts(window), window.shape, strict=True)
        ]
        inside = [(own >= 0) & (own < size) for own, size in zip(at, raster.shape, strict=True)]
        rows, columns = (np.clip(own, 0, size - 1) for own, size in zip(at, raster.shape, strict=True))
        found: Bytes = np.where(inside[0][:, None] & inside[1], raster[rows[:, None], columns], np.uint8(0))
        return found

    def _starts(self, window: Window) -> tuple[tuple[int, int], tuple[int, int]]:
        return (window.y, self.row), (window.x, self.column)


def asks_built(job: SeriesJob) -> bool:
    """Whether footprints may tell of a series' ground.

    Parameters
    ----------
    job : SeriesJob

    Returns
    -------
    bool
        False before the reference, of a single pair, where movers are not left out, and of too large sites.
    """
    looks = 1 < len(job.scores) < MOST_LOOKS
    return looks and job.is_later and job.together and bool(job.standing) and cells_of(job.grid) is not None


def built_reach_px(job: SeriesJob) -> int:
    """How far around a pixel such ground is looked for.

    Parameters
    ----------
    job : SeriesJob

    Returns
    -------
    int
        Pixels; 0 where it is not.
    """
    return ground_halo_px(job.grid.ground_resolution_m) if asks_built(job) else 0


def newly_built(plan: Plan, job: SeriesJob, detections: gpd.GeoDataFrame | None) -> BuiltSince | None:
    """Find the ground that is built since the reference by the footprints of all dates.

    Parameters
    ----------
    plan : Plan
        Its passes are done.
    job : SeriesJob
        Of the dates on one side of the reference.
    detections : GeoDataFrame or None
        Boxes with ``date`` and ``counted``.

    Returns
    -------
    BuiltSince or None
        None where there is none, or kinds of ground are not distinguished.
    """
    trees = series_trees(plan.facts)
    if trees is None or footprint_method(plan.facts) is None or not asks_built(job):
        return None
    dates = ((built_tiles(plan, day), boxes_on(detections, day)) for day in plan.dates)
    since = built_since(likely_surfaces(dates, plan.grid, trees), plan.reference)
    return BuiltSince(ClassTile(since), 0, 0, cells_factor(plan.grid)) if since.any() else None


def with_built(found: Singles, near: BuiltSince | None, job: SeriesJob, window: Window) -> Singles:
    """Mark what is likely changed of ground that footprints tell as new.

    Parameters
    ----------
    found : float32 (date, y, x)
        Probability of change in a window; NaN is not observed.
    near : BuiltSince or None
        Of `BuiltSince.near`.
    job : SeriesJob
    window : Window
        On the grid; may reach beyond it.

    Returns
    -------
    float32 (date, y, x)
        At least `TOLD_PROBABILITY` there; exact but for `built_reach_px` along the edges.
    """
    since = None if near is None else near.on_pixels(window)
    if since is None or not since.any():
        return found
    out = found.copy()
    for look, probability in enumerate(found):
        built = (since > 0) & (since <= look + 1)
        if built.any():
            held = changed_where_built(probability, built, job.grid.ground_resolution_m)
            out[look][held] = np.maximum(probability[held], np.float32(TOLD_PROBABILITY))
    return out


def built_tiles(plan: Plan, day: dt.date) -> Iterator[tuple[int, int, Bytes]]:
    """What the tiles of a date kept of its built ground.

    Parameters
    ----------
    plan : Plan
        Its passes are done.
    day : date

    Yields
    ------
    (int, int, uint8 (y, x))
        Row and column of the first pixel, and levels or codes.
    """
    for key, packed in read_json(plan.folder.table("seen", day))["built"].items():
        y, x, height, width = (int(part) for part in key.split(","))
        yield y, x, unpack(bytes.fromhex(packed), (height, width))


def boxes_on(detections: gpd.GeoDataFrame | None, day: dt.date) -> list[BaseGeometry]:
    """The boxes of a date that are counted.

    Parameters
    ----------
    detections : GeoDataFrame or None
        Of all dates, with ``date`` and ``counted``.
    day : date

    Returns
    -------
    list of geometry
        In the grid's CRS.
    """
    if detections is None:
        return []
    return list(detections.geometry[(detections["date"].dt.date == day) & detections["counted"].astype(bool)])
