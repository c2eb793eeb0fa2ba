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

from changedet.arrays import Floats
from changedet.outputs.values import iso_dates
from changedet.stages.footprint.outlines import Footprint

PAVING, EARTHWORK, STORED = "paving", "earthwork", "stored"
KINDS: Final = ("building", PAVING, EARTHWORK)
LEAST_SHARE: Final = 0.2
"""Share of a region that must bear a kind; chosen by hand, as outlines of footprints and of changes differ."""
AS_BEFORE: Final = 0.5
"""Of what a kind covers of a region on the look that tells of it: where it covers as much on the other one, nothing of
this kind came or left. Chosen by hand."""
UNKNOWN: Final = "other"


def with_kinds(
    changes: gpd.GeoDataFrame, footprints: Mapping[dt.date, Footprint], reference: dt.date
) -> gpd.GeoDataFrame:
    """Fill in the kinds of regions that are no boxes, and take back what neither came nor left.

    Parameters
    ----------
    changes : GeoDataFrame
        With ``date``, ``direction`` and ``kind``, which is ``other`` where it is not known yet.
    footprints : mapping of date to Footprint
    reference : date

    Returns
    -------
    GeoDataFrame
        The kind of what is gone comes from the footprint of the reference, of all else from that of its own date; but
        what came and is an earthwork on another date since is one, though its own takes it for paving: that is what is
        left where nothing else shows, and a bank or the floor between banks looks like it in some light. What the
        footprints of both bear alike was replaced: its ``direction`` is ``other``.
    """
    if not len(changes) or not footprints:
        return changes
    days = iso_dates(changes["date"])
    told_by, not_by = (
        np.where((changes["direction"] == "loss") == lost, str(reference), days) for lost in (True, False)
    )
    kinds = changes["kind"].to_numpy(object).copy()
    shapes = changes.geometry.to_numpy()
    for day, footprint in footprints.items():
        rows = np.flatnonzero((told_by == str(day)) & (kinds == UNKNOWN))
        if len(rows) and footprint.kinds:
            kinds[rows] = kinds_of(shapes[rows], footprint.kinds)
    paved = np.flatnonzero((kinds == PAVING) & (changes["direction"] == "gain").to_numpy(bool))
    for day, footprint in footprints.items():
        if len(paved) and day > reference:
            kinds[paved[covered_by(shapes[paved], footprint.kinds, EARTHWORK) >= LEAST_SHARE]] = EARTHWORK
    found = changes.assign(kind=kinds)
    return found.assign(direction=_directions(found, footprints, (told_by, not_by)))


def _directions(
    changes: gpd.GeoDataFrame, footprints: Mapping[dt.date, Footprint], days: tuple[NDArray[np.str_], NDArray[np.str_]]
) -> NDArray[np.object_]:
    """The directions of regions, by the footprints of the day that tells a region's kind and of the other one."""
    directions: NDArray[np.object_] = changes["direction"].to_numpy(object).copy()
    kinds, shapes = changes["kind"].to_numpy(object), changes.geometry.to_numpy()
    for name in KINDS:
        rows = np.flatnonzero(kinds == name)
        now, before = np.zeros((2, len(rows)))
        for day, footprint in footprints.items():
            for shares, own in ((now, days[0]), (before, days[1])):
                there = own[rows] == str(day)
                shares[there] = covered_by(shapes[rows[there]], footprint.kinds, name)
        directions[rows[(now >= LEAST_SHARE) & (before >= AS_BEFORE * now)]] = "other"
    return directions


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
        ``other`` where none covers `LEAST_SHARE`. Boxes within the outline of a region stand on its paving, never on a
        roof: pale concrete with a hall on it is half a building to the footprint.
    """
    shares = np.stack([covered_by(shapes, ground, name) for name in KINDS])
    known = shares.max(axis=0) >= LEAST_SHARE
    shares[KINDS.index(PAVING)] += _boxes_within(shapes, ground)
    return np.where(known, np.array(KINDS, object)[shares.argmax(axis=0)], UNKNOWN)


def _boxes_within(shapes: NDArray[np.object_], ground: Mapping[str, BaseGeometry]) -> Floats:
    """What boxes cover within the outline of each region, (n,), as a share of the region, which leaves them out."""
    parts, region = shapely.get_parts(shapes, return_index=True)
    whole = np.asarray(shapely.polygons(shapely.get_exterior_ring(parts)), object)
    boxes = np.zeros(len(shapes))
    np.add.at(boxes, region, covered_by(whole, ground, STORED) * shapely.area(whole))
    return np.asarray(boxes / np.maximum(shapely.area(shapes), 1e-9), np.float64)


def covered_by(shapes: NDArray[np.object_], ground: Mapping[str, BaseGeometry], kind: str) -> Floats:
    """The share of each region that a kind covers.

    Parameters
    ----------
    shapes : array of geometry (n,)
    ground : mapping of str to geometry
        Where each kind lies.
    kind : str
        Which.

    Returns
    -------
    float64 (n,)
        0 to 1.
    """
    covered = np.zeros(len(shapes))
    parts = np.asarray(shapely.get_parts(ground[kind])) if kind in ground else np.empty(0, object)
    if len(parts):
        region, part = shapely.STRtree(parts).query(shapes, predicate="intersects")
        np.add.at(covered, region, shapely.area(shapely.intersection(shapes[region], parts[part])))
    return np.asarray(covered / np.maximum(shapely.area(shapes), 1e-9), np.float64)
