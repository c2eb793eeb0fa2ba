"""Find boxes in one picture in memory or dask, without a workflow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import xarray as xr
from affine import Affine
from odc.geo.geobox import GeoBox

from changedet.arrays import Singles
from changedet.blocks import Window, over_sample, tiles
from changedet.errors import MethodError
from changedet.grid.geodesy import ground_pixel_m2
from changedet.stages.image_inputs import as_image, refuse_degrees
from changedet.stages.objects.boxes import georeferenced, table_of
from changedet.stages.objects.lattice import ObjectMethod, ObjectStatistics, Statistics, cells, in_cell
from changedet.stages.objects.stage import STAGE, choose
from changedet.stages.registry import AUTO, NONE, Facts

if TYPE_CHECKING:
    import geopandas as gpd

TILE_CELLS: Final = 4
"""A side of the tiles that are read at once, in cells of the lattice."""


def detect_containers(image: xr.DataArray, *, method: str = AUTO, **parameters: object) -> gpd.GeoDataFrame:
    """Find containers in one picture.

    Parameters
    ----------
    image : xarray.DataArray
        Dims ``(band, y, x)`` or ``(y, x)``, on a CRS projected in metres (``spatial_ref``), in memory or dask; NaN, or
        the value of an attribute such as ``_FillValue`` or ``nodata``, is no data. The band coordinate names roles
        (blue, green, red, nir, pan); bands without names are taken as red, green, blue, nir where there are three or
        more, else as panchromatic.
    method : str
        ``auto``, ``classical``, ``learned`` or ``none``.
    **parameters : object
        Of the method, see ``changedet methods objects``.

    Returns
    -------
    geopandas.GeoDataFrame
        One row a box with ``length_m``, ``width_m``, ``angle_deg`` (long side, clockwise from grid north, 0 to 180),
        ``confidence`` (0 to 1), ``kind``, ``color``, ``tiers``, ``inferred``, and the rotated rectangle in the image's
        CRS. Sizes are on the ground. Of `learned` in colour also ``home_odds``, log odds that it lies among houses.

    Raises
    ------
    TypeError
        The image is no DataArray.
    MethodError
        Where the method or a parameter does not exist, the picture has no CRS in metres, or its pixels are too coarse
        to count containers (also by ``auto``: no table is better than an empty one that reads as none there).

    Examples
    --------
    >>> import numpy as np
    >>> from affine import Affine
    >>> from changedet.grid import Grid
    >>> grid = Grid("EPSG:32633", Affine(0.5, 0, 500000, 0, -0.5, 5000000), (128, 128))
    >>> ground = xr.DataArray(np.zeros(grid.shape, "float32"), dims=("y", "x"), coords=grid.coords())
    >>> len(detect_containers(ground))
    0
    """
    dtype = str(getattr(image, "dtype", ""))
    given = as_image(image, "detect_containers: image")
    bands = given if given.ndim == 3 else given.expand_dims("band")
    box = _placed(bands)
    ground_m = float(np.sqrt(ground_pixel_m2(str(box.crs), box.transform, box.shape[0] / 2, box.shape[1] / 2)))
    facts = Facts(ground_m, _roles(bands), dates=1, gsd_m=(ground_m,), dtype=dtype)
    found = find(bands, _method(facts, method, parameters))
    return georeferenced(found, box.transform, str(box.crs), ground_m)


def _placed(image: xr.DataArray) -> GeoBox:
    """The grid of a picture, from its ``spatial_ref`` and the spacing of its coordinates.

    Raises
    ------
    MethodError
        It has no CRS in metres, or its pixels are not square and north-up.
    """
    wkt = refuse_degrees(image, "objects")
    if not wkt or not {"x", "y"} <= set(image.coords):
        raise MethodError(
            "objects: the picture has no CRS that is projected in metres; warp it to one, such as its UTM zone"
        )
    x, y = image.coords["x"].to_numpy(), image.coords["y"].to_numpy()
    if min(len(x), len(y)) < 2:
        raise MethodError("objects: the picture is narrower than two pixels")
    dx, dy = (float((c[-1] - c[0]) / (len(c) - 1)) for c in (x, y))
    if dx <= 0 or dy >= 0 or not np.isclose(dx, -dy, rtol=1e-3):
        raise MethodError(
            f"objects: expected north-up, square pixels, got steps of {dx:g} and {dy:g} m; warp the picture"
        )
    return GeoBox((len(y), len(x)), Affine(dx, 0.0, float(x[0]) - dx / 2, 0.0, dy, float(y[0]) - dy / 2), wkt)


def _roles(image: xr.DataArray) -> tuple[str, ...]:
    names = [str(name) for name in image.coords["band"].to_numpy()] if "band" in image.coords else []
    if any(name in {"blue", "green", "red", "nir", "pan", "vv", "vh", "hh", "hv", "amplitude"} for name in names):
        return tuple(names)
    count = int(image.sizes["band"])
    return ("red", "green", "blue", "nir", *[""] * count)[:count] if count >= 3 else ("pan", "")[:count]


def _method(facts: Facts, name: str, parameters: dict[str, object]) -> ObjectMethod[ObjectStatistics] | None:
    if name == NONE:
        return None
    if name == AUTO:
        choice = choose(facts)
        if choice.method == NONE:
            raise MethodError(f"objects: {choice.reason}")
        name = choice.method
    chosen = STAGE.get(name)
    made: ObjectMethod[ObjectStatistics] = chosen.function(facts, **chosen.checked(parameters))
    return made


def find(image: xr.DataArray, method: ObjectMethod[Statistics] | None) -> pd.DataFrame:
    """Boxes of a whole picture, in pixels of its grid.

    Parameters
    ----------
    image : xarray.DataArray
        float32 ``(band, y, x)``, in memory or dask; NaN is no data.
    method : ObjectMethod or None
        None finds nothing.

    Returns
    -------
    DataFrame
        With `boxes.COLUMNS`; those of at least the method's ``count_confidence``.
    """
    if method is None:
        return table_of({})
    model = over_sample(method.fit, image)
    model = model.compute() if hasattr(model, "compute") else model
    shape = (int(image.sizes["y"]), int(image.sizes["x"]))
    found = []
    for tile in tiles(shape, TILE_CELLS * method.cell_px):
        block = _padded(image, tile.grown(method.halo_px))
        place = tile.grown(method.halo_px)
        found += [in_cell(block, place, cell, method, model).boxes for cell in cells(tile, method.cell_px)]
    boxes = method.settle(pd.concat(found, ignore_index=True))
    return boxes[boxes["confidence"] >= method.count_confidence].reset_index(drop=True)


def _padded(image: xr.DataArray, window: Window) -> Singles:
    """A window that may reach beyond the picture, NaN there."""
    height, width = int(image.sizes["y"]), int(image.sizes["x"])
    y0, y1 = max(0, window.y), min(height, window.y + window.height)
    x0, x1 = max(0, window.x), min(width, window.x + window.width)
    out = np.full((int(image.sizes["band"]), *window.shape), np.nan, np.float32)
    out[:, y0 - window.y : y1 - window.y, x0 - window.x : x1 - window.x] = image[:, y0:y1, x0:x1].to_numpy()
    return out
