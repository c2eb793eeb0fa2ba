"""Headers of raster files: bands, georeference, overviews, masks; no pixel is read.

Pixels are read in `changedet.imagery.pixels`.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import rasterio
import rasterio.errors
import rasterio.transform
from rasterio.enums import ColorInterp, MaskFlags

from changedet.errors import InputError
from changedet.grid import Frame
from changedet.imagery.datasets import files_of, gdal_options, opened, reading, stamp_of_all
from changedet.imagery.file_blocks import FileBlocks, file_blocks
from changedet.imagery.georeference import Gcps, Rpcs, check_own_crs, find_frame
from changedet.imagery.remote import allowed_now

MAX_BANDS: Final = 1000


class PaletteError(InputError):
    """A raster of classes, each with a colour, where a scene was expected."""


@dataclass(frozen=True)
class BandHeader:
    """One band as its file describes it.

    Attributes
    ----------
    dtype : str
        Of the stored numbers.
    nodata : float or None
        The number that stands for no data.
    description : str
        Empty where there is none.
    color : str
        GDAL's colour interpretation.
    scale, offset : float
        A physical value is ``number * scale + offset``.
    wavelength : str
        As the file's tags have it, in micrometres or nanometres; empty where they do not.
    """

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
        From the first on.
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
        The file's own and those of the provider.
    alpha : int or None
        Band that makes no data where it is 0; None until the scene's roles are known.
    identity : str
        Hash of path, size, time of change and header.
    files : tuple of str
        Those of this machine from which its pixels come; none of a remote raster.
    hosts : tuple of str
        That a remote raster may be read from beside its own.
    blocks : FileBlocks
        What reading any of its pixels takes, where that is much.
    """

    path: str
    frame: Frame
    bands: tuple[BandHeader, ...]
    gcps: Gcps = ()
    rpcs: Rpcs | None = None
    has_mask: bool = False
    overviews: tuple[int, ...] = ()
    stamp: tuple[int, ...] = ()
    tags: dict[str, str] = field(default_factory=dict, compare=False)
    alpha: int | None = None
    identity: str = ""
    files: tuple[str, ...] = field(default=(), compare=False)
    hosts: tuple[str, ...] = field(default=(), compare=False)
    blocks: FileBlocks = field(default_factory=FileBlocks, compare=False)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.frame.height, self.frame.width


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
        Used where the file has none.
    bounds : sequence of float, optional
        West, south, east, north, in place of the file's transform.
    nodata : float, optional
        In place of the file's own.
    classes : bool
        Whether the file holds classes or flags; a palette is then no reason to refuse it.
    like : Frame, optional
        Used where the file has no georeference of its own but as many pixels.

    Returns
    -------
    Raster
        Its header, and an identity that changes with the file.

    Raises
    ------
    InputError
        Where it cannot be opened, or cannot be used: complex numbers, a colour palette, no georeference.
    """
    with reading(path), warnings.catch_warnings(), rasterio.Env(**gdal_options(path)):
        warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
        with opened(path, allowed_now()) as dataset:
            _refuse(path, dataset, classes=classes)
            if not classes and bounds is None:
                check_own_crs(path, dataset, crs)
            frame, gcps, rpcs = find_frame(path, dataset, crs, bounds, like)
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
                stamp_of_all(path),
                _tags(dataset),
                files=files_of(path, dataset),
                hosts=allowed_now(),
                blocks=file_blocks(dataset),
            )
    content = repr((path, raster.stamp, frame, bands, gcps, rpcs, raster.has_mask, raster.overviews))
    return replace(raster, identity=hashlib.sha256(content.encode()).hexdigest()[:24])


def _refuse(path: str, dataset: rasterio.DatasetReader, *, classes: bool) -> None:
    if dataset.count > MAX_BANDS:
        raise InputError(f"{path}: has {dataset.count} bands, more than {MAX_BANDS}; give the few that are needed")
    if any(dtype.startswith("complex") for dtype in dataset.dtypes):
        raise InputError(f"{path}: holds complex numbers; give the amplitude (the absolute value) as a real raster")
    if ColorInterp.palette in dataset.colorinterp and not classes:
        raise PaletteError(
            f"{path}: holds a colour palette, whose values are classes and not brightness; expand it to RGB first "
            "(gdal_translate -expand rgb)"
        )
    if dataset.count and not all(dataset.overviews(1)):
        raise InputError(f"{path}: has overviews larger than the picture itself; build them anew")
    if dataset.count == 0:
        subs = f", it is a container of {len(dataset.subdatasets)} subdatasets" if dataset.subdatasets else ""
        raise InputError(f"{path}: has no bands{subs}; give a raster file")


def _band(dataset: rasterio.DatasetReader, i: int, nodata: float | None) -> BandHeader:
    own = dataset.nodatavals[i]
    imagery = dataset.tags(i + 1, ns="IMAGERY").get("CENTRAL_WAVELENGTH_UM", "")
    wavelength = imagery or dataset.tags(i + 1).get("wavelength", "")
    color = dataset.colorinterp[i].name
    value = own if nodata is None else nodata
    nodata = None if value is None else float(value)
    scale, offset = float(dataset.scales[i]), float(dataset.offsets[i])
    return BandHeader(dataset.dtypes[i], nodata, dataset.descriptions[i] or "", color, scale, offset, str(wavelength))


def _tags(dataset: rasterio.DatasetReader) -> dict[str, str]:
    found = {str(key): str(value) for key, value in dataset.tags().items()}
    for space in ("IMD", "IMAGERY"):
        found.update({str(key): str(value) for key, value in dataset.tags(ns=space).items()})
    return found
