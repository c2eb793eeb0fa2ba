"""From which date each pixel is changed for good: the raster, and what is read from it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from changedet.blocks import tiles
from changedet.grid import Grid, pixel_area_m2
from changedet.outputs.rasters.classes import date_classes
from changedet.outputs.rasters.reading import read_window
from changedet.outputs.rasters.writing import RasterWriter

EPOCH = dt.date(1970, 1, 1)


def write_first_change(path: Path, grid: Grid, paths: Mapping[dt.date, Path], site: str) -> None:
    """For each pixel the earliest date from which every later clear look shows it changed.

    Parameters
    ----------
    path : Path
        The raster to write.
    paths : mapping of date to Path
        The masks of the dates after the reference.
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
        nodata=-1,
        tags={"SITE": site, "DATES": " ".join(str(day) for day in later)},
        description=words,
        unit="days since 1970-01-01",
        classes=date_classes(later),
    ) as writer:
        for window in tiles(grid.shape, 1024):
            first, closed, seen = (np.full(window.shape, fill) for fill in (np.int32(-1), False, False))
            # Backwards: nothing before an unchanged look can last to the end.
            for day in reversed(later):
                mask = read_window(paths[day], window)
                closed |= mask == 0
                seen |= mask != 255
                first[(mask == 1) & ~closed] = (day - EPOCH).days
            first[seen & (first == -1)] = 0
            writer.write(window, first)


def changed_by_first_date(path: Path, grid: Grid) -> dict[dt.date, float]:
    """Ground area in m2 by the date from which it is changed for good."""
    found: dict[dt.date, float] = {}
    row_m2 = pixel_area_m2(grid)
    for window in tiles(grid.shape, 1024):
        first = read_window(path, window)
        for day in np.unique(first[first > 0]):
            counts = (first == day).sum(axis=1)
            key = EPOCH + dt.timedelta(days=int(day))
            found[key] = found.get(key, 0.0) + float((row_m2[window.y : window.y + window.height] * counts).sum())
    return found


def first_dates(path: Path, grid: Grid, tables: Sequence[NDArray[Any]]) -> list[list[str | None]]:
    """For each region of each date the date from which most of it is changed for good; None where it is not.

    Parameters
    ----------
    path : Path
        The raster of first changes.
    tables : sequence of arrays of geometries
        The regions of each date.
    """
    votes: dict[tuple[int, int, int], int] = {}
    trees = [shapely.STRtree(regions) for regions in tables]
    for window in tiles(grid.shape, 1024):
        outline = shapely.box(*grid.window_bounds(window))
        near = [tree.query(outline) for tree in trees]
        if not any(found.size for found in near):
            continue
        first = read_window(path, window)
        for table, found in enumerate(near):
            ids = grid.burn([(tables[table][k], int(k) + 1) for k in np.sort(found)], window)
            wanted = (ids > 0) & (first > 0)
            pairs, counts = np.unique(np.stack([ids[wanted], first[wanted]]), axis=1, return_counts=True)
            for (region, day), count in zip(pairs.T, counts, strict=True):
                key = table, int(region) - 1, int(day)
                votes[key] = votes.get(key, 0) + int(count)
    best: dict[tuple[int, int], tuple[int, int]] = {}
    for (table, region, day), count in sorted(votes.items()):
        if count > best.get((table, region), (0, 0))[0]:
            best[table, region] = count, day
    return [
        [str(EPOCH + dt.timedelta(days=best[t, k][1])) if (t, k) in best else None for k in range(len(regions))]
        for t, regions in enumerate(tables)
    ]
