"""One date's files: fed tile by tile, each written whole or not at all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from changedet.blocks import Window, tiles
from changedet.grid import Grid, pixel_area_m2
from changedet.kernels.pixel_classes import CLEAR, SHADE
from changedet.outputs.rasters.classes import date_classes
from changedet.outputs.rasters.encoding import default_nodata
from changedet.outputs.rasters.reading import read_window
from changedet.outputs.rasters.styling import sidecars
from changedet.outputs.rasters.writing import RasterWriter
from changedet.pipeline.date_job import DateWork
from changedet.pipeline.date_model import DateModel
from changedet.pipeline.mask_files import MaskSink, Place, mask_files
from changedet.pipeline.tile import Tile
from changedet.store import RunFolder, write_frame, write_json
from changedet.store.packing import unpack

EPOCH = dt.date(1970, 1, 1)


def files_of_date(folder: RunFolder, work: DateWork, formats: frozenset[str], part: str) -> list[Path]:
    """All files that one part (`datework.PARTS`) of a date's pass writes, or of its ``masks`` where they wait."""
    day = work.look.date
    if part == "boxes":
        return [folder.table("boxes", day)]
    if part == "masks":
        return mask_files(folder, day, formats) if work.compares else []
    rasters = [folder.quality(day)]
    if work.compares and work.persists:
        rasters += [folder.aside("score", day), folder.aside("contrast", day)]
    if work.scene_roles:
        rasters.append(picture_path(folder, day, formats))
    tables = [folder.table("seen", day)]
    own = [] if work.persists else files_of_date(folder, work, formats, "masks")
    return [*rasters, *(side for raster in rasters for side in sidecars(raster)), *tables, *own]


def picture_path(folder: RunFolder, day: dt.date, formats: frozenset[str]) -> Path:
    """Where a date's aligned picture lies."""
    return folder.scene(day) if "scenes" in formats else folder.aside("picture", day)


class DateSink:
    """Takes a date's tiles in any order and leaves its rasters and tables; to be used from one thread.

    Parameters
    ----------
    folder : RunFolder
    work : DateWork
    model : DateModel
        As `measuring.measure` made it.
    formats : set of str
        Which outputs are wanted.
    site : str
        For the tags.
    parts : set of str
        Which of `datework.PARTS` are to be written.
    """

    def __init__(
        self,
        folder: RunFolder,
        work: DateWork,
        model: DateModel,
        formats: frozenset[str],
        site: str,
        parts: frozenset[str],
    ) -> None:
        self.folder, self.work, self.parts = folder, work, parts
        self.received = 0
        self._built: dict[Window, bytes] = {}
        self._boxes: dict[Window, pd.DataFrame] = {}
        self._open = ExitStack()
        self._mask = self._quality = self._score = self._contrast = self._picture = None
        day = work.look.date
        place = Place(folder, work, formats, site)
        if "pixels" in parts:
            words = "why a pixel is usable or not"
            self._quality = self._open.enter_context(
                place.writer(folder.quality(day), "quality", ["quality"], "uint8", 1, words)
            )
        change = model.change or {}
        if work.compares and work.persists:
            words = f"change score of the pair by {change['method']}"
            self._score = self._open.enter_context(
                place.writer(folder.aside("score", day), "score", [words], "float32", float("nan"), words)
            )
            words = "contrast of either date across the outline of what is marked"
            bands = ["reference", "date"]
            self._contrast = self._open.enter_context(
                place.writer(folder.aside("contrast", day), "score", bands, "float32", float("nan"), words)
            )
        elif work.compares:
            self._mask = MaskSink(place, change, f"change score by {change['method']}")
        if work.scene_roles:
            nodata = work.nodata if work.nodata is not None else default_nodata(work.dtype)
            words = "scene on the common grid, aligned and normalised to the reference"
            path = picture_path(folder, day, formats)
            self._picture = self._open.enter_context(
                place.writer(path, "scene", work.scene_roles, work.dtype, nodata, words)
            )

    def take(self, window: Window, tile: Tile) -> None:
        """Write what a tile brings, or keep it packed until all are there."""
        self.received += 1
        if self._quality is not None:
            self._quality.write(window, unpack(tile.quality, window.shape))
        if self._score is not None and tile.score is not None:
            self._score.write(window, tile.score)
        if self._contrast is not None and tile.contrast is not None:
            self._contrast.write(window, tile.contrast)
        if self._picture is not None and tile.picture is not None:
            self._picture.write(window, tile.picture)
        if self._mask is not None and tile.raw is not None and tile.regions is not None and tile.score is not None:
            self._mask.take(window, tile.score, tile.raw, tile.regions)
        if tile.boxes is not None:
            self._boxes[window] = tile.boxes
        if tile.built is not None:
            self._built[window] = tile.built

    def finish(self) -> None:
        """Complete the date's rasters, clean its mask, and write its tables."""
        self._open.close()
        day = self.work.look.date
        if "boxes" in self.parts:
            write_frame(self.folder.table("boxes", day), self._all_boxes())
        if "pixels" not in self.parts:
            return
        if self._mask is not None:
            self._mask.finish()
        write_json(self.folder.table("seen", day), {"built": _built_json(self._built)})

    def abandon(self) -> None:
        """Leave nothing behind of a date that was not finished."""
        error = InterruptedError("not finished")
        self._open.__exit__(type(error), error, None)
        if self._mask is not None:
            self._mask.abandon()

    def _all_boxes(self) -> gpd.GeoDataFrame | pd.DataFrame:
        tables = [self._boxes[window] for window in sorted(self._boxes) if len(self._boxes[window])]
        if not tables or self.work.methods.objects is None:
            return pd.DataFrame()
        # In one order whatever the tiles were, so that ties are broken alike.
        boxes = pd.concat(tables, ignore_index=True).sort_values(["y_px", "x_px", "length_m"], ignore_index=True)
        method = self.work.methods.objects
        kept = method.settle(boxes)
        return kept.assign(counted=kept["confidence"] >= method.count_confidence)


def _built_json(built: dict[Window, bytes]) -> dict[str, str]:
    return {f"{w.y},{w.x},{w.height},{w.width}": packed.hex() for w, packed in sorted(built.items())}


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


def changed_and_seen(path: Path, grid: Grid, areas: Sequence[Any]) -> list[tuple[float, float]]:
    """Ground area in m2 that a mask marks 1, and that it judges at all, in each of some areas (None: everywhere)."""
    return _areas(path, grid, areas, lambda block: (block == 1, block != 255))


def clear_fraction(path: Path, grid: Grid, areas: Sequence[Any]) -> list[float]:
    """Share of each area that a quality raster calls clear, shade included, 0 to 1; NaN for an area without a pixel."""
    pairs = _areas(
        path, grid, areas, lambda block: ((block == CLEAR) | (block == SHADE), np.ones(block.shape, bool)), inside=True
    )
    return [clear / whole if whole else float("nan") for clear, whole in pairs]


def _areas(
    path: Path, grid: Grid, areas: Sequence[Any], classes: Any, *, inside: bool = False
) -> list[tuple[float, float]]:
    sums = np.zeros((len(areas), 2))
    row_m2 = pixel_area_m2(grid)
    for window in tiles(grid.shape, 1024):
        part, whole = classes(read_window(path, window))
        for k, area in enumerate(areas):
            within = grid.inside(window) if area is None or inside else np.ones(window.shape, bool)
            if area is not None:
                within = within & grid.inside(window, area)
            weights = row_m2[window.y : window.y + window.height]
            sums[k] += [(weights * (chosen & within).sum(axis=1)).sum() for chosen in (part, whole)]
    return [(float(a), float(b)) for a, b in sums]


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
