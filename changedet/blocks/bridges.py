"""From kernels on numpy blocks to lazy images, by two bridges: block by block with a halo, or over the fixed sample.

Results never depend on how an image is cut: what looks around asks for a halo, and what needs the whole scene is fitted
on a sample whose cells are anchored to the grid.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

import numpy as np
from numpy.typing import DTypeLike

from changedet.arrays import AnyArray, Singles
from changedet.blocks.windows import STEP_PX, Window, sample_windows, stack_cells, tiles

if TYPE_CHECKING:
    # Imported in each function that needs them: dask's arrays take half a second, and a run works without them.
    import dask.array as da
    import xarray as xr
    from dask.delayed import Delayed

Statistics = TypeVar("Statistics")
Pixels = TypeVar("Pixels", bound=AnyArray)
YXChunks: TypeAlias = tuple[tuple[int, ...], tuple[int, ...]]


@dataclass(frozen=True)
class PixelMethod(Generic[Statistics, Pixels]):
    """A method that works pixel by pixel once its scene statistics are known; generic in these and in what it gives.

    Attributes
    ----------
    fit : callable
        ``fit(*samples) -> statistics``: samples are float32 ``(cell, band, y, x)`` with NaN for no data, one for each
        image; the statistics hold numbers, strings and lists only (they are kept as JSON).
    apply : callable
        ``apply(*blocks, model=statistics) -> block``: blocks are float32 ``(band, y, x)`` with `halo_px` more on each
        side.
    halo_px : int
        How far `apply` looks around, in pixels.
    """

    fit: Callable[..., Statistics]
    apply: Callable[..., Pixels]
    halo_px: int = 0


def resolution_of(image: xr.DataArray) -> float:
    """Pixel size of an image by its coordinates.

    Parameters
    ----------
    image : xarray.DataArray
        With dims ``y`` and ``x``.

    Returns
    -------
    float
        The root of a pixel's area in the coordinates' unit; 1 where there are none.
    """
    steps = [
        abs(float(image.coords[dim][-1] - image.coords[dim][0])) / (image.sizes[dim] - 1)
        for dim in ("y", "x")
        if dim in image.coords and image.sizes[dim] > 1
    ]
    return (math.sqrt(steps[0] * steps[-1]) if steps else 0.0) or 1.0


def is_lazy(*images: xr.DataArray) -> bool:
    """Whether any of the images is computed by dask.

    Parameters
    ----------
    *images : xarray.DataArray
        In memory or dask.

    Returns
    -------
    bool
        True where one is.
    """
    # Imported here for a quick start.
    import dask

    return any(dask.is_dask_collection(image.data) for image in images)


def over_sample(fit: Callable[..., Statistics], *images: xr.DataArray, **parameters: object) -> Statistics:
    """Scene statistics from the fixed sample: ``fit(*samples, **parameters)``.

    Parameters
    ----------
    fit : callable
        Gets one float32 array ``(cell, band, y, x)`` for each image, NaN for no data and beyond the edge.
    *images : xarray.DataArray
        Dims ``(y, x)`` or ``(band, y, x)``, one grid; in memory or dask.
    **parameters : object
        Passed on; may be dask collections.

    Returns
    -------
    Statistics
        What `fit` returns, or a dask ``Delayed`` of it where an image is lazy.
    """
    # Imported here for a quick start.
    import dask

    windows = sample_windows(_yx_shape(images[0]))
    if not is_lazy(*images):
        return fit(*[_sample(_as_bands(image.values), windows) for image in images], **parameters)
    samples = [_lazy_sample(_as_bands(image.data), windows) for image in images]
    later: Statistics = dask.delayed(fit, pure=True)(*samples, **parameters)
    return later


def per_block(
    kernel: Callable[..., AnyArray],
    *images: xr.DataArray,
    dtype: DTypeLike,
    halo_px: int = 0,
    bands: Sequence[object] | None = None,
    **parameters: object,
) -> xr.DataArray:
    """Run ``kernel(*blocks, **parameters)`` on every block of images that share one grid.

    Parameters
    ----------
    kernel : callable
        Gets numpy blocks in the images' own dims, `halo_px` wider on each side (NaN, or 0 in integers, beyond the
        edge), and returns a block with the same y and x. A module-level function or a partial of one.
    *images : xarray.DataArray
        Dims ``(y, x)`` or ``(band, y, x)``; in memory or dask.
    dtype : dtype
        Of the result.
    halo_px : int
        How far the kernel looks around, in pixels.
    bands : sequence, optional
        The result's band coordinate; None for a result with dims ``(y, x)``.
    **parameters : object
        Passed on; may be ``Delayed``.

    Returns
    -------
    xarray.DataArray
        Lazy where an input is; on the grid of the first image, with its name and its ``spatial_ref``.
    """
    # Imported here for a quick start.
    import dask
    import dask.array as da
    import xarray as xr

    template = images[0]
    lazy = is_lazy(*images) or any(dask.is_dask_collection(value) for value in parameters.values())
    given = _yx_chunks(images)
    chunks = _in_steps(given) if halo_px else given
    # Blocks with their halo begin at whole steps of the grid, wherever it is cut.
    halo_px = -(-halo_px // STEP_PX) * STEP_PX
    arrays = [_chunked(image, chunks, halo_px) for image in images]
    offset = 1 if any(array.ndim == 3 for array in arrays) else 0
    out_chunks: tuple[tuple[int, ...], ...] = chunks if bands is None else ((len(bands),), *chunks)
    result = da.map_blocks(
        _cropped,
        *arrays,
        kernel=kernel,
        halo_px=halo_px,
        dtype=np.dtype(dtype),
        out_dtype=np.dtype(dtype),
        chunks=out_chunks,
        drop_axis=[0] if offset and bands is None else None,
        new_axis=[0] if not offset and bands is not None else None,
        meta=np.empty((0,) * len(out_chunks), np.dtype(dtype)),
        **parameters,
    )
    result = result if chunks == given else result.rechunk(given if bands is None else (len(bands), *given))
    data = result if lazy else result.compute(scheduler="synchronous")
    dims = ("y", "x") if bands is None else ("band", "y", "x")
    coords = {name: coord for name, coord in template.coords.items() if "band" not in coord.dims and name != "band"}
    if bands is not None:
        coords["band"] = xr.DataArray(list(bands), dims="band")
    # Else xarray would take the name of the dask array for that of the image.
    return xr.DataArray(data, dims=dims, coords=coords).rename(template.name)


def from_reader(
    read: Callable[[Window], AnyArray],
    shape: tuple[int, int, int],
    chunk: int,
    *,
    name: str,
    dtype: DTypeLike = np.float32,
) -> da.Array:
    """A dask array (band, y, x) whose blocks are what `read` gives for their windows.

    Parameters
    ----------
    read : callable
        ``read(window) -> (band, y, x)``; picklable.
    shape : tuple of int
        ``(band, y, x)``.
    chunk : int
        Edge of a block in pixels.
    name : str
        The array's name in the graph: the same for the same content, so that dask knows it again; the chunk is added.
    dtype : dtype
        Of what `read` gives.

    Returns
    -------
    dask.array.Array
        ``(band, y, x)`` of `dtype`; all bands in one block.
    """
    # Imported here for a quick start.
    import dask.array as da

    bands, height, width = shape
    key = f"{name}-{chunk}"
    across = len(range(0, width, chunk))
    graph = {
        (key, 0, i // across, i % across): (read, window) for i, window in enumerate(tiles((height, width), chunk))
    }
    chunks = (
        (bands,),
        tuple(min(chunk, height - y) for y in range(0, height, chunk)),
        tuple(min(chunk, width - x) for x in range(0, width, chunk)),
    )
    return da.Array(graph, key, chunks, np.dtype(dtype))


def _yx_shape(image: xr.DataArray) -> tuple[int, int]:
    return int(image.sizes["y"]), int(image.sizes["x"])


def _as_bands(array: da.Array) -> da.Array:
    return array if array.ndim == 3 else array[None]


def _sample(array: AnyArray, windows: Sequence[Window]) -> Singles:
    return stack_cells([array[(slice(None), *window.slices)] for window in windows])


def _lazy_sample(array: da.Array, windows: Sequence[Window]) -> Delayed:
    # Imported here for a quick start.
    import dask

    cells = [dask.delayed(np.asarray, pure=True)(array[(slice(None), *window.slices)]) for window in windows]
    return dask.delayed(stack_cells, pure=True)(cells)


def _yx_chunks(images: Sequence[xr.DataArray]) -> YXChunks:
    for image in images:
        if image.chunks is not None:
            by_dim = dict(zip(image.dims, image.chunks, strict=True))
            return by_dim["y"], by_dim["x"]
    height, width = _yx_shape(images[0])
    return (height,), (width,)


def _in_steps(chunks: YXChunks) -> YXChunks:
    """Chunks whose inner bounds lie at multiples of `STEP_PX`, as near to the given ones as can be."""
    found = []
    for sizes in chunks:
        bounds = np.concatenate(([0], np.cumsum(sizes)))
        inner = np.unique(bounds[1:-1] // STEP_PX * STEP_PX)
        places = np.unique(np.concatenate(([0], inner, bounds[-1:])))
        found.append(tuple(int(size) for size in np.diff(places)))
    return found[0], found[1]


def _chunked(image: xr.DataArray, chunks: YXChunks, halo_px: int) -> da.Array:
    # Imported here for a quick start.
    import dask.array as da

    wanted = chunks if image.ndim == 2 else (-1, *chunks)
    array = image.data.rechunk(wanted) if is_lazy(image) else da.from_array(np.asarray(image.data), wanted)
    if not halo_px:
        return array
    fill = np.nan if np.issubdtype(array.dtype, np.floating) else 0
    padded = da.pad(array, [(0, 0)] * (array.ndim - 2) + [(halo_px, halo_px)] * 2, constant_values=fill)
    if min(min(sizes) for sizes in chunks) < halo_px:
        # else every block would be pieced together from as many chunks as its halo holds
        grain = max(halo_px, *(max(sizes) for sizes in chunks))
        padded = padded.rechunk({array.ndim - 2: grain, array.ndim - 1: grain})
    return _overlapping(padded, image.ndim, chunks, halo_px)


def _overlapping(padded: da.Array, ndim: int, chunks: YXChunks, halo_px: int) -> da.Array:
    """Cut a padded array into blocks that overlap; correct for chunks smaller than the halo as well."""
    # Imported here for a quick start.
    import dask.array as da

    rows, columns = (np.concatenate(([0], np.cumsum(sizes))) for sizes in chunks)
    blocks = []
    for y0, y1 in itertools.pairwise(rows):
        row = []
        for x0, x1 in itertools.pairwise(columns):
            part = padded[..., int(y0) : int(y1) + 2 * halo_px, int(x0) : int(x1) + 2 * halo_px]
            row.append(part.rechunk(-1))
        blocks.append(row)
    nested = blocks if ndim == 2 else [blocks]
    return da.block(nested)


def _cropped(
    *blocks: AnyArray,
    kernel: Callable[..., AnyArray],
    halo_px: int,
    out_dtype: np.dtype[np.generic],
    **parameters: object,
) -> AnyArray:
    result = kernel(*blocks, **parameters)
    if halo_px:
        result = result[..., halo_px:-halo_px, halo_px:-halo_px]
    return np.ascontiguousarray(result, dtype=out_dtype)


def as_scalar(pick: Callable[[Statistics], float], model: Statistics) -> xr.DataArray:
    """One number of a scene's statistics as a 0-d float64 DataArray, lazy where they are ``Delayed``.

    Parameters
    ----------
    pick : callable
        ``pick(statistics) -> float``.
    model : Statistics
        What `over_sample` gave.

    Returns
    -------
    xarray.DataArray
        float64 without dims.
    """
    # Imported here for a quick start.
    import dask
    import dask.array as da
    import xarray as xr

    if not dask.is_dask_collection(model):
        return xr.DataArray(np.float64(pick(model)))
    return xr.DataArray(da.from_delayed(dask.delayed(pick, pure=True)(model), (), np.float64))
