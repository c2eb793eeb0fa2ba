"""What a scene is, and how its pixels come onto the common grid: one resampling, the displacement composed into it."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Final

import numpy as np
import shapely
import xarray as xr
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from changedet.blocks import Window, from_reader
from changedet.errors import InputError
from changedet.grid import Frame, Grid
from changedet.grid.displacement import Displacement
from changedet.grid.geodesy import LONLAT
from changedet.imagery.bands import ROLES
from changedet.imagery.headers import Raster
from changedet.imagery.kernels import provider_masks
from changedet.imagery.warp import read_bilinear, read_nearest
from changedet.kernels.missing import unite_missing
from changedet.kernels.pixel_classes import CLEAR, NODATA

Read = tuple[NDArray[np.float32], NDArray[np.uint8]]

# Beyond a qa_pixel file all is fill; beyond the others 0 says no data or masked.
_OUTSIDE: Final = {"qa_pixel": 1}


@dataclass(frozen=True)
class SunAngles:
    """Where the sun stood, azimuth clockwise from north."""

    azimuth_deg: float
    elevation_deg: float


@dataclass(frozen=True)
class ViewAngles:
    """How the sensor looked: angle from the vertical; azimuth from the point below it to the scene, clockwise from
    north (STAC's ``view:azimuth``; roofs lean that way), or None."""

    off_nadir_deg: float
    azimuth_deg: float | None = None


@dataclass(frozen=True)
class BandSource:
    """Where a role's values are: band `index`, from 1, of the file `path`.

    Read values are ``digital number * gain + bias``: 1 and 0 but where scenes are stored on different scales
    (`match_scales`). `scale` and `offset` are what the file or its STAC item says makes physical values.
    """

    path: str
    index: int
    scale: float = 1.0
    offset: float = 0.0
    gain: float = 1.0
    bias: float = 0.0


@dataclass(frozen=True)
class MaskSource:
    """Where quality is told: `kind` is file, alpha, scl, qa_pixel, udm2 or valid."""

    kind: str
    path: str
    indexes: tuple[int, ...] = (1,)


@dataclass(frozen=True)
class Scene:
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
    sun, view : SunAngles, ViewAngles or None
    collection : str
        STAC collection; empty where there is none.
    warnings : tuple of str
        What was assumed.
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

    @property
    def roles(self) -> tuple[str, ...]:
        return tuple(self.bands)

    @property
    def frame(self) -> Frame:
        """Where the pixels of its finest band lie."""
        paths = dict.fromkeys(source.path for source in self.bands.values())
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
    def identity(self) -> str:
        """Hash of its files' identities and of how they are read."""
        files = [(path, raster.identity, raster.alpha) for path, raster in self.rasters.items()]
        told = repr((self.date, self.time, files, dict(self.bands), self.masks, self.sun, self.view))
        return hashlib.sha256(told.encode()).hexdigest()[:24]

    def outline(self, crs: str = LONLAT) -> BaseGeometry:
        """Outline of its finest band; in degrees longitudes may go beyond 180."""
        return self.frame.outline(crs)

    @property
    def footprint(self) -> BaseGeometry:
        """Outline in degrees of longitude and latitude."""
        return self.outline(LONLAT)

    def read(
        self,
        grid: Grid,
        window: Window,
        roles: Sequence[str],
        displacement: Displacement | None = None,
        resolution_m: float | None = None,
    ) -> Read:
        """Its bands on a window of the common grid, resampled at most once.

        Parameters
        ----------
        grid : Grid
        window : Window
            May reach beyond the grid and beyond the scene.
        roles : sequence of str
            Wanted bands, in this order.
        displacement : Displacement, optional
            Where the scene's content lies against the reference; composed into the resampling.
        resolution_m : float, optional
            Ground size to which detail is averaged where it is coarser than the grid's.

        Returns
        -------
        image : float32 (band, y, x)
            Digital numbers (`BandSource`), NaN in all bands where one has no data.
        quality : uint8 (y, x)
            Classes of `changedet.kernels.quality`: NODATA, and what the scene's own masks say; else CLEAR. NODATA just
            where `image` is NaN.

        Raises
        ------
        InputError
            Where a role is not there or a file cannot be read.
        """
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
        quality = self._quality(grid, window, displacement)
        unite_missing(image, quality, NODATA)
        return image, quality

    def overview(self, grid: Grid, factor: int, roles: Sequence[str], displacement: Displacement | None = None) -> Read:
        """The whole grid at pixels `factor` times as large; from the files' overviews where they have some."""
        coarse = grid.coarsened(factor)
        return self.read(coarse, Window(0, 0, *coarse.shape), roles, displacement)

    def lazy(
        self, grid: Grid, roles: Sequence[str], chunk: int = 1024, displacement: Displacement | None = None
    ) -> xr.DataArray:
        """Its bands on the grid as a lazy DataArray (band, y, x), float32, NaN for no data."""
        return _lazy(self, grid, roles, chunk, displacement)

    def _by_file(self, roles: Sequence[str]) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for k, role in enumerate(roles):
            if role not in self.bands:
                raise InputError(f"{self.name}: has no band '{role}', only {', '.join(self.bands)}")
            found.setdefault(self.bands[role].path, []).append(k)
        return found

    def _rescale(self, image: NDArray[np.float32], roles: Sequence[str]) -> None:
        for band, role in zip(image, roles, strict=True):
            source = self.bands[role]
            if (source.gain, source.bias) != (1.0, 0.0):
                band *= np.float32(source.gain)
                band += np.float32(source.bias)

    def _quality(self, grid: Grid, window: Window, displacement: Displacement | None) -> NDArray[np.uint8]:
        quality = np.full(window.shape, CLEAR, np.uint8)
        for mask in self.masks:
            outside = _OUTSIDE.get(mask.kind, 0)
            raster = self.rasters[mask.path]
            values = read_nearest(raster, mask.indexes, grid, window, displacement, outside=outside)
            classes = _classes(mask.kind, values)
            np.copyto(quality, classes, where=(quality == CLEAR) | (classes == NODATA))
        return quality


@dataclass(frozen=True)
class Look:
    """What was seen on one date: one scene, or several side by side, the first on top.

    Attributes
    ----------
    scenes : tuple of Scene
        At least one.
    """

    scenes: tuple[Scene, ...]

    @property
    def date(self) -> dt.date:
        return self.scenes[0].date

    @property
    def time(self) -> dt.time | None:
        return self.scenes[0].time

    @property
    def name(self) -> str:
        """The names of its scenes, the uppermost first."""
        return " + ".join(scene.name for scene in self.scenes)

    @property
    def roles(self) -> tuple[str, ...]:
        """Roles that all its scenes have."""
        return tuple(role for role in self.scenes[0].roles if all(role in scene.bands for scene in self.scenes))

    @property
    def frame(self) -> Frame:
        return self.scenes[0].frame

    @cached_property
    def gsd_m(self) -> float:
        return max(scene.gsd_m for scene in self.scenes)

    @property
    def dtype(self) -> str:
        return self.scenes[0].dtype

    @property
    def sun(self) -> SunAngles | None:
        return self.scenes[0].sun

    @property
    def view(self) -> ViewAngles | None:
        return self.scenes[0].view

    @property
    def warnings(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(warning for scene in self.scenes for warning in scene.warnings))

    @property
    def identity(self) -> str:
        if len(self.scenes) == 1:
            return self.scenes[0].identity
        return hashlib.sha256("".join(scene.identity for scene in self.scenes).encode()).hexdigest()[:24]

    def outline(self, crs: str = LONLAT) -> BaseGeometry:
        """Outline of all its scenes together; in degrees longitudes may go beyond 180."""
        return shapely.union_all([scene.outline(crs) for scene in self.scenes])

    def read(
        self,
        grid: Grid,
        window: Window,
        roles: Sequence[str],
        displacement: Displacement | None = None,
        resolution_m: float | None = None,
    ) -> Read:
        """As `Scene.read`; where the first scene has no data the next one is seen."""
        image, quality = self.scenes[0].read(grid, window, roles, displacement, resolution_m)
        for scene in self.scenes[1:]:
            if not (quality == NODATA).any():
                break
            below, below_quality = scene.read(grid, window, roles, displacement, resolution_m)
            gap = (quality == NODATA) & (below_quality != NODATA)
            np.copyto(image, below, where=gap)
            np.copyto(quality, below_quality, where=gap)
        return image, quality

    def overview(self, grid: Grid, factor: int, roles: Sequence[str], displacement: Displacement | None = None) -> Read:
        """As `Scene.overview`."""
        coarse = grid.coarsened(factor)
        return self.read(coarse, Window(0, 0, *coarse.shape), roles, displacement)

    def lazy(
        self, grid: Grid, roles: Sequence[str], chunk: int = 1024, displacement: Displacement | None = None
    ) -> xr.DataArray:
        """As `Scene.lazy`."""
        return _lazy(self, grid, roles, chunk, displacement)


def in_order(roles: Sequence[str]) -> list[str]:
    """Roles in the contract's order, unnamed bands by their number at the end."""
    known = {role: k for k, role in enumerate(ROLES)}
    return sorted(roles, key=lambda role: (known.get(role, len(known)), len(role), role))


def _classes(kind: str, values: NDArray[Any]) -> NDArray[np.uint8]:
    whole = values.astype(np.int64) if values.dtype.kind == "f" else values
    if kind == "scl":
        return provider_masks.from_scl(whole[0])
    if kind == "qa_pixel":
        return provider_masks.from_qa_pixel(whole[0])
    if kind == "udm2":
        return provider_masks.from_udm2(whole)
    plain = provider_masks.from_mask(values[0])
    return np.where(plain == CLEAR, plain, np.uint8(NODATA)).astype(np.uint8) if kind == "alpha" else plain


def _window_of(
    look: Scene | Look, grid: Grid, roles: tuple[str, ...], displacement: Displacement | None, window: Window
) -> NDArray[np.float32]:
    return look.read(grid, window, roles, displacement)[0]


def _lazy(
    look: Scene | Look, grid: Grid, roles: Sequence[str], chunk: int, displacement: Displacement | None
) -> xr.DataArray:
    read = partial(_window_of, look, grid, tuple(roles), displacement)
    told = repr((look.identity, grid.crs, tuple(grid.transform), grid.shape, tuple(roles), displacement))
    name = f"scene-{hashlib.sha256(told.encode()).hexdigest()[:24]}"
    data = from_reader(read, (len(roles), *grid.shape), chunk, name=name)
    return xr.DataArray(data, dims=("band", "y", "x"), coords={**grid.coords(), "band": list(roles)})
