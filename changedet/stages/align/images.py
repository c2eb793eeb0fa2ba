"""Shift and move images as plain functions, lazy in, lazy out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import Final

import numpy as np
import xarray as xr

from changedet.arrays import Floats, Singles
from changedet.blocks import as_scalar, over_sample, per_block, resolution_of, sample_windows
from changedet.stages.align.alignment import Alignment, AlignMethod
from changedet.stages.align.chips import measured_shift
from changedet.stages.align.kernels.shifted_image import resample_shifted
from changedet.stages.align.stage import STAGE
from changedet.stages.image_inputs import as_image, check_one_grid, ground_metre, refuse_degrees, require_bands
from changedet.stages.overview_factors import overview_factor
from changedet.stages.registry import Facts

MARGIN_PX: Final = 4
"""Beyond the search range: what the refined shift, the local field and the resampling may add to it."""


def estimate_shift(
    moving: xr.DataArray, reference: xr.DataArray, *, method: str = "auto", **parameters: object
) -> Alignment:
    """Measure where the content of one image lies, relative to another on the same grid.

    Parameters
    ----------
    moving, reference : xarray.DataArray
        Dims ``(band, y, x)``, one north-up grid in metres, NaN for no data; in memory or dask.
    method : str
        ``auto`` or a name of the stage.
    **parameters : object
        The method's own.

    Returns
    -------
    Alignment
        Or a dask ``Delayed`` of it, where an image is lazy.

    Raises
    ------
    TypeError
        An image is no DataArray.
    MethodError
        Unknown method or parameter, images without bands or on different grids, or a grid in degrees.
    """
    moving, reference = _pair(moving, reference)
    return _estimated(moving, reference, _aligner(moving, method, parameters)[1])


def _pair(moving: object, reference: object) -> tuple[xr.DataArray, xr.DataArray]:
    images = as_image(moving, "align: moving"), as_image(reference, "align: reference")
    for image, name in zip(images, ("moving", "reference"), strict=True):
        require_bands(image, f"align: {name}")
    check_one_grid(*images, "align")
    refuse_degrees(images[0], "align")
    return images


def _estimated(moving: xr.DataArray, reference: xr.DataArray, aligner: AlignMethod) -> Alignment:
    shape = int(moving.sizes["y"]), int(moving.sizes["x"])
    factor = overview_factor(shape)
    overviews = [_overview(image, factor) for image in (moving, reference)]
    corners = [(window.y, window.x) for window in sample_windows(shape)]
    size = resolution_of(moving), ground_metre(moving, "align")
    measure = partial(_measure, method=aligner, corners=corners, size=size, factor=factor)
    return over_sample(
        measure, moving, reference, moving_overview=overviews[0].data, reference_overview=overviews[1].data
    )


def align(moving: xr.DataArray, reference: xr.DataArray, *, method: str = "auto", **parameters: object) -> xr.DataArray:
    """Move an image on to the reference, with one bilinear resampling.

    Parameters
    ----------
    moving, reference : xarray.DataArray
        Dims ``(band, y, x)``, one north-up grid in metres; NaN, or the value of an attribute such as ``_FillValue`` or
        ``nodata``, for no data; in memory or dask.
    method : str
        ``auto``, ``none`` or a name of the stage.
    **parameters : object
        The method's own.

    Returns
    -------
    xarray.DataArray
        float32 ``(band, y, x)``, lazy as the inputs; NaN where the moving image has nothing to show. Unchanged where
        no shift can be known; `changedet.stages.align.images.estimate_shift` says why. With the moving image's
        attributes, the method as ``align_method``, and the scalar coordinates ``shift_east_m`` and ``shift_north_m``:
        how far the content lay from the reference, NaN where that cannot be known.

    Raises
    ------
    TypeError
        An image is no DataArray.
    MethodError
        Unknown method or parameter, images without bands or on different grids, or a grid in degrees.
    """
    moving, reference = _pair(moving, reference)
    bands = list(np.atleast_1d(moving["band"].values))
    if method == "none":
        return moving.assign_attrs(align_method=method)
    name, aligner = _aligner(moving, method, parameters)
    resolution, unit = resolution_of(moving), ground_metre(moving, "align")
    estimated = _estimated(moving, reference, aligner)
    # Beyond its own size nothing of the picture is left to be moved, however far the search went.
    limit_px = min(unit * aligner.max_shift_m / resolution, max(moving.sizes["y"], moving.sizes["x"]))
    # Where each pixel lies on the grid, for the local field: a block does not know it otherwise.
    rows = xr.DataArray(np.arange(moving.sizes["y"], dtype=np.float64), dims="y")
    columns = xr.DataArray(np.arange(moving.sizes["x"], dtype=np.float64), dims="x")
    zero = moving.isel(band=0, drop=True).astype(np.float64) * 0
    place = xr.concat([zero.fillna(0) + rows, zero.fillna(0) + columns], dim="band").transpose("band", "y", "x")
    moved = per_block(
        _resample,
        moving,
        place,
        dtype=np.float32,
        halo_px=int(np.ceil(limit_px)) + MARGIN_PX,
        bands=bands,
        alignment=estimated,
        resolution=resolution,
    )
    east, north = as_scalar(partial(_east_m, unit=unit), estimated), as_scalar(partial(_north_m, unit=unit), estimated)
    for shift, towards in ((east, "east"), (north, "north")):
        shift.attrs = {"long_name": f"content lay {towards} of the reference by", "units": "m"}
    moved = moved.rename(moving.name).assign_coords(shift_east_m=east, shift_north_m=north)
    return moved.assign_attrs(**moving.attrs, align_method=name)


def _east_m(alignment: Alignment, *, unit: float) -> float:
    return alignment.shift.east_m / unit if alignment.confident else math.nan


def _north_m(alignment: Alignment, *, unit: float) -> float:
    return alignment.shift.north_m / unit if alignment.confident else math.nan


def _overview(image: xr.DataArray, factor: int) -> xr.DataArray:
    return image.coarsen(y=factor, x=factor, boundary="trim").mean().transpose("band", "y", "x")


def _aligner(image: xr.DataArray, method: str, parameters: Mapping[str, object]) -> tuple[str, AlignMethod]:
    roles = tuple(str(band) for band in np.atleast_1d(image["band"].values))
    facts = Facts(resolution_of(image) / ground_metre(image, "align"), roles)
    return STAGE.made(facts, method, parameters)


def _resample(moving: Singles, place: Floats, *, alignment: Alignment, resolution: float) -> Singles:
    # Beyond the grid's edge the halo has no place; what it shows there is cut off again.
    dy, dx = _displacement_px(alignment, np.nan_to_num(place), resolution)
    return resample_shifted(moving, dy, dx)


def _displacement_px(alignment: Alignment, place: Floats, resolution: float) -> tuple[Floats, Floats]:
    """How far the content of grid pixels ``place`` (row, column) lies from them, in pixels down and right."""
    east, north = alignment.displacement.at(place[0], place[1])
    return -north / resolution, east / resolution


def _measure(
    moving_cells: Singles,
    reference_cells: Singles,
    *,
    moving_overview: Singles,
    reference_overview: Singles,
    method: AlignMethod,
    corners: list[tuple[int, int]],
    size: tuple[float, float],
    factor: int,
) -> Alignment:
    """The alignment by pixels of a size in units of the CRS, of which so many are a metre on the ground."""
    overviews, (resolution, unit) = (np.asarray(moving_overview), np.asarray(reference_overview)), size
    found = measured_shift(method, overviews, factor, (moving_cells, reference_cells), corners, resolution / unit)
    return found.in_units(unit)
