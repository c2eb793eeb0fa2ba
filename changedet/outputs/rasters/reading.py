"""Rasters of a run, read back: windows, chips, overviews."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio import windows
from rasterio.enums import MaskFlags
from rasterio.errors import NotGeoreferencedWarning, RasterioIOError

from changedet.arrays import Singles
from changedet.blocks import Window
from changedet.errors import InputError
from changedet.outputs.rasters.gdal_cache import cache_bytes

FilePixels: TypeAlias = NDArray[Any]
"""Of a file's own dtype, which is known when it is opened."""
BLOCK_PX: Final = 512
"""Rows and columns of a block in a file, and of the overview that statistics are taken from."""

_TIFF: Final = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
"""How GeoTIFF begins."""
_ALONE: Final[dict[str, str]] = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".no-network",
    "GDAL_HTTP_PROXY": "refused://nowhere",
    "GDAL_HTTPS_PROXY": "refused://nowhere",
}
"""The rasters of a run hold their own overviews and masks: sidecar files are not read, no host is contacted."""
_NO_MORE: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True)
class StampedFile:
    """A file, the same under another name; what is written anew is another.

    Attributes
    ----------
    path : pathlib.Path
        The name by which it was opened.
    stamp : tuple of int
        Device, number on it, time and size.
    """

    path: Path = field(compare=False)
    stamp: tuple[int, int, int, int]

    @classmethod
    def of(cls, path: Path) -> StampedFile:
        """A file as it is now.

        Parameters
        ----------
        path : pathlib.Path
            It is there.

        Returns
        -------
        StampedFile
            To be remembered by.
        """
        state = path.stat()
        return cls(path, (state.st_dev, state.st_ino, state.st_mtime_ns, state.st_size))


@dataclass(frozen=True)
class Header:
    """What a raster says of itself.

    Attributes
    ----------
    names : tuple of str
        The descriptions of its bands in file order; empty text where a band has none.
    has_mask_band : bool
        Whether a mask band says where it has data, as its values may be any; else a value of its own says no data.
    tags : mapping of str to str
        Of the dataset.
    """

    names: tuple[str, ...]
    has_mask_band: bool
    tags: Mapping[str, str]


def header(path: str | Path) -> Header:
    """What a raster says of itself, read once: opening one takes as long as reading a window of a megapixel.

    Parameters
    ----------
    path : path
        A finished raster.

    Returns
    -------
    Header
        Of the file that lies there now.
    """
    return _header(StampedFile.of(Path(path)))


# Style, QGIS project, report, figures and STAC items ask for the same.
@lru_cache(maxsize=1024)
def _header(file: StampedFile) -> Header:
    with opened(file.path) as source:
        names = tuple(name or "" for name in source.descriptions)
        has_mask_band = source.mask_flag_enums[0] == [MaskFlags.per_dataset]
        return Header(names, has_mask_band, MappingProxyType(source.tags()))


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


def read_windows(path: str | Path, some: Iterable[Window]) -> Iterator[FilePixels]:
    """As `read_window`, of several windows; the file is opened once, which takes as long as reading one.

    Parameters
    ----------
    path : path
        A finished raster.
    some : iterable of changedet.blocks.Window
        Where, in its pixels; may reach beyond its edge.

    Yields
    ------
    array (y, x)
        Of each window.
    """
    with opened(path) as source:
        for window in some:
            yield _bands(source, window, 1)[0]


def read_bands(path: str | Path, window: Window, count: int | None = None, *, from_band: int = 0) -> FilePixels:
    """One window of several bands in the file's own dtype.

    Parameters
    ----------
    path : path
        A finished raster.
    window : changedet.blocks.Window
        Where, in its pixels; may reach beyond its edge.
    count : int, optional
        How many bands; by default all that follow.
    from_band : int
        The first of them, from 0.

    Returns
    -------
    array (band, y, x)
        Of the window's shape; no data beyond the edge.
    """
    with opened(path) as source:
        return _bands(source, window, count or source.count - from_band, from_band)


def _bands(source: rasterio.DatasetReader, window: Window, count: int, first: int = 0) -> FilePixels:
    top, left = max(0, window.y), max(0, window.x)
    bottom = min(source.height, window.y + window.height)
    right = min(source.width, window.x + window.width)
    inside: FilePixels = np.zeros((count, 0, 0), source.dtypes[0])
    if top < bottom and left < right:
        place = windows.Window(left, top, right - left, bottom - top)
        inside = source.read(list(range(first + 1, first + count + 1)), window=place)
    if inside.shape[1:] == window.shape:
        return inside
    fill = 0 if source.nodata is None else source.nodata
    block: FilePixels = np.full((count, *window.shape), fill, source.dtypes[0])
    if inside.size:
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


def read_chips(path: str | Path, centres: Sequence[tuple[float, float]], side: float) -> list[Singles]:
    """Square windows around some points, the file opened once.

    Parameters
    ----------
    path : path
        A finished raster, north up, in a CRS in metres.
    centres : sequence of (float, float)
        In its CRS.
    side : float
        Of a window, in units of the CRS.

    Returns
    -------
    list of float32 (band, y, x)
        One for each point, of the same shape; NaN for no data and beyond the edge.
    """
    chips = []
    with opened(path) as source:
        pixels = max(1, round(side / source.transform.a))
        for x, y in centres:
            column, row = ~source.transform @ (x, y)
            left, top = round(column - pixels / 2), round(row - pixels / 2)
            found = np.full((source.count, pixels, pixels), np.nan, np.float32)
            first, last = max(0, top), min(source.height, top + pixels)
            begin, end = max(0, left), min(source.width, left + pixels)
            if first < last and begin < end:
                part = source.read(window=windows.Window(begin, first, end - begin, last - first), masked=True)
                found[:, first - top : last - top, begin - left : end - left] = _with_nan(part)
            chips.append(found)
    return chips


@contextmanager
def environment(more: Mapping[str, str] = _NO_MORE) -> Iterator[None]:
    """GDAL's settings for a run's own rasters: a small block cache, no sidecar statistics.

    Parameters
    ----------
    more : mapping of str to str
        Other options of GDAL.

    Yields
    ------
    None
        For the block that reads or writes.
    """
    with (
        rasterio.Env(GDAL_CACHEMAX=cache_bytes(), GDAL_PAM_ENABLED="NO", GDAL_TIFF_INTERNAL_MASK="YES", **more),
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
    with environment(_ALONE):
        try:
            source = rasterio.open(path, driver="GTiff")
        except RasterioIOError as error:
            _refuse_another_kind(Path(path), error)
            raise
        with source:
            # To GDAL their names are the same in large and small letters.
            if any(name.upper() == "OVERVIEW_FILE" for name in source.tags(ns="OVERVIEWS")):
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
