"""Kinds of raster files that are read, and the overviews and masks beside a picture, which GDAL takes of any kind."""

from __future__ import annotations

import os
from functools import cache
from typing import Final

import rasterio
import rasterio.errors

STORE_DRIVERS: Final = ("GTiff", "COG", "JP2OpenJPEG", "PNG", "JPEG")
"""What another machine sends is not trusted: a VRT could name files of this one."""

_LOCAL_DRIVERS: Final = frozenset(
    {
        *("AAIGrid", "AIG", "BIGGIF", "BMP", "CEOS", "COG", "COSAR", "DTED", "EHdr", "ENVI", "FIT", "GIF", "GPKG"),
        *("GRIB", "GS7BG", "GSAG", "GSBG", "GTiff", "HFA", "JAXAPALSAR", "JPEG", "JP2OpenJPEG", "JPEGXL", "L1B"),
        *("LAN", "MBTiles", "NITF", "PNG", "PNM", "RMF", "RRASTER", "RST", "SAGA", "SAR_CEOS", "SNAP_TIFF", "SRTMHGT"),
        *("USGSDEM", "VRT", "WEBP", "XYZ"),
    }
)
"""Of this machine's files the kinds that hold their own pixels, and VRT, which is looked through: others ask a host,
name files of any kind, or take the bytes of whatever file they name for pixels (HDF5, and netCDF with it, by its
external storage)."""

RAW_DRIVERS: Final = frozenset({"EHdr", "ENVI", "RRASTER", "RST", "SAGA", "SRTMHGT"})
"""Kinds that take any file for pixels, as a header beside it or its name says."""

_LOOKED_THROUGH: Final = frozenset({"GPKG", "MBTiles", "VRT"})
"""Kinds whose files are looked through before GDAL opens them, which in an archive cannot be done."""

_SIDE_DRIVERS: Final = ("GTiff", "HFA")
"""Kinds in which GDAL writes overviews and masks. Their first bytes are no other kind's."""
_SIDE_ENDINGS: Final = (".ovr", ".msk")
_BASE: Final = ":::BASE:::"
"""How GDAL says that a name is relative."""
_ZIP: Final = "/vsizip/"


def is_zipped(path: str) -> bool:
    """Whether a file lies in an archive. Python and GDAL may find different files there under one name.

    Parameters
    ----------
    path : str
        A file or URL.

    Returns
    -------
    bool
        By its name.
    """
    return path.startswith(_ZIP)


@cache
def local_drivers(*, zipped: bool = False) -> tuple[str, ...]:
    """The kinds of files of this machine that are read.

    Parameters
    ----------
    zipped : bool
        Whether they lie in an archive.

    Returns
    -------
    tuple of str
        GDAL's names.
    """
    with rasterio.Env() as environment:
        return tuple(sorted(set(environment.drivers()) & _LOCAL_DRIVERS - (_LOOKED_THROUGH if zipped else set())))


def side_rasters(dataset: rasterio.DatasetReader) -> tuple[list[str], str]:
    """The overviews and masks that lie beside a raster.

    Parameters
    ----------
    dataset : rasterio.DatasetReader
        Open.

    Returns
    -------
    beside : list of str
        Their paths.
    elsewhere : str
        Where its header says that overviews lie, if that is not beside it; else empty.
    """
    # To GDAL the names of tags are the same in large and small letters.
    tags = {str(key).upper(): str(value) for key, value in dataset.tags(ns="OVERVIEWS").items()}
    named = tags.get("OVERVIEW_FILE", "")
    beside = [name for name in dataset.files[1:] if name.lower().endswith(_SIDE_ENDINGS)]
    if not named:
        return beside, ""
    if not named.upper().startswith(_BASE):
        return beside, named
    folder = os.path.dirname(dataset.name)  # noqa: PTH120 - may lie in an archive
    return [*beside, os.path.join(folder, named[len(_BASE) :].lstrip("/"))], ""  # noqa: PTH118


def is_plain(path: str) -> bool:
    """Whether overviews or masks are of a kind in which GDAL writes them, by what GDAL itself finds under their name.

    Parameters
    ----------
    path : str
        A file of this machine.

    Returns
    -------
    bool
        False also where there is none.
    """
    try:
        rasterio.DatasetReader(path, driver=list(_SIDE_DRIVERS)).close()
    except rasterio.errors.RasterioError:
        return False
    return True
