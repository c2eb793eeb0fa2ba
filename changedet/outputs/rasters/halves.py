"""First overviews of a raster, each half as large as the one before, made as its blocks come."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import rasterio
from rasterio import windows

from changedet.arrays import AnyArray, Singles
from changedet.blocks import Window
from changedet.outputs.rasters.kernels.averages import halve, halve_singles
from changedet.outputs.rasters.kernels.modes import modes
from changedet.outputs.rasters.kernels.moments import COUNT, LEAST, MOST, SQUARES, TOTAL, add_moments, add_singles
from changedet.store.files import let_go

Place: TypeAlias = tuple[int, int]
"""Row and column of the first pixel."""
Number: TypeAlias = int | float | Fraction
"""An exact one, of what is finite."""

NOTHING: Final[tuple[Number, ...]] = (0, 0, 0, 1 << 40, -(1 << 40))
"""Sums of no pixel, as of `changedet.outputs.rasters.kernels.moments`: least and greatest beyond any value."""
MOST_OF: Final = {"uint8": 255, "uint16": 65535}
"""The greatest value of a scene, by its type."""
SUMMED_PX: Final = 512
"""Side of the squares whose floats are summed first: that of a raster's blocks."""
MOST_LEVELS: Final = 2
"""Tiles come in strips of 2048 px, which hold whole blocks of two overviews: of a third, blocks would wait for the next
strip, and it is made by reading a sixteenth of the pixels."""


@dataclass(frozen=True)
class Begun:
    """Overviews that are there already.

    Attributes
    ----------
    paths : tuple of Path
        The largest first.
    shape : (int, int)
        Rows and columns of the last.
    sums : list of list of number
        Of each band of the raster, as of `changedet.outputs.rasters.kernels.moments`.
    """

    paths: tuple[Path, ...]
    shape: tuple[int, int]
    sums: list[list[Number]]


class Halves:
    """Take a raster's blocks in any order, each pixel once, and make overviews of them while they are in memory.

    To be used from one thread at a time, within `changedet.outputs.rasters.reading.environment`.

    Parameters
    ----------
    path : Path
        Of the raster; its overview is named ``.ovr`` behind that, the overview of which again.
    raster : rasterio.DatasetWriter
        Open; larger than a block.
    block_px : int
        Side of a block: no overview is made of what is no larger, nor of what has an odd number of rows or columns.
    codec : mapping of str to str or int
        Options of GDAL's GeoTIFF driver.
    is_averaged : bool
        Whether its values are averaged; else it has one band.
    """

    def __init__(
        self,
        path: Path,
        raster: rasterio.io.DatasetWriter,
        block_px: int,
        codec: Mapping[str, str | int],
        *,
        is_averaged: bool,
    ) -> None:
        self._is_averaged, self._nodata = is_averaged, raster.nodata
        self._shape, self._lacking = raster.shape, raster.height * raster.width
        # sums of floats are made block by block
        self._least_step = SUMMED_PX if raster.dtypes[0] == "float32" else 2
        self._sums = [[*NOTHING] for _ in raster.indexes]
        self._levels: list[_Level] = []
        (height, width), profile = raster.shape, overview_profile(raster, block_px, codec)
        while len(self._levels) < MOST_LEVELS and max(height, width) > block_px and not (height % 2 or width % 2):
            path, height, width = overview_of(path), height // 2, width // 2
            self._levels.append(_Level(path, block_px, profile | {"height": height, "width": width}))

    def add(self, window: Window, values: AnyArray) -> None:
        """Take a block.

        Parameters
        ----------
        window : changedet.blocks.Window
            In pixels of the raster. With one that begins or ends amid a cell of the overview, or of floats amid a block
            of `SUMMED_PX`, all is given up.
        values : array (band, y, x)
            As they stand in the raster.
        """
        ends = zip((window.y + window.height, window.x + window.width), self._shape, strict=True)
        edges = [window.y, window.x, *(end for end, size in ends if end < size)]
        if any(edge % self._least_step for edge in edges):
            self.drop()
        if self._levels:
            self._lacking -= window.height * window.width
            for own, band in zip(self._sums, values, strict=True):
                add_to(own, band, self._nodata)
            self._hand_down(0, (window.y, window.x), values)

    def _hand_down(self, level: int, place: Place, values: AnyArray) -> None:
        if level < len(self._levels):
            half = halved(values, self._nodata, is_averaged=self._is_averaged)
            for at, block in self._levels[level].take((place[0] // 2, place[1] // 2), half):
                self._hand_down(level + 1, at, block)

    def close(self) -> Begun | None:
        """End writing.

        Returns
        -------
        Begun or None
            None where none could be made, or pixels lack.
        """
        levels, is_whole = self._levels, not self._lacking and all(level.is_whole for level in self._levels)
        if not is_whole:
            self.drop()
        for level in levels:
            level.close()
        return Begun(tuple(one.path for one in levels), levels[-1].shape, self._sums) if is_whole and levels else None

    def drop(self) -> None:
        """Make no more; what is there is to be deleted or overwritten."""
        for level in self._levels:
            let_go(level.path)
            level.close()
        self._levels = []


class _Level:
    """An overview, whose blocks are written as soon as all of their pixels are there."""

    def __init__(self, path: Path, block_px: int, profile: dict[str, Any]) -> None:
        self.path, self.shape = path, (int(profile["height"]), int(profile["width"]))
        self._block_px, self._profile = block_px, profile
        self._pending: dict[Place, _Block] = {}
        self._written: set[Place] = set()
        self._dataset: rasterio.io.DatasetWriter | None = None

    @property
    def is_whole(self) -> bool:
        """Whether each block was written."""
        rows, columns = (math.ceil(size / self._block_px) for size in self.shape)
        return len(self._written) == rows * columns and not self._pending

    def take(self, place: Place, part: AnyArray) -> Iterator[tuple[Place, AnyArray]]:
        """Each block that a part completes, with its place."""
        side = self._block_px
        tops, lefts = (
            range(first // side * side, first + size, side) for first, size in zip(place, part.shape[1:], strict=True)
        )
        for at in product(tops, lefts):
            block = self._pending.get(at) or self._begun(at, part)
            block.add(place[0] - at[0], place[1] - at[1], part)
            if not block.lacking:
                del self._pending[at]
                self._write(at, block.values)
                yield at, block.values

    def _begun(self, at: Place, part: AnyArray) -> _Block:
        height, width = (min(self._block_px, whole - first) for whole, first in zip(self.shape, at, strict=True))
        self._pending[at] = _Block(np.empty((len(part), height, width), part.dtype), height * width)
        return self._pending[at]

    def _write(self, at: Place, values: AnyArray) -> None:
        if self._dataset is None:
            self._dataset = rasterio.open(self.path, "w", **self._profile)
        self._dataset.write(values, window=windows.Window(at[1], at[0], values.shape[2], values.shape[1]))
        self._written.add(at)

    def close(self) -> None:
        """End writing."""
        if self._dataset is not None:
            self._dataset.close()


@dataclass
class _Block:
    """A block some of whose pixels may lack."""

    values: AnyArray
    lacking: int

    def add(self, row: int, column: int, part: AnyArray) -> None:
        """Fill in what it shares with a part, whose first pixel has that place in it."""
        own = self.values[:, max(row, 0) : row + part.shape[1], max(column, 0) : column + part.shape[2]]
        shared = part[:, max(-row, 0) :, max(-column, 0) :]
        own[:] = shared[:, : own.shape[1], : own.shape[2]]
        self.lacking -= own[0].size


def overview_of(path: Path) -> Path:
    """Where the overview of a raster lies beside it.

    Parameters
    ----------
    path : Path
        A raster, or an overview.

    Returns
    -------
    Path
        Named ``.ovr`` behind that.
    """
    return path.with_name(f"{path.name}.ovr")


def overview_profile(
    raster: rasterio.DatasetReader | rasterio.io.DatasetWriter, block_px: int, codec: Mapping[str, str | int]
) -> dict[str, Any]:
    """How rasterio opens the overviews of a raster to write them, but for rows and columns.

    Parameters
    ----------
    raster : rasterio.DatasetReader or rasterio.DatasetWriter
        Open.
    block_px : int
        Side of a block.
    codec : mapping of str to str or int
        Options of GDAL's GeoTIFF driver.

    Returns
    -------
    dict of str to object
        Options of `rasterio.open`.
    """
    place = {"count": raster.count, "nodata": raster.nodata, "crs": raster.crs, "transform": raster.transform}
    blocks = {"tiled": True, "blockxsize": block_px, "blockysize": block_px}
    return {"driver": "GTiff", "dtype": raster.dtypes[0], **place, **blocks, **codec}


def halved(values: AnyArray, nodata: float | None, *, is_averaged: bool) -> AnyArray:
    """An overview half as large as some pixels, as GDAL makes it.

    Parameters
    ----------
    values : uint8, uint16, int32 or float32 (band, 2 y, 2 x)
        Classes are bytes, dates have 32 bits.
    nodata : float or None
        The value for no data; of floats NaN.
    is_averaged : bool
        Whether they are averaged; else there is one band.

    Returns
    -------
    array (band, y, x)
        Of scenes and scores the mean of each cell, of classes the most frequent one, of dates the first.
    """
    height, width = values.shape[1] // 2, values.shape[2] // 2
    half = np.empty((len(values), height, width), values.dtype)
    if values.dtype == np.float32:
        halve_singles(np.ascontiguousarray(values), half)
    elif is_averaged:
        none = np.zeros(0, values.dtype)
        if nodata is not None:
            other = nodata + (1 if nodata < MOST_OF[values.dtype.name] else -1)
            none = np.array([nodata, other], values.dtype)
        halve(np.ascontiguousarray(values), none, half)
    elif values.dtype == np.uint8:
        rows, columns = (np.arange(0, 2 * cells, 2)[:, None] + np.array([0, 2]) for cells in (height, width))
        modes(np.ascontiguousarray(values[0]), rows, columns, -1 if nodata is None else int(nodata), half[0])
    else:
        half[:] = values[:, ::2, ::2]
    return half


def add_to(sums: list[Number], values: AnyArray, nodata: float | None) -> None:
    """Add a band's pixels to sums, which 64 bits may not hold.

    Parameters
    ----------
    sums : list of number
        As of `changedet.outputs.rasters.kernels.moments`, `NOTHING` at first; changed here.
    values : array (y, x)
        Of whole numbers; or float32, from the first pixel of a block of `SUMMED_PX` on.
    nodata : float or None
        Not counted; of floats NaN.
    """
    if values.dtype == np.float32:
        singles: Singles = values.astype(np.float32, copy=False)
        rows, columns = (range(0, size, SUMMED_PX) for size in values.shape)
        for y, x in product(rows, columns):
            _extend(sums, _sums_of_singles(singles[y : y + SUMMED_PX, x : x + SUMMED_PX]))
        return
    own = np.array(NOTHING, np.int64)
    add_moments(np.ascontiguousarray(values), np.array([] if nodata is None else [nodata], values.dtype), own)
    _extend(sums, own.tolist())


def _sums_of_singles(block: Singles) -> list[Number]:
    """Sums over a block, which do not depend on how a raster came."""
    columns = np.zeros((4, block.shape[1]))
    columns[2], columns[3] = np.inf, -np.inf
    count = int(add_singles(block, columns))
    total, squares = (_exact(math.fsum(line)) for line in columns[:2].tolist())
    return [count, total, squares, float(columns[2].min()), float(columns[3].max())]


def _exact(value: float) -> Number:
    """A number whose sums are not rounded, whatever their order."""
    return Fraction(value) if math.isfinite(value) else value


def _extend(sums: list[Number], more: Sequence[Number]) -> None:
    for k in (COUNT, TOTAL, SQUARES):
        sums[k] += more[k]
    sums[LEAST], sums[MOST] = min(sums[LEAST], more[LEAST]), max(sums[MOST], more[MOST])
