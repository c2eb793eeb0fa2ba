"""How much of some ground a date shows as open water, looked at where a series has a reason to."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from typing import Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from changedet.arrays import Bools, Bytes
from changedet.blocks import Window
from changedet.imagery.bands import is_sar
from changedet.kernels import components
from changedet.kernels.pixel_classes import GREY, NODATA, SNOW
from changedet.pipeline.date_model import DateModel
from changedet.pipeline.things.open_water import COLOURS, NEEDED, blue_water, open_water
from changedet.pipeline.things.working_pixels import at_corners
from changedet.plan import Plan
from changedet.store.packing import pack, unpack

PIXEL_M: Final = 1.0
"""Finer pixels are averaged to it: cells of the footprint are as large."""
MOST_PX: Final = 2_000_000
"""Of a date in the memory at once, as of the overview that a date is measured by."""
LEAST_DARK: Final = 0.5
"""Share of some ground that is darker in the near infrared than in green, as all water is, from which a whole date is
looked at for open water: most ground that differs between dates is a yard or a field. Chosen by hand."""
LASTING_SHARE: Final = 2 / 3
"""Share of the dates which show a place that must show water there for a water to be one: of 44 dry series of other
hands three had a yard of dark asphalt that was water on one or two dates of five (docs/research/footprint.md)."""
DRY, WET, HIDDEN = 0, 1, 2


class Waters:
    """Open water of a run's dates; each is looked for once, where it is wanted first.

    Parameters
    ----------
    plan : Plan
        Its passes are done.
    models : mapping of date to DateModel

    Attributes
    ----------
    by_colour : bool
        Whether water is known by red and blue alone.
    """

    def __init__(self, plan: Plan, models: Mapping[dt.date, DateModel]) -> None:
        self._plan, self._models = plan, models
        self._tells = set(plan.roles) >= NEEDED and not is_sar(plan.roles)
        # Grey pictures are read as three alike bands, of which none is bluer.
        self.by_colour = not self._tells and set(plan.roles) >= COLOURS and not plan.facts.panchromatic
        rows, columns = plan.grid.shape
        fine, few = PIXEL_M / plan.grid.ground_resolution_m, math.sqrt(rows * columns / MOST_PX)
        self._factor = max(1, round(fine), math.ceil(few))
        self._grid = plan.grid.coarsened(self._factor)
        self._found: dict[int, bytes] = {}
        self._lasts: Bools | None = None

    def share(self, index: int, ground: BaseGeometry) -> float:
        """The share of some ground that a date shows as open water.

        Parameters
        ----------
        index : int
            Of the date.
        ground : geometry
            In the grid's CRS.

        Returns
        -------
        float
            0 to 1, of what is shown of it; 0 where nothing is, where little of it is dark in the near infrared, and
            without the bands that water is known by. By colours alone of what `lasting` knows: a field may be water on
            one date.
        """
        if not (self._tells or self.by_colour):
            return 0.0
        window = self._grid.window_about(ground)
        if self._tells and index not in self._found and not self._may_be_water(index, window, ground):
            return 0.0
        wet = self._lasting(index) if self.by_colour else self._classes(index) == WET
        inside = self._grid.inside(window, ground)
        part = (slice(window.y, window.y + window.height), slice(window.x, window.x + window.width))
        return float(wet[part][inside].sum() / max(1, (self._classes(index)[part][inside] != HIDDEN).sum()))

    def lasting(self) -> list[BaseGeometry]:
        """The open water of each date, as far as the series bears it out.

        Returns
        -------
        list of geometry
            Of each date in the grid's CRS: waters of which a part is water on `LASTING_SHARE` of the dates that show
            it, so also where a ship lies on most of them. All are empty without the bands that water is known by:
            green and near infrared, or else red and blue, which know blue water alone.
        """
        looks = range(len(self._plan.looks))
        if not self._kept().any():
            return [shapely.MultiPolygon() for _ in looks]
        return [shapely.union_all(self._grid.outlines(self._lasting(index), 0, 0)) for index in looks]

    def _kept(self) -> Bools:
        """What is water on `LASTING_SHARE` of the dates that show it; looks until too many show no water at all."""
        if self._lasts is None:
            self._lasts = self._looked_over()
        return self._lasts

    def _looked_over(self) -> Bools:
        wet, shown = (np.zeros(self._grid.shape, np.int32) for _ in range(2))
        looks, dry = len(self._plan.looks), 0
        for index in range(looks if self._tells or self.by_colour else 0):
            seen = self._classes(index)
            own = seen == WET
            wet, shown, dry = wet + own, shown + (seen != HIDDEN), dry + (not own.any())
            if dry > (1 - LASTING_SHARE) * looks:
                return np.zeros(self._grid.shape, bool)
        return np.asarray((wet > 0) & (wet >= LASTING_SHARE * shown))

    def _lasting(self, index: int) -> Bools:
        """Waters of a date that reach into what lasts."""
        if not self._kept().any():
            return self._kept()
        labels = components.label((self._classes(index) == WET).astype(np.uint8))
        joined = np.bincount(labels.ravel(), self._kept().ravel()) > 0
        joined[0] = False
        return np.asarray(joined[labels])

    def _may_be_water(self, index: int, window: Window, ground: BaseGeometry) -> bool:
        """Whether ground may be water by its own pixels, without a look at the whole date."""
        look = self._plan.looks[index]
        moved = self._models[look.date].alignment.displacement
        image, quality = look.read(self._grid, window, ("green", "nir"), moved)
        shown = (quality != NODATA) & self._grid.inside(window, ground)
        return bool(shown.any() and (image[1] < image[0])[shown].mean() >= LEAST_DARK)

    def _classes(self, index: int) -> Bytes:
        if index not in self._found:
            self._found[index] = pack(self._looked_for(index))
        return unpack(self._found[index], self._grid.shape)

    def _looked_for(self, index: int) -> Bytes:
        plan, look = self._plan, self._plan.looks[index]
        moved = self._models[look.date].alignment.displacement
        image, quality = look.overview(plan.grid, self._factor, plan.roles, moved)
        # Snow swallows near infrared as water does, and a grey picture among colours has none.
        kept = at_corners(plan.quality_file(look.date), plan.grid, self._grid)
        shown: Bools = (quality != NODATA) & ~np.isin(kept, (SNOW, GREY))
        find = blue_water if self.by_colour else open_water
        wet = find(image, plan.roles, self._grid.ground_resolution_m)
        return np.where(shown, np.where(wet, WET, DRY), HIDDEN).astype(np.uint8)
