"""What the plain functions are given: images checked, with the value for no data as NaN."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np
import pyproj
from affine import Affine

from changedet.arrays import AnyArray
from changedet.blocks import resolution_of
from changedet.errors import MethodError
from changedet.grid.geodesy import ground_pixel_m2, is_geographic, is_metric, same_crs

if TYPE_CHECKING:
    import xarray as xr

NODATA_ATTRIBUTES: Final = ("_FillValue", "missing_value", "fill_value", "nodata")
"""Where rioxarray, odc-stac and plain netCDF keep the value for no data; the first that is there counts."""
FINEST_M: Final = 0.005
"""No picture of the ground has finer pixels; those of degrees do."""
_REAL: Final = "biuf"
"""Kinds of numpy's types of real numbers; of a complex one float32 keeps half."""
_SPATIAL_REF: Final = "spatial_ref"


def as_image(image: object, name: str) -> xr.DataArray:
    """Check that an image is one, and bring it to float32 with NaN for no data.

    Parameters
    ----------
    image : xarray.DataArray
        Dims ``(band, y, x)`` or ``(y, x)``, of any dtype; an attribute may name the value for no data (``_FillValue``,
        ``nodata`` and so on, as rioxarray and odc-stac leave them).
    name : str
        Of the function and its argument, for the errors.

    Returns
    -------
    xarray.DataArray
        float32, with the attributes but those for no data; lazy as the input. Numbered bands are named by a
        ``long_name`` that has a name for each, as rioxarray reads them from a file.

    Raises
    ------
    TypeError
        It is no DataArray.
    MethodError
        Other dims; values that are no real numbers; two bands of one name.
    """
    # Imported here and below, as a run itself needs none of it.
    import xarray as xr

    if not isinstance(image, xr.DataArray):
        raise TypeError(f"{name}: {_instead(image)}")
    if not {"y", "x"} <= set(image.dims):
        raise MethodError(f"{name}: dims {image.dims}, expected y and x, with a band before them; rename or transpose")
    if image.dtype.kind not in _REAL:
        advice = "; give amplitudes, abs(image)" if image.dtype.kind == "c" else ""
        raise MethodError(f"{name}: values of type {image.dtype}, expected real numbers{advice}")
    fill = _nodata_of(image)
    found = image if fill is None else image.where(image != fill)
    found = _with_band_names(found.astype(np.float32))
    found.attrs = {key: value for key, value in image.attrs.items() if key not in NODATA_ATTRIBUTES}
    if twice := _named_twice(found):
        raise MethodError(f"{name}: two bands are called '{twice}'; name each by its role")
    return found


def _named_twice(image: xr.DataArray) -> str:
    """The first name that two bands share; empty where all differ."""
    if "band" not in image.dims or "band" not in image.coords:
        return ""
    names = image.coords["band"].values.tolist()
    return next((str(one) for i, one in enumerate(names) if one in names[:i]), "")


def _instead(given: object) -> str:
    # Imported here for a quick start.
    import xarray as xr

    if isinstance(given, xr.Dataset):
        names = ", ".join(map(str, list(given.data_vars)[:4]))
        return (
            f"a Dataset ({names}), expected a DataArray: take one of its variables, "
            "or make bands of them: dataset.to_dataarray('band')"
        )
    if isinstance(given, np.ndarray):
        dims = "('band', 'y', 'x')" if given.ndim == 3 else "('y', 'x')"
        return (
            "a numpy array, which does not say where it lies, expected a DataArray: "
            f"xarray.DataArray(array, dims={dims}, coords={{'band': names of bands, 'y': northings, 'x': eastings}})"
        )
    library = type(given).__module__.split(".")[0]
    kind = type(given).__name__ if library == "builtins" else f"{library} {type(given).__name__}"
    return f"a {kind}, expected an xarray.DataArray with dims (band, y, x)"


def _nodata_of(image: xr.DataArray) -> float | None:
    """The value that marks no data in the array itself; None where NaN does, or nothing."""
    # What stands in the encoding of floats has been decoded to NaN already.
    places = [image.attrs] if image.dtype.kind == "f" else [image.attrs, image.encoding]
    found = next((place[key] for place in places for key in NODATA_ATTRIBUTES if place.get(key) is not None), None)
    try:
        value = float(np.asarray(found, np.float64).item()) if found is not None else math.nan
    except (TypeError, ValueError):
        return None
    return None if math.isnan(value) else value


def _with_band_names(image: xr.DataArray) -> xr.DataArray:
    names = image.attrs.get("long_name")
    if "band" not in image.dims or not isinstance(names, tuple | list) or len(names) != image.sizes["band"]:
        return image
    if "band" in image.coords and image.coords["band"].dtype.kind not in "iu":
        return image
    return image.assign_coords(band=[str(name) for name in names])


def crs_of(image: xr.DataArray) -> str:
    """The CRS of an image.

    Parameters
    ----------
    image : xarray.DataArray
        With the coordinate ``spatial_ref``, or that which its ``grid_mapping`` names.

    Returns
    -------
    str
        WKT; empty where there is none.
    """
    name = image.encoding.get("grid_mapping", image.attrs.get("grid_mapping", _SPATIAL_REF))
    if name not in image.coords:
        return ""
    attributes = image.coords[name].attrs
    return str(attributes.get("crs_wkt") or attributes.get("spatial_ref") or "")


def refuse_degrees(image: xr.DataArray, name: str) -> str:
    """Refuse an image whose coordinates are known not to be metres.

    Parameters
    ----------
    image : xarray.DataArray
        As `as_image` gives it. One without a CRS is taken for one in metres, but where its coordinates say degrees, or
        are so fine that they can be nothing else.
    name : str
        Of the function and its argument, for the error.

    Returns
    -------
    str
        Its CRS as WKT; empty where there is none.

    Raises
    ------
    MethodError
        A CRS in degrees or feet, or one that cannot be read.
    """
    wkt = crs_of(image)
    units = {str(image.coords[dim].attrs.get("units", "")) for dim in ("y", "x") if dim in image.coords}
    try:
        looks_so = resolution_of(image) < FINEST_M or any(unit.startswith("degree") for unit in units)
        is_wrong = not is_metric(wkt) if wkt else looks_so
        unit = "degrees" if not wkt or is_geographic(wkt) else "another unit"
    except pyproj.exceptions.CRSError:
        raise MethodError(f"{name}: its CRS cannot be read: {' '.join(wkt.split())[:60]}") from None
    if is_wrong:
        raise MethodError(
            f"{name}: coordinates in {unit}, expected a CRS that is projected in metres; "
            "warp it to one, such as its UTM zone"
        )
    return wkt


def require_bands(image: xr.DataArray, name: str) -> None:
    """Refuse an image whose bands are not its first dimension.

    Parameters
    ----------
    image : xarray.DataArray
        As `as_image` gives it.
    name : str
        Of the function and its argument, for the error.

    Raises
    ------
    MethodError
        Other dims than ``(band, y, x)``.
    """
    if image.dims != ("band", "y", "x"):
        raise MethodError(f"{name}: dims {image.dims}, expected ('band', 'y', 'x')")


def check_one_grid(first: xr.DataArray, second: xr.DataArray, name: str) -> None:
    """Refuse two images whose pixels do not lie on each other: they are compared by row and column.

    Parameters
    ----------
    first, second : xarray.DataArray
        As `as_image` gives them; what has no coordinates lies anywhere.
    name : str
        Of the function, for the error.

    Raises
    ------
    MethodError
        Other sizes, coordinates or CRSs.
    """
    if first.sizes != second.sizes:
        raise MethodError(f"{name}: images differ in shape, {dict(first.sizes)} and {dict(second.sizes)}")
    for dim in ("y", "x"):
        if dim in first.coords and dim in second.coords and not _alike(first[dim].values, second[dim].values):
            raise MethodError(f"{name}: the images have other coordinates along {dim}; bring them to one grid")
    one, other = crs_of(first), crs_of(second)
    if one and other and not same_crs(one, other):
        raise MethodError(f"{name}: the images have different CRSs; bring them to one grid")


def _alike(first: AnyArray, second: AnyArray) -> bool:
    """Whether places are the same, to a hundredth of a pixel."""
    step = float(np.abs(np.diff(first.astype(float))).min()) if len(first) > 1 else 1.0
    return bool(np.allclose(first, second, rtol=0.0, atol=0.01 * step))


def ground_resolution_m(image: xr.DataArray, name: str) -> float:
    """Pixel size of an image on the ground.

    Parameters
    ----------
    image : xarray.DataArray
        With dims ``y`` and ``x``; without coordinates a pixel is a metre wide.
    name : str
        Of the function and its argument, for the error.

    Returns
    -------
    float
        Metres, geodesic at its centre where it has a CRS.

    Raises
    ------
    MethodError
        As `refuse_degrees`.
    """
    wkt, size_m = refuse_degrees(image, name), resolution_of(image)
    if not wkt or not {"y", "x"} <= set(image.coords):
        return size_m
    x, y = (float(image.coords[dim].values.mean()) for dim in ("x", "y"))
    return math.sqrt(ground_pixel_m2(wkt, Affine(size_m, 0.0, x, 0.0, -size_m, y), 0.0, 0.0))


def ground_metre(image: xr.DataArray, name: str) -> float:
    """A metre on the ground in units of an image's CRS.

    Parameters
    ----------
    image : xarray.DataArray
        As for `ground_resolution_m`.
    name : str
        Of the function and its argument, for the error.

    Returns
    -------
    float
        To a hundredth, as `Grid.ground_metre`: 1 in a CRS that is true to scale within that.

    Raises
    ------
    MethodError
        As `refuse_degrees`.
    """
    return round(resolution_of(image) / ground_resolution_m(image, name), 2)
