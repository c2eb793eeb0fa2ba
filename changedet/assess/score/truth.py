"""The table and the vector layers of a truth folder, checked as they are read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pyproj
import shapely
from numpy.typing import NDArray

from changedet.arrays import Bools
from changedet.errors import InputError
from changedet.grid.vector_files import tables_of
from changedet.outputs.summary import FIGURE_COLUMNS

ONSETS: Final[Mapping[str, str]] = {
    "containers": "onset_containers",
    "changed_area": "onset_changed",
    "footprint": "onset_footprint",
}
"""By figure, the column of ``truth.csv`` that holds the date of its onset in one of its rows; each may be missing."""
_MOST_DETAIL: Final = 120
"""Characters of a library's message that are repeated."""


class _Layer(NamedTuple):
    """What a layer must have: columns of dates, of words, polygons or else points."""

    dates: tuple[str, ...]
    words: tuple[str, ...]
    is_area: bool


_LAYERS: Final = {
    "changed": _Layer(("date",), ("direction",), True),
    "containers": _Layer(("date",), ("kind",), True),
    "tracks": _Layer(("arrived", "departed"), (), False),
}


@contextmanager
def naming_the_truth(target: Path, *errors: type[Exception]) -> Iterator[None]:
    """Make one line that names the truth of what its reading raises.

    Parameters
    ----------
    target : pathlib.Path
        The file or folder.
    *errors : type of Exception
        What is raised where it is not as a truth is; anything else is a fault of ours.

    Yields
    ------
    None
        To read in.

    Raises
    ------
    InputError
        In place of any of them.
    """
    try:
        yield
    except errors as error:
        said = f"no column {error}" if isinstance(error, KeyError) else str(error)
        detail = " ".join(said.replace(str(target), "").split())[:_MOST_DETAIL]
        wanted = "a truth/ folder as `changedet simulate` writes it, a raster of 1, 0 and 255, or a sample"
        raise InputError(f"{target}: cannot be understood ({detail}), expected {wanted}") from error


def truth_table(path: Path) -> pd.DataFrame:
    """The rows of ``truth.csv``.

    Parameters
    ----------
    path : pathlib.Path
        The file.

    Returns
    -------
    pandas.DataFrame
        With ``date`` (ISO text), ``containers`` (float64; rows in which it is empty are left out), and what is there of
        the other figures of a run's series (`FIGURE_COLUMNS`; float64, NaN is unknown) and of the columns of `ONSETS`
        (ISO text).

    Raises
    ------
    InputError
        It cannot be read, lacks a column, or has something else in one.
    """
    with naming_the_truth(path, AttributeError, KeyError, TypeError, ValueError, OverflowError, NotImplementedError):
        _refuse_what_never_ends(path)
        table = pd.read_csv(path)
        dates = pd.to_datetime(table["date"], format="ISO8601").dt.strftime("%Y-%m-%d")
        table = table.assign(date=dates, containers=pd.to_numeric(table["containers"]).astype(np.float64))
        table = table[table["containers"].notna()]
        for name in sorted(set(FIGURE_COLUMNS) & {*table}):
            table[name] = pd.to_numeric(table[name]).astype(np.float64)
            _refuse_infinite(table[name].dropna())
        for name in {*ONSETS.values()} & {*table}:
            table[name] = [text if pd.isna(text) else _iso(text) for text in table[name]]
    return table


def _refuse_what_never_ends(path: Path) -> None:
    if path.exists() and not path.is_file():
        raise ValueError("it is a pipe, a device or a folder")


def _refuse_infinite(figures: pd.Series[float]) -> None:
    if not np.isfinite(figures).all():
        raise ValueError(f"{figures.name}: not all are numbers")


def _iso(text: object) -> str:
    return str(dt.date.fromisoformat(str(text)[:10]))


def truth_layer(path: Path, name: str, crs: str | pyproj.CRS) -> gpd.GeoDataFrame:
    """One layer of ``truth.gpkg`` in the run's CRS.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    name : str
        The layer: ``changed``, ``containers`` or ``tracks``.
    crs : str or pyproj.CRS
        The run's.

    Returns
    -------
    geopandas.GeoDataFrame
        With its columns, dates in UTC, valid polygons or points.

    Raises
    ------
    InputError
        The file or the layer cannot be read, lacks a column, or has another kind of shapes.
    """
    try:
        with tables_of(path):
            frame = pyogrio.read_dataframe(path, layer=name)
    except (RuntimeError, ValueError) as error:
        raise InputError(f"{path}: cannot read layer '{name}' ({error})") from None
    wrong = AttributeError, KeyError, TypeError, ValueError, RuntimeError, OverflowError, shapely.errors.ShapelyError
    with naming_the_truth(path, *wrong):
        return _understood(frame.to_crs(crs), name)


def _understood(frame: gpd.GeoDataFrame, name: str) -> gpd.GeoDataFrame:
    wanted = _LAYERS[name]
    frame = frame.assign(**{one: _dates(frame[one]) for one in wanted.dates})
    frame = frame.assign(**{one: frame[one].astype(str) for one in wanted.words})
    shapes = frame.geometry.to_numpy()
    _refuse(name, np.asarray(~np.isfinite(shapely.bounds(shapes)).all(axis=1)), "lies nowhere")
    if not wanted.is_area:
        _refuse(name, np.asarray(shapely.get_type_id(shapes) != shapely.GeometryType.POINT), "is no point")
        return frame
    shapes = polygons(shapely.make_valid(shapely.force_2d(shapes)))
    _refuse(name, np.asarray(shapely.area(shapes) == 0), "is no polygon")
    return frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs))


def _dates(column: pd.Series) -> pd.Series:
    """Stamps in UTC; raises where one lies before the year 1 or after 9999, which files know and Python does not."""
    stamps = pd.to_datetime(column, utc=True, format="ISO8601")
    _ = stamps.dt.date
    return stamps


def _refuse(name: str, wrong: Bools, what: str) -> None:
    rows = np.flatnonzero(wrong)
    if len(rows):
        raise ValueError(f"layer '{name}': row {rows[0] + 1} {what}")


def polygons(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """What of each shape has an area: GEOS overlays no mixture of areas, lines and points.

    Parameters
    ----------
    shapes : array of shapely geometry (n,)
        Of any kinds, valid.

    Returns
    -------
    array of shapely geometry (n,)
        The same where it is no collection, else its polygons in one.
    """
    out = np.array(shapes, object)
    for k in np.flatnonzero(shapely.get_type_id(out) == shapely.GeometryType.GEOMETRYCOLLECTION):
        parts = shapely.get_parts(out[k])
        out[k] = shapely.union_all(parts[shapely.get_dimensions(parts) == 2])
    return out
