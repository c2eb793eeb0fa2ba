"""``review.gpkg``: what a person judges in QGIS, written and read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import geopandas as gpd
import pandas as pd
import pyproj

from changedet.outputs.gpkg.filled_in import read_filled_in, write_filled_in
from changedet.outputs.gpkg.layer_schema import TEXT
from changedet.outputs.gpkg.vector_layers import conform, embed_styles, write_layers
from changedet.outputs.qgis import editing_styles, raster_styles
from changedet.store.files import replacing

JUDGED: Final = "containers"
ADDED: Final = "added"


def write_review(path: str | Path, containers: gpd.GeoDataFrame, dates: Sequence[str], crs: str | pyproj.CRS) -> None:
    """Write the layers ``containers`` (all rows, with an empty `verdict`) and ``added`` (no row; `date`, `kind`).

    Parameters
    ----------
    path : path
        Written whole, or not at all.
    containers : geopandas.GeoDataFrame
        As in ``objects.gpkg``.
    dates : sequence of str
        ISO dates that a drawn box may have.
    crs : str or pyproj.CRS
        The grid's.
    """
    judged = conform(JUDGED, containers, crs)
    columns = {name: pd.Series([], dtype=TEXT) for name in ("date", "kind")}
    added = gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries([], crs=crs), crs=crs)
    judged = judged.assign(verdict=pd.Series([None] * len(judged), dtype=TEXT))
    styled = {JUDGED: editing_styles.verdicts(), ADDED: editing_styles.additions(dates)}
    with replacing(Path(path)) as part:
        write_layers(part, {JUDGED: judged}, {})
        write_filled_in(part, ADDED, added)
        embed_styles(part, {name: raster_styles.document(style) for name, style in styled.items()})


def read_review(path: str | Path) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """The two layers as they are now, rows numbered by `fid`.

    Parameters
    ----------
    path : path
        As `write_review` wrote it and a person edited it.

    Returns
    -------
    judged : geopandas.GeoDataFrame
        All boxes with their `verdict`; `object_id` and `confidence` NaN where they are none.
    added : geopandas.GeoDataFrame
        The boxes that were drawn.

    Raises
    ------
    ValueError
        The file cannot be read, or a layer or column is missing, or drawn boxes have no place.
    """
    found = []
    for layer, columns in ((JUDGED, ("date", "object_id", "confidence", "verdict")), (ADDED, ("date", "kind"))):
        frame = read_filled_in(path, layer, columns)
        if layer == ADDED and len(frame) and (not isinstance(frame, gpd.GeoDataFrame) or frame.crs is None):
            raise ValueError(f"layer '{layer}' has lost its CRS or its geometries; set them in QGIS, or")
        found.append(frame)
    judged, added = found
    numbers = {name: pd.to_numeric(judged[name], errors="coerce") for name in ("object_id", "confidence")}
    # What is beyond all numbers is none.
    numbers = {name: column.where(column.abs() < float("inf")) for name, column in numbers.items()}
    return judged.assign(**numbers), added
