"""Boxes and tracks as GeoParquet, for who reads tables rather than maps; needs pyarrow, an extra of the package."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from changedet.store.files import replacing

if TYPE_CHECKING:
    import geopandas as gpd
    import pyproj

LAYERS: Final = ("containers", "tracks")
"""What is written, each to a file of its own."""


def write_geoparquet(path: str | Path, layer: str, frame: gpd.GeoDataFrame, crs: str | pyproj.CRS) -> None:
    """Write one layer as GeoParquet 1.0, typed also where it is empty.

    Parameters
    ----------
    path : path
        The file to write, whole or not at all.
    layer : str
        Of `LAYERS`.
    frame : GeoDataFrame
        With the columns that ``objects.gpkg`` has; missing ones are added empty.
    crs : str or pyproj.CRS
        Of the geometries.
    """
    # Imported here, as the names of the layers are wanted long before them.
    from changedet.outputs.gpkg.vector_layers import conform

    table = conform(layer, frame, crs)
    # Text without any value would become a column of nothing.
    words = [name for name in table.columns if name != table.geometry.name and table[name].dtype == object]
    with replacing(Path(path)) as part:
        table.astype(dict.fromkeys(words, "string")).to_parquet(part, index=False, compression="zstd")
