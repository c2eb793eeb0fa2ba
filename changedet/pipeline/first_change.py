"""From which date each pixel is changed for good: the raster, and what is read from it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from changedet.blocks import Window, tiles
from changedet.grid import Grid, pixel_area_m2
from changedet.kernels.pixel_classes import NOT_OBSERVED
from changedet.kernels.together import each, lanes
from changedet.outputs.rasters.classes import EPOCH, date_classes, days_since_1970
from changedet.outputs.rasters.reading import read_window, read_windows
from changedet.outputs.rasters.writing import RasterWriter
from changedet.pipeline.area_sums import TILE_PX
from changedet.pipeline.kernels.change_dates import NODATA, date_changes

_DAY_BITS: Final = 32
_LAST_DAY: Final = (1 << _DAY_BITS) - 1
TILES_PER_THREAD: Final = 2
"""Windows of a file that are read, one after the other, before they are written."""

AFTER_ALL: Final = -2
"""No day of the raster: that of the look after the last."""


def write_first_change(path: Path, grid: Grid, paths: Mapping[dt.date, Path], site: str) -> None:
    """Write for each pixel the earliest date from which every later clear look shows it changed.

    Parameters
    ----------
    path : Path
        The raster to write: int32 (y, x), days since 1970-01-01; 0 never, -1 not observed on any date.
    grid : Grid
    paths : mapping of date to Path
        The masks of the dates after the reference.
    site : str
        The site's id, for the tags.
    """
    later = sorted(paths)
    path.parent.mkdir(parents=True, exist_ok=True)
    words = "first date from which every later clear look shows a change, days since 1970-01-01; 0 never"
    with RasterWriter(
        path,
        crs=grid.crs,
        transform=grid.transform,
        shape=grid.shape,
        kind="first_change",
        bands=[words],
        dtype="int32",
        nodata=NODATA,
        tags={"SITE": site, "DATES": " ".join(str(day) for day in later)},
        description=words,
        unit="days since 1970-01-01",
        classes=date_classes(later),
    ) as writer:
        windows = iter(tiles(grid.shape, TILE_PX))
        while some := [part for _ in range(lanes()) if (part := list(islice(windows, TILES_PER_THREAD)))]:
            for part, found in zip(some, each(partial(_first_changes, paths, later), some), strict=True):
                for window, first in zip(part, found, strict=True):
                    writer.write(window, first)


def changed_by_first_date(path: Path, grid: Grid) -> dict[dt.date, float]:
    """Sum the ground by the date from which it is changed for good.

    Parameters
    ----------
    path : Path
        What `write_first_change` wrote.
    grid : Grid

    Returns
    -------
    dict of date to float
        m2 of ground; dates without any are left out.
    """
    found: dict[dt.date, float] = {}
    row_m2 = pixel_area_m2(grid)
    windows = tiles(grid.shape, TILE_PX)
    for window, first in zip(windows, read_windows(path, windows), strict=True):
        for day in np.unique(first[first > 0]):
            counts = (first == day).sum(axis=1)
            key = EPOCH + dt.timedelta(days=int(day))
            found[key] = found.get(key, 0.0) + float((row_m2[window.y : window.y + window.height] * counts).sum())
    return found


def unseen_before_first_date(
    path: Path, masks: Mapping[dt.date, Path], days: Sequence[dt.date], grid: Grid
) -> dict[dt.date, float]:
    """Sum the ground that may have been changed on a date already: hidden by it and all looks until one shows it so.

    Parameters
    ----------
    path : Path
        What `write_first_change` wrote.
    masks : mapping of date to Path
        Change masks of the dates that hide enough to be asked.
    days : sequence of date
        All looks after the reference.
    grid : Grid

    Returns
    -------
    dict of date to float
        m2 of ground, for each of the dates of `masks`.
    """
    found = dict.fromkeys(masks, 0.0)
    row_m2 = pixel_area_m2(grid)
    for window in tiles(grid.shape, TILE_PX) if masks else ():
        first = read_window(path, window)
        unseen, following = np.zeros(first.shape, bool), AFTER_ALL
        for day in sorted(days, reverse=True):
            if day in masks:
                hidden = read_window(masks[day], window) == NOT_OBSERVED
                unseen = hidden & (unseen | (first == following))
                found[day] += float((row_m2[window.y : window.y + window.height] * unseen.sum(axis=1)).sum())
            else:
                unseen = np.zeros(first.shape, bool)
            following = days_since_1970(day)
    return found


def first_dates(path: Path, grid: Grid, tables: Mapping[dt.date, NDArray[np.object_]]) -> list[list[str | None]]:
    """Find for each region of each date from when most of it is changed.

    What is changed for good only from a later date on is changed on the region's own date, too.

    Parameters
    ----------
    path : Path
        What `write_first_change` wrote.
    grid : Grid
    tables : mapping of date to array of geometries
        The regions of each date, in the grid's CRS.

    Returns
    -------
    list of list of str or None
        An ISO date for each region of each date, not after that date, of several with as many pixels the earliest;
        None where no pixel of it is changed for good.
    """
    votes: dict[tuple[int, int, int], int] = {}
    shapes, own = list(tables.values()), [days_since_1970(day) for day in tables]
    trees = [shapely.STRtree(regions) for regions in shapes]
    for window in tiles(grid.shape, TILE_PX):
        outline = shapely.box(*grid.window_bounds(window))
        near = [tree.query(outline) for tree in trees]
        if not any(found.size for found in near):
            continue
        first = read_window(path, window)
        for table, found in enumerate(near):
            regions = [(shapes[table][k], int(k) + 1) for k in np.sort(found)]
            for region, day, count in _pixels_by_day(grid, window, first, regions):
                key = table, region, min(day, own[table])
                votes[key] = votes.get(key, 0) + count
    best: dict[tuple[int, int], tuple[int, int]] = {}
    for (table, region, day), count in sorted(votes.items()):
        if count > best.get((table, region), (0, 0))[0]:
            best[table, region] = count, day
    return [
        [str(EPOCH + dt.timedelta(days=best[t, k][1])) if (t, k) in best else None for k in range(len(regions))]
        for t, regions in enumerate(shapes)
    ]


def _first_changes(
    paths: Mapping[dt.date, Path], later: Sequence[dt.date], some: Sequence[Window]
) -> list[NDArray[np.int32]]:
    first = [np.full(window.shape, NODATA, np.int32) for window in some]
    closed = [np.zeros(window.shape, bool) for window in some]
    # Backwards: nothing before an unchanged look can last to the end.
    for day in reversed(later):
        for mask, date, shut in zip(read_windows(paths[day], some), first, closed, strict=True):
            date_changes(mask, days_since_1970(day), date, shut)
    return first


def _pixels_by_day(
    grid: Grid, window: Window, first: NDArray[np.int32], regions: Sequence[tuple[BaseGeometry, int]]
) -> Iterator[tuple[int, int, int]]:
    """(region, day, pixels) of the regions, numbered from 1, in a window; regions from 0."""
    numbers = grid.burn(regions, window)
    wanted = (numbers > 0) & (first > 0)
    # one number for both: of pairs numpy sorts rows, which takes ten times as long
    pairs = (numbers[wanted].astype(np.int64) << _DAY_BITS) | first[wanted]
    for pair, count in zip(*np.unique(pairs, return_counts=True), strict=True):
        yield int(pair >> _DAY_BITS) - 1, int(pair & _LAST_DAY), int(count)
