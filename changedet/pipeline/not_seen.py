"""What each date does not show of the site, and why: outlines drawn from its quality raster."""

from __future__ import annotations

import datetime as dt
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from affine import Affine

from changedet.arrays import Bytes
from changedet.grid import ground_area_m2
from changedet.kernels.pixel_classes import CLEAR, NODATA, SHADE
from changedet.outputs.gpkg import vector_layers
from changedet.outputs.rasters.classes import QUALITY_CLASSES
from changedet.outputs.rasters.polygons import outline_classes
from changedet.outputs.rasters.reading import read_overview
from changedet.plan import Plan

LONGEST_PX: Final = 1024
"""Longer side of the overview that is outlined: enough for a map of the site, and cheap on sites of any size."""

LEAST_PX: Final = 12
"""Parts of fewer pixels of that overview are not outlined; the raster has them."""

REFERENCE_HIDDEN: Final = 100
"""Stands beside the classes: a date shows the place, and the reference does not, so nothing can be compared."""


def not_seen_layer(plan: Plan) -> gpd.GeoDataFrame | None:
    """Make the layer ``not_seen``.

    Parameters
    ----------
    plan : Plan
        Its passes are done.

    Returns
    -------
    GeoDataFrame or None
        One row a date and reason; shade, which is seen, is none. None where every date shows all of the site.
    """
    reference = plan.reference_date
    hidden = _not_seen(_overview(plan, reference))
    tables = []
    for day in plan.dates:
        classes = _not_seen(_overview(plan, day))
        if day in plan.compared_dates:
            classes = np.where((classes == CLEAR) & (hidden != CLEAR), REFERENCE_HIDDEN, classes).astype(np.uint8)
        tables.append(_outlined(plan, classes, day, reference))
    found = pd.concat(tables, ignore_index=True)
    return found if len(found) else None


def _overview(plan: Plan, day: dt.date) -> Bytes:
    values = read_overview(plan.quality_file(day), LONGEST_PX)[0]
    return np.asarray(np.nan_to_num(values, nan=NODATA), np.uint8)


def _not_seen(classes: Bytes) -> Bytes:
    return np.where(classes == SHADE, CLEAR, classes).astype(np.uint8)


def _outlined(plan: Plan, classes: Bytes, day: dt.date, reference: dt.date) -> gpd.GeoDataFrame:
    grid = plan.grid
    height, width = classes.shape
    transform = grid.transform @ Affine.scale(grid.shape[1] / width, grid.shape[0] / height)
    found = outline_classes(classes, transform, grid.crs, least_px=LEAST_PX)
    if not len(found):
        return vector_layers.empty("not_seen", grid.crs)
    # outside the area of interest there is nothing to be seen
    shapes = shapely.intersection(shapely.make_valid(found.geometry.to_numpy()), grid.area)
    words = {one.value: one.label for one in QUALITY_CLASSES} | {REFERENCE_HIDDEN: f"not seen on {reference}"}
    columns = {
        "date": [str(day)] * len(found),
        "reason": [words[int(value)] for value in found["value"]],
        "area_m2": ground_area_m2(shapes, grid.crs),
    }
    return vector_layers.conform("not_seen", gpd.GeoDataFrame(columns, geometry=shapes, crs=grid.crs), grid.crs)
