"""What each date of a run shows at points, for the tracks: clear ground from quality rasters, light from scenes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from changedet.arrays import Bools, Bytes, Floats, Singles
from changedet.blocks import Window
from changedet.grid import Grid
from changedet.imagery.angles import ViewAngles
from changedet.imagery.look import Look
from changedet.imagery.stand_ins import is_grey_among
from changedet.kernels.pixel_classes import CLOUD, GREY, HAZE, NODATA, PATCHES, SHADE, SHADOW, SHOWS_BOXES
from changedet.outputs.rasters.reading import read_window
from changedet.pipeline.date_model import DateModel
from changedet.pipeline.kept_light import BOX_LIGHT, OUTLINE_LIGHT, ROOF_LIGHT, keep_light, kept_light
from changedet.pipeline.shade import light_of
from changedet.plan import Plan
from changedet.stages.tracks.appearance import light_of_boxes
from changedet.stages.tracks.kernels.box_outline import POINTS
from changedet.stages.tracks.kernels.likeness import ALONG
from changedet.stages.tracks.outline_odds import light_of_outlines
from changedet.stages.tracks.roof_light import light_of_roofs
from changedet.stages.tracks.visibility import SeriesVisibility
from changedet.store import RunFolder

LOOKUP_PX: Final = 512
"""Edge of the lattice cells by which points are looked up."""

MOST_SHOWN: Final = 32
"""Windows of quality rasters that are kept, a quarter of a megabyte each: of eight dates of a site of 520 px all."""

LIGHT_DIGITS: Final = 4
"""Decimals of light: what is kept for a later run is what this one used."""

ROOF_BANDS: Final = ("blue", "green", "red", "nir")
"""In the order of the kernel `likeness`."""

COLOURS: Final = 3
"""Of these, without which no roofs are compared."""

_LightOf: TypeAlias = Callable[[Callable[[Floats], Floats], Floats, Floats, Floats, float], Floats]

_Fill: TypeAlias = Callable[[NDArray[np.intp], Floats, Floats, Window], None]


@dataclass(frozen=True)
class SceneLight:
    """The light that dates show, read once more from their scenes, so that no image need be kept.

    Attributes
    ----------
    grid : Grid
    looks : tuple of Look
    roles : tuple of str
        The bands that all dates share.
    models : mapping of date to DateModel
        Of each date.
    """

    grid: Grid
    looks: tuple[Look, ...]
    roles: tuple[str, ...]
    models: Mapping[dt.date, DateModel]

    def read(self, i: int, window: Window) -> Singles:
        """Read a window of a date on its own scale of light.

        Parameters
        ----------
        i : int
            Index of the date.
        window : Window
            Of the grid.

        Returns
        -------
        float32 (band, y, x)
            0 at the date's dark end and 1 on its usual ground; NaN is no data, all of it where these are not known and
            of a grey picture among colours.
        """
        look = self.looks[i]
        model = self.models[look.date]
        if model.shade is None or is_grey_among(look, self.looks):
            return np.full((len(self.roles), *window.shape), np.nan, np.float32)
        image, _ = look.read(self.grid, window, self.roles, model.alignment.displacement)
        return light_of(image, model.shade)

    def at(self, i: int, points: Floats) -> Floats:
        """Interpolate the light at points.

        Parameters
        ----------
        i : int
            Index of the date.
        points : float64 (n, 2)
            In the grid's CRS.

        Returns
        -------
        float64 (n, band)
            Bilinear; NaN outside the grid and beside no data.
        """
        out = np.full((len(points), len(self.roles)), np.nan)

        def _fill(index: NDArray[np.intp], rows: Floats, columns: Floats, window: Window) -> None:
            # Imported here, as it takes a while to load and not every run needs it.
            from scipy.ndimage import map_coordinates

            # Neighbours of the outermost pixels' centres lie one beyond.
            wide = window.grown(1)
            at = rows - wide.y - 0.5, columns - wide.x - 0.5
            for k, band in enumerate(self.read(i, wide)):
                out[index, k] = map_coordinates(band, at, order=1, mode="nearest")

        _fill_by_cell(self.grid, points, _fill)
        return out


@dataclass(frozen=True)
class RunLooks(SeriesVisibility):
    """What each date of a run shows, from its quality rasters; its light from scenes, or as an earlier run kept it.

    Attributes
    ----------
    folder : RunFolder
    grid : Grid
    dates : tuple of date
        Sorted.
    scenes : SceneLight or None
        None in a finished run, which has the light that it kept.
    views : tuple of ViewAngles or None
        Of each date; empty where none is known.
    distances : tuple of float
        Of each scene from what the detector was fitted on, NaN where that is not known; empty where it is of none.
    formats : set of str
        Outputs of the run, which decide where its quality rasters lie.
    taken : dict of str and int to list of (float64 (n, 2), float64 (n, ..))
        By what it is, of `KEPT_LIGHT`, and date the points and light that were read so far.
    shown : dict of int and Window to uint8 (y, x)
        Of the dates' quality rasters some windows that were read last: the tracks ask nine times of each date.
    """

    folder: RunFolder
    grid: Grid
    dates: tuple[dt.date, ...]
    scenes: SceneLight | None = None
    views: tuple[ViewAngles | None, ...] = ()
    distances: tuple[float, ...] = ()
    formats: frozenset[str] = frozenset({"masks"})
    taken: dict[tuple[str, int], list[tuple[Floats, Floats]]] = field(default_factory=dict)
    shown: dict[tuple[int, Window], Bytes] = field(default_factory=dict)

    @property
    def ground_metre(self) -> float:
        """A metre on the ground in units of the CRS."""
        return self.grid.ground_metre

    def clear(self, i: int, points: Floats) -> Bools:
        """False in deep shade."""
        return np.asarray(np.isin(self._quality(i, points), SHOWS_BOXES))

    def covered(self, i: int, points: Floats) -> Bools:
        """False in deep shade."""
        return ~np.isin(self._quality(i, points), (*SHOWS_BOXES, SHADE))

    def clouded(self, i: int, points: Floats) -> Bools:
        """False where there is no data."""
        return np.isin(self._quality(i, points), (CLOUD, SHADOW, HAZE))

    def snowed(self, i: int, points: Floats) -> Bools:
        """True on narrow rims of patches, too, and wherever a grey picture has no colours."""
        return np.isin(self._quality(i, points), (PATCHES, GREY))

    def light(self, i: int, xy: Floats, length: Floats, angle: Floats) -> Floats | None:
        """None where a finished run kept none."""
        if self.scenes is None:
            kept = kept_light(self.folder.table(BOX_LIGHT, self.dates[i]), xy, 3, self.ground_metre)
            return None if kept is None else np.moveaxis(kept, 1, 0)
        found = np.round(light_of_boxes(partial(self.scenes.at, i), xy, length, angle, self.ground_metre), LIGHT_DIGITS)
        self.taken.setdefault((BOX_LIGHT, i), []).append((xy, np.moveaxis(found, 1, 0)))
        return found

    def roof_light(self, i: int, xy: Floats, length: Floats, angle: Floats) -> Floats | None:
        """Of `ROOF_BANDS`; None without colours, and where a finished run kept none."""
        if self.scenes is None:
            return kept_light(self.folder.table(ROOF_LIGHT, self.dates[i]), xy, ALONG, self.ground_metre)
        return self._in_colour(ROOF_LIGHT, light_of_roofs, i, (xy, length, angle))

    def outline_light(self, i: int, xy: Floats, length: Floats, angle: Floats) -> Floats | None:
        """Of `ROOF_BANDS`; None without colours, and where a finished run kept none."""
        if self.scenes is None:
            return kept_light(self.folder.table(OUTLINE_LIGHT, self.dates[i]), xy, POINTS, self.ground_metre)
        return self._in_colour(OUTLINE_LIGHT, light_of_outlines, i, (xy, length, angle))

    def relief_displacement(self, i: int) -> tuple[float, float] | None:
        """None where the view is not known."""
        view = self.views[i] if self.views else None
        return None if view is None else view.displacement

    def distance(self, i: int) -> float:
        """NaN where it is not known."""
        return self.distances[i] if self.distances else float("nan")

    def keep_light(self) -> None:
        """Keep the light that was read, so that the finished run can be followed again without its scenes."""
        keep_light(self.folder, self.dates, self.taken)

    def _in_colour(self, name: str, of_boxes: _LightOf, i: int, boxes: tuple[Floats, Floats, Floats]) -> Floats | None:
        """Light of boxes of one of `KEPT_LIGHT`, which is to be kept; None of a run without scenes or colours."""
        if self.scenes is None or not set(ROOF_BANDS[:COLOURS]) <= set(self.scenes.roles):
            return None
        bands = [self.scenes.roles.index(role) for role in ROOF_BANDS if role in self.scenes.roles]
        found = np.round(of_boxes(partial(self.scenes.at, i), *boxes, self.ground_metre)[..., bands], LIGHT_DIGITS)
        self.taken.setdefault((name, i), []).append((boxes[0], found))
        return found

    def _quality(self, i: int, points: Floats) -> Bytes:
        """Class (n,) of each point, of `changedet.kernels.pixel_classes`; no data outside the grid."""
        out = np.full(len(points), NODATA, np.uint8)

        def fill(index: NDArray[np.intp], rows: Floats, columns: Floats, window: Window) -> None:
            quality = self._shown(i, window)
            out[index] = quality[np.floor(rows).astype(int) - window.y, np.floor(columns).astype(int) - window.x]

        _fill_by_cell(self.grid, points, fill)
        return out

    def _shown(self, i: int, window: Window) -> Bytes:
        kept = self.shown.get((i, window))
        if kept is not None:
            return kept
        read: Bytes = read_window(self.folder.quality_file(self.dates[i], self.formats), window)
        if len(self.shown) >= MOST_SHOWN:
            self.shown.clear()
        self.shown[i, window] = read
        return read


def looks_of(
    plan: Plan, models: Mapping[dt.date, DateModel], days: Sequence[dt.date], distances: Sequence[float] = ()
) -> RunLooks:
    """Show some dates of a plan to the tracks, with the light of their scenes.

    Parameters
    ----------
    plan : Plan
    models : mapping of date to DateModel
    days : sequence of date
        Sorted.
    distances : sequence of float, optional
        Of their scenes from what the detector was fitted on.

    Returns
    -------
    RunLooks
        For the stage tracks.
    """
    looks = tuple(look for look in plan.looks if look.date in set(days))
    scenes = SceneLight(plan.grid, looks, plan.roles, models)
    views = tuple(look.view for look in looks)
    return RunLooks(plan.folder, plan.grid, tuple(days), scenes, views, tuple(distances), plan.formats)


def _fill_by_cell(grid: Grid, points: Floats, fill: _Fill) -> None:
    """Call ``fill(index, rows, columns, window)`` with the points in each cell of a fixed lattice of the grid."""
    to_pixel = ~grid.transform
    columns = to_pixel.a * points[:, 0] + to_pixel.b * points[:, 1] + to_pixel.c
    rows = to_pixel.d * points[:, 0] + to_pixel.e * points[:, 1] + to_pixel.f
    height, width = grid.shape
    inside = (rows >= 0) & (columns >= 0) & (rows < height) & (columns < width)
    across = width // LOOKUP_PX + 1
    cell = np.where(inside, np.floor(rows / LOOKUP_PX) * across + np.floor(columns / LOOKUP_PX), -1).astype(int)
    for number in np.unique(cell[inside]):
        index = np.flatnonzero(cell == number)
        y, x = int(number) // across * LOOKUP_PX, int(number) % across * LOOKUP_PX
        window = Window(y, x, min(LOOKUP_PX, height - y), min(LOOKUP_PX, width - x))
        fill(index, rows[index], columns[index], window)
