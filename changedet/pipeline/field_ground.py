"""Ground in the colour of a site's own fields: it is not surely built, however much it looks like a yard."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import cv2
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from changedet.arrays import Bools
from changedet.blocks import Window
from changedet.grid import Grid
from changedet.imagery.bands import is_sar
from changedet.kernels.pixel_classes import CLEAR, NODATA
from changedet.pipeline.date_model import DateModel
from changedet.plan import Plan
from changedet.stages.footprint.kernels.field_colours import LEAST_DATES, FieldDate, field_date, like_fields

ROLES: Final = ("blue", "green", "red", "nir")
CELL_M: Final = 2.0
"""Finer pixels are averaged to it, as for clouds: fields are wide."""
MOST_PX: Final = 500_000
"""Of each date in the memory at once: five bytes a cell are kept of all of them."""
RIM_M: Final = 3.0
"""Around what is built or marked no soil is learnt. Chosen by hand."""


def field_ground(
    plan: Plan,
    models: Mapping[dt.date, DateModel],
    built: Sequence[BaseGeometry],
    marks: Sequence[BaseGeometry],
) -> BaseGeometry:
    """Outline what has the colour of the site's own bare fields.

    Parameters
    ----------
    plan : Plan
        Its passes are done.
    models : mapping of date to DateModel
    built : sequence of geometry
        Of each date, its likely footprint.
    marks : sequence of geometry
        Of each date, all that its mask marks.

    Returns
    -------
    geometry
        In the grid's CRS; empty without near infrared, or where no two dates show fields that another shows green.
    """
    if not set(ROLES) <= set(plan.roles) or is_sar(plan.roles) or len(plan.looks) < LEAST_DATES:
        return shapely.MultiPolygon()
    rows, columns = plan.grid.shape
    fine, few = CELL_M / plan.grid.ground_resolution_m, math.sqrt(rows * columns / MOST_PX)
    factor = max(1, round(fine), math.ceil(few))
    grid = plan.grid.coarsened(factor)
    cell_m, rim = grid.ground_resolution_m, RIM_M * plan.grid.ground_metre
    made = [_burnt([shapely.buffer(one, rim) for one in pair], grid) for pair in zip(built, marks, strict=True)]
    return shapely.union_all(grid.outlines(like_fields([*_dates(plan, models, grid, factor)], made, cell_m), 0, 0))


def _dates(plan: Plan, models: Mapping[dt.date, DateModel], grid: Grid, factor: int) -> Iterator[FieldDate]:
    for look in plan.looks:
        model = models[look.date]
        image, quality = look.overview(plan.grid, factor, ROLES, model.alignment.displacement)
        seen = np.asarray(quality != NODATA, bool)
        if model.mask is not None:
            rows, columns = seen.shape
            classes = cv2.resize(model.mask.unpacked(), (columns, rows), interpolation=cv2.INTER_NEAREST)
            seen &= classes == CLEAR
        yield field_date(image, seen, grid.ground_resolution_m)


def _burnt(shapes: Sequence[BaseGeometry], grid: Grid) -> Bools:
    return np.asarray(grid.burn([(one, 1) for one in shapes if not one.is_empty], Window(0, 0, *grid.shape)) > 0, bool)
