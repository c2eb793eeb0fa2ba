"""Draws scenes block by block: surfaces, light, weather, sensor; a window is a crop of the whole, byte for byte."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from changedet.arrays import Bools, Bytes, Floats, Ints, Singles
from changedet.simulate.looks import Look
from changedet.simulate.materials import SNOW
from changedet.simulate.noise import fractal, texture_fields, white
from changedet.simulate.palette import ROLES, spectrum
from changedet.simulate.raster import fill, fill_bits, shade
from changedet.simulate.scene_polygons import PolygonSet, scene_polygons
from changedet.simulate.world import World

BLOCK_PX = 256
"""Blocks lie on a lattice of this many pixels from the scene's corner, whatever window is drawn."""
_HALO_PX = 3
_HAZE = np.array([0.12, 0.095, 0.065, 0.045, 0.032, 0.022, 0.008, 0.004, 0.06])
"""Path radiance of haze, and the sky's share of the light, for each of `ROLES`."""
_SKY = np.array([0.30, 0.27, 0.22, 0.18, 0.15, 0.11, 0.06, 0.05, 0.20])
_DRY_SKY = np.array([0.34, 0.30, 0.19, 0.12, 0.095, 0.07, 0.035, 0.03, 0.15])
"""The same of a deep blue sky: in shade a level surface keeps 2.5 times as much of its blue light as of its red."""
_CLOUD_OCTAVES = (1.0, 0.5, 0.25, 0.125, 0.06, 0.03)
_CLOUD_WEIGHTS = (1.0, 0.62, 0.38, 0.22, 0.12, 0.06)

Window = tuple[int, int, int, int]


@dataclass(frozen=True)
class Weather:
    """What lies between ground and sensor, for each pixel of a grid.

    Attributes
    ----------
    cloud : float32 (y, x)
        Opacity of the cloud, 0 to 1.
    shadow : float32 (y, x)
        Share of the direct sun that a cloud's shadow takes, 0 to 1.
    nodata : bool (y, x)
        Outside the swath.
    """

    cloud: Singles
    shadow: Singles
    nodata: Bools

    @property
    def hidden(self) -> Bools:
        """Where cloud, cloud shadow or no data hide the ground, bool (y, x)."""
        return (self.cloud > 0.1) | (self.shadow > 0.2) | self.nodata


def _cloud_field(affine: Floats, shape: tuple[int, int], look: Look) -> Singles:
    lengths = tuple(look.cloud_scale_m * f for f in _CLOUD_OCTAVES)
    return fractal(affine, shape, lengths, _CLOUD_WEIGHTS, look.seed + 5003)


def _threshold(world: World, look: Look) -> float:
    step = world.size_m / 48
    affine = np.array([step, 0, -world.size_m / 2, 0, -step, world.size_m / 2])
    return float(np.quantile(_cloud_field(affine, (48, 48), look), 1 - look.cloud_cover))


def _moved(affine: Floats, by: Floats) -> Floats:
    return np.asarray(affine + np.array([0, 0, by[0], 0, 0, by[1]]), float)


def weather(world: World, look: Look, affine: Floats, shape: tuple[int, int]) -> Weather:
    """Clouds, their shadows and missing data on any grid.

    Parameters
    ----------
    world : World
        The site.
    look : Look
        One of its dates.
    affine : float64 (6,)
        From (column, row) to local ground metres.
    shape : tuple of int
        Rows and columns.

    Returns
    -------
    Weather
        On that grid.
    """
    cloud, dark = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    if look.cloud_cover > 0:
        edge = _threshold(world, look)
        above = _moved(affine, -look.lean * look.cloud_height_m)
        sunward = _moved(affine, -look.shadow * look.cloud_height_m)
        cloud = np.clip((_cloud_field(above, shape, look) - edge + 0.25) / 0.9, 0, 1)
        dark = np.clip((_cloud_field(sunward, shape, look) - edge + 0.15) / 0.7, 0, 1)
        cloud, dark = cloud * cloud * (3 - 2 * cloud), (dark * dark * (3 - 2 * dark)) * np.float32(0.92)
    nodata = np.zeros(shape, bool)
    if look.nodata_edge is not None:
        rows, columns = np.mgrid[0 : shape[0], 0 : shape[1]] + 0.5
        x = affine[0] * columns + affine[1] * rows + affine[2]
        y = affine[3] * columns + affine[4] * rows + affine[5]
        nodata = x * look.nodata_edge[0] + y * look.nodata_edge[1] > look.nodata_edge[2]
    return Weather(cloud, dark, nodata)


def supersampling(gsd_m: float) -> int:
    """Number of fine pixels across a pixel.

    Parameters
    ----------
    gsd_m : float
        Pixel size in metres.

    Returns
    -------
    int
        3 to 6; fine pixels are about 0.15 m wide where the pixel allows it.
    """
    return int(np.clip(np.ceil(gsd_m / 0.15), 3, 6))


@dataclass
class Renderer:
    """One date of a world, ready to be drawn in windows.

    Attributes
    ----------
    world : World
        The site.
    index : int
        Number of the date.
    look : Look
        Its acquisition.
    """

    world: World
    index: int
    look: Look = field(init=False)
    _seen: PolygonSet = field(init=False)
    _shade: PolygonSet = field(init=False)

    def __post_init__(self) -> None:
        self.look = self.world.looks[self.index]
        self._seen, self._shade = scene_polygons(self.world, self.index)
        self._tables = self.world.palette.table(self.look.greenness, self.look.wetness)
        self._roles = [ROLES.index(band) for band in self.look.bands]

    def blocks(self, window: Window | None = None) -> Iterator[Window]:
        """Blocks of the scene's lattice that a window meets.

        Parameters
        ----------
        window : tuple of int, optional
            (row, column, rows, columns); the whole scene where not given.

        Yields
        ------
        tuple of int
            (row, column, rows, columns) of a block, at most `BLOCK_PX` wide.
        """
        height, width = self.look.shape
        row, column, rows, columns = window or (0, 0, height, width)
        for r in range(row // BLOCK_PX * BLOCK_PX, row + rows, BLOCK_PX):
            for q in range(column // BLOCK_PX * BLOCK_PX, column + columns, BLOCK_PX):
                yield r, q, min(BLOCK_PX, height - r), min(BLOCK_PX, width - q)

    def block(self, block: Window) -> NDArray[np.uint16] | Bytes:
        """One block as the sensor delivers it.

        Parameters
        ----------
        block : tuple of int
            (row, column, rows, columns), as `blocks` yields it.

        Returns
        -------
        uint16 or uint8 (band, y, x)
            Digital numbers; 0 is no data.
        """
        row, column, rows, columns = block
        h = _HALO_PX
        shape = (rows + 2 * h, columns + 2 * h)
        t = self.look.to_ground
        at = np.array([column - h, row - h], float)
        affine = np.array(
            [t[0], t[1], t[2] + t[0] * at[0] + t[1] * at[1], t[3], t[4], t[5] + t[3] * at[0] + t[4] * at[1]]
        )
        ground = self._reflectance(affine, shape)
        sky = weather(self.world, self.look, affine, shape)
        return self._sensor(ground, sky, block)

    def _fine(self, polygons: PolygonSet, affine: Floats, shape: tuple[int, int], ss: int) -> tuple[Floats, Ints]:
        """Vertices on the fine canvas, and the polygons that matter there."""
        a, b, c, d, e, f = affine
        corners = np.array([[0, 0], [shape[1], 0], [0, shape[0]], [shape[1], shape[0]]], float)
        xs, ys = corners @ (a, b) + c, corners @ (d, e) + f
        order = polygons.near(xs.min(), ys.min(), xs.max(), ys.max())
        back = np.linalg.inv(np.array([[a, b], [d, e]])) * ss
        return (polygons.verts - (c, f)) @ back.T, order

    def _reflectance(self, affine: Floats, shape: tuple[int, int]) -> Singles:
        ss = supersampling(self.look.gsd_m)
        size = (shape[0] * ss, shape[1] * ss)
        label, tone = np.full(size, self.world.ground, np.uint16), np.full(size, 100, np.uint8)
        sun, level, dark = np.full(size, 100, np.uint8), np.zeros(size, np.uint8), np.zeros(size, np.uint8)
        verts, order = self._fine(self._seen, affine, shape, ss)
        fill(verts, self._seen.offsets, order, self._seen.numbers, label, sun, level, tone)
        verts, order = self._fine(self._shade, affine, shape, ss)
        fill_bits(verts, self._shade.offsets, order, self._shade.numbers[:, 0], dark)
        fields = texture_fields(affine, shape, self.look.gsd_m, self.world.seed)
        first, second, numbers, stripes = self._tables
        out = np.empty((len(self._roles), *shape), np.float32)
        fine = affine / np.array([ss, ss, 1, ss, ss, 1])
        sky = (1 - self.look.dry) * _SKY + self.look.dry * _DRY_SKY
        shade(
            label,
            sun,
            level,
            tone,
            dark,
            ss,
            fields,
            first[:, self._roles],
            second[:, self._roles],
            numbers,
            stripes,
            fine,
            1 - sky[self._roles],
            sky[self._roles],
            self._snow(fields),
            spectrum(SNOW, 0.15)[self._roles],
            out,
        )
        return out

    def _snow(self, fields: Singles) -> Singles:
        if self.look.snow <= 0:
            return np.zeros(fields.shape[1:], np.float32)
        uneven = 0.45 * fields[3] + 0.3 * fields[1] + 0.25 * fields[4]
        return np.asarray(np.clip((self.look.snow * 2.6 - 1.1 - uneven) * 0.8 + 0.4, 0, 0.95), np.float32)

    def _sensor(self, ground: Singles, sky: Weather, block: Window) -> NDArray[np.uint16] | Bytes:
        row, column, rows, columns = block
        look, h = self.look, _HALO_PX
        inner = (slice(h, h + rows), slice(h, h + columns))
        scale, top = (10000.0, 65535) if look.dtype == "uint16" else (255.0 / 0.6, 255)
        out = np.empty((len(self._roles), rows, columns), np.uint16 if look.dtype == "uint16" else np.uint8)
        bright = 0.62 + 0.3 * sky.cloud
        for k, role in enumerate(self._roles):
            value = ground[k] * (1 - sky.shadow * (1 - _SKY[role] * 0.9))
            value = value * (1 - sky.cloud) + bright * (1 - 0.05 * _HAZE[role]) * sky.cloud
            haze = look.haze * _HAZE[role]
            value = value * (1 - haze * 2.2) + haze
            value = cv2.GaussianBlur(value.astype(np.float32), (7, 7), look.psf_px)[inner]
            value = value * look.gain[k] + look.offset[k]
            grain = white(row, column, (rows, columns), look.seed * 13 + k)
            value = value + grain * np.sqrt(look.noise**2 + 4e-5 * np.clip(value, 0, 1) * (look.noise / 0.003) ** 2)
            digital = np.clip(np.rint(value * scale), 1, top)
            digital[sky.nodata[inner]] = 0
            out[k] = digital
        return out

    def window(self, window: Window | None = None) -> NDArray[np.uint16] | Bytes:
        """Any window of the scene.

        Parameters
        ----------
        window : tuple of int, optional
            (row, column, rows, columns); the whole scene where not given.

        Returns
        -------
        uint16 or uint8 (band, y, x)
            Digital numbers; 0 is no data.
        """
        height, width = self.look.shape
        row, column, rows, columns = window or (0, 0, height, width)
        out = np.empty((len(self._roles), rows, columns), np.uint16 if self.look.dtype == "uint16" else np.uint8)
        for r, q, n, m in self.blocks((row, column, rows, columns)):
            block = self.block((r, q, n, m))
            top, left = max(r, row), max(q, column)
            bottom, right = min(r + n, row + rows), min(q + m, column + columns)
            out[:, top - row : bottom - row, left - column : right - column] = block[
                :, top - r : bottom - r, left - q : right - q
            ]
        return out
