"""Parts of raster files as float32 with NaN for no data; datasets stay open, a few for each thread."""

from __future__ import annotations

import atexit
import os
import threading
import warnings
from collections import OrderedDict
from collections.abc import Hashable, Iterator, Sequence
from functools import partial
from typing import Final, NamedTuple

import numpy as np
import rasterio
import rasterio.errors
from rasterio import windows

from changedet.arrays import AnyArray, Bools, Bytes, Singles
from changedet.imagery.block_cache import BUDGET_BYTES, BlockCache
from changedet.imagery.datasets import gdal_options, is_remote, open_dataset, reading, stamp_of
from changedet.imagery.decoded_blocks import kept_blocks
from changedet.imagery.headers import Raster
from changedet.kernels.missing import copy_without_nodata, without_nodata
from changedet.outputs.rasters.gdal_cache import keep_rows

BRIGHTEST: Final = 1e30
"""No brightness is so great: beyond it values are fill that the header does not name."""
MAX_OPEN: Final = 24
"""Datasets that a thread holds open."""
MOST_LARGE_OPEN: Final = 2
"""Of those with large blocks, each of which keeps its last one decoded: a date's and the reference's."""
LARGEST_BLOCK_PX: Final = 1 << 20
"""Larger blocks (a file of one piece) are left to GDAL."""
_LEAST_BLOCK_PX: Final = 64
"""Side of the smallest blocks that are worth keeping."""


class _OfThread(threading.local):
    """Datasets of one thread by path, overview and stamp: rasterio's may not be shared between threads."""

    def __init__(self) -> None:
        self.open: OrderedDict[Hashable, rasterio.DatasetReader] = OrderedDict()
        self.large: list[Hashable] = []
        self.pid = os.getpid()


_local = _OfThread()
_blocks = BlockCache(BUDGET_BYTES)


def read_part(
    raster: Raster, indexes: Sequence[int], part: tuple[int, int, int, int], *, share: bool = True
) -> Singles:
    """Bands of a part of a file.

    Parameters
    ----------
    raster : Raster
        The file's header.
    indexes : sequence of int
        Bands, from 1.
    part : (row, column, height, width)
        Within the file.
    share : bool
        Whether the file's blocks are kept for the parts beside this one.

    Returns
    -------
    float32 (band, height, width)
        Digital numbers, scale and offset not applied. NaN where the file's mask or alpha is 0, where the value is not
        finite, and where all bands asked for equal their nodata value (as gdalwarp has it: a 0 in one band of several
        is a dark pixel).
    """
    row, column, height, width = part
    window = windows.Window(column, row, width, height)
    alpha = [raster.alpha] if raster.alpha is not None else []
    if not alpha and not raster.has_mask and share:
        plain = _plainly(raster, list(indexes), window)
        if plain is not None:
            return plain
    native, masks = _read(raster, [*indexes, *alpha], window, mask=raster.has_mask, share=share)
    values = native[: len(indexes)]
    # As the cache's blocks are: compiled code would be made for both.
    values.flags.writeable = False
    out = np.empty(values.shape, np.float32)
    without_nodata(values, _none_of(raster, indexes, values.dtype), out)
    missing: Bools | None = None
    if alpha:
        hidden = (native[len(indexes) :] == 0).any(0)
        missing = hidden
    if masks is not None:
        missing = masks == 0 if missing is None else missing | (masks == 0)
    if missing is not None:
        np.copyto(out, np.float32(np.nan), where=missing)
    return _within_range(out, values.dtype)


def _plainly(raster: Raster, indexes: list[int], window: windows.Window) -> Singles | None:
    """From the file's blocks to the window at once, where they are worth keeping and nothing else makes no data."""
    with reading(raster.path), rasterio.Env(**gdal_options(raster.path)):
        dataset = held_open(raster)
        mixed = len({raster.bands[i - 1].dtype for i in indexes}) > 1
        if mixed or not _in_blocks(raster, dataset, indexes, window):
            return None
        out = np.empty((len(indexes), window.height, window.width), np.float32)
        dtype = np.dtype(raster.bands[indexes[0] - 1].dtype)
        none = _none_of(raster, indexes, dtype)
        for piece in _pieces(raster, dataset, indexes, window):
            copy_without_nodata(piece.block, none, piece.corner, out, piece.place, piece.shape)
    return _within_range(out, dtype)


def _within_range(out: Singles, dtype: np.dtype[np.generic]) -> Singles:
    if np.issubdtype(dtype, np.floating):
        out[~(np.abs(out) < BRIGHTEST)] = np.nan
    return out


def _none_of(raster: Raster, indexes: Sequence[int], dtype: np.dtype[np.generic]) -> AnyArray:
    """Nodata values of some bands as stored; empty where there are none."""
    found = nodata_as_stored(dtype, [raster.bands[i - 1].nodata for i in indexes])
    return np.zeros(0, dtype) if found is None else found


def read_classes(raster: Raster, indexes: Sequence[int], part: tuple[int, int, int, int]) -> AnyArray:
    """Bands of a part of a file of classes or flags.

    Parameters
    ----------
    raster : Raster
        The file's header.
    indexes : sequence of int
        Bands, from 1.
    part : (row, column, height, width)
        Within the file.

    Returns
    -------
    ndarray (band, height, width)
        In the file's own dtype.
    """
    row, column, height, width = part
    return _read(raster, list(indexes), windows.Window(column, row, width, height), mask=False)[0]


def release() -> None:
    """Close what this thread holds open."""
    for dataset in _local.open.values():
        dataset.close()
    _local.open, _local.large = OrderedDict(), []


def forget_blocks() -> None:
    """Drop the decoded blocks that are kept for all threads; only where none of them reads."""
    _blocks.clear()


# What a thread still holds when Python ends is closed after the modules that closing needs: rasterio 1.5 then reports
# an error in sys.excepthook for each dataset.
atexit.register(release)


def held_open(raster: Raster) -> rasterio.DatasetReader:
    """Give the open dataset of a file, from this thread's own few.

    Parameters
    ----------
    raster : Raster
        The file's header.

    Returns
    -------
    rasterio.DatasetReader
        Not to be closed, and for this thread alone.

    Raises
    ------
    InputError
        The file leads elsewhere.
    rasterio.errors.RasterioIOError
        GDAL cannot open it.
    """
    if _local.pid != os.getpid():
        _local.open, _local.large, _local.pid = OrderedDict(), [], os.getpid()
    level = raster.tags.get("_level")
    key = (raster.path, level, stamp_of(raster.path))
    known = _local.open
    if raster.blocks.held_bytes:
        _let_go_of_others(key)
    if key in known:
        known.move_to_end(key)
        return known[key]
    extra = {} if level is None else {"overview_level": int(level)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
        known[key] = open_dataset(raster.path, raster.hosts, **extra)
    if not _is_tiled(known[key]) or is_remote(raster.path):
        keep_rows()
    while len(known) > MAX_OPEN:
        known.popitem(last=False)[1].close()
    return known[key]


def _let_go_of_others(key: Hashable) -> None:
    """Close those with large blocks that were not asked for lately, before another block is decoded."""
    large = [*(other for other in _local.large if other != key), key]
    _local.large = large[-MOST_LARGE_OPEN:]
    for other in large[:-MOST_LARGE_OPEN]:
        if other in _local.open:
            _local.open.pop(other).close()


def _read(
    raster: Raster, indexes: list[int], window: windows.Window, *, mask: bool, share: bool = True
) -> tuple[AnyArray, Bytes | None]:
    with reading(raster.path), rasterio.Env(**gdal_options(raster.path)):
        dataset = held_open(raster)
        mixed = len({raster.bands[i - 1].dtype for i in indexes}) > 1
        if share and not mixed and _in_blocks(raster, dataset, indexes, window):
            values = _from_blocks(raster, dataset, indexes, window)
        else:
            values = dataset.read(indexes, window=window, out_dtype="float64" if mixed else None)
        return values, dataset.read_masks(1, window=window) if mask else None


def _in_blocks(raster: Raster, dataset: rasterio.DatasetReader, indexes: list[int], window: windows.Window) -> bool:
    """Whether blocks are worth keeping: a window cuts some that its neighbours will need as well."""
    height, width = dataset.block_shapes[indexes[0] - 1]
    # what is smaller than a block both ways, such as a chip, has no neighbours; a rim along a tile's side has
    wide = height <= window.height or width <= window.width
    return wide and _is_tiled(dataset, indexes) and not is_remote(raster.path)


def _is_tiled(dataset: rasterio.DatasetReader, indexes: Sequence[int] | None = None) -> bool:
    """Whether bands, by default all, have the same blocks, of a size that this package keeps decoded."""
    shapes = {dataset.block_shapes[i - 1] for i in indexes or dataset.indexes}
    height, width = min(shapes)
    tiled = len(shapes) == 1 and height >= _LEAST_BLOCK_PX and _LEAST_BLOCK_PX <= width < dataset.width
    return tiled and height * width <= LARGEST_BLOCK_PX


class _Piece(NamedTuple):
    """What of a block of a file lies in a window: where it begins in the block and in the window, and its shape."""

    block: AnyArray
    corner: tuple[int, int]
    place: tuple[int, int]
    shape: tuple[int, int]


def _pieces(
    raster: Raster, dataset: rasterio.DatasetReader, indexes: list[int], window: windows.Window
) -> Iterator[_Piece]:
    height, width = dataset.block_shapes[indexes[0] - 1]
    y0, x0, y1, x1 = window.row_off, window.col_off, window.row_off + window.height, window.col_off + window.width
    about = _about(raster, indexes)
    for top in range(y0 // height * height, y1, height):
        for left in range(x0 // width * width, x1, width):
            size = min(width, dataset.width - left), min(height, dataset.height - top)
            key = (*about, top, left)
            read = partial(_decoded, dataset, indexes, windows.Window(left, top, *size), key)
            block = _blocks.get(key, read)
            first, last = (max(top, y0), max(left, x0)), (min(top + size[1], y1), min(left + size[0], x1))
            corner, place = (first[0] - top, first[1] - left), (first[0] - y0, first[1] - x0)
            yield _Piece(block, corner, place, (last[0] - first[0], last[1] - first[1]))


def _about(raster: Raster, indexes: Sequence[int]) -> tuple[Hashable, ...]:
    """What names a block of a file, beside its place."""
    return raster.path, raster.tags.get("_level"), stamp_of(raster.path), tuple(indexes)


def _decoded(
    dataset: rasterio.DatasetReader, indexes: list[int], window: windows.Window, key: tuple[Hashable, ...]
) -> AnyArray:
    kept = kept_blocks()
    found = None if kept is None else kept.get(key)
    return np.asarray(dataset.read(indexes, window=window)) if found is None else found


def keep_decoded(
    raster: Raster, indexes: Sequence[int], window: windows.Window, values: AnyArray, decoded_s: float
) -> None:
    """Keep what was decoded of a file for the tiles that need it again, where decoding is what costs.

    Parameters
    ----------
    raster : Raster
        The file's header.
    indexes : sequence of int
        Bands, from 1.
    window : rasterio.windows.Window
        Of the file.
    values : ndarray (band, y, x)
        Its pixels as stored; of its blocks those are kept that lie in it as a whole.
    decoded_s : float
        How long it took to decode them.
    """
    kept, dataset = kept_blocks(), held_open(raster)
    if kept is None or dataset.compression is None or is_remote(raster.path) or not _is_tiled(dataset, indexes):
        return
    height, width = dataset.block_shapes[indexes[0] - 1]
    about = _about(raster, indexes)
    for top in range(-(-window.row_off // height) * height, window.row_off + window.height, height):
        for left in range(-(-window.col_off // width) * width, window.col_off + window.width, width):
            size = min(height, dataset.height - top), min(width, dataset.width - left)
            y, x = top - window.row_off, left - window.col_off
            block = values[:, y : y + size[0], x : x + size[1]]
            if block.shape[1:] == size:
                kept.put((*about, top, left), block, decoded_s * block.size / values.size)


def _from_blocks(
    raster: Raster, dataset: rasterio.DatasetReader, indexes: list[int], window: windows.Window
) -> AnyArray:
    out = np.empty((len(indexes), window.height, window.width), dataset.dtypes[indexes[0] - 1])
    for block, (row, column), (y, x), (height, width) in _pieces(raster, dataset, indexes, window):
        out[:, y : y + height, x : x + width] = block[:, row : row + height, column : column + width]
    return out


def nodata_as_stored(dtype: np.dtype[np.generic], values: Sequence[float | None]) -> AnyArray | None:
    """Nodata values in the file's own type.

    Parameters
    ----------
    dtype : numpy.dtype
        Of the file.
    values : sequence of float or None
        Of each band.

    Returns
    -------
    ndarray (band,) or None
        None where a band has none, or one that its type cannot hold.
    """
    given = [value for value in values if value is not None]
    if len(given) < len(values) or not all(_holds(dtype, value) for value in given):
        return None
    return np.array([int(value) if dtype.kind in "iu" else value for value in given], dtype)


def _holds(dtype: np.dtype[np.generic], value: float) -> bool:
    if dtype.kind not in "iu":
        # NaN is left to the test for finite values.
        return value == value
    info = np.iinfo(dtype.name)
    return value == value and value.is_integer() and info.min <= value <= info.max
