"""Tables of boxes: their columns, their rectangles, what remains where two overlap, their place on the map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, TypedDict

import numpy as np
import shapely

from changedet.arrays import AnyArray, Bools, Floats
from changedet.stages.objects.kernels import rectangles
from changedet.stages.objects.kernels.classical import ASKEW_OVERLAP

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from affine import Affine

OVERLAP: Final = 0.3
"""Greatest intersection over union that two boxes may have; chosen by hand."""
ANGLE_DECIMALS: Final = 3
"""To which angles in degrees are kept."""

COLUMNS: Final = {
    "x_px": "float64",
    "y_px": "float64",
    "length_m": "float64",
    "width_m": "float64",
    "angle_deg": "float64",
    "confidence": "float64",
    "kind": "str",
    "color": "str",
    "tiers": "Int64",
    "inferred": "bool",
}
"""Columns of a table of boxes and their types."""


class BoxColumns(TypedDict, total=False):
    """Columns of a table of boxes, all of one length; see `COLUMNS`."""

    x_px: Floats
    y_px: Floats
    length_m: Floats
    width_m: Floats
    angle_deg: Floats
    confidence: Floats
    kind: Sequence[str] | AnyArray
    color: Sequence[str]
    inferred: Bools


def table_of(columns: BoxColumns) -> pd.DataFrame:
    """A table with all columns, typed, also where it is empty.

    Parameters
    ----------
    columns : BoxColumns
        What is known; none for an empty table.

    Returns
    -------
    DataFrame
        With `COLUMNS`; ``tiers`` null.
    """
    # Imported here for a quick start.
    import pandas as pd

    count = len(columns.get("x_px", ()))
    filled = {name: columns.get(name, np.full(count, None, object)) for name in COLUMNS}
    return pd.DataFrame(filled).astype(COLUMNS)


def placed_columns(boxes: Floats, left: int, top: int, resolution_m: float) -> BoxColumns:
    """Columns of place, size and direction.

    Parameters
    ----------
    boxes : float64 (n, 5)
        Rectangles in metres from the corner of a part of a block.
    left, top : int
        First column and row of that part in the block.
    resolution_m : float
        Pixel of the block, metres.

    Returns
    -------
    BoxColumns
        ``x_px`` to ``angle_deg``, 0 to 180 degrees.
    """
    return {
        "x_px": boxes[:, 0] / resolution_m + left,
        "y_px": boxes[:, 1] / resolution_m + top,
        "length_m": boxes[:, 2],
        "width_m": boxes[:, 3],
        "angle_deg": np.mod(np.round(np.degrees(boxes[:, 4]), ANGLE_DECIMALS), 180.0),
    }


def rectangles_of(table: pd.DataFrame, resolution_m: float) -> Floats:
    """Rectangles of a table's boxes.

    Parameters
    ----------
    table : DataFrame
        With `COLUMNS`.
    resolution_m : float
        Pixel size on the ground, metres.

    Returns
    -------
    float64 (n, 5)
        Metres from the corner of the grid, y down; see `kernels.rectangles`.
    """
    x, y = table["x_px"].to_numpy() * resolution_m, table["y_px"].to_numpy() * resolution_m
    angle = np.radians(table["angle_deg"].to_numpy())
    return np.column_stack([x, y, table["length_m"].to_numpy(), table["width_m"].to_numpy(), angle])


def suppress(boxes: pd.DataFrame, resolution_m: float, overlap: float = OVERLAP) -> pd.DataFrame:
    """Of boxes that overlap, the more confident one: the same box seen from two neighbouring cells counts once.

    Parameters
    ----------
    boxes : DataFrame
        With `COLUMNS`; ``x_px, y_px`` on the whole grid.
    resolution_m : float
        Pixel size on the ground, metres.
    overlap : float
        Greatest intersection over union that two boxes may have; much less where they cross at an angle.

    Returns
    -------
    DataFrame
        Sorted by place (y, then x), index from 0; the same whatever the order of the rows was.
    """
    confidence = boxes["confidence"].to_numpy(np.float64)
    kept = boxes[rectangles.suppress(rectangles_of(boxes, resolution_m), confidence, overlap, ASKEW_OVERLAP)]
    return kept.sort_values(["y_px", "x_px"], kind="stable", ignore_index=True)


def georeferenced(table: pd.DataFrame, transform: Affine, crs: str, ground_m: float) -> gpd.GeoDataFrame:
    """Boxes as rectangles on the map.

    Parameters
    ----------
    table : DataFrame
        With `COLUMNS`.
    transform : Affine
        Of ``x_px, y_px`` to coordinates.
    crs : str
        Theirs.
    ground_m : float
        Pixel size on the ground, metres.

    Returns
    -------
    GeoDataFrame
        `COLUMNS` without ``x_px, y_px``, and rectangles in the grid's CRS.
    """
    import geopandas as gpd  # starts slowly, and tables are made without it

    pixels = rectangles_of(table, ground_m)
    pixels[:, :4] /= ground_m
    points = rectangles.corners(pixels)
    t = transform
    east, north = t.a * points[..., 0] + t.b * points[..., 1] + t.c, t.d * points[..., 0] + t.e * points[..., 1] + t.f
    shapes = [shapely.Polygon(outline) for outline in np.stack([east, north], axis=-1)]
    return gpd.GeoDataFrame(table.drop(columns=["x_px", "y_px"]), geometry=shapes, crs=crs)
