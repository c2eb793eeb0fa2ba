"""Where the pixels of a raster file lie: its transform, ground control points or RPCs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyproj
import rasterio
import rasterio.errors
import rasterio.transform
from affine import Affine

from changedet.errors import InputError
from changedet.grid import Frame
from changedet.grid.datum_files import foreign_in_crs
from changedet.grid.geodesy import LONLAT

Gcps: TypeAlias = tuple[tuple[float, float, float, float], ...]
"""Ground control points: row, column, x, y."""
Rpcs: TypeAlias = dict[str, float | list[float] | None]
"""Rational polynomial coefficients by their names in lower case."""
LEAST_POINTS: Final = 3
LEAST_PIXEL_AREA: Final = 1e-24
"""In the CRS's unit: a pixel of a nanometre's edge is none, though its transform can be inverted."""
MOST_COORDINATE: Final = 1e11
"""In the CRS's unit: more than twice around the Earth in millimetres; what lies further has no place on it."""
LEAST_SPREAD: Final = 1e-6
"""Of the points' longest extent: what spreads less across it lies on one line; no scene's edge has so many pixels."""
LEAST_EXTENT: Final = 1e-11
"""Of the points' largest coordinate: what spreads less is the rounding of 64 bit numbers, some 1e-16, and lies in one
place."""


def find_frame(
    path: str, dataset: rasterio.DatasetReader, crs: str | None, bounds: Sequence[float] | None, like: Frame | None
) -> tuple[Frame, Gcps, Rpcs | None]:
    """Where a file's pixels lie.

    Parameters
    ----------
    path : str
        For error lines.
    dataset : rasterio.DatasetReader
        The open file.
    crs : str or None
        Used where the file has none.
    bounds : sequence of float or None
        West, south, east, north, in place of the file's transform.
    like : Frame or None
        Used where the file has no georeference of its own but as many pixels.

    Returns
    -------
    frame : Frame
        With a transform that is only near where points or coefficients place the file.
    gcps : tuple of (float, float, float, float)
        Ground control points; empty where the transform is exact.
    rpcs : dict or None
        Rational polynomial coefficients.

    Raises
    ------
    InputError
        The file has no georeference, or one that cannot be used.
    """
    width, height = dataset.width, dataset.height
    if bounds is not None:
        if crs is None and dataset.crs is None:
            raise InputError(f"{path}: 'bounds' needs a 'crs' with it")
        west, south, east, north = bounds
        transform = Affine((east - west) / width, 0.0, west, 0.0, (south - north) / height, north)
        _check_transform(path, transform)
        return Frame(_crs_name(path, crs or dataset.crs), transform, width, height), (), None
    if dataset.transform.is_identity and (dataset.gcps[0] or dataset.rpcs is not None):
        return _inexact_frame(path, dataset)
    own = dataset.crs or crs
    if dataset.transform.is_identity and like is not None and (height, width) == (like.height, like.width):
        return like, (), None
    if own is None or dataset.transform.is_identity:
        what = "no coordinate reference system" if own is None else "no position"
        raise InputError(f"{path}: has {what}; georeference it, or give the scene 'crs' and 'bounds'")
    _check_transform(path, dataset.transform)
    return Frame(_crs_name(path, own), dataset.transform, width, height), (), None


def check_own_crs(path: str, dataset: rasterio.DatasetReader, crs: str | None) -> None:
    """Refuse a CRS that is given for a file whose own is another one.

    Parameters
    ----------
    path : str
        For error lines.
    dataset : rasterio.DatasetReader
        The open file.
    crs : str or None
        What the workflow says.

    Raises
    ------
    InputError
        Both are there and differ.
    """
    if crs is None or dataset.crs is None:
        return
    own, given = _crs_name(path, dataset.crs), _crs_name(path, crs)
    if own != given and not pyproj.CRS(own).equals(pyproj.CRS(given), ignore_axis_order=True):
        raise InputError(f"{path}: is in {own[:40]}, not in the 'crs' given, {given[:40]}; leave 'crs' out")


def _check_transform(path: str, transform: Affine) -> None:
    if not _is_usable(transform):
        what = "is singular" if abs(transform.determinant) <= LEAST_PIXEL_AREA else "lies nowhere on Earth"
        raise InputError(f"{path}: its transform {tuple(transform[:6])} {what}; georeference it again")


def _is_usable(transform: Affine) -> bool:
    # Of NaN, too, the comparison is false.
    on_earth = np.all(np.abs(transform[:6]) <= MOST_COORDINATE)
    return bool(on_earth and abs(transform.determinant) > LEAST_PIXEL_AREA)


def _inexact_frame(path: str, dataset: rasterio.DatasetReader) -> tuple[Frame, Gcps, Rpcs | None]:
    # Ground control points or RPCs place the file; the transform is only near.
    points, crs = dataset.gcps
    if points:
        if len(points) < LEAST_POINTS:
            few = f"{len(points)} ground control points, at least {LEAST_POINTS} are needed"
            raise InputError(f"{path}: has {few}; georeference it")
        gcps = tuple((point.row, point.col, point.x, point.y) for point in points)
        near = _near(path, points, "ground control points")
        return Frame(_crs_name(path, crs or LONLAT), near, dataset.width, dataset.height, True), gcps, None
    rpcs = dataset.rpcs.to_dict()
    columns, rows = np.meshgrid([0, dataset.width], [0, dataset.height])
    with rasterio.transform.RPCTransformer(dataset.rpcs, rpc_height=rpcs["height_off"]) as transformer:
        x, y = transformer.xy(rows.ravel(), columns.ravel(), zs=[0.0] * 4, offset="ul")
    corners = zip(rows.ravel(), columns.ravel(), x, y, strict=True)
    points = [rasterio.control.GroundControlPoint(float(r), float(c), u, v) for r, c, u, v in corners]
    near = _near(path, points, "RPCs")
    return Frame(LONLAT, near, dataset.width, dataset.height, True), (), rpcs


def _near(path: str, points: Sequence[rasterio.control.GroundControlPoint], what: str) -> Affine:
    # The transform nearest to what places a file; points on one line, or without a place, have none.
    on_file = np.array([(point.row, point.col) for point in points], np.float64)
    on_map = np.array([(point.x, point.y) for point in points], np.float64)
    near: Affine = rasterio.transform.from_gcps(points)
    if not (_span_an_area(on_file) and _span_an_area(on_map) and _is_usable(near)):
        raise InputError(f"{path}: its {what} give its pixels no place; georeference it again")
    return near


def _span_an_area(points: npt.NDArray[np.float64]) -> bool:
    # By the points and not by the transform fitted to them: on one line that is whatever rounding makes of it.
    if not np.all(np.isfinite(points)):
        return False
    longest, across = np.linalg.svd(points - points.mean(axis=0), compute_uv=False)
    return bool(longest > LEAST_EXTENT * np.abs(points).max() and across > LEAST_SPREAD * longest)


def _crs_name(path: str, crs: str | rasterio.CRS) -> str:
    try:
        parsed = pyproj.CRS(crs if isinstance(crs, str | int) else crs.to_wkt())
    except pyproj.exceptions.CRSError as error:
        raise InputError(f"{path}: its coordinate reference system is not understood ({error})") from None
    if not (parsed.is_projected or parsed.is_geographic):
        what = f"is {parsed.type_name.lower()} ('{parsed.name[:60]}')"
        raise InputError(f"{path}: its coordinate reference system {what}, expected a projected or geographic one")
    _check_on_earth(path, parsed)
    if len(parsed.axis_info) > 2:
        # A height says nothing of where pixels lie; files that are written from it would have to carry it.
        flat = parsed.to_2d()
        epsg = flat.to_epsg()
        return f"EPSG:{epsg}" if epsg is not None else str(flat.to_wkt())
    epsg = parsed.to_epsg(min_confidence=100) if isinstance(crs, str | int) else crs.to_epsg()
    return f"EPSG:{epsg}" if epsg is not None else str(parsed.to_wkt())


def _check_on_earth(path: str, crs: pyproj.CRS) -> None:
    if foreign := foreign_in_crs(crs):
        said = f"its coordinate reference system names the file {foreign[:60]!a}"
        raise InputError(f"{path}: {said}; give it a 'crs' by a code such as EPSG:32633")
    try:
        pyproj.Transformer.from_crs(crs, LONLAT)
    except pyproj.exceptions.ProjError as error:
        ellipsoid = crs.ellipsoid.name if crs.ellipsoid is not None else "unknown"
        why = "is of another celestial body" if "celestial" in str(error) else "has no way to longitude and latitude"
        said = f"its coordinate reference system '{crs.name[:60]}' (ellipsoid '{ellipsoid[:60]}') {why}"
        raise InputError(f"{path}: {said}; areas are measured on Earth, give it a 'crs' of Earth") from None
