"""Random tiles of a run, drawn for a person to label."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from changedet.arrays import Bools, Ints
from changedet.assess import reopen
from changedet.assess.labels import Shapes
from changedet.errors import InputError
from changedet.grid import Grid
from changedet.outputs.gpkg.labels import write_labels
from changedet.pipeline.finished import Run
from changedet.stages.tracks.visibility import SeriesVisibility

TILE_M: Final = 48.0
"""Wide enough that few boxes lie on its edge, small enough to label in a minute."""
BUSY_SHARE: Final = 0.75
"""Of the drawn tiles, those with a box: empty ground adds little to a calibration."""
MOST_TRIES: Final = 40
"""Squares looked at for each tile that is wanted, before too few count as seen."""
FEWEST_TILES: Final = 8
LEAST_CLEAR_FRACTION: Final = 0.6
"""Share of a tile that its date must show: who labels can count nothing under a cloud, the series does. Deep
shade is not clear either, so that more would leave out dense blocks under a low sun."""


def check_draw(path: Path, tiles: int) -> None:
    """Refuse what `draw_labels` would refuse, whatever the run.

    Parameters
    ----------
    path : pathlib.Path
        Where the tiles would be written.
    tiles : int
        How many are wanted.

    Raises
    ------
    InputError
        The file exists, its folder does not, or fewer than `FEWEST_TILES` are wanted.
    """
    if path.exists():
        raise InputError(f"{path}: exists, and may hold labels; move it away to draw other tiles")
    if not path.parent.is_dir():
        raise InputError(f"{path}: there is no folder '{path.parent}'; make it first")
    if tiles < FEWEST_TILES:
        raise InputError(f"--draw: {tiles}, expected {FEWEST_TILES} or more")


def draw_labels(finished: Run, path: str | Path, *, tiles: int, seed: int = 0) -> str:
    """Write random tiles of a run for a person to label: three in four of them with a box in it.

    Parameters
    ----------
    finished : Run
        Whose containers were counted.
    path : path
        A new GeoPackage.
    tiles : int
        How many, 8 or more.
    seed : int
        The same seed takes the same tiles.

    Returns
    -------
    str
        What to do next.

    Raises
    ------
    InputError
        Nothing was counted, the file exists (it may hold labels), or too few places can be seen.
    """
    target = Path(path)
    check_draw(target, tiles)
    days = reopen.counted_days(finished)
    grid = finished.grid
    folder = finished.folder
    rows, _ = reopen.boxes(finished, folder, grid, days)
    drawn = _draw(rows, reopen.looks(finished, folder, grid, days)[0], grid, days, tiles, np.random.default_rng(seed))
    if len(drawn) < tiles:
        raise InputError(f"{finished.path}: {len(drawn)} places of {TILE_M:g} m can be seen, too few for {tiles} tiles")
    write_labels(target, drawn, [str(day) for day in days])
    return "\n".join(
        (
            str(target),
            f"1. Open it in QGIS over the run's scenes. Layer 'tiles' holds {tiles} squares, each with its",
            "   date. On that date's scene draw every container whose centre lies in the square, as a rectangle,",
            "   into layer 'containers', with the date; give what is none (trailer, bus) the kind 'other' or leave it.",
            "2. Set 'labelled' on every square that is done, also where it holds nothing; not where you cannot tell.",
            "3. Save, then give the command again without --draw.",
        )
    )


def _draw(
    rows: gpd.GeoDataFrame,
    looks: SeriesVisibility,
    grid: Grid,
    days: Sequence[dt.date],
    wanted: int,
    rng: np.random.Generator,
) -> gpd.GeoDataFrame:
    """Random squares that their date shows, of two strata: with a box, weak ones too, and without."""
    # Boxes of a date that is not counted show no place that a person may label.
    squares, busy = _squares(rows[rows["date"].dt.date.isin(days)], grid, days)
    inside = shapely.contains(grid.area.buffer(1e-6 * TILE_M), squares)
    with_box = rng.permutation(np.flatnonzero(busy & inside))
    without_box = rng.permutation(np.flatnonzero(~busy & inside))
    most_tries = MOST_TRIES * wanted
    visible = _Visible(looks, squares)
    picks_with = visible.first(with_box[:most_tries], round(BUSY_SHARE * wanted))
    picks_without = visible.first(without_box[:most_tries], wanted - len(picks_with))
    picks_with = visible.first(with_box[:most_tries], wanted - len(picks_without))
    found = [
        (str(days[pick // len(squares)]), len(members) / len(picks), squares[pick % len(squares)])
        for members, picks in ((with_box, picks_with), (without_box, picks_without))
        for pick in picks
    ]
    frame = gpd.GeoDataFrame(found, columns=["date", "weight", "geometry"], geometry="geometry", crs=grid.crs)
    return frame.assign(weight=frame["weight"] / frame["weight"].mean() if len(frame) else frame["weight"])


def _squares(rows: gpd.GeoDataFrame, grid: Grid, days: Sequence[dt.date]) -> tuple[Shapes, Bools]:
    """Squares (square,) side by side over the area, and on which dates (date, square) they hold a box."""
    size = TILE_M * grid.resolution_m / grid.ground_resolution_m
    west, south, east, north = grid.area.bounds
    across, down = max(1, int((east - west) // size)), max(1, int((north - south) // size))
    x, y = np.meshgrid(west + size * np.arange(across), south + size * np.arange(down))
    squares = shapely.box(x.ravel(), y.ravel(), x.ravel() + size, y.ravel() + size)
    centres = shapely.get_coordinates(rows.geometry.centroid.to_numpy())
    column = np.floor((centres[:, 0] - west) / size).astype(int)
    row = np.floor((centres[:, 1] - south) / size).astype(int)
    placed = (column >= 0) & (column < across) & (row >= 0) & (row < down)
    index = {day: i for i, day in enumerate(days)}
    when = np.array([index[day] for day in rows["date"].dt.date], int)
    busy = np.zeros((len(days), len(squares)), bool)
    busy[when[placed], (row * across + column)[placed]] = True
    return squares, busy


class _Visible(NamedTuple):
    """Which squares their dates show; a square of a date is numbered ``date * squares + square``."""

    looks: SeriesVisibility
    squares: Shapes

    def first(self, members: Ints, most: int) -> list[int]:
        """The first of some squares that can be seen."""
        kept: list[int] = []
        for pick in members.tolist():
            if len(kept) >= most:
                break
            date, square = divmod(pick, len(self.squares))
            if clear_fraction(self.looks, date, self.squares[square]) >= LEAST_CLEAR_FRACTION:
                kept.append(pick)
        return kept


def clear_fraction(looks: SeriesVisibility, i: int, shape: BaseGeometry) -> float:
    """Part of a polygon that a date shows, from points a tenth of its extent apart.

    Parameters
    ----------
    looks : SeriesVisibility
        What each date saw.
    i : int
        Index of the date.
    shape : shapely geometry
        A polygon in the grid's CRS.

    Returns
    -------
    float
        0 to 1.
    """
    west, south, east, north = shape.bounds
    x, y = np.meshgrid(np.linspace(west, east, 12)[1:-1], np.linspace(south, north, 12)[1:-1])
    inside = shapely.contains_xy(shape, x, y)
    points = np.column_stack([x[inside], y[inside]])
    return float(looks.clear(i, points if len(points) else np.array(shape.representative_point().coords)).mean())
