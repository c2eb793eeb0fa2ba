"""A site's own fields: their ground is not surely built, and what is planted later is not built yet."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

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
from changedet.stages.footprint.kernels.field_colours import (
    LEAST_DATES,
    FieldDate,
    field_date,
    like_fields,
    planted_ever,
    planted_later,
)

ROLES: Final = ("blue", "green", "red", "nir")
CELL_M: Final = 2.0
"""Finer pixels are averaged to it, as for clouds: fields are wide."""
MOST_PX: Final = 500_000
"""Of each date in the memory at once: five bytes a cell are kept of all of them."""
RIM_M: Final = 3.0
"""Around what is built or marked no soil is learnt. Chosen by hand."""


class Fields(NamedTuple):
    """What the dates of a run show of fields.

    Attributes
    ----------
    dates : list of FieldDate
        In the order of time.
    grid : Grid
        Of their cells.
    rim : float
        `RIM_M` in units of the CRS.
    """

    dates: list[FieldDate]
    grid: Grid
    rim: float


def read_fields(plan: Plan, models: Mapping[dt.date, DateModel]) -> Fields | None:
    """What the dates show of fields.

    Parameters
    ----------
    plan : Plan
        Its passes are done.
    models : mapping of date to DateModel

    Returns
    -------
    Fields or None
        None without near infrared, or of a single date.
    """
    if not set(ROLES) <= set(plan.roles) or is_sar(plan.roles) or len(plan.looks) < LEAST_DATES:
        return None
    rows, columns = plan.grid.shape
    fine, few = CELL_M / plan.grid.ground_resolution_m, math.sqrt(rows * columns / MOST_PX)
    factor = max(1, round(fine), math.ceil(few))
    grid = plan.grid.coarsened(factor)
    return Fields([*_dates(plan, models, grid, factor)], grid, RIM_M * plan.grid.ground_metre)


def with_rim(fields: Fields, shapes: Sequence[BaseGeometry]) -> list[Bools]:
    """Cells of shapes and of the rim around them, of which nothing is learnt.

    Parameters
    ----------
    fields : Fields
        Of `read_fields`.
    shapes : sequence of geometry
        What is built or marked.

    Returns
    -------
    list of bool (y, x)
        In their order, of the fields' cells. Outlines that follow pixels take long: what two questions need is made
        once, and each part by itself, as all at once take the square of it.
    """
    return [_burnt(list(shapely.buffer(shapely.get_parts(one), fields.rim)), fields.grid) for one in shapes]


def field_ground(fields: Fields, built: Sequence[BaseGeometry], marked: Sequence[Bools]) -> BaseGeometry:
    """Outline what has the colour of the site's own bare fields, or bears plants on some date though no mask marks it.

    Parameters
    ----------
    fields : Fields
        Of `read_fields`.
    built : sequence of geometry
        Of each date, its likely footprint.
    marked : sequence of bool (y, x)
        Of each date, all that its mask marks, as of `with_rim`.

    Returns
    -------
    geometry
        In the grid's CRS; colours are known where two dates show fields that another shows green.
    """
    grid = fields.grid
    made = [around | mark for around, mark in zip(with_rim(fields, built), marked, strict=True)]
    alike = like_fields(fields.dates, made, grid.ground_resolution_m)
    return shapely.union_all(grid.outlines(alike | planted_ever(fields.dates, _on_any(marked)), 0, 0))


def still_planted(fields: Fields, marked: Sequence[Bools]) -> list[BaseGeometry]:
    """Outline, of each date, ground that a later one shows planted and none marks as changed.

    Parameters
    ----------
    fields : Fields
        Of `read_fields`.
    marked : sequence of bool (y, x)
        Of each date, all that its mask marks, as of `with_rim`.

    Returns
    -------
    list of geometry
        In the grid's CRS; that of the last date is empty.
    """
    grid = fields.grid
    planted = planted_later(fields.dates, _on_any(marked), grid.ground_resolution_m)
    return [shapely.union_all(grid.outlines(one, 0, 0)) for one in planted]


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


def _on_any(cells: Sequence[Bools]) -> Bools:
    return np.asarray(np.any(cells, axis=0), bool)


def _burnt(shapes: Sequence[BaseGeometry], grid: Grid) -> Bools:
    return np.asarray(grid.burn([(one, 1) for one in shapes if not one.is_empty], Window(0, 0, *grid.shape)) > 0, bool)
