"""One acquisition: its files, and its pixels on the common grid by one resampling with the displacement in it."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, cast

import numpy as np
from shapely.geometry.base import BaseGeometry

from changedet.arrays import AnyArray, Bytes, Singles
from changedet.blocks import Window
from changedet.errors import InputError
from changedet.grid import Frame, Grid
from changedet.grid.displacement import Displacement
from changedet.grid.geodesy import LONLAT
from changedet.imagery.angles import SunAngles, ViewAngles
from changedet.imagery.attribution import UNSAID, Attribution
from changedet.imagery.headers import Raster
from changedet.imagery.kernels import provider_masks
from changedet.imagery.kernels.sharpening import sharpened
from changedet.imagery.on_grid import OnGrid, Read
from changedet.imagery.warp import read_bilinear, read_nearest
from changedet.kernels.missing import unite_missing
from changedet.kernels.pixel_classes import CLEAR, NODATA

_OUTSIDE: Final = {"qa_pixel": 1}
"""Value beyond a mask's file: fill in qa_pixel; 0 says no data or masked in the others."""


@dataclass(frozen=True)
class BandSource:
    """Where the values of a role are.

    Attributes
    ----------
    path : str
        The file.
    index : int
        Its band, from 1.
    scale, offset : float
        What makes physical values, by the file or its STAC item.
    gain, bias : float
        Read values are ``digital number * gain + bias``: 1 and 0 but where scenes are stored on different scales
        (`match_scales`).
    """

    path: str
    index: int
    scale: float = 1.0
    offset: float = 0.0
    gain: float = 1.0
    bias: float = 0.0


@dataclass(frozen=True)
class MaskSource:
    """A mask that comes with a scene.

    Attributes
    ----------
    kind : str
        How its values are read: file, alpha, scl, qa_pixel, udm2 or valid.
    path : str
        Its file.
    indexes : tuple of int
        The file's bands that it takes, from 1.
    """

    kind: str
    path: str
    indexes: tuple[int, ...] = (1,)


@dataclass(frozen=True)
class Scene(OnGrid):
    """One acquisition, known by its headers.

    Attributes
    ----------
    date : datetime.date
        UTC.
    name : str
        That of its file or STAC item, for tables.
    bands : mapping of role to BandSource
        In the order of the contract's roles.
    rasters : mapping of path to Raster
        Headers of all its files.
    masks : tuple of MaskSource
        Beside what the band files themselves mark as no data.
    time : datetime.time or None
        UTC.
    sun : SunAngles or None
        None where nothing says.
    view : ViewAngles or None
        None where nothing says.
    collection : str
        STAC collection; empty where there is none.
    warnings : tuple of str
        What was assumed.
    attribution : Attribution
        Whose picture it is; no result depends on it.
    sharper : BandSource or None
        A panchromatic band of finer pixels that sharpens the bands as they are read, where they are read finer than
        they are.
    known_as : str
        The identity under which its content was computed before; empty where it is its files' own.
    """

    date: dt.date
    name: str
    bands: Mapping[str, BandSource]
    rasters: Mapping[str, Raster]
    masks: tuple[MaskSource, ...] = ()
    time: dt.time | None = None
    sun: SunAngles | None = None
    view: ViewAngles | None = None
    collection: str = ""
    warnings: tuple[str, ...] = ()
    attribution: Attribution = UNSAID
    sharper: BandSource | None = None
    known_as: str = ""

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles of its bands, in the contract's order."""
        return tuple(self.bands)

    @property
    def frame(self) -> Frame:
        """Where the pixels of its finest band lie, be it one that sharpens the others."""
        paths = dict.fromkeys(source.path for source in self._sources)
        return min((self.rasters[path].frame for path in paths), key=lambda frame: frame.gsd_m)

    @cached_property
    def gsd_m(self) -> float:
        """Ground sampling distance of its finest band in metres, geodesic."""
        return self.frame.gsd_m

    @property
    def dtype(self) -> str:
        """Data type of its first band."""
        source = next(iter(self.bands.values()))
        return self.rasters[source.path].bands[source.index - 1].dtype

    @property
    def nodata(self) -> Mapping[str, float | None]:
        """Nodata value of each role's band, or None."""
        return {role: self.rasters[b.path].bands[b.index - 1].nodata for role, b in self.bands.items()}

    @property
    def _sources(self) -> tuple[BandSource, ...]:
        return (*self.bands.values(), *([] if self.sharper is None else [self.sharper]))

    @property
    def identity(self) -> str:
        """Hash of its files' identities and of how they are read, or what they were known as before."""
        if self.known_as:
            return self.known_as
        files = [(path, raster.identity, raster.alpha) for path, raster in self.rasters.items()]
        read = (self.date, self.time, files, dict(self.bands), self.masks, self.sun, self.view)
        content = repr(read if self.sharper is None else (*read, self.sharper))
        return hashlib.sha256(content.encode()).hexdigest()[:24]

    @property
    def files(self) -> tuple[str, ...]:
        """The files of this machine from which its pixels come, each once."""
        return tuple(dict.fromkeys(name for raster in self.rasters.values() for name in raster.files))

    def content(self, sums: Mapping[str, str]) -> str:
        """Hash of what its files hold and of how they are read, wherever they lie and whenever they were written.

        Parameters
        ----------
        sums : mapping of str to str
            SHA-256 of each of `files`.

        Returns
        -------
        str
            Empty where some of its rasters are not on this machine.
        """
        rasters = list(self.rasters.values())
        if not all(raster.files for raster in rasters):
            return ""
        place = {path: k for k, path in enumerate(self.rasters)}
        held = [
            ([sums[name] for name in r.files], r.frame, r.bands, r.gcps, r.rpcs, r.has_mask, r.overviews, r.alpha)
            for r in rasters
        ]
        bands = {role: (place[b.path], replace(b, path="")) for role, b in self.bands.items()}
        masks = [(place[mask.path], replace(mask, path="")) for mask in self.masks]
        sharper = [] if self.sharper is None else [(place[self.sharper.path], replace(self.sharper, path=""))]
        read = repr((self.name, self.date, self.time, held, bands, masks, self.sun, self.view, *sharper))
        return hashlib.sha256(read.encode()).hexdigest()

    def outline(self, crs: str = LONLAT) -> BaseGeometry:
        """Outline of its finest band.

        Parameters
        ----------
        crs : str
            Of the outline.

        Returns
        -------
        shapely.Polygon
            In degrees longitudes may go beyond 180.
        """
        return self.frame.outline(crs)

    @property
    def footprint(self) -> BaseGeometry:
        """Outline in degrees of longitude and latitude."""
        return self.outline(LONLAT)

    def _read_window(
        self,
        grid: Grid,
        window: Window,
        roles: Sequence[str],
        displacement: Displacement | None,
        resolution_m: float | None,
    ) -> Read:
        image = np.empty((len(roles), *window.shape), np.float32)
        for path, places in self._by_file(roles).items():
            indexes = [self.bands[roles[k]].index for k in places]
            raster = self.rasters[path]
            part = read_bilinear(raster, indexes, grid, window, displacement, resolution_m=resolution_m)
            if len(places) == len(roles):
                image = part
            else:
                image[places] = part
        self._rescale(image, roles)
        if self.sharper is not None:
            self._sharpen(image, grid, window, displacement, resolution_m)
        quality = self._quality(grid, window, displacement)
        unite_missing(image, quality, NODATA, 1 if self._misses_together(roles) else len(roles))
        return image, quality

    def _sharpen(
        self,
        image: Singles,
        grid: Grid,
        window: Window,
        displacement: Displacement | None,
        resolution_m: float | None,
    ) -> None:
        """Sharpen bands by the panchromatic one, where they are read in finer pixels than their own."""
        # Of all bands, so that a band is the same whichever others are read with it.
        own_m = max(self.rasters[source.path].frame.gsd_m for source in self.bands.values())
        if self.sharper is None or max(grid.ground_resolution_m, resolution_m or 0.0) >= own_m:
            return
        raster, indexes = self.rasters[self.sharper.path], [self.sharper.index]
        pan, coarse = (
            read_bilinear(raster, indexes, grid, window, displacement, resolution_m=size)[0]
            for size in (resolution_m, own_m)
        )
        sharpened(image, pan, coarse)

    def _misses_together(self, roles: Sequence[str]) -> bool:
        """Whether a pixel that some of these bands lack is lacked by all: of a file of whole numbers.

        A panchromatic band that lacks it takes it from all bands that it sharpens.
        """
        sources = [self.bands[role] for role in roles]
        types = {np.dtype(self.rasters[one.path].bands[one.index - 1].dtype).kind for one in sources}
        return len({one.path for one in sources}) == 1 and types <= {"i", "u"}

    def _by_file(self, roles: Sequence[str]) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for k, role in enumerate(roles):
            if role not in self.bands:
                raise InputError(f"{self.name}: has no band '{role}', only {', '.join(self.bands)}")
            found.setdefault(self.bands[role].path, []).append(k)
        return found

    def _rescale(self, image: Singles, roles: Sequence[str]) -> None:
        for band, role in zip(image, roles, strict=True):
            source = self.bands[role]
            if (source.gain, source.bias) != (1.0, 0.0):
                band *= np.float32(source.gain)
                band += np.float32(source.bias)

    def _quality(self, grid: Grid, window: Window, displacement: Displacement | None) -> Bytes:
        quality = np.full(window.shape, CLEAR, np.uint8)
        for mask in self.masks:
            outside = _OUTSIDE.get(mask.kind, 0)
            raster = self.rasters[mask.path]
            values = read_nearest(raster, mask.indexes, grid, window, displacement, outside=outside)
            classes = _classes(mask.kind, values)
            np.copyto(quality, classes, where=(quality == CLEAR) | (classes == NODATA))
        return quality


def _classes(kind: str, values: AnyArray) -> Bytes:
    whole = cast("provider_masks.Flags", values.astype(np.int64) if values.dtype.kind == "f" else values)
    if kind == "scl":
        return provider_masks.from_scl(whole[0])
    if kind == "qa_pixel":
        return provider_masks.from_qa_pixel(whole[0])
    if kind == "udm2":
        return provider_masks.from_udm2(whole)
    plain = provider_masks.from_plain_mask(values[0])
    return np.where(plain == CLEAR, plain, np.uint8(NODATA)).astype(np.uint8) if kind == "alpha" else plain
