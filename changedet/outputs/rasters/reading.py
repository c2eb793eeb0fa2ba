"""Rasters of a run, read back: windows, overviews, percentiles, or as lazy arrays."""

from __future__ import annotations

import hashlib
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import numpy as np
import rasterio
import rasterio.shutil
from numpy.typing import NDArray
from rasterio import windows
from rasterio.enums import MaskFlags
from rasterio.errors import NotGeoreferencedWarning, RasterioIOError

from changedet.arrays import Singles
from changedet.blocks import Window, from_reader
from changedet.errors import InputError
from changedet.outputs.rasters.classes import MASK_CLASSES, QUALITY_CLASSES
from changedet.outputs.rasters.gdal_cache import cache_bytes

if TYPE_CHECKING:
    import xarray as xr

FilePixels: TypeAlias = NDArray[Any]
"""Of a file's own dtype, which is known when it is opened."""
BLOCK_PX: Final = 512
"""Rows and columns of a block in a file, and of the overview that statistics are taken from."""

_TIFF: Final = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
"""How GeoTIFF begins."""
_OWN: Final = ":::BASE:::"
"""How a header names overviews within the file itself."""
_ALONE: Final[dict[str, str]] = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".no-network",
    "GDAL_HTTP_PROXY": "refused://nowhere",
    "GDAL_HTTPS_PROXY": "refused://nowhere",
}
"""The rasters of a run hold their own overviews and masks: sidecar files are not read, no host is contacted."""


def read_overview(path: str | Path, max_px: int) -> Singles:
    """A raster at a reduced size, from its overviews.

    Parameters
    ----------
    path : path
        A finished raster.
    max_px : int
        Its longer side at most.

    Returns
    -------
    float32 (band, y, x)
        NaN for no data.
    """
    with opened(path) as source:
        factor = max(1.0, max(source.shape) / max_px)
        height, width = (max(1, round(size / factor)) for size in source.shape)
        picture = source.read(out_shape=(source.count, height, width), masked=True)
    return _with_nan(picture)


def band_names(path: str | Path) -> list[str]:
    """The descriptions of a raster's bands.

    Parameters
    ----------
    path : path
        A finished raster.

    Returns
    -------
    list of str
        In file order; empty text where a band has none.
    """
    with opened(path) as source:
        return [name or "" for name in source.descriptions]


def has_mask_band(path: str | Path) -> bool:
    """Whether a mask band says where a raster has data, as its values may be any.

    Parameters
    ----------
    path : path
        A finished raster.

    Returns
    -------
    bool
        False where a value of its own says no data.
    """
    with opened(path) as source:
        return bool(source.mask_flag_enums[0] == [MaskFlags.per_dataset])


def read_window(path: str | Path, window: Window) -> FilePixels:
    """One window of the first band, such as of a mask, in the file's own dtype.

    Parameters
    ----------
    path : path
        A finished raster.
    window : changedet.blocks.Window
        Where, in its pixels; may reach beyond its edge.

    Returns
    -------
    array (y, x)
        Of the window's shape; no data beyond the edge.
    """
    first: FilePixels = read_bands(path, window, 1)[0]
    return first


def read_bands(path: str | Path, window: Window, count: int | None = None) -> FilePixels:
    """One window of several bands in the file's own dtype.

    Parameters
    ----------
    path : path
        A finished raster.
    window : changedet.blocks.Window
        Where, in its pixels; may reach beyond its edge.
    count : int, optional
        How many bands from the first; by default all.

    Returns
    -------
    array (band, y, x)
        Of the window's shape; no data beyond the edge.
    """
    with opened(path) as source:
        bands = list(range(1, (count or source.count) + 1))
        fill = 0 if source.nodata is None else source.nodata
        block: FilePixels = np.full((len(bands), *window.shape), fill, source.dtypes[0])
        top, left = max(0, window.y), max(0, window.x)
        bottom = min(source.height, window.y + window.height)
        right = min(source.width, window.x + window.width)
        if top < bottom and left < right:
            inside = source.read(bands, window=windows.Window(left, top, right - left, bottom - top))
            block[:, top - window.y : bottom - window.y, left - window.x : right - window.x] = inside
    return block


def read_seen(path: str | Path, window: Window) -> Singles:
    """One window of all bands, with what a mask band or a value of the file says is no data.

    Parameters
    ----------
    path : path
        A finished raster.
    window : changedet.blocks.Window
        Where, in its pixels; within its edges.

    Returns
    -------
    float32 (band, y, x)
        NaN for no data.
    """
    with opened(path) as source:
        place = windows.Window(window.x, window.y, window.width, window.height)
        return _with_nan(source.read(window=place, masked=True))


def _with_nan(values: FilePixels) -> Singles:
    found: Singles = np.ma.getdata(values).astype(np.float32)
    found[np.ma.getmaskarray(values)] = np.nan
    return found


def read_chips(path: str | Path, centres: Sequence[tuple[float, float]], side_m: float) -> list[Singles]:
    """Square windows around some points, the file opened once.

    Parameters
    ----------
    path : path
        A finished raster, north up, in a CRS in metres.
    centres : sequence of (float, float)
        In its CRS.
    side_m : float
        Of a window, in units of the CRS.

    Returns
    -------
    list of float32 (band, y, x)
        One for each point, of the same shape; NaN for no data and beyond the edge.
    """
    chips = []
    with opened(path) as source:
        side = max(1, round(side_m / source.transform.a))
        for x, y in centres:
            column, row = ~source.transform @ (x, y)
            left, top = round(column - side / 2), round(row - side / 2)
            found = np.full((source.count, side, side), np.nan, np.float32)
            first, last = max(0, top), min(source.height, top + side)
            begin, end = max(0, left), min(source.width, left + side)
            if first < last and begin < end:
                part = source.read(window=windows.Window(begin, first, end - begin, last - first), masked=True)
                found[:, first - top : last - top, begin - left : end - left] = _with_nan(part)
            chips.append(found)
    return chips


@contextmanager
def environment() -> Iterator[None]:
    """GDAL's settings for a run's own rasters: a small block cache, no sidecar statistics.

    Yields
    ------
    None
        For the block that reads or writes.
    """
    with (
        rasterio.Env(GDAL_CACHEMAX=cache_bytes(), GDAL_PAM_ENABLED="NO", GDAL_TIFF_INTERNAL_MASK="YES"),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        yield


@contextmanager
def opened(path: str | Path) -> Iterator[rasterio.DatasetReader]:
    """A raster of a run, which may have been sent by somebody: a GeoTIFF that leads to no other file and no host.

    Parameters
    ----------
    path : path
        A finished raster.

    Yields
    ------
    rasterio.DatasetReader
        It, opened.

    Raises
    ------
    InputError
        It is of another kind, such as a VRT, or its header names overviews elsewhere.
    RasterioIOError
        GDAL cannot open or read it; the file is named.
    """
    with environment(), rasterio.Env(**_ALONE):
        try:
            source = rasterio.open(path, driver="GTiff")
        except RasterioIOError as error:
            _refuse_another_kind(Path(path), error)
            raise
        with source:
            if not source.tags(ns="OVERVIEWS").get("OVERVIEW_FILE", _OWN).startswith(_OWN):
                raise InputError(f"{path}: leads to overviews elsewhere; compute it again")
            try:
                yield source
            except RasterioIOError as error:
                # GDAL says where it failed, not in which file.
                detail = " ".join(str(error.__cause__ or error).split())
                raise RasterioIOError(
                    f"{path}: cannot be read ({detail}); free memory, or compute it again if it is damaged"
                ) from error


def _refuse_another_kind(path: Path, error: Exception) -> None:
    if not path.is_file():
        return
    with path.open("rb") as stream:
        if stream.read(4) not in _TIFF:
            raise InputError(f"{path}: is no GeoTIFF, as the rasters of a run are; compute it again") from error


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
