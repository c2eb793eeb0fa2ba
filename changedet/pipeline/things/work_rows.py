"""Rows and figures of works: the layer `works`, a row a look and thing, and how many there are, with bounds."""

from __future__ import annotations

import datetime as dt
from typing import Final

import geopandas as gpd
import numpy as np

from changedet.grid import ground_area_m2
from changedet.grid.zones import zone_of
from changedet.json_types import JsonObject
from changedet.outputs.gpkg import vector_layers
from changedet.pipeline.area_sums import Area
from changedet.pipeline.things.kernels import work_states
from changedet.pipeline.things.kernels.work_states import EMPTY, FILLED, IN_USE, ROOFED
from changedet.pipeline.things.thing_states import Thing
from changedet.pipeline.things.works import Works

FOUND: Final = 0.9
"""Share of the works made after the reference that are found: 47 of 52 on sites that teach (benchmarks/works.py)."""
TRUE: Final = 0.76
"""Share of the found that are works: 48 of 63, likewise."""
MISREAD: Final = 0.23
"""Share of looks at found works that are read wrong: 25 of 107 on painted sites that teach."""
LEAST_SEEN: Final = 0.8
"""Share of the works that a date must show to say how many are in use."""
SURE: Final = 0.95
"""Probability that an interval holds."""
_NAMES: Final = {IN_USE: "in use", ROOFED: "covered", FILLED: "filled"}
STATES: Final = ("dug", "in use", "emptied", "covered", "filled")


def state_names(thing: Thing) -> list[str]:
    """Name the states of a thing.

    Parameters
    ----------
    thing : Thing

    Returns
    -------
    list of str
        For each look from its first on ``dug`` (made, and empty since), ``in use``, ``emptied`` (empty again),
        ``covered`` (by a roof) or ``filled`` (level again).
    """
    names, used = [], False
    for state in thing.reading.state.tolist():
        used |= state != EMPTY
        names.append(_NAMES.get(state, "emptied" if used else "dug"))
    return names


def works_layer(works: Works, zones: gpd.GeoDataFrame | None, crs: str) -> gpd.GeoDataFrame:
    """Make the layer ``works``.

    Parameters
    ----------
    works : Works
    zones : GeoDataFrame or None
    crs : str

    Returns
    -------
    GeoDataFrame
        One row a thing and look from its first on.
    """
    rows = [row for number, thing in enumerate(works.things, 1) for row in _rows(thing, number, works)]
    if not rows:
        return vector_layers.empty("works", crs)
    shapes = [works.things[int(str(row["work_id"])) - 1].shape for row in rows]
    table = gpd.GeoDataFrame(rows, geometry=shapes, crs=crs).assign(area_m2=ground_area_m2(shapes, crs))
    return table.assign(zone=zone_of(table.geometry.representative_point(), zones))


def _rows(thing: Thing, number: int, works: Works) -> list[dict[str, object]]:
    own = works.days[thing.first :]
    made_after = max(day for day in works.days[: thing.first] if day not in works.coarse)
    after, by = work_states.since(thing.reading.state, thing.shown)
    before = [made_after if k < 0 else own[k] for k in after]
    names = state_names(thing)
    return [
        {
            "date": str(day),
            "work_id": number,
            "kind": thing.kind,
            "state": names[t] if thing.shown[t] else None,
            "since_after": str(before[t]),
            "since_by": str(own[by[t]]),
            "made_after": str(made_after),
            "made_by": str(own[0]),
            "probability": float(thing.reading.probability[t, thing.reading.state[t]]),
        }
        for t, day in enumerate(own)
    ]


def count_works(works: Works, day: dt.date, area: Area) -> tuple[float, ...]:
    """Count the works of a date.

    Parameters
    ----------
    works : Works
    day : date
    area : geometry or None
        None is the whole site.

    Returns
    -------
    tuple of float
        Works with low and high, those in use with low and high; NaN where works cannot be read, and
        on dates before the first that could show any.
    """
    none = (float("nan"),) * 3
    if works.reason or day < works.since or day in works.coarse:
        return (*none, *none)
    index = works.days.index(day)
    own = [one for one in works.things if one.first <= index]
    own = own if area is None else [one for one in own if area.contains(one.shape.representative_point())]
    every = work_states.count_bounds(np.ones(len(own)), FOUND, TRUE, SURE)
    if own and np.mean([one.shown[index - one.first] for one in own]) < LEAST_SEEN:
        return (*every, *none)
    use = np.array([one.reading.probability[index - one.first, IN_USE] for one in own])
    likely = sum(int(one.reading.state[index - one.first] == IN_USE) for one in own)
    # Looks are read wrong one way on a whole site, as for cells.
    low = work_states.count_bounds(use * (1 - MISREAD), FOUND, TRUE, SURE)[1]
    high = work_states.count_bounds(use + MISREAD * (1 - use), FOUND, TRUE, SURE)[2]
    return (*every, float(likely), min(low, likely), max(high, likely))


def works_record(works: Works) -> JsonObject | None:
    """Sum works up for ``summary.json``.

    Parameters
    ----------
    works : Works

    Returns
    -------
    dict or None
        By date how many are in each state; None where they cannot be had.
    """
    if works.reason:
        return None
    found: JsonObject = {}
    for index, day in enumerate(works.days):
        if day < works.since:
            continue
        names = [state_names(one)[index - one.first] for one in works.things if one.first <= index]
        found[str(day)] = {name: names.count(name) for name in STATES}
    return found
