"""``labels.gpkg``: tiles in which a person draws every container, written and read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj

from changedet.outputs.gpkg.filled_in import read_filled_in, write_filled_in
from changedet.outputs.gpkg.layer_schema import TEXT
from changedet.outputs.gpkg.vector_layers import embed_styles
from changedet.outputs.qgis import editing_styles, raster_styles
from changedet.outputs.values import is_missing
from changedet.store.files import replacing

TILES: Final = "tiles"
LABELS: Final = "containers"


def write_labels(path: str | Path, tiles: gpd.GeoDataFrame, dates: Sequence[str]) -> None:
    """Write the layers ``tiles`` (as given, with `labelled` false) and ``containers`` (no row; `date`, `kind`).

    Parameters
    ----------
    path : path
        Written whole, or not at all.
    tiles : geopandas.GeoDataFrame
        Polygons with `date` (ISO text) and `weight`.
    dates : sequence of str
        ISO dates that a label may have.
    """
    columns = {name: pd.Series([], dtype=TEXT) for name in ("date", "kind")}
    drawn = gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries([], crs=tiles.crs), crs=tiles.crs)
    layers = {TILES: tiles.assign(labelled=False), LABELS: drawn}
    styled = {TILES: editing_styles.label_tiles(), LABELS: editing_styles.additions(dates)}
    with replacing(Path(path)) as part:
        for name, frame in layers.items():
            write_filled_in(part, name, frame)
        embed_styles(part, {name: raster_styles.document(style) for name, style in styled.items()})


def _is_yes(value: object) -> bool:
    return not is_missing(value) and str(value).strip().lower() not in {"", "0", "0.0", "no", "n", "false", "f"}


def read_labels(path: str | Path, crs: str | pyproj.CRS) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """The two layers in a CRS, rows numbered by `fid`.

    Parameters
    ----------
    path : path
        As `write_labels` wrote it and a person filled it, or any file with these two layers.
    crs : str or pyproj.CRS
        The grid's.

    Returns
    -------
    tiles : geopandas.GeoDataFrame
        `date` as it stands there, `labelled` (bool, True where the column is not there), `weight` (1 where it is not).
    labels : geopandas.GeoDataFrame
        `date` as it stands there, `kind`, None where the column is not there.

    Raises
    ------
    ValueError
        The file cannot be read, or a layer, its CRS or its dates are missing.
    """
    found = []
    for layer in (TILES, LABELS):
        frame = read_filled_in(path, layer)
        if not isinstance(frame, gpd.GeoDataFrame) or "date" not in frame:
            raise ValueError(f"layer '{layer}' has no {'column date' if 'date' not in frame else 'geometry'}")
        if frame.crs is None:
            raise ValueError(f"layer '{layer}' has no CRS")
        found.append(frame.to_crs(crs))
    tiles, labels = found
    tiles = tiles.assign(
        labelled=np.array([_is_yes(value) for value in tiles["labelled"]], bool) if "labelled" in tiles else True,
        weight=pd.to_numeric(tiles["weight"], errors="coerce") if "weight" in tiles else 1.0,
    )
    return tiles, labels if "kind" in labels else labels.assign(kind=None)
