"""Which CRS and which pixels the common grid has."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import pyproj
import shapely
from affine import Affine
from shapely.geometry.base import BaseGeometry

from changedet.errors import InputError, Problem
from changedet.grid.frame import FARTHEST_LATITUDE, Frame
from changedet.grid.geodesy import LONLAT, apart_m, area_scale, auto_crs, is_metric, same_crs, to_crs, transform_xy
from changedet.grid.grid import Grid
from changedet.grid.mending import made_valid

MAX_PIXELS: Final = 1 << 33
"""A larger grid is a slip of a unit or of the area."""
MAX_SIDE_PX: Final = 1 << 20
MAX_FOLD: Final = 0.01
"""How far a point may come back from its place, as a share of the scene's size."""
ROUNDING_PX: Final = 0.05
"""What an area reaches into a pixel by less is rounding, not an extent: seven digits of a degree are a centimetre."""
MOST_STEPS: Final = 1_000_000
"""Of an area's outline, in parts of 64 of its extent, which are projected one by one: a coast has some thousands."""


def make_grid(
    reference: Frame,
    *,
    crs: str | int = "auto",
    resolution: float | str = "auto",
    aoi: BaseGeometry | None = None,
    aoi_crs: str = LONLAT,
    finest: Frame | None = None,
) -> Grid:
    """The common grid of a site.

    Parameters
    ----------
    reference : Frame
        The reference scene's.
    crs : str or int
        ``auto`` or a CRS projected in metres.
    resolution : float or str
        Metres, or ``auto`` for the finest scene's.
    aoi : shapely geometry, optional
        In `aoi_crs`; by default the reference scene's extent.
    aoi_crs : str
        Of `aoi`.
    finest : Frame, optional
        The scene with the smallest ground sampling distance; by default the reference.

    Returns
    -------
    Grid
        North-up. Where CRS and resolution agree with the reference's its edges are the reference's, else multiples of
        the resolution.

    Raises
    ------
    InputError
        Where the CRS is not projected in metres, the resolution is not above 0, the AOI is empty or cannot be
        projected, or the grid would be absurdly large.
    """
    centre = _centre(aoi, aoi_crs) if aoi is not None and not aoi.is_empty else _middle(reference)
    target = auto_crs(reference.crs, *centre) if crs == "auto" else _checked_crs(crs)
    pixel = _resolution(resolution, target, finest or reference, centre)
    same = reference.is_north_up and same_crs(target, reference.crs)
    agrees = same and all(
        abs(size / own - 1) * max(reference.width, reference.height) < 1e-2
        for size, own in zip(pixel, (reference.transform.a, -reference.transform.e), strict=True)
    )
    if agrees:
        target, pixel = reference.crs, (reference.transform.a, -reference.transform.e)
    area = _project(aoi, aoi_crs, target) if aoi is not None else None
    extent = area if area is not None else _whole(reference, target, agrees=agrees)
    origin = (reference.transform.c, reference.transform.f) if agrees else (0.0, 0.0)
    transform, shape = _snapped(extent.bounds, pixel, origin)
    if area is not None and area.area < pixel[0] * pixel[1]:
        message = f"the area has {area.area:.3g} m2, less than a pixel of {pixel[0]:.4g} m; give a larger one"
        raise InputError(Problem(message, "site.aoi"))
    return Grid(target, transform, shape, area if area is not None or agrees else extent)


def _centre(aoi: BaseGeometry, crs: str) -> tuple[float, float]:
    point = shapely.box(*aoi.bounds).centroid
    lon, lat = transform_xy(crs, LONLAT, [point.x], [point.y])
    return float(lon[0]), float(lat[0])


def _middle(reference: Frame) -> tuple[float, float]:
    outline = reference.outline(LONLAT)
    if outline.is_empty or not (np.isfinite(outline.bounds).all() and abs(outline.centroid.y) <= FARTHEST_LATITUDE):
        place = tuple(round(number, 3) for number in reference.outline().bounds)
        message = f"the reference scene's extent {place} lies nowhere on Earth; georeference it again"
        raise InputError(Problem(message, "scenes"))
    return outline.centroid.x, outline.centroid.y


def _checked_crs(crs: str | int) -> str:
    try:
        parsed = pyproj.CRS(crs)
    except pyproj.exceptions.CRSError:
        raise InputError(
            Problem(f"no such CRS '{crs}', expected a projected EPSG code such as EPSG:32633", "grid.crs")
        ) from None
    if not is_metric(parsed.to_wkt()):
        raise InputError(
            Problem(f"{crs} ({parsed.name}) is not projected in metres; give such a CRS, or auto", "grid.crs")
        )
    return parsed.to_string() if parsed.to_epsg() is None else f"EPSG:{parsed.to_epsg()}"


def _resolution(resolution: float | str, crs: str, finest: Frame, centre: tuple[float, float]) -> tuple[float, float]:
    if resolution != "auto":
        size = float(resolution)
        if not (math.isfinite(size) and size > 0):
            raise InputError(Problem(f"must be above 0 metres, not {resolution}", "grid.resolution"))
        return size, size
    own = (finest.transform.a, -finest.transform.e)
    if finest.is_north_up and same_crs(crs, finest.crs) and abs(own[0] / own[1] - 1) < 0.02:
        return own
    ground = finest.gsd_m
    native = math.sqrt(abs(finest.transform.determinant))
    if is_metric(finest.crs) and abs(native / ground - 1) < 0.01:
        ground = native
    x, y = transform_xy(LONLAT, crs, [centre[0]], [centre[1]])
    # Metres of some CRSs (Web Mercator's) are not metres on the ground.
    scale = 1 / math.sqrt(area_scale(crs, float(x[0]), float(y[0])))
    size = float(f"{ground * (scale if abs(scale - 1) > 0.01 else 1.0):.4g}")
    return size, size


def _whole(reference: Frame, target: str, *, agrees: bool) -> BaseGeometry:
    # The reference scene's outline in the grid's CRS, where that can hold it.
    outline = reference.outline(target)
    if agrees or same_crs(reference.crs, target):
        return outline
    # A CRS that cannot hold the scene folds it: some of its points do not come back to their places.
    x, y = reference.lattice(LONLAT)
    known = np.isfinite(x) & np.isfinite(y)
    off = apart_m(LONLAT, x[known], y[known], target, *transform_xy(LONLAT, target, x[known], y[known]))
    size = math.hypot(reference.width, reference.height) * reference.gsd_m
    if not np.max(off) <= MAX_FOLD * size:
        message = f"the reference scene is too wide for {target}; give an area of interest, or grid.crs"
        raise InputError(Problem(message, "site.aoi"))
    return outline


def _project(aoi: BaseGeometry, crs: str, target: str) -> BaseGeometry:
    if aoi.is_empty:
        raise InputError(Problem("the area is empty", "site.aoi"))
    west, south, east, north = aoi.bounds
    step = max(east - west, north - south) / 64
    if aoi.length > MOST_STEPS * step:
        raise InputError(Problem("the area's outline winds to and fro too often; draw it anew", "site.aoi"))
    try:
        dense = aoi if same_crs(crs, target) else shapely.segmentize(aoi, step)
    except shapely.errors.GEOSException as error:
        text = f"the area {tuple(aoi.bounds)} in {crs} cannot be divided ({error}); draw it anew"
        raise InputError(Problem(text, "site.aoi")) from None
    moved = to_crs(dense, crs, target)
    if not np.all(np.isfinite(moved.bounds)):
        raise InputError(Problem(f"the area {tuple(aoi.bounds)} in {crs} cannot be projected to {target}", "site.aoi"))
    return made_valid(moved, "the area of interest")


def _snapped(
    bounds: tuple[float, ...], pixel: tuple[float, float], origin: tuple[float, float]
) -> tuple[Affine, tuple[int, int]]:
    # Bounds snapped outward to pixel edges.
    if not np.all(np.isfinite([*bounds, *pixel, *origin])):
        raise InputError(
            Problem("the reference scene's extent cannot be projected to the grid's CRS; give an aoi", "site.aoi")
        )
    _check_size(bounds, pixel)
    west = math.floor((bounds[0] - origin[0]) / pixel[0] + ROUNDING_PX)
    east = math.ceil((bounds[2] - origin[0]) / pixel[0] - ROUNDING_PX)
    north = math.floor((origin[1] - bounds[3]) / pixel[1] + ROUNDING_PX)
    south = math.ceil((origin[1] - bounds[1]) / pixel[1] - ROUNDING_PX)
    transform = Affine(pixel[0], 0.0, origin[0] + west * pixel[0], 0.0, -pixel[1], origin[1] - north * pixel[1])
    return transform, (max(south - north, 1), max(east - west, 1))


def _check_size(bounds: tuple[float, ...], pixel: tuple[float, float]) -> None:
    columns, rows = (bounds[2] - bounds[0]) / pixel[0], (bounds[3] - bounds[1]) / pixel[1]
    if columns * rows > MAX_PIXELS or max(columns, rows) > MAX_SIDE_PX:
        raise InputError(
            Problem(
                f"the grid would have {columns:.7g} x {rows:.7g} pixels of {pixel[0]:g} m, "
                f"{(bounds[2] - bounds[0]) / 1000:.4g} x {(bounds[3] - bounds[1]) / 1000:.4g} km, "
                f"more than {MAX_PIXELS:.2g}; give a smaller aoi or a coarser grid.resolution",
                "site.aoi",
            )
        )
