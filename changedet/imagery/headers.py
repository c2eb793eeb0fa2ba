"""Raster files as their headers tell them; every failure to read one names it and says what to do.

Their pixels are read in `changedet.pixels`.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlparse

import numpy as np
import pyproj
import rasterio
import rasterio.errors
import rasterio.transform
from affine import Affine
from rasterio.enums import ColorInterp, MaskFlags

from changedet.errors import InputError
from changedet.grid import Frame
from changedet.grid.geodesy import LONLAT
from changedet.imagery.vrt import is_virtual, named_files

CACHE_BYTES: Final = 80 << 20
# A file of this machine may name others (a VRT, overviews): never over the network, and not in threads of its own,
# which would not see this.
_LOCAL_OPTIONS: Final = {
    "GDAL_CACHEMAX": CACHE_BYTES,
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".no-network",
    "VRT_NUM_THREADS": 1,
    "GDAL_VRT_ENABLE_PYTHON": "NO",
}
_REMOTE_OPTIONS: Final = {
    "GDAL_CACHEMAX": CACHE_BYTES,
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_INGESTED_BYTES_AT_OPEN": 32768,
    "GDAL_HTTP_MERGE_CONSECUTIVE_RANGES": "YES",
    "GDAL_HTTP_MULTIPLEX": "YES",
    "GDAL_HTTP_MAX_RETRY": 3,
    "GDAL_HTTP_RETRY_DELAY": 1,
    "GDAL_HTTP_CONNECTTIMEOUT": 10,
    "GDAL_HTTP_TIMEOUT": 60,
    "VSI_CACHE": "TRUE",
}
# What a remote server sends is not trusted: a VRT could name files of this machine.
_REMOTE_DRIVERS: Final = ("GTiff", "COG", "JP2OpenJPEG", "PNG", "JPEG")
# Of this machine's files the kinds that hold their own pixels, and VRT, which is looked through: others ask a host,
# name files of any kind, or take the bytes of whatever file they name for pixels (HDF5, and netCDF with it, by its
# external storage).
_LOCAL_DRIVERS: Final = frozenset(
    {
        *("AAIGrid", "AIG", "BIGGIF", "BMP", "CEOS", "COG", "COSAR", "DTED", "EHdr", "ENVI", "FIT", "GIF", "GPKG"),
        *("GRIB", "GS7BG", "GSAG", "GSBG", "GTiff", "HFA", "JAXAPALSAR", "JPEG", "JP2OpenJPEG", "JPEGXL", "L1B"),
        *("LAN", "MBTiles", "NITF", "PNG", "PNM", "RMF", "RRASTER", "RST", "SAGA", "SAR_CEOS", "SNAP_TIFF", "SRTMHGT"),
        *("USGSDEM", "VRT", "WEBP", "XYZ"),
    }
)
_NETWORK_PATHS: Final = ("/vsicurl", "/vsis3", "/vsigs", "/vsiaz", "/vsiadls", "/vsioss", "/vsiswift", "/vsiwebhdfs")
MAX_BANDS: Final = 1000


@dataclass(frozen=True)
class BandHeader:
    """One band as its file tells it: dtype, nodata value, description, colour interpretation, scale and offset."""

    dtype: str
    nodata: float | None
    description: str
    color: str
    scale: float = 1.0
    offset: float = 0.0
    wavelength: str = ""


@dataclass(frozen=True)
class Raster:
    """A raster file's header.

    Attributes
    ----------
    path : str
        As given.
    frame : Frame
        Where its pixels lie.
    bands : tuple of BandHeader
    gcps : tuple of (row, column, x, y), or empty
        Ground control points in ``frame.crs``.
    rpcs : dict or None
        Rational polynomial coefficients.
    has_mask : bool
        Whether the file has a mask of its own (internal or ``.msk``) for all its bands.
    overviews : tuple of int
        Decimation factors of the file's overviews.
    stamp : tuple
        Size and time of change, or nothing for remote files.
    tags : dict
    alpha : int or None
        Band that makes no data where it is 0; None until the scene's roles are known.
    identity : str
        Hash of path, size, time of change and header.
    """

    path: str
    frame: Frame
    bands: tuple[BandHeader, ...]
    gcps: tuple[tuple[float, float, float, float], ...] = ()
    rpcs: dict[str, Any] | None = None
    has_mask: bool = False
    overviews: tuple[int, ...] = ()
    stamp: tuple[int, ...] = ()
    tags: dict[str, str] = field(default_factory=dict, compare=False)
    alpha: int | None = None
    identity: str = ""

    @property
    def shape(self) -> tuple[int, int]:
        return self.frame.height, self.frame.width


def is_remote(path: str) -> bool:
    """Whether a path is read over the network."""
    return urlparse(path).scheme in {"http", "https", "s3"} or path.startswith(_NETWORK_PATHS)


def read_header(
    path: str,
    *,
    crs: str | None = None,
    bounds: Sequence[float] | None = None,
    nodata: float | None = None,
    classes: bool = False,
    like: Frame | None = None,
) -> Raster:
    """The header of a raster file; reads no pixel.

    Parameters
    ----------
    path : str
        A file, or an http, https or s3 URL.
    crs : str, optional
        Used where the file has none; with it `bounds` (west, south, east, north) where it has no transform either.
    nodata : float, optional
        In place of the file's own.
    classes : bool
        Whether the file holds classes or flags; a palette is then no reason to refuse it.
    like : Frame, optional
        Used where the file has no georeference of its own but as many pixels.

    Returns
    -------
    Raster

    Raises
    ------
    InputError
        Where it cannot be opened, or cannot be used: complex numbers, a colour palette, no georeference.
    """
    with reading(path), warnings.catch_warnings(), rasterio.Env(**gdal_options(path)):
        warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
        with _opened(path) as dataset:
            _refuse(path, dataset, classes=classes)
            frame, gcps, rpcs = _frame(path, dataset, crs, bounds, like)
            bands = tuple(_band(dataset, i, nodata) for i in range(dataset.count))
            flags = dataset.mask_flag_enums[0]
            raster = Raster(
                path,
                frame,
                bands,
                gcps,
                rpcs,
                MaskFlags.per_dataset in flags and MaskFlags.alpha not in flags,
                tuple(dataset.overviews(1)),
                _stamp_of_all(path),
                _tags(dataset),
            )
    told = repr((path, raster.stamp, frame, bands, gcps, rpcs, raster.has_mask, raster.overviews))
    return replace(raster, identity=hashlib.sha256(told.encode()).hexdigest()[:24])


@contextmanager
def reading(path: str) -> Iterator[None]:
    """Turn GDAL's failures into one line that names the file."""
    try:
        yield
    except (rasterio.errors.RasterioError, rasterio.errors.CRSError, rasterio._err.CPLE_BaseError, OSError) as error:
        if not is_remote(path) and not Path(_on_disk(path)).exists():
            raise InputError(f"{path}: no such file") from error
        detail = str(error.__cause__ or error).replace(path, "").strip(" :'")
        remedy = (
            "check the address and the network"
            if is_remote(path)
            else "it is truncated, corrupt or of a kind that is not read: get it again, or its pixels as GeoTIFF"
        )
        raise InputError(f"{path}: cannot be read, {remedy} ({detail})") from error


def _on_disk(path: str) -> str:
    return path.removeprefix("file://")


def gdal_path(path: str) -> str:
    """The name by which GDAL opens a path or URL."""
    scheme = urlparse(path).scheme
    if scheme == "s3":
        return "/vsis3/" + path[len("s3://") :]
    return "/vsicurl/" + path if scheme in {"http", "https"} else _on_disk(path)


def gdal_options(path: str) -> dict[str, Any]:
    """GDAL's settings for reading a file of this machine, or one over the network."""
    return dict(_REMOTE_OPTIONS if is_remote(path) else _LOCAL_OPTIONS)


def stamp_of(path: str) -> tuple[int, ...]:
    """Size in bytes and time of change in nanoseconds; nothing of a remote file or one that is not there."""
    if is_remote(path):
        return ()
    try:
        stat = Path(_on_disk(path)).stat()
    except OSError:
        return ()
    return stat.st_size, stat.st_mtime_ns


def _stamp_of_all(path: str) -> tuple[int, ...]:
    """The stamp of a file and of those that it is made of."""
    own = stamp_of(path)
    named = () if is_remote(path) else _named_by(_on_disk(path), own)
    return own + tuple(number for name in named for number in stamp_of(name))


@contextmanager
def _opened(path: str) -> Iterator[Any]:
    dataset = open_dataset(path)
    try:
        yield dataset
    finally:
        dataset.close()


@cache
def _local_drivers() -> tuple[str, ...]:
    with rasterio.Env() as environment:
        return tuple(sorted(set(environment.drivers()) & _LOCAL_DRIVERS))


def open_dataset(path: str, **options: Any) -> Any:
    """The rasterio dataset of a path or URL.

    Raises
    ------
    InputError
        What was sent over the network is of a format that names other files, the header names overviews elsewhere, or
        a VRT names what is no picture (`changedet.virtual`).
    """
    remote = is_remote(path)
    if not remote:
        _named_by(_on_disk(path), stamp_of(path))
    drivers = list(_REMOTE_DRIVERS if remote else _local_drivers())
    try:
        # rasterio.open takes one driver; its class takes those that may be tried.
        dataset = rasterio.DatasetReader(gdal_path(path), driver=drivers, **options)
    except rasterio.errors.RasterioIOError as error:
        if remote and "not recognized" in str(error):
            kinds = ", ".join(_REMOTE_DRIVERS)
            raise InputError(f"{path}: is none of the kinds that are read over the network ({kinds})") from error
        raise
    elsewhere = _named_elsewhere(dataset, remote=remote)
    if elsewhere:
        dataset.close()
        raise InputError(f"{path}: leads to {elsewhere[:80]!a}, where a scene may not lead; get a copy of the pixels")
    return dataset


def _named_elsewhere(dataset: Any, *, remote: bool) -> str:
    """What a file's header makes GDAL read beside it, where that is not to be."""
    overviews = str(dataset.tags(ns="OVERVIEWS").get("OVERVIEW_FILE", ""))
    if overviews and not overviews.startswith(":::BASE:::"):
        return overviews
    # Overviews and masks beside a file may be VRTs too.
    for name in [] if remote else dataset.files:
        _named_by(name, stamp_of(name))
    return ""


@lru_cache(maxsize=4096)
def _named_by(path: str, _stamp: tuple[int, ...]) -> tuple[str, ...]:
    """The files that a VRT is made of; none for another file."""
    return tuple(named_files(path)) if is_virtual(path) else ()


def _refuse(path: str, dataset: Any, *, classes: bool) -> None:
    if dataset.count > MAX_BANDS:
        raise InputError(f"{path}: has {dataset.count} bands, more than {MAX_BANDS}; give the few that are needed")
    if any(dtype.startswith("complex") for dtype in dataset.dtypes):
        raise InputError(f"{path}: holds complex numbers; give the amplitude (the absolute value) as a real raster")
    if ColorInterp.palette in dataset.colorinterp and not classes:
        raise InputError(
            f"{path}: holds a colour palette, whose values are classes and not brightness; expand it to RGB first"
        )
    if dataset.count == 0:
        subs = f", it is a container of {len(dataset.subdatasets)} subdatasets" if dataset.subdatasets else ""
        raise InputError(f"{path}: has no bands{subs}; give a raster file")


def _frame(
    path: str, dataset: Any, crs: str | None, bounds: Sequence[float] | None, like: Frame | None
) -> tuple[Frame, tuple[tuple[float, float, float, float], ...], dict[str, Any] | None]:
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


def _check_transform(path: str, transform: Affine) -> None:
    # A pixel of a nanometre's edge is none.
    if not (abs(transform.determinant) > 1e-24 and np.all(np.isfinite(transform[:6]))):
        raise InputError(f"{path}: its transform {tuple(transform[:6])} is singular; georeference it again")


def _inexact_frame(
    path: str, dataset: Any
) -> tuple[Frame, tuple[tuple[float, float, float, float], ...], dict[str, Any] | None]:
    """The frame of a file that ground control points or RPCs place, with a transform that is only near."""
    points, crs = dataset.gcps
    if points:
        if len(points) < 3:
            raise InputError(f"{path}: has {len(points)} ground control points, at least 3 are needed; georeference it")
        gcps = tuple((point.row, point.col, point.x, point.y) for point in points)
        near = rasterio.transform.from_gcps(points)
        return Frame(_crs_name(path, crs or LONLAT), near, dataset.width, dataset.height, True), gcps, None
    rpcs = dataset.rpcs.to_dict()
    columns, rows = np.meshgrid([0, dataset.width], [0, dataset.height])
    with rasterio.transform.RPCTransformer(dataset.rpcs, rpc_height=rpcs["height_off"]) as transformer:
        x, y = transformer.xy(rows.ravel(), columns.ravel(), zs=[0.0] * 4, offset="ul")
    corners = zip(rows.ravel(), columns.ravel(), x, y, strict=True)
    points = [rasterio.control.GroundControlPoint(float(r), float(c), u, v) for r, c, u, v in corners]
    near = rasterio.transform.from_gcps(points)
    return Frame(LONLAT, near, dataset.width, dataset.height, True), (), rpcs


def _crs_name(path: str, crs: Any) -> str:
    try:
        parsed = pyproj.CRS(crs if isinstance(crs, str | int) else crs.to_wkt())
    except pyproj.exceptions.CRSError as error:
        raise InputError(f"{path}: its coordinate reference system is not understood ({error})") from None
    if not (parsed.is_projected or parsed.is_geographic):
        what = f"is {parsed.type_name.lower()} ('{parsed.name[:60]}')"
        raise InputError(f"{path}: its coordinate reference system {what}, expected a projected or geographic one")
    epsg = parsed.to_epsg(min_confidence=100) if isinstance(crs, str | int) else crs.to_epsg()
    return f"EPSG:{epsg}" if epsg is not None else str(parsed.to_wkt())


def _band(dataset: Any, i: int, nodata: float | None) -> BandHeader:
    own = dataset.nodatavals[i]
    imagery = dataset.tags(i + 1, ns="IMAGERY").get("CENTRAL_WAVELENGTH_UM", "")
    wavelength = imagery or dataset.tags(i + 1).get("wavelength", "")
    color = dataset.colorinterp[i].name
    value = own if nodata is None else nodata
    nodata = None if value is None else float(value)
    scale, offset = float(dataset.scales[i]), float(dataset.offsets[i])
    return BandHeader(dataset.dtypes[i], nodata, dataset.descriptions[i] or "", color, scale, offset, str(wavelength))


def _tags(dataset: Any) -> dict[str, str]:
    found = {str(key): str(value) for key, value in dataset.tags().items()}
    for space in ("IMD", "IMAGERY"):
        found.update({str(key): str(value) for key, value in dataset.tags(ns=space).items()})
    return found
