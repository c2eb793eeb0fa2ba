"""Cells: zones that are floors of a store; on each look empty, in use, full or covered, and the share in use."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np

from changedet.grid.zones import CELL, of_kind
from changedet.json_types import JsonObject
from changedet.outputs.gpkg import vector_layers
from changedet.pipeline.area_sums import Area
from changedet.pipeline.date_model import DateModel
from changedet.pipeline.things.kernels import work_states
from changedet.pipeline.things.kernels.work_states import EMPTY, FULL_SHARE, IN_USE
from changedet.pipeline.things.thing_states import SeenBoxes, Thing, things_of, why_not
from changedet.plan import Plan

SURE: Final = 0.95
"""Probability that an interval holds."""
MISREAD: Final = 0.12
"""Share of looks that are read wrong whatever their probability says: 97 of 789 that taught (training/fit_works.py)."""
LEAST_SEEN: Final = 0.8
"""Share of the cells that a date must show to say how many are in use."""
SHARE_IN_USE: Final = "share_in_use"


@dataclass(frozen=True)
class Cells:
    """The cells of a run.

    Attributes
    ----------
    names : sequence of str
        Of the zones.
    things : sequence of Thing
        One a cell, from the first look on.
    days : sequence of date
        Of all looks.
    reason : str
        Why their states cannot be read; empty where they can.
    """

    names: Sequence[str]
    things: Sequence[Thing]
    days: Sequence[dt.date]
    reason: str = ""


def find_cells(
    plan: Plan, models: Mapping[dt.date, DateModel], boxes: SeenBoxes, zones: gpd.GeoDataFrame | None
) -> Cells | None:
    """Read the states of all cells.

    Parameters
    ----------
    plan : Plan
        Its passes are done.
    models : mapping of date to DateModel
    boxes : SeenBoxes
    zones : GeoDataFrame or None

    Returns
    -------
    Cells or None
        None where no zone is a cell.
    """
    cells = of_kind(zones, CELL)
    if cells is None:
        return None
    days, names, shapes = plan.dates, [str(one) for one in cells["name"]], list(cells.geometry)
    reason = why_not(plan)
    if reason:
        return Cells(names, [], days, reason.replace("works", "cells"))
    return Cells(names, things_of(plan, models, boxes, shapes, [0] * len(shapes), shapes), days)


def state_of(thing: Thing, look: int) -> str | None:
    """Name the state of a cell.

    Parameters
    ----------
    thing : Thing
    look : int

    Returns
    -------
    str or None
        ``empty``, ``in use``, ``full`` (boxes cover as much as fits) or ``covered`` (by a roof, or filled in); None
        where the look does not show it.
    """
    if not thing.shown[look]:
        return None
    state = int(thing.reading.state[look])
    if state == IN_USE:
        return "full" if thing.share[look] >= FULL_SHARE else "in use"
    return "empty" if state == EMPTY else "covered"


def cells_layer(cells: Cells, crs: str) -> gpd.GeoDataFrame:
    """Make the layer ``cells``, a row a cell and date.

    Parameters
    ----------
    cells : Cells
    crs : str

    Returns
    -------
    GeoDataFrame
        With when the state began.
    """
    if cells.reason:
        return vector_layers.empty("cells", crs)
    rows: list[dict[str, object]] = []
    for name, thing in zip(cells.names, cells.things, strict=True):
        after, by = work_states.since(thing.reading.state, thing.shown)
        rows += [
            {
                "date": str(day),
                "zone": name,
                "state": state_of(thing, t),
                "since_after": str(cells.days[after[t]]) if after[t] >= 0 else None,
                "since_by": str(cells.days[by[t]]),
                "probability": float(thing.reading.probability[t, thing.reading.state[t]]),
                "geometry": thing.shape,
            }
            for t, day in enumerate(cells.days)
        ]
    return gpd.GeoDataFrame(rows, geometry="geometry", crs=crs)


def share_in_use(cells: Cells, day: dt.date, area: Area) -> tuple[float, float, float]:
    """Count the cells in use.

    Parameters
    ----------
    cells : Cells
    day : date
    area : geometry or None
        None is the whole site.

    Returns
    -------
    share, low, high : float
        NaN where they cannot be had.
    """
    look = cells.days.index(day)
    own = [one for one in cells.things if area is None or area.contains(one.shape.representative_point())]
    if not own or np.mean([one.shown[look] for one in own]) < LEAST_SEEN:
        return (float("nan"),) * 3
    use = np.array([one.reading.probability[look, IN_USE] for one in own])
    likely = sum(int(one.reading.state[look] == IN_USE) for one in own)
    # Looks are read wrong one way on a whole site: roofs for boxes, or boxes for nothing.
    low, high = (
        work_states.sum_bounds(one, SURE)[k] for k, one in enumerate((use * (1 - MISREAD), use + MISREAD * (1 - use)))
    )
    return likely / len(own), min(low, likely) / len(own), max(high, likely) / len(own)


def cells_record(cells: Cells) -> JsonObject | None:
    """Say of each cell what each date shows, for ``summary.json``.

    Parameters
    ----------
    cells : Cells

    Returns
    -------
    dict or None
        By zone ``dates``: date -> state, null where it is not shown. None where they cannot be read.
    """
    if cells.reason:
        return None
    return {
        name: {"dates": {str(day): state_of(thing, t) for t, day in enumerate(cells.days)}}
        for name, thing in zip(cells.names, cells.things, strict=True)
    }
