"""Normalise an image as a plain function, lazy in, lazy out."""

from __future__ import annotations

import numpy as np
import xarray as xr

from changedet.blocks import over_sample, per_block
from changedet.errors import MethodError
from changedet.stages.image_inputs import as_image, check_one_grid, require_bands
from changedet.stages.normalise.stage import STAGE
from changedet.stages.registry import AUTO, NONE, Facts


def normalise(
    moving: xr.DataArray,
    reference: xr.DataArray,
    *,
    method: str = "auto",
    valid: xr.DataArray | None = None,
    dtype: str = "float32",
    **parameters: object,
) -> xr.DataArray:
    """Bring an image on the radiometric scale of another.

    Parameters
    ----------
    moving, reference : xarray.DataArray
        Dims ``(band, y, x)`` on one grid with the same bands; NaN, or the value of an attribute such as ``_FillValue``
        or ``nodata``, for no data; in memory or dask. Degrees will do: nothing here is measured on the ground.
    method : str
        ``auto``, ``none`` or a name of the stage.
    valid : xarray.DataArray, optional
        ``(y, x)``, True where both are usable: clouds must not shape the line. They are normalised all the same.
    dtype : str
        Integers: the result is kept within its range.
    **parameters : object
        The method's own.

    Returns
    -------
    xarray.DataArray
        float32 ``(band, y, x)``, lazy where an input is; NaN where the moving image is NaN. With the moving image's
        attributes and coordinates, the reference's ``units``, and the method as ``normalise_method``.

    Raises
    ------
    TypeError
        An image is no DataArray.
    MethodError
        Unknown method or parameter, or images without bands, or that differ in grid or bands.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> values = np.random.default_rng(0).random((2, 64, 64), "float32")
    >>> reference = xr.DataArray(values, dims=("band", "y", "x"), coords={"band": ["red", "nir"]})
    >>> darker = 0.5 * reference + 0.1
    >>> bool(abs(normalise(darker, reference) - reference).max() < 1e-5)
    True
    """
    moving, reference = as_image(moving, "normalise: moving"), as_image(reference, "normalise: reference")
    require_bands(moving, "normalise: moving")
    require_bands(reference, "normalise: reference")
    check_one_grid(moving, reference, "normalise")
    bands = list(np.atleast_1d(moving["band"].values))
    if bands != list(np.atleast_1d(reference["band"].values)):
        raise MethodError(f"normalise: images differ in bands, {bands} and {reference['band'].values.tolist()}")
    facts = Facts(1.0, tuple(str(band) for band in bands), dtype=dtype)
    name = STAGE.choose(facts).method if method == AUTO else method
    if name == NONE:
        return moving.assign_attrs(normalise_method=name)
    _, pixels = STAGE.made(facts, method, parameters)
    usable = moving if valid is None else moving.where(valid)
    model = over_sample(pixels.fit, usable, reference)
    scaled = per_block(pixels.apply, moving, dtype=np.float32, bands=bands, model=model).rename(moving.name)
    kept = {key: value for key, value in moving.attrs.items() if key != "units"}
    units = {"units": reference.attrs["units"]} if "units" in reference.attrs else {}
    return scaled.assign_attrs(**kept, **units, normalise_method=name)
