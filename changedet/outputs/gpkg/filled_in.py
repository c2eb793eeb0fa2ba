"""Layers that a person fills in: their dates are dates alone, which no time zone moves by a day."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from numpy.typing import NDArray

from changedet.grid.vector_files import tables_of
from changedet.outputs.values import iso_date

DATES: Final = "date"
"""The column whose values are dates without a time: QGIS offers it to its temporal controller, text it does not."""


def write_filled_in(part: Path, layer: str, frame: gpd.GeoDataFrame, geometry_type: str = "Polygon") -> None:
    """Write a layer with a real date column into an unfinished GeoPackage; also one without rows.

    Parameters
    ----------
    part : pathlib.Path
        The file to write or to add to; `embed_styles` finishes it.
    layer : str
        Its name.
    frame : geopandas.GeoDataFrame
        With ``date``: ISO text or dates, None where none is given. Other columns are numbers, flags or text.
    geometry_type : str
        Of its geometries.
    """
    columns = {str(name): _values(frame[name]) for name in frame.columns if name != frame.geometry.name}
    with warnings.catch_warnings():
        # GDAL wants the name to end in .gpkg, which an unfinished file must not.
        warnings.filterwarnings("ignore", message=".*extension", category=RuntimeWarning)
        pyogrio.raw.write(
            part,
            shapely.to_wkb(frame.geometry.to_numpy()),
            [values for values, _ in columns.values()],
            list(columns),
            field_mask=[missing for _, missing in columns.values()],
            layer=layer,
            driver="GPKG",
            geometry_type=geometry_type,
            crs=frame.crs.to_wkt() if frame.crs is not None else None,
            append=part.exists(),
            layer_options={"SPATIAL_INDEX": "YES", "GEOMETRY_NAME": "geom"},
        )


def read_filled_in(path: str | Path, layer: str, columns: Sequence[str] = ()) -> pd.DataFrame:
    """A layer as it is now.

    Parameters
    ----------
    path : path
        Of a GeoPackage that a person filled in.
    layer : str
        Its name.
    columns : sequence of str
        That it must have.

    Returns
    -------
    DataFrame
        Rows numbered by `fid`; a GeoDataFrame where the layer has geometries.

    Raises
    ------
    ValueError
        It cannot be read, or a column is missing.
    """
    try:
        with tables_of(path):
            frame: pd.DataFrame = pyogrio.read_dataframe(path, layer=layer, fid_as_index=True)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        raise ValueError(f"layer '{layer}' cannot be read ({error})") from None
    missing = [name for name in columns if name not in frame]
    if missing:
        raise ValueError(f"layer '{layer}' has lost its column '{missing[0]}'")
    return frame


def _values(column: pd.Series) -> tuple[NDArray[np.generic], NDArray[np.bool_]]:
    """The values of a column as the driver takes them, and which of them are missing."""
    missing = column.isna().to_numpy(bool)
    if column.name == DATES:
        return np.array([iso_date(value) or "NaT" for value in column], "datetime64[D]"), missing
    if pd.api.types.is_extension_array_dtype(column.dtype) and pd.api.types.is_integer_dtype(column.dtype):
        return column.fillna(0).to_numpy(np.int64), missing
    return column.to_numpy(), missing
