"""Raster files as GDAL opens them: which kinds, with what settings, and one line that names the file where it fails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Final
from urllib.parse import urlparse

import rasterio
import rasterio.errors
import rasterio.transform

from changedet.errors import InputError
from changedet.grid.databases import is_database, require_tables
from changedet.grid.datum_files import require_own_crs_beside
from changedet.imagery.drivers import RAW_DRIVERS, STORE_DRIVERS, is_plain, is_zipped, local_drivers, side_rasters
from changedet.imagery.remote import open_remote, take_problem
from changedet.imagery.vrt import is_virtual, named_files
from changedet.outputs.rasters.gdal_cache import cache_bytes

_LOCAL_OPTIONS: Final[dict[str, str | int]] = {
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".no-network",
    "GDAL_HTTP_PROXY": "refused://nowhere",
    "GDAL_HTTPS_PROXY": "refused://nowhere",
    "VRT_NUM_THREADS": 1,
    "GDAL_VRT_ENABLE_PYTHON": "NO",
}
"""A file of this machine may name others (a VRT, overviews): never over the network, and not in threads of its own,
which would not see this."""

_STORE_OPTIONS: Final[dict[str, str | int]] = {
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
"""Of what GDAL itself fetches, from s3 and other stores."""

_WEB_PREFIX: Final = "/vsicurl/"
_NETWORK_PATHS: Final = ("/vsicurl", "/vsis3", "/vsigs", "/vsiaz", "/vsiadls", "/vsioss", "/vsiswift", "/vsiwebhdfs")


_FAILURES: Final = (
    *(rasterio.errors.RasterioError, rasterio.errors.CRSError, rasterio._err.CPLE_BaseError, OSError),
    # Names that are no UTF-8, and what rasterio itself stumbles over in broken headers.
    *(UnicodeError, RecursionError, SystemError),
)


def is_remote(path: str) -> bool:
    """Whether a path is read over the network.

    Parameters
    ----------
    path : str
        A file, a URL or one of GDAL's virtual paths.

    Returns
    -------
    bool
        False for files of this machine.
    """
    return urlparse(path).scheme in {"http", "https", "s3"} or path.startswith(_NETWORK_PATHS)


@contextmanager
def reading(path: str) -> Iterator[None]:
    """Turn GDAL's failures into one line that names the file.

    Parameters
    ----------
    path : str
        The file that is read.

    Yields
    ------
    None
        While it is read.

    Raises
    ------
    InputError
        GDAL or the system failed.
    """
    try:
        yield
        if problem := take_problem(path.removeprefix(_WEB_PREFIX)):
            raise InputError(problem)
    except _FAILURES as error:
        if problem := take_problem(path.removeprefix(_WEB_PREFIX)):
            raise InputError(problem) from error
        if not is_remote(path) and not is_zipped(path) and not Path(_on_disk(path)).exists():
            raise InputError(f"{path}: no such file") from error
        detail = str(error.__cause__ or error).replace(path, "").strip(" :'")
        remedy = (
            "check the address and the network"
            if is_remote(path)
            else "there is too little memory for its blocks"
            if isinstance(error.__cause__ or error, rasterio._err.CPLE_OutOfMemoryError)
            else "it is truncated, corrupt or of a kind that is not read: get it again, or its pixels as GeoTIFF"
        )
        raise InputError(f"{path}: cannot be read, {remedy} ({detail})") from error


def _on_disk(path: str) -> str:
    return path.removeprefix("file://")


def gdal_path(path: str) -> str:
    """The name by which GDAL opens a file.

    Parameters
    ----------
    path : str
        A file, or an http, https or s3 URL.

    Returns
    -------
    str
        One of GDAL's virtual paths for a store; http and https URLs are not for GDAL (`changedet.imagery.remote`).
    """
    scheme = urlparse(path).scheme
    if scheme == "s3":
        return "/vsis3/" + path[len("s3://") :]
    return _on_disk(path)


def gdal_options(path: str) -> dict[str, str | int]:
    """GDAL's settings for reading a file.

    Parameters
    ----------
    path : str
        A file, or an http, https or s3 URL.

    Returns
    -------
    dict
        By the names of GDAL's options; other ones over the network.
    """
    cache: dict[str, str | int] = {"GDAL_CACHEMAX": cache_bytes()}
    if _is_web(path):
        return {**_LOCAL_OPTIONS, **cache, "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR"}
    return {**(_STORE_OPTIONS if is_remote(path) else _LOCAL_OPTIONS), **cache}


def stamp_of(path: str) -> tuple[int, ...]:
    """Size and time of change of a file, by which a changed one is known.

    Parameters
    ----------
    path : str
        A file or URL.

    Returns
    -------
    tuple of int
        Bytes and nanoseconds; empty for a remote file or one that is not there.
    """
    if is_remote(path):
        return ()
    try:
        stat = Path(_on_disk(path)).stat()
    except OSError:
        return ()
    return stat.st_size, stat.st_mtime_ns


def stamp_of_all(path: str) -> tuple[int, ...]:
    """The stamps of a file and of those that it is made of.

    Parameters
    ----------
    path : str
        A file or URL.

    Returns
    -------
    tuple of int
        `stamp_of` each, one after the other.
    """
    own = stamp_of(path)
    named = () if is_remote(path) else _named_by(_on_disk(path), own)
    return own + tuple(number for name in named for number in stamp_of(name))


def files_of(path: str, dataset: rasterio.DatasetReader) -> tuple[str, ...]:
    """The files of this machine from which the pixels of a dataset come.

    Parameters
    ----------
    path : str
        A file or URL.
    dataset : rasterio.DatasetReader
        It, opened.

    Returns
    -------
    tuple of str
        The file itself first, then overviews, masks and what a VRT is made of; none of a remote file. What viewers
        write beside a picture (``.aux.xml``) is left out: it holds statistics, and what it says of bands and place is
        in the header.
    """
    if is_remote(path):
        return ()
    own = _on_disk(path)
    named = [own, *dataset.files, *_named_by(own, stamp_of(path))]
    local = [name for name in dict.fromkeys(named) if not name.endswith(".aux.xml")]
    return tuple(name for name in local if not is_remote(name) and Path(name).is_file())


@contextmanager
def opened(path: str, hosts: Sequence[str] = ()) -> Iterator[rasterio.DatasetReader]:
    """Hold a dataset open, as `open_dataset` opens it.

    Parameters
    ----------
    path : str
        A file, or an http, https or s3 URL.
    hosts : sequence of str
        As for `open_dataset`.

    Yields
    ------
    rasterio.DatasetReader
        The dataset.
    """
    dataset = open_dataset(path, hosts)
    try:
        yield dataset
    finally:
        dataset.close()


def open_dataset(path: str, hosts: Sequence[str] = (), **options: int) -> rasterio.DatasetReader:
    """The rasterio dataset of a file.

    Parameters
    ----------
    path : str
        A file, or an http, https or s3 URL.
    hosts : sequence of str
        That a URL may lead to beside its own host.
    **options : int
        Of GDAL's driver, such as ``overview_level``.

    Returns
    -------
    rasterio.DatasetReader
        For the caller to close.

    Raises
    ------
    InputError
        What was sent over the network is of a format that names other files, the header names overviews elsewhere, or
        a VRT names what is no picture (`changedet.imagery.vrt`).
    rasterio.errors.RasterioIOError
        GDAL cannot open it.
    """
    remote = is_remote(path)
    if not remote:
        _require_regular(path)
        _named_by(_on_disk(path), stamp_of(path))
        require_own_crs_beside(_on_disk(path))
    if _is_web(path):
        dataset = open_remote(path.removeprefix(_WEB_PREFIX), hosts, **options)
    elif path.startswith("/vsicurl"):
        raise InputError(f"{path}: is read in a way of GDAL's own; give the URL itself")
    else:
        # rasterio.open takes one driver; its class takes those that may be tried.
        drivers = list(STORE_DRIVERS if remote else local_drivers(zipped=is_zipped(path)))
        dataset = rasterio.DatasetReader(gdal_path(path), driver=drivers, **options)
    try:
        _require_own(path, dataset, remote=remote)
    except BaseException:
        dataset.close()
        raise
    return dataset


def _is_web(path: str) -> bool:
    return urlparse(path.removeprefix(_WEB_PREFIX)).scheme in {"http", "https"}


def _require_regular(path: str) -> None:
    # What never ends, such as a pipe. Folders and what is missing are for GDAL to say.
    there = Path(_on_disk(path))
    if there.exists() and not there.is_file() and not there.is_dir():
        raise InputError(f"{path}: is no regular file but a pipe or a device; get a copy of the pixels")


def _require_own(path: str, dataset: rasterio.DatasetReader, *, remote: bool) -> None:
    elsewhere = _named_elsewhere(dataset, remote=remote)
    if elsewhere:
        raise InputError(f"{path}: leads to {elsewhere[:80]!a}, where a scene may not lead; get a copy of the pixels")


def _named_elsewhere(dataset: rasterio.DatasetReader, *, remote: bool) -> str:
    """What a file's header, or what lies beside it, makes GDAL read, where that is not to be."""
    beside, overviews = side_rasters(dataset)
    if overviews or remote:
        return overviews or next(iter(beside), "")
    files = dataset.files
    if is_zipped(dataset.name):
        out = next((name for name in files if not is_zipped(name)), "")
        return out or next((name for name in beside if not is_plain(name)), "")
    if dataset.driver in RAW_DRIVERS:
        # Whoever sends a header beside a link would have any file of this machine published as pixels.
        linked = next((name for name in files if Path(name).is_symlink()), "")
        if linked:
            return str(Path(linked).readlink())
    # Overviews and masks beside a file may be VRTs too.
    for name in (*files, *beside):
        _named_by(name, stamp_of(name))
    return next((name for name in beside if not (is_virtual(name) or is_plain(name))), "")


@lru_cache(maxsize=4096)
def _named_by(path: str, _stamp: tuple[int, ...]) -> tuple[str, ...]:
    # The files that a VRT is made of; none for another file, which may be no database that never ends either.
    if is_database(Path(path)):
        require_tables(Path(path))
    if not is_virtual(path):
        return ()
    if is_zipped(path):
        raise InputError(f"{path}: is a VRT in an archive, which cannot be looked through; unpack it")
    named = tuple(named_files(path))
    for name in named:
        require_own_crs_beside(name)
        # GDAL takes the overviews of what a VRT names without asking this module.
        with rasterio.DatasetReader(name, driver=list(local_drivers())) as dataset:
            _require_own(name, dataset, remote=False)
    return named
