"""What each date of a run saw, for the tracks: clear ground from the kept quality rasters, light from the scenes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates
from scipy.spatial import cKDTree

from changedet.blocks import Window
from changedet.grid import Grid
from changedet.imagery.look import Look
from changedet.kernels.pixel_classes import CLEAR, NODATA, SHADE
from changedet.outputs.rasters.reading import read_window
from changedet.pipeline.date_model import DateModel
from changedet.pipeline.shade import light_of
from changedet.plan import Plan
from changedet.stages.tracks.appearance import light_of_boxes
from changedet.store import RunFolder, read_frame, write_frame

_LOOKUP_PX: Final = 512
_DIGITS: Final = 4
"""Of light, so that what is kept says what was seen."""
_SAME_M: Final = 0.5
"""Nearer than that a box is the one that was asked about."""
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Pictures:
    """The light that dates show, read once more from their scenes, so that no picture need be kept.

    Attributes
    ----------
    grid : Grid
    looks : tuple of Look
    roles : tuple of str
        The bands that all dates share.
    models : mapping of date to DateModel
        What was measured of each date.
    """

    grid: Grid
    looks: tuple[Look, ...]
    roles: tuple[str, ...]
    models: Mapping[dt.date, DateModel]

    def light(self, i: int, window: Window) -> NDArray[np.float32]:
        """Light (band, y, x), 0 at the date's dark end and 1 at its usual ground; NaN where nothing tells that."""
        look = self.looks[i]
        levels = self.models[look.date].shade
        if levels is None:
            return np.full((len(self.roles), *window.shape), np.nan, np.float32)
        displacement = self.models[look.date].alignment.displacement
        image, _ = look.read(self.grid, window, self.roles, displacement)
        return light_of(image, levels)


@dataclass(frozen=True)
class SeenLooks:
    """Looks for the tracks stage; without pictures, those of a finished run have the light that it kept."""

    folder: RunFolder
    grid: Grid
    dates: tuple[dt.date, ...]
    pictures: Pictures | None = None
    taken: dict[int, list[tuple[Floats, Floats]]] = field(default_factory=dict)

    def clear(self, i: int, points: Floats) -> NDArray[np.bool_]:
        return np.asarray(self._quality(i, points) == CLEAR)

    def covered(self, i: int, points: Floats) -> NDArray[np.bool_]:
        return ~np.isin(self._quality(i, points), (CLEAR, SHADE))

    def light(self, i: int, xy: Floats, length: Floats, angle: Floats) -> Floats | None:
        if self.pictures is None:
            return self._kept_light(i, xy)
        found = np.round(light_of_boxes(partial(self._picture, self.pictures, i), xy, length, angle), _DIGITS)
        self.taken.setdefault(i, []).append((xy, found))
        return found

    def keep_light(self) -> None:
        """Keep what was asked of the pictures, so that a finished run can be followed again without them."""
        for i, parts in self.taken.items():
            xy, light = np.concatenate([xy for xy, _ in parts]), np.concatenate([found for _, found in parts], axis=1)
            columns = np.column_stack([xy, np.moveaxis(light, 1, 0).reshape(len(xy), -1)])
            write_frame(self.folder.table("light", self.dates[i]), pd.DataFrame(columns).rename(columns=str))

    def _kept_light(self, i: int, xy: Floats) -> Floats | None:
        path = self.folder.table("light", self.dates[i])
        if not path.exists():
            return None
        columns = read_frame(path).to_numpy(np.float64)
        _, nearest = cKDTree(columns[:, :2]).query(xy, distance_upper_bound=_SAME_M)
        told = np.vstack([columns[:, 2:], np.full(columns.shape[1] - 2, np.nan)])[nearest]
        return np.asarray(np.moveaxis(told.reshape(len(xy), 3, -1), 1, 0), np.float64)

    def _picture(self, pictures: Pictures, i: int, points: Floats) -> Floats:
        """Light (n, band) at points; NaN outside the grid."""
        out = np.full((len(points), len(pictures.roles)), np.nan)

        def fill(index: NDArray[np.intp], rows: Floats, columns: Floats, window: Window) -> None:
            # Neighbours of the outermost pixels' centres lie one beyond.
            wide = window.grown(1)
            at = rows - wide.y - 0.5, columns - wide.x - 0.5
            for k, band in enumerate(pictures.light(i, wide)):
                out[index, k] = map_coordinates(band, at, order=1, mode="nearest")

        self._by_window(points, fill)
        return out

    def _quality(self, i: int, points: Floats) -> NDArray[np.uint8]:
        """Class (n,) of each point, see `changedet.kernels.pixel_classes`; no data outside the grid."""
        out = np.full(len(points), NODATA, np.uint8)

        def fill(index: NDArray[np.intp], rows: Floats, columns: Floats, window: Window) -> None:
            quality = read_window(self.folder.quality(self.dates[i]), window)
            out[index] = quality[np.floor(rows).astype(int) - window.y, np.floor(columns).astype(int) - window.x]

        self._by_window(points, fill)
        return out

    def _by_window(self, points: Floats, fill: Callable[[NDArray[np.intp], Floats, Floats, Window], None]) -> None:
        """Call ``fill(index, rows, columns, window)`` with the points in each cell of a fixed lattice of the grid."""
        to_pixel = ~self.grid.transform
        columns = to_pixel.a * points[:, 0] + to_pixel.b * points[:, 1] + to_pixel.c
        rows = to_pixel.d * points[:, 0] + to_pixel.e * points[:, 1] + to_pixel.f
        height, width = self.grid.shape
        inside = (rows >= 0) & (columns >= 0) & (rows < height) & (columns < width)
        cell = np.floor(np.stack([rows, columns], axis=1) / _LOOKUP_PX).astype(int)
        for top, left in np.unique(cell[inside], axis=0):
            index = np.flatnonzero(inside & (cell == (top, left)).all(axis=1))
            y, x = int(top) * _LOOKUP_PX, int(left) * _LOOKUP_PX
            window = Window(y, x, min(_LOOKUP_PX, height - y), min(_LOOKUP_PX, width - x))
            fill(index, rows[index], columns[index], window)


def seen_looks(plan: Plan, models: Mapping[dt.date, DateModel], days: Sequence[dt.date]) -> SeenLooks:
    """The looks of a plan's dates, with the light of their scenes."""
    looks = tuple(look for look in plan.looks if look.date in set(days))
    return SeenLooks(plan.folder, plan.grid, tuple(days), Pictures(plan.grid, looks, plan.roles, models))
