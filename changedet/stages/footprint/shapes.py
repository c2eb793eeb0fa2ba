"""Polygons of a footprint from its levels: roads opened away, gaps closed, small parts and holes left out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon
from shapely.geometry.base import BaseGeometry

from changedet.arrays import Bools, Bytes
from changedet.grid import Grid, ground_area_m2
from changedet.stages.footprint.kernels import closing
from changedet.stages.footprint.kernels.ground import KINDS
from changedet.stages.footprint.part_by_part import without

Geometries: TypeAlias = NDArray[np.object_]
"""Shapely's, (n,)."""
CLOSE_M: Final = 8.0
"""Radius of the closing: gaps narrower than twice this belong to the footprint."""
MIN_PART_M2: Final = 15.0
"""Smaller parts are left out: a lone 20-foot container covers 14.8 m2."""
MIN_HOLE_M2: Final = 400.0
"""Smaller holes are filled."""
ROAD_WIDTH_M: Final = 8.0
"""What is narrower is a road."""
BLOCK_CELLS: Final = 2048
"""A side of the blocks that are opened and closed at once."""
EDGE_M: Final = 1.0
"""Half the width of a strip that is an edge that moved."""
UNIT_ERROR: Final = 0.01
"""Share by which a width is taken for more where the CRS is not true to scale: its metre is known to a hundredth, and
outlines follow cells of about a metre, so that whole strips are just as wide as a limit."""


def on_some_alone(shapes: Sequence[BaseGeometry]) -> BaseGeometry:
    """What some shapes cover and others do not.

    Parameters
    ----------
    shapes : sequence of shapely geometry
        Polygons in one CRS, which may be empty.

    Returns
    -------
    shapely geometry
        Polygons; empty where all are alike, and of none.
    """
    # Not by their common part: where polygons touch it holds lines beside polygons, which GEOS cannot intersect again.
    covered = shapely.union_all(list(shapes))
    return shapely.union_all([shapely.difference(covered, shape) for shape in shapes])


def footprint_polygons(
    levels: closing.Levels, step: int, cells: Grid, area: BaseGeometry, *, hidden_is_built: bool
) -> MultiPolygon:
    """Outlines of what has at least a level.

    Parameters
    ----------
    levels : uint8 (y, x)
        Of cells, see `kernels.closing`.
    step : int
        Least level, one of `closing.STEPS`.
    cells : Grid
        Of the cells.
    area : geometry
        That the footprint is cut to, in the grid's CRS.
    hidden_is_built : bool
        Whether unseen ground belongs to it.

    Returns
    -------
    MultiPolygon
        Parts within the area, sorted by their bounds.
    """
    shape = built_surface(levels, step, cells.ground_resolution_m, hidden_is_built=hidden_is_built)
    # The scale of the CRS: its metres need not be metres on the ground.
    scale = (cells.ground_resolution_m / cells.resolution_m) ** 2
    parts = _filled(np.array(cells.outlines(shape, 0, 0), object), MIN_HOLE_M2 / scale)
    parts = shapely.simplify(parts[shapely.area(parts) * scale >= MIN_PART_M2], cells.resolution_m / 2)
    inside = _polygons(shapely.get_parts(shapely.intersection(parts, area)))
    return _by_bounds(inside[shapely.area(inside) * scale >= MIN_PART_M2])


def built_surface(levels: closing.Levels, step: int, pixel_m: float, *, hidden_is_built: bool) -> Bools:
    """What has at least a level, opened and closed.

    In blocks, which bounds the memory of the distances.

    Parameters
    ----------
    levels : uint8 (y, x)
        Of cells, see `kernels.closing`.
    step : int
        Least level, one of `closing.STEPS`.
    pixel_m : float
        Size of a cell, metres.
    hidden_is_built : bool
        Whether unseen ground belongs to it.

    Returns
    -------
    bool (y, x)
        Without roads, gaps closed.
    """
    halo = closing.halo_px(ROAD_WIDTH_M / 2, CLOSE_M, pixel_m)
    out = np.zeros(levels.shape, bool)
    for y in range(0, levels.shape[0], BLOCK_CELLS):
        for x in range(0, levels.shape[1], BLOCK_CELLS):
            top, left = max(0, y - halo), max(0, x - halo)
            block = levels[top : y + BLOCK_CELLS + halo, left : x + BLOCK_CELLS + halo]
            hidden = block == closing.UNKNOWN
            surface = (block >= step) & (hidden_is_built | ~hidden)
            shape = closing.opened_and_closed(surface, block == closing.STORED, ROAD_WIDTH_M / 2, CLOSE_M, pixel_m)
            out[y : y + BLOCK_CELLS, x : x + BLOCK_CELLS] = shape[y - top :, x - left :][:BLOCK_CELLS, :BLOCK_CELLS]
    return out


def _filled(outlines: Geometries, least_m2: float) -> Geometries:
    """Polygons without their small holes."""
    if not len(outlines):
        return outlines
    rings, outline_of = shapely.get_rings(outlines, return_index=True)
    is_shell = np.diff(outline_of, prepend=-1) > 0
    kept = is_shell | (shapely.area(shapely.polygons(rings)) >= least_m2)
    return np.asarray(shapely.polygons(rings[kept], indices=outline_of[kept]), object)


def _polygons(shapes: Geometries) -> Geometries:
    return np.asarray(shapes[shapely.get_type_id(shapes) == shapely.GeometryType.POLYGON], object)


def _by_bounds(polygons: Geometries) -> MultiPolygon:
    """Polygons in the order of their bounds."""
    return MultiPolygon([*polygons[np.lexsort(shapely.bounds(polygons).T[::-1])]])


def kind_polygons(geometry: MultiPolygon, levels: closing.Levels, kinds: Bytes, cells: Grid) -> dict[str, MultiPolygon]:
    """A footprint by what it bears: boxes, buildings and earthworks from 15 m2 on, and paving, which is the rest.

    Parameters
    ----------
    geometry : MultiPolygon
        The footprint.
    levels : uint8 (y, x)
        Of cells, which have `closing.STORED` under boxes.
    kinds : uint8 (y, x)
        1 and more by the order of `kernels.ground.KINDS`; 0 or 255 everywhere where there are none.
    cells : Grid
        Of the cells.

    Returns
    -------
    dict of str to MultiPolygon
        ``paving``, ``building``, ``earthwork``, ``stored``; empty where there are no kinds.
    """
    if (kinds == closing.UNKNOWN).all() or (kinds == 0).all() or geometry.is_empty:
        return {}
    scale = (cells.ground_resolution_m / cells.resolution_m) ** 2
    rest: BaseGeometry = geometry
    found = {}
    for name, where in (
        ("stored", levels == closing.STORED),
        ("building", closing.smooth(kinds == 1 + KINDS.index("building"))),
        ("earthwork", closing.smooth(kinds == 1 + KINDS.index("earthwork"))),
    ):
        least_m2 = 0.0 if name == "stored" else MIN_PART_M2
        parts = [part for part in cells.outlines(where, 0, 0) if part.area * scale >= least_m2]
        own = shapely.intersection(rest, shapely.union_all(parts))
        rest = without(rest, own)
        found[name] = as_multi(own)
    return {"paving": as_multi(rest), **{name: found[name] for name in ("building", "earthwork", "stored")}}


def as_multi(shape: BaseGeometry) -> MultiPolygon:
    """The polygons of a geometry.

    Parameters
    ----------
    shape : geometry
        Of any type.

    Returns
    -------
    MultiPolygon
        Sorted by their bounds.
    """
    return _by_bounds(_polygons(shapely.get_parts(shapely.get_parts([shape]))))


def gained_and_lost(earlier: BaseGeometry, later: BaseGeometry, crs: str, unit: float) -> tuple[float, float]:
    """Ground that a kind gained and lost from one date to another; strips under 2 m wide are edges that moved.

    Parameters
    ----------
    earlier, later : geometry
        The kind's polygons on the two dates.
    crs : str
        Theirs.
    unit : float
        A metre on the ground in units of the CRS.

    Returns
    -------
    tuple of float
        Square metres gained and lost.
    """
    parts = [_wide_parts(shapely.difference(*pair), unit) for pair in ((later, earlier), (earlier, later))]
    gained, lost = (float(m2) for m2 in ground_area_m2(parts, crs))
    return gained, lost


def in_units(metres: float, unit: float) -> float:
    """Half of a greatest width in units of the CRS, so that strips of as many cells are as narrow on any grid.

    Parameters
    ----------
    metres : float
        On the ground.
    unit : float
        A metre on the ground in units of the CRS.

    Returns
    -------
    float
        A hundredth more where the CRS is not true to scale.
    """
    return metres if unit == 1.0 else unit * (1.0 + UNIT_ERROR) * metres


def _wide_parts(shape: BaseGeometry, unit: float) -> MultiPolygon:
    edge = in_units(EDGE_M, unit)
    opened = _large_parts(shape, unit).buffer(-edge, join_style="mitre").buffer(edge, join_style="mitre")
    return _large_parts(opened, unit)


def _large_parts(shape: BaseGeometry, unit: float) -> MultiPolygon:
    """Parts that count; most of what differs are slivers along edges, which take long to open."""
    return MultiPolygon([part for part in as_multi(shape).geoms if part.area >= unit**2 * MIN_PART_M2 / 2])
