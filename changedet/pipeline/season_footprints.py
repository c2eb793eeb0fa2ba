"""Footprints in coarse pixels, held against the seasons: bare fields are no built ground, however many looks show them.

A series of a year has months in which most fields are bare. Likely built is what no look shows green, and what the
masks mark as changed, land that was made out of water before others bear it out among it; the rest of what is bare
stays in the greatest footprint.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry import MultiPolygon
from shapely.geometry.base import BaseGeometry

from changedet.arrays import Bools
from changedet.blocks import Window, tiles
from changedet.grid import ground_area_m2
from changedet.outputs.rasters.reading import read_bands
from changedet.outputs.values import iso_dates
from changedet.pipeline.season_scores import FIRST
from changedet.plan import Plan
from changedet.stages.change.kernels.season_colours import GREEN, STATES
from changedet.stages.footprint.outlines import Footprint
from changedet.stages.footprint.shapes import as_multi
from changedet.stages.footprint.stage import series_trees
from changedet.stages.series.table import DateMeasurements

TILE_PX: Final = 1024
"""Edge of the windows that are read at once."""


def held_against_seasons(plan: Plan, found: Sequence[Footprint], changes: gpd.GeoDataFrame) -> list[Footprint]:
    """Likely and least footprints without what was green on some look and no mask marks, with what masks mark.

    Parameters
    ----------
    plan : Plan
        It knows the seasons; its masks are done.
    found : sequence of Footprint
        Of all dates.
    changes : GeoDataFrame
        Changed regions of all dates, with ``date`` and ``direction``, in the grid's CRS.

    Returns
    -------
    list of Footprint
        The greatest ones as they are, and all of the dates before the reference. Of what masks mark the likely ones
        hold all that is in the greatest, and did not go.
    """
    bare, at, stays, shown = never_green(plan), iso_dates(changes["date"]), changes["direction"] != "loss", []
    for index, (look, one) in enumerate(zip(plan.looks, found, strict=True)):
        own = at == str(look.date)
        ground = shapely.union_all([bare, *changes.geometry[own].to_numpy()])
        came = shapely.intersection(one.greatest, shapely.union_all(changes.geometry[own & stays].to_numpy()))
        shown.append(_within(one, ground, came, plan) if index >= plan.reference else one)
    return shown


def no_surer_than_change(looks: Sequence[DateMeasurements], plan: Plan) -> list[DateMeasurements]:
    """Bound footprints that are told by colour from below by what surely changed, as by its outlines before.

    Parameters
    ----------
    looks : sequence of DateMeasurements
    plan : Plan

    Returns
    -------
    list of DateMeasurements
        As they are where kinds of ground are distinguished.
    """
    if series_trees(plan.facts) is not None:
        return list(looks)
    found = []
    for look in looks:
        # What a mask marks falsely may all lie in one zone: none has surely more than the site.
        site = look.changed_area_m2[""].low if "" in look.changed_area_m2 else 0.0
        sure = {name: min(area.low, site) for name, area in look.changed_area_m2.items()}
        built = {name: area.reaching(low=sure.get(name, 0.0)) for name, area in look.footprint_m2.items()}
        found.append(replace(look, footprint_m2=built))
    return found


def never_green(plan: Plan) -> BaseGeometry:
    """Where neither the reference nor a later date shows plants.

    Parameters
    ----------
    plan : Plan
        Its passes are done.

    Returns
    -------
    shapely geometry
        In the grid's CRS.
    """
    paths = [plan.folder.aside("contrast", look.date) for look in plan.looks[plan.reference + 1 :]]
    outlines: list[BaseGeometry] = []
    for window in tiles(plan.grid.shape, TILE_PX):
        green = np.zeros((window.height, window.width), np.bool_)
        for path in paths:
            green |= _is_green(path, window)
        outlines += plan.grid.outlines(~green, window.y, window.x)
    return shapely.union_all(outlines)


def _is_green(path: Path, window: Window) -> Bools:
    states = read_bands(path, window)[FIRST:]
    with np.errstate(invalid="ignore"):
        return np.asarray((states[[0, STATES]] >= GREEN).any(axis=0), np.bool_)


def _within(found: Footprint, ground: BaseGeometry, came: BaseGeometry, plan: Plan) -> Footprint:
    least = as_multi(shapely.intersection(found.least, ground))
    geometry = as_multi(shapely.union(shapely.intersection(found.geometry, ground), came))
    area = 0.0 if geometry.is_empty else float(ground_area_m2([geometry], plan.grid.crs)[0])
    kinds: Mapping[str, MultiPolygon] = {
        kind: as_multi(shapely.intersection(shape, ground)) for kind, shape in found.kinds.items()
    }
    return replace(found, geometry=geometry, least=least, area_m2=area, kinds=kinds)
