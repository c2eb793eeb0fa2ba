"""The vector layers of a truth folder."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pyogrio
import pyproj

from changedet.errors import InputError
from changedet.grid.vector_files import tables_of


def truth_layer(path: Path, name: str, crs: str | pyproj.CRS) -> gpd.GeoDataFrame:
    """One layer of ``truth.gpkg`` in the run's CRS.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    name : str
        The layer.
    crs : str or pyproj.CRS
        The run's.

    Returns
    -------
    geopandas.GeoDataFrame
        With its columns as they are.

    Raises
    ------
    InputError
        The file or the layer cannot be read.
    """
    try:
        with tables_of(path):
            frame = pyogrio.read_dataframe(path, layer=name)
    except pyogrio.errors.DataSourceError as error:
        raise InputError(f"{path}: cannot read layer '{name}' ({error})") from None
    return frame.to_crs(crs)
