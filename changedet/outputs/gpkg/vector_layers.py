"""``objects.gpkg``: typed layers, also when empty, with their QGIS styles inside."""

from __future__ import annotations

import sqlite3
import warnings
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pyproj
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from changedet.grid.vector_files import tables_of
from changedet.outputs.gpkg.layer_schema import ALWAYS, DATE, DESCRIPTIONS, FLAG, GEOMETRY, REAL, SCHEMA, TEXT, WHOLE
from changedet.outputs.qgis import layer_styles, raster_styles
from changedet.outputs.values import iso_date
from changedet.store.files import replacing

if TYPE_CHECKING:
    _Column: TypeAlias = "pd.Series[Any]"
_Shapes: TypeAlias = NDArray[np.object_]
"""Geometries, None for none."""

_FIXED_TIME: Final = "2000-01-01T00:00:00.000Z"
_COUNTS_AT: Final = (24, 92)
"""Where SQLite's header counts transactions, and says with which of them the file got its size."""
_COUNT: Final = (1).to_bytes(4, "big")
_STYLE_TABLE: Final = """
CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256), f_table_schema TEXT(256),
  f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
  useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30), update_time DATETIME
)"""


def empty(layer: str, crs: str | pyproj.CRS) -> gpd.GeoDataFrame:
    """A layer without rows, with its columns, dtypes and CRS.

    Parameters
    ----------
    layer : str
        A key of `SCHEMA`.
    crs : str or pyproj.CRS
        Of its geometries.

    Returns
    -------
    geopandas.GeoDataFrame
        As `conform` gives.

    Raises
    ------
    KeyError
        The layer has no `SCHEMA`.
    """
    columns = {name: pd.Series([], dtype=dtype) for name, dtype in SCHEMA[layer].items()}
    return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries([], crs=crs), crs=crs)


def joined(layer: str, tables: Sequence[gpd.GeoDataFrame], crs: str | pyproj.CRS) -> gpd.GeoDataFrame:
    """A layer of the rows of several tables.

    Parameters
    ----------
    layer : str
        One of `SCHEMA`.
    tables : sequence of GeoDataFrame
        With the columns of the layer, or without rows.
    crs : str or pyproj.CRS
        Of all of them.

    Returns
    -------
    GeoDataFrame
        Numbered anew; `empty` where none has a row.
    """
    filled = [table for table in tables if len(table)]
    if not filled:
        return empty(layer, crs)
    return gpd.GeoDataFrame(pd.concat(filled, ignore_index=True), geometry="geometry", crs=crs)


def conform(layer: str, frame: gpd.GeoDataFrame, crs: str | pyproj.CRS) -> gpd.GeoDataFrame:
    """A layer with exactly its columns in order, its dtypes and geometry type; further columns after them.

    A row without geometry is left out, as there is nothing to draw; the footprint alone has a row for every date, and
    the ground one for a kind that is gone, which tells how much of it was lost.

    Parameters
    ----------
    layer : str
        A key of `SCHEMA`.
    frame : geopandas.GeoDataFrame
        Missing columns become null; dates may be text, dates or timestamps and become UTC midnight; another
        CRS is transformed, none is taken as `crs`.
    crs : str or pyproj.CRS
        The grid's.

    Returns
    -------
    geopandas.GeoDataFrame
        Index from 0; geometries valid and of one type.

    Raises
    ------
    KeyError
        The layer has no `SCHEMA`.
    ValueError
        A value does not fit its column's dtype.
    """
    if not len(frame):
        return empty(layer, crs)
    placed = frame.set_crs(crs) if frame.crs is None else frame.to_crs(crs)
    geometry = _geometry(placed.geometry.to_numpy(), GEOMETRY[layer])
    kept = ~(shapely.is_missing(geometry) | shapely.is_empty(geometry)) | (layer == "footprint")
    if layer == "ground" and "lost_m2" in frame:
        kept |= frame["lost_m2"].astype("float64").to_numpy() > 0
    others = [name for name in frame.columns if name not in SCHEMA[layer] and name != frame.geometry.name]
    columns = {
        name: _column(layer, name, frame[name] if name in frame else pd.Series([None] * len(frame)), dtype)
        for name, dtype in SCHEMA[layer].items()
    }
    columns |= {name: frame[name].reset_index(drop=True) for name in others}
    made = gpd.GeoDataFrame(columns, geometry=geometry, crs=placed.crs)
    return made[kept].reset_index(drop=True)


def write_objects(path: str | Path, layers: Mapping[str, gpd.GeoDataFrame], crs: str | pyproj.CRS) -> None:
    """Write ``objects.gpkg``: the same rows give the same bytes.

    Parameters
    ----------
    path : path
        The file to write; complete or not there.
    layers : mapping of str to geopandas.GeoDataFrame
        Keys of `SCHEMA`; those of `ALWAYS` that are missing are written empty, the others only where given.
    crs : str or pyproj.CRS
        The grid's.

    Raises
    ------
    KeyError
        A layer has no `SCHEMA`.
    ValueError
        A value does not fit its column's dtype.
    """
    unknown = set(layers) - set(SCHEMA)
    if unknown:
        raise KeyError(f"no such layer: {', '.join(sorted(unknown))}")
    names = [name for name in SCHEMA if name in ALWAYS or name in layers]
    ready = {name: conform(name, layers[name], crs) if name in layers else empty(name, crs) for name in names}
    with replacing(Path(path)) as part:
        write_layers(part, ready, GEOMETRY)
        _finish(part, ready)


def write_layers(part: Path, layers: Mapping[str, gpd.GeoDataFrame], geometry: Mapping[str, str]) -> None:
    """Write layers into an unfinished GeoPackage; `embed_styles` finishes it.

    Parameters
    ----------
    part : pathlib.Path
        The file to write or to add to.
    layers : mapping of str to geopandas.GeoDataFrame
        By name, in order.
    geometry : mapping of str to str
        Geometry type by name; polygons where none is given.
    """
    with warnings.catch_warnings():
        # GDAL wants the name to end in .gpkg, which an unfinished file must not.
        warnings.filterwarnings("ignore", message=".*extension", category=RuntimeWarning)
        for name, frame in layers.items():
            kind = geometry.get(name, "Polygon")
            pyogrio.write_dataframe(
                frame,
                part,
                layer=name,
                driver="GPKG",
                geometry_type=kind,
                promote_to_multi=kind.startswith("Multi"),
                append=part.exists(),
                layer_options={
                    "SPATIAL_INDEX": "YES",
                    "GEOMETRY_NAME": "geom",
                    "DESCRIPTION": DESCRIPTIONS.get(name, ""),
                },
            )


def read_objects(path: str | Path, layer: str) -> gpd.GeoDataFrame:
    """One layer of ``objects.gpkg``.

    Parameters
    ----------
    path : path
        As `write_objects` wrote it.
    layer : str
        A key of `SCHEMA`.

    Returns
    -------
    geopandas.GeoDataFrame
        With the dtypes of `SCHEMA`.
    """
    with tables_of(path, no_views=True):
        frame = pyogrio.read_dataframe(path, layer=layer)
    return conform(layer, frame, frame.crs)


def has_layer(path: str | Path, layer: str) -> bool:
    """Whether a GeoPackage has a layer.

    Parameters
    ----------
    path : path
        The GeoPackage.
    layer : str
        The layer's name.

    Returns
    -------
    bool
        False also where it has no layers at all.
    """
    with tables_of(path, no_views=True):
        return layer in {str(name) for name, _ in pyogrio.list_layers(path)}


def _finish(part: Path, layers: Mapping[str, gpd.GeoDataFrame]) -> None:
    styled = {}
    for name, frame in layers.items():
        dates = sorted({iso_date(day) for day in frame["first_seen"].dropna()}) if name == "tracks" else []
        styled[name] = raster_styles.document(layer_styles.vector(name, dates))
    embed_styles(part, styled)


def embed_styles(path: Path, styled: Mapping[str, str]) -> None:
    """Put default styles into a GeoPackage and take the clock out, so that the same rows give the same bytes.

    Parameters
    ----------
    path : pathlib.Path
        A GeoPackage without styles, its geometry columns named ``geom``.
    styled : mapping of str to str
        Layer -> QML document.
    """
    with closing(sqlite3.connect(path)) as database:
        database.execute(_STYLE_TABLE)
        database.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change)"
            " VALUES ('layer_styles', 'attributes', 'layer_styles', '', ?)",
            (_FIXED_TIME,),
        )
        for name, qml in styled.items():
            database.execute(
                "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName,"
                " styleQML, styleSLD, useAsDefault, description, owner, ui, update_time)"
                " VALUES ('', '', ?, 'geom', ?, ?, '', 1, 'changedet', '', NULL, ?)",
                (name, name, qml, _FIXED_TIME),
            )
        database.execute("UPDATE gpkg_contents SET last_change = ?", (_FIXED_TIME,))
        database.commit()
        database.execute("VACUUM")
    # Of the same rows GDAL now and then makes one transaction less.
    with path.open("r+b") as stream:
        for place in _COUNTS_AT:
            stream.seek(place)
            stream.write(_COUNT)


def _column(layer: str, name: str, values: _Column, dtype: str) -> _Column:
    plain = values.reset_index(drop=True)
    try:
        if dtype == DATE:
            texts = pd.api.types.is_string_dtype(plain.dtype)
            stamps = pd.to_datetime(plain, utc=True, format="ISO8601" if texts else None)
            return stamps.dt.normalize().astype(DATE)
        if dtype == TEXT:
            return plain.astype(object).where(plain.notna(), None)
        if dtype == WHOLE:
            return plain.astype(REAL).astype("Int64")
        return plain.astype("boolean") if dtype == FLAG else plain.astype("float64")
    except (TypeError, ValueError) as error:
        raise ValueError(f"{layer}.{name}: expected {dtype}: {error}") from error


def _geometry(geometry: _Shapes, kind: str) -> _Shapes:
    """Valid geometries of one type; what a repair turns into lines or points is dropped."""
    if kind in {"Point", "LineString"}:
        return geometry
    mended = np.asarray(geometry, dtype=object).copy()
    bad = ~shapely.is_valid(mended) & ~shapely.is_missing(mended)
    mended[bad] = shapely.make_valid(mended[bad])
    if kind == "Polygon":
        return mended
    return np.array([_as_multi(shape) for shape in mended], dtype=object)


def _as_multi(shape: BaseGeometry | None) -> BaseGeometry | None:
    if shape is None:
        return None
    parts = [part for part in shapely.get_parts(shapely.get_parts([shape])) if part.geom_type == "Polygon"]
    return shapely.MultiPolygon(parts)
