"""Rasters of a run as lazy arrays of xarray."""

from __future__ import annotations

import hashlib
import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from rasterio.enums import MaskFlags

from changedet.blocks import from_reader
from changedet.outputs.rasters.classes import MASK_CLASSES, QUALITY_CLASSES
from changedet.outputs.rasters.reading import opened, read_bands, read_seen

if TYPE_CHECKING:
    import xarray as xr


def open_lazily(path: str | Path, chunk: int = 1024) -> xr.DataArray:
    """A raster of a run as a lazy DataArray on its grid, read block by block when it is computed.

    Parameters
    ----------
    path : path
        A finished raster.
    chunk : int
        Rows and columns of a block.

    Returns
    -------
    xarray.DataArray
        Dims ``(y, x)``, or ``(band, y, x)`` with the descriptions as `band` where there are several; the file's dtype,
        its tags, ``_FillValue`` and, as ``long_name``, what it is as attributes, ``spatial_ref`` as coordinate. A file
        with a mask band comes as float32 with NaN for no data.
    """
    # Imported here, as it takes half a second and only who looks at rasters in Python needs it.
    import xarray as xr
    from odc.geo.geobox import GeoBox
    from odc.geo.xr import xr_coords

    target = Path(path)
    with opened(target) as source:
        shape, dtype, tags = (source.count, *source.shape), source.dtypes[0], source.tags()
        box = GeoBox(source.shape, source.transform, source.crs)
        names, nodata = list(source.descriptions), source.nodata
        masked = source.mask_flag_enums[0] == [MaskFlags.per_dataset]
    read, dtype = (read_seen, "float32") if masked else (read_bands, dtype)
    name = f"raster-{hashlib.sha256(repr((str(target), target.stat().st_mtime_ns)).encode()).hexdigest()[:24]}"
    data = from_reader(partial(read, str(target)), shape, chunk, name=name, dtype=dtype)
    coords = {**xr_coords(box, always_yx=True), "band": names}
    attributes: dict[str, object] = {**tags}
    if nodata is not None:
        attributes["_FillValue"] = np.dtype(dtype).type(np.nan if masked else nodata)
    if words := tags.get("DESCRIPTION") or (names[0] if len(names) == 1 else ""):
        attributes["long_name"] = words
    # A name of its own: else the array would bear that of its graph.
    bands = xr.DataArray(data, dims=("band", "y", "x"), coords=coords, attrs=attributes).rename(target.stem)
    return bands if shape[0] > 1 else bands.isel(band=0, drop=True)


def with_flags(image: xr.DataArray, kind: Literal["mask", "quality"]) -> xr.DataArray:
    """A raster of classes with the names of its values, as the CF conventions have them.

    Parameters
    ----------
    image : xarray.DataArray
        As `open_lazily` gives it.
    kind : str
        Which classes it has.

    Returns
    -------
    xarray.DataArray
        Named by its kind; ``flag_values`` in the image's dtype, ``flag_meanings`` with a word for each.
    """
    classes = [(one.value, one.label) for one in (MASK_CLASSES if kind == "mask" else QUALITY_CLASSES)]
    fill = image.attrs.get("_FillValue")
    if fill is not None and fill not in dict(classes):
        classes.append((int(fill), "no data"))
    words = [re.sub(r"[^0-9A-Za-z]+", "_", label).strip("_") for _, label in classes]
    values = np.array([value for value, _ in classes], image.dtype)
    return image.rename(kind).assign_attrs(flag_values=values, flag_meanings=" ".join(words))
