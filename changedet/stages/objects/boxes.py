"""Tables of boxes: their columns, their rectangles, what remains where two overlap, their place on the map."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from changedet.stages.objects.kernels import box_candidates as kernel
from changedet.stages.objects.kernels import rectangles

OVERLAP: Final = 0.3

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


def table_of(columns: dict[str, Any]) -> pd.DataFrame:
    """A table with all columns, typed, also where it is empty; tiers null where not given."""
    count = len(columns.get("x_px", ()))
    filled = {name: columns.get(name, np.full(count, None, object)) for name in COLUMNS}
    return pd.DataFrame(filled).astype(COLUMNS)


def rectangles_of(table: pd.DataFrame, resolution_m: float) -> NDArray[np.float64]:
    """Rectangles (n, 5) in metres from the corner of the grid; y down."""
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
    kept = boxes[
        rectangles.suppress(
            rectangles_of(boxes, resolution_m), boxes["confidence"].to_numpy(np.float64), overlap, kernel.ASKEW_OVERLAP
        )
    ]
    return kept.sort_values(["y_px", "x_px"], kind="stable", ignore_index=True)


def georeferenced(table: pd.DataFrame, box: Any, ground_m: float) -> Any:
    """Rectangles in the CRS for boxes in pixels."""
    import geopandas as gpd

    pixels = rectangles_of(table, ground_m)
    pixels[:, :4] /= ground_m
    points = rectangles.corners(pixels)
    t = box.transform
    east, north = t.a * points[..., 0] + t.b * points[..., 1] + t.c, t.d * points[..., 0] + t.e * points[..., 1] + t.f
    shapes = [shapely.Polygon(outline) for outline in np.stack([east, north], axis=-1)]
    return gpd.GeoDataFrame(table.drop(columns=["x_px", "y_px"]), geometry=shapes, crs=str(box.crs))
