"""The mask of an image as a plain function, lazy in, lazy out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import xarray as xr

from changedet.arrays import AnyArray, Bytes, Singles
from changedet.blocks import over_sample, per_block, resolution_of
from changedet.errors import MethodError
from changedet.stages.image_inputs import as_image, ground_metre
from changedet.stages.mask.kernels.pixels import laid_over
from changedet.stages.mask.stage import STAGE
from changedet.stages.overview_factors import cloud_overview_factor
from changedet.stages.registry import Facts


def mask(
    image: xr.DataArray,
    *,
    reference: xr.DataArray | None = None,
    method: str = "auto",
    dtype: str = "uint16",
    sun_azimuth_deg: float | None = None,
    **parameters: object,
) -> xr.DataArray:
    """Why each pixel of an image is usable or not.

    Parameters
    ----------
    image : xarray.DataArray
        Dims ``(band, y, x)`` with roles as the `band` coordinate, a grid in metres, NaN for no data; in memory or dask.
    reference : xarray.DataArray, optional
        Another date on the same grid with the same bands: what was as bright there is no cloud.
    method : str
        ``auto``, ``none`` or a name of the stage.
    dtype : str
        The scene's data type as delivered, which says what saturated pixels hold.
    sun_azimuth_deg : float, optional
        Where the sun stood, clockwise from grid north.
    **parameters : object
        The method's own.

    Returns
    -------
    xarray.DataArray
        uint8 ``(y, x)``, classes of `changedet.kernels.pixel_classes`: 0 clear, 1 where a band is NaN. Lazy as the
        input.

    Raises
    ------
    TypeError
        An image is no DataArray.
    MethodError
        Unknown method, bands that it needs are missing, a reference on another grid, or a grid in degrees.
    pydantic.ValidationError
        Wrong parameters.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> image = xr.DataArray(np.full((1, 2, 2), 7, "float32"), dims=("band", "y", "x"), coords={"band": ["vv"]})
    >>> image[0, 0, 0] = np.nan
    >>> mask(image).values.tolist()
    [[1, 0], [0, 0]]
    """
    image = as_image(image, "mask: image")
    reference = None if reference is None else as_image(reference, "mask: reference")
    unit = ground_metre(image, "mask")
    if reference is not None and reference.sizes != image.sizes:
        raise MethodError(f"mask: images differ in shape, {dict(image.sizes)} and {dict(reference.sizes)}")
    resolution_m = resolution_of(image) / unit
    facts = Facts(resolution_m, tuple(str(role) for role in np.atleast_1d(image["band"].values)), dtype=dtype)
    if method == "none":
        method = "nodata_only"
    _, masker = STAGE.made(facts, method, parameters)
    classes = per_block(masker.apply, image, dtype=np.uint8, model=None)
    if masker.classify is None:
        return classes
    factor = cloud_overview_factor((image.sizes["y"], image.sizes["x"]), resolution_m, masker.overview_resolution_m)
    images = [image] if reference is None else [image, reference]
    classify = partial(
        _of_overviews, classify=masker.classify, resolution_m=resolution_m * factor, sun_azimuth_deg=sun_azimuth_deg
    )
    # The sample itself is not needed: the overviews ride along as parameters, computed once for all blocks.
    corners = [one[:, :1, :1] for one in images]
    over = over_sample(classify, *corners, overviews=[_overview(one, factor).data for one in images])
    rows, columns = (np.arange(image.sizes[axis], dtype=np.int32) // factor for axis in ("y", "x"))
    like = classes.astype(np.int32) * 0
    place = [like + xr.DataArray(index, dims=axis) for index, axis in ((rows, "y"), (columns, "x"))]
    return per_block(_laid_over, classes, *place, dtype=np.uint8, overview=over)


def _overview(image: xr.DataArray, factor: int) -> xr.DataArray:
    """Block means of `factor` pixels ``(band, y, x)``; NaN where none is seen; a cut block at the edge counts."""
    return image.coarsen(y=factor, x=factor, boundary="pad").mean().transpose("band", "y", "x").astype(np.float32)


def _of_overviews(
    *_samples: Singles,
    overviews: Sequence[Singles],
    classify: Callable[..., Bytes],
    resolution_m: float,
    sun_azimuth_deg: float | None,
) -> Bytes:
    arrays = [np.asarray(one, np.float32) for one in overviews]
    return classify(arrays[0], arrays[1] if len(arrays) > 1 else None, resolution_m, sun_azimuth_deg)


def _laid_over(classes: Bytes, rows: AnyArray, columns: AnyArray, *, overview: Bytes) -> Bytes:
    return laid_over(classes, overview, rows, columns)
