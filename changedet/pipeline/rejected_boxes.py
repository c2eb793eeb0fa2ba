"""Boxes in doubt that the tracks hold and the masks reject: they are clutter, and leave the tracks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import shapely

from changedet.arrays import Bools, Floats, Ints
from changedet.blocks import Window
from changedet.grid import Grid
from changedet.kernels.pixel_classes import CHANGED, NOT_OBSERVED
from changedet.outputs.rasters.reading import read_windows
from changedet.pipeline.base_scores import mean_scores
from changedet.pipeline.box_marks import BoxMarks, Shapes, halo_px
from changedet.stages.tracks.confirmed import CONFIRMED, LISTED_KIND
from changedet.stages.tracks.result import Tracks

TILE_PX: Final = 1024
"""Edge of the windows of a mask that are read at once."""
MARKED: Final = 0.5
"""Share of a base's seen pixels, marked, from which a mask shows that the box came or left: what it accepts is marked
whole, of what it rejects only what the pixels show by themselves."""


def without_rejected(
    tracks: Tracks, marks: Mapping[dt.date, BoxMarks], masks: Mapping[dt.date, Path], grid: Grid
) -> Tracks:
    """Take the boxes in doubt out of the tracks that a mask does not mark.

    Masks are read as they are written, so that the same boxes leave however the site is cut and whichever run wrote it.

    Parameters
    ----------
    tracks : Tracks
    marks : mapping of date to BoxMarks
        Of `box_marks` of these tracks.
    masks : mapping of date to Path
        The written mask of each of these dates.
    grid : Grid

    Returns
    -------
    Tracks
        Without each box that one look alone shows and that the mask of one date or more rejects.
    """
    dropped = np.zeros(len(tracks.tracks), bool)
    for day in sorted(marks):
        own = marks[day]
        rows = np.flatnonzero(own.in_doubt)
        if len(rows):
            # of a base that is not seen the share is NaN: neither for the box nor against it
            dropped[own.track[rows[_marked_shares(own.bases[rows], masks[day], grid) < MARKED]]] = True
    return without_tracks(tracks, dropped)


def without_tracks(tracks: Tracks, dropped: Bools) -> Tracks:
    """Take some tracks out, as if their rows had been read as clutter.

    Parameters
    ----------
    tracks : Tracks
    dropped : bool (track,)

    Returns
    -------
    Tracks
        Their rows are of no track and confirm nothing; ids count from 1 in the order of before. Places and what is
        expected there are as before, and `rejected` keeps them: upper bounds of events include them.
    """
    if not dropped.any():
        return tracks
    kept = ~dropped
    ids = pd.Index(tracks.tracks["track_id"].to_numpy(np.int64))
    number = np.where(kept, np.cumsum(kept), 0)
    rows = tracks.detections.copy()
    own = np.flatnonzero(rows["track_id"].notna().to_numpy(bool))
    track = np.zeros(len(rows), np.int64)
    track[own] = number[ids.get_indexer(rows["track_id"].iloc[own].astype(np.int64))]
    gone = np.zeros(len(rows), bool)
    gone[own] = track[own] == 0
    rows["track_id"] = pd.Series(track, rows.index, dtype="Int64").mask(track == 0)
    if CONFIRMED in rows:
        rows[CONFIRMED] = rows[CONFIRMED].mask(gone)
        kinds = rows[LISTED_KIND].to_numpy(object).copy()
        kinds[gone] = None
        rows[LISTED_KIND] = kinds
    table = tracks.tracks[kept].reset_index(drop=True)
    table["track_id"] = number[kept].astype(table["track_id"].dtype)
    left = replace(tracks, detections=rows, tracks=table, presence=tracks.presence[kept], seen=tracks.seen[kept])
    return replace(left, rejected=tracks.tracks[dropped])


def _marked_shares(bases: Shapes, path: Path, grid: Grid) -> Floats:
    """Share (base,) of the seen pixels that a mask marks; NaN where none is seen."""
    shares = np.full(len(bases), np.nan)
    parts = list(_in_tiles(bases, grid))
    for (own, window), mask in zip(parts, read_windows(path, [window for _, window in parts]), strict=True):
        marked = np.where(mask == NOT_OBSERVED, np.nan, mask == CHANGED).astype(np.float32)
        shares[own] = mean_scores(bases[own], marked, grid, window)
    return shares


def _in_tiles(bases: Shapes, grid: Grid) -> Iterator[tuple[Ints, Window]]:
    """The bases by the tile that holds their centre, and a window that holds them whole."""
    centres = shapely.get_coordinates(shapely.centroid(bases))
    columns, rows = ~grid.transform @ (centres[:, 0], centres[:, 1])
    tile = np.floor(np.column_stack([rows, columns]) / TILE_PX).astype(np.int64)
    for y, x in np.unique(tile, axis=0):
        own = np.flatnonzero((tile == (y, x)).all(axis=1))
        yield own, Window(int(y) * TILE_PX, int(x) * TILE_PX, TILE_PX, TILE_PX).grown(halo_px(grid))
