"""What changed regions are: buildings, paving or earthworks, by what the footprints bear where they lie."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from changedet.outputs.values import iso_dates
from changedet.stages.footprint.outlines import Footprint

KINDS: Final = ("building", "paving", "earthwork")
LEAST_SHARE: Final = 0.2
"""Share of a region that must bear a kind; chosen by hand, as outlines of footprints and of changes differ."""
UNKNOWN: Final = "other"


def with_kinds(
    changes: gpd.GeoDataFrame, footprints: Mapping[dt.date, Footprint], reference: dt.date
) -> gpd.GeoDataFrame:
    """Fill in the kinds of regions that are no boxes.

    Parameters
    ----------
    changes : GeoDataFrame
        With ``date``, ``direction`` and ``kind``, which is ``other`` where it is not known yet.
    footprints : mapping of date to Footprint
    reference : date

    Returns
    -------
    GeoDataFrame
        The kind of what is gone comes from the footprint of the reference, of all else from that of its own date.
    """
    if not len(changes) or not footprints:
        return changes
    days = iso_dates(changes["date"])
    told_by = np.where(changes["direction"] == "loss", str(reference), days)
    kinds = changes["kind"].to_numpy(object).copy()
    shapes = changes.geometry.to_numpy()
    for day, footprint in footprints.items():
        rows = np.flatnonzero((told_by == str(day)) & (kinds == UNKNOWN))
        if len(rows) and footprint.kinds:
            kinds[rows] = kinds_of(shapes[rows], footprint.kinds)
    return changes.assign(kind=kinds)


def kinds_of(shapes: NDArray[np.object_], ground: Mapping[str, BaseGeometry]) -> NDArray[np.object_]:
    """The kind that covers most of each region.

    Parameters
    ----------
    shapes : array of geometry (n,)
    ground : mapping of str to geometry
        Where each kind lies.

    Returns
    -------
    array of str (n,)
        ``other`` where none covers `LEAST_SHARE`.
    """
    covered = np.zeros((len(KINDS), len(shapes)))
    for row, name in zip(covered, KINDS, strict=True):
        parts = np.asarray(shapely.get_parts(ground[name])) if name in ground else np.empty(0, object)
        if len(parts):
            region, part = shapely.STRtree(parts).query(shapes, predicate="intersects")
            np.add.at(row, region, shapely.area(shapely.intersection(shapes[region], parts[part])))
    best = covered.argmax(axis=0)
    share = covered.max(axis=0) / np.maximum(shapely.area(shapes), 1e-9)
    return np.where(share >= LEAST_SHARE, np.array(KINDS, object)[best], UNKNOWN)
