"""Zones: which of them holds a point, which are railway sidings, berths or cells, and their table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import shapely
from shapely.geometry.base import BaseGeometry

from changedet.grid.areas import Areas

if TYPE_CHECKING:
    import geopandas as gpd

SIDING: Final = "siding"
BERTH: Final = "berth"
"""A strip of water along a quay, where ships lie."""
GATE: Final = "gate"
ROAD: Final = "road"
"""Where vehicles wait."""
CELL: Final = "cell"
"""A floor on which things are stored."""
KINDS: Final = (SIDING, BERTH, GATE, ROAD, CELL)
"""Kinds of zones that say something."""
LEAST_SHARED_M2: Final = 1.0
"""Ground that two zones share from which on a box may stand in both: slivers between hand-drawn outlines are less."""
SIDING_MARGIN_M: Final = 5.0
"""A track more than was drawn: outlines follow the rails, roofs lean."""


def zone_table(areas: Areas | None) -> gpd.GeoDataFrame | None:
    """Zones as a table.

    Parameters
    ----------
    areas : Areas or None
        Named polygons.

    Returns
    -------
    geopandas.GeoDataFrame or None
        Columns `name`, `kind` (None where none is given), `capacity` (float64, NaN where none is given) and the
        geometry; None where there are no zones.
    """
    # Imported here for a quick start.
    import geopandas as gpd
    import pandas as pd

    if areas is None:
        return None
    columns = {
        "name": list(areas.names),
        "kind": pd.Series([about.kind or None for about in areas.attributes], dtype=object),
        "capacity": pd.array([about.capacity for about in areas.attributes], dtype="Float64").astype("float64"),
    }
    return gpd.GeoDataFrame(columns, geometry=list(areas.geometries), crs=areas.crs)


def overlapping(zones: gpd.GeoDataFrame | None, unit: float) -> frozenset[frozenset[str]]:
    """Pairs of zones that share ground.

    Parameters
    ----------
    zones : geopandas.GeoDataFrame or None
        As `zone_table` gives them.
    unit : float
        A metre on the ground in units of the CRS.

    Returns
    -------
    frozenset of frozenset of str
        Two names each; zones that meet along a line share none.
    """
    if zones is None:
        return frozenset()
    shapes, names = zones.geometry.to_numpy(), zones["name"].astype(str).to_numpy()
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    shared = shapely.area(shapely.intersection(shapes[one], shapes[other])) >= unit**2 * LEAST_SHARED_M2
    return frozenset(frozenset((names[i], names[j])) for i, j in zip(one[shared], other[shared], strict=True) if i < j)


def sidings_of(areas: Areas | None, unit: float) -> BaseGeometry | None:
    """Where railway tracks lie by what zones say.

    Parameters
    ----------
    areas : Areas or None
        Zones in a CRS in metres.
    unit : float
        A metre on the ground in units of the CRS.

    Returns
    -------
    shapely geometry or None
        The zones of kind `SIDING` with `SIDING_MARGIN_M` around them; None where there is none.
    """
    if areas is None:
        return None
    found = [area for area, about in zip(areas.geometries, areas.attributes, strict=True) if about.kind == SIDING]
    return shapely.union_all(found).buffer(unit * SIDING_MARGIN_M) if found else None


def of_kind(zones: gpd.GeoDataFrame | None, *kinds: str) -> gpd.GeoDataFrame | None:
    """The zones of some kinds.

    Parameters
    ----------
    zones : geopandas.GeoDataFrame or None
        As `zone_table` gives them; of early runs without kinds.
    *kinds : str
        Of `KINDS`.

    Returns
    -------
    geopandas.GeoDataFrame or None
        None where there is none.
    """
    if zones is None or "kind" not in zones or not (chosen := zones["kind"].isin(kinds)).any():
        return None
    return zones[chosen].reset_index(drop=True)


def zone_of(points: gpd.GeoSeries, zones: gpd.GeoDataFrame | None) -> list[str | None]:
    """The first zone that holds each point; the series counts it in every zone that does.

    Parameters
    ----------
    points : geopandas.GeoSeries
        In the zones' CRS.
    zones : geopandas.GeoDataFrame or None
        As `zone_table` gives them.

    Returns
    -------
    list of str or None
        A zone's name for each point, None where no zone holds it.
    """
    found: list[str | None] = [None] * len(points)
    if zones is None:
        return found
    tree = shapely.STRtree(zones.geometry.to_numpy())
    hits = tree.query(points.to_numpy(), predicate="intersects")
    for point, zone in sorted(zip(*hits.tolist(), strict=True), reverse=True):
        found[point] = str(zones["name"].iloc[zone])
    return found
