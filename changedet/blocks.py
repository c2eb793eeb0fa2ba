"""Blocks of pixels: windows, the fixed sample, the two bridges to dask, and the stream of tasks.

The only module that builds dask graphs. Results never depend on how an image is cut: what looks around asks for a halo,
and what needs the whole scene is fitted on a sample whose cells are anchored to the grid.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, CancelledError
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import dask
import dask.array as da
import numpy as np
import xarray as xr
from numpy.typing import DTypeLike, NDArray

from changedet.errors import ChangedetError

SAMPLE_CELL_PX = 256
SAMPLE_BUDGET_PX = 1 << 20
POLL_S = 0.02
ASK_EVERY_S = 5.0
PATIENCE_S = 60.0
"""How long a dask scheduler without workers is waited for."""
GO_ON = "then run the same command again to go on from here"
STARVED = f"give workers more memory, fewer threads, or a smaller compute.chunk, {GO_ON}"

Task: TypeAlias = tuple[Callable[..., Any], tuple[Any, ...]]


@dataclass(frozen=True, order=True)
class Window:
    """A rectangle of the common grid in pixels; may reach beyond the grid where it carries a halo."""

    y: int
    x: int
    height: int
    width: int

    @property
    def shape(self) -> tuple[int, int]:
        return self.height, self.width

    @property
    def slices(self) -> tuple[slice, slice]:
        return slice(self.y, self.y + self.height), slice(self.x, self.x + self.width)

    def grown(self, halo_px: int) -> Window:
        return Window(self.y - halo_px, self.x - halo_px, self.height + 2 * halo_px, self.width + 2 * halo_px)


@dataclass(frozen=True)
class PixelMethod:
    """A method that works pixel by pixel once its scene statistics are known.

    Attributes
    ----------
    fit : callable
        ``fit(*samples) -> model``: samples are float32 ``(cell, band, y, x)`` with NaN for no data, one for each
        image; the model is a dict of numbers and lists only (it is kept as JSON).
    apply : callable
        ``apply(*blocks, model) -> block``: blocks are float32 ``(band, y, x)`` with `halo_px` more on each side.
    halo_px : int
        How far `apply` looks around.
    """

    fit: Callable[..., dict[str, Any]]
    apply: Callable[..., NDArray[Any]]
    halo_px: int = 0


def tiles(shape: tuple[int, int], edge_px: int) -> list[Window]:
    """Windows of at most `edge_px` that cover a grid of that shape, row by row."""
    height, width = shape
    return [
        Window(y, x, min(edge_px, height - y), min(edge_px, width - x))
        for y in range(0, height, edge_px)
        for x in range(0, width, edge_px)
    ]


def in_strips(windows: Sequence[Window], strip_px: int = 4096) -> list[Window]:
    """Windows in the order of narrow strips: the rows of file blocks that halos share then stay in GDAL's cache."""
    return sorted(windows, key=lambda window: (window.x // strip_px, window.y, window.x))


def sample_windows(
    shape: tuple[int, int], *, cell_px: int = SAMPLE_CELL_PX, budget_px: int = SAMPLE_BUDGET_PX
) -> list[Window]:
    """The fixed sample: all cells of the grid's lattice, or an even selection of them within the budget.

    Depends on the shape alone, so statistics do not depend on chunks, workers or the order of work.

    >>> len(sample_windows((400, 400))), len(sample_windows((8192, 8192)))
    (4, 16)
    """
    cells = tiles(shape, cell_px)
    count = max(1, budget_px // cell_px**2)
    if len(cells) <= count:
        return cells
    # A generator seeded by the shape spreads the cells without the moiré of a stride on regular fields and roads.
    chosen = np.random.default_rng(shape).permutation(len(cells))[:count]
    return [cells[i] for i in sorted(chosen)]


def stack_cells(cells: Sequence[NDArray[Any]], cell_px: int = SAMPLE_CELL_PX) -> NDArray[np.float32]:
    """Cells ``(band, y, x)`` as one ``(cell, band, y, x)`` array, short ones filled up with NaN."""
    bands = cells[0].shape[0]
    out = np.full((len(cells), bands, cell_px, cell_px), np.nan, np.float32)
    for i, cell in enumerate(cells):
        out[i, :, : cell.shape[1], : cell.shape[2]] = cell
    return out


def is_lazy(*images: xr.DataArray) -> bool:
    return any(dask.is_dask_collection(image.data) for image in images)


def over_sample(fit: Callable[..., Any], *images: xr.DataArray, **parameters: Any) -> Any:
    """Scene statistics from the fixed sample: ``fit(*samples, **parameters)``.

    Returns
    -------
    model
        What `fit` returns, or a dask ``Delayed`` of it where an image is lazy.
    """
    windows = sample_windows(_yx_shape(images[0]))
    if not is_lazy(*images):
        return fit(*[_sample(_as_bands(image.values), windows) for image in images], **parameters)
    samples = [_lazy_sample(_as_bands(image.data), windows) for image in images]
    return dask.delayed(fit, pure=True)(*samples, **parameters)


def per_block(
    kernel: Callable[..., NDArray[Any]],
    *images: xr.DataArray,
    dtype: DTypeLike,
    halo_px: int = 0,
    bands: Sequence[Any] | None = None,
    **parameters: Any,
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
    bands : sequence, optional
        The result's band coordinate; None for a result with dims ``(y, x)``.
    **parameters
        Passed on; may be ``Delayed``.

    Returns
    -------
    xarray.DataArray
        Lazy where an input is; on the grid of the first image, with its ``spatial_ref``.
    """
    template = images[0]
    lazy = is_lazy(*images) or any(dask.is_dask_collection(value) for value in parameters.values())
    chunks = _yx_chunks(images)
    arrays = [_chunked(image, chunks, halo_px) for image in images]
    offset = 1 if any(array.ndim == 3 for array in arrays) else 0
    out_chunks: tuple[Any, ...] = chunks if bands is None else ((len(bands),), *chunks)
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
    data = result if lazy else result.compute(scheduler="synchronous")
    dims = ("y", "x") if bands is None else ("band", "y", "x")
    coords = {name: coord for name, coord in template.coords.items() if "band" not in coord.dims and name != "band"}
    if bands is not None:
        coords["band"] = xr.DataArray(list(bands), dims="band")
    return xr.DataArray(data, dims=dims, coords=coords)


def from_reader(
    read: Callable[[Window], NDArray[Any]],
    shape: tuple[int, int, int],
    chunk: int,
    *,
    name: str,
    dtype: DTypeLike = np.float32,
) -> Any:
    """A dask array (band, y, x) whose blocks are what `read` gives for their windows.

    Parameters
    ----------
    read : callable
        ``read(window) -> (band, y, x)``; picklable.
    shape : (band, y, x)
    chunk : int
        Edge of a block in pixels.
    name : str
        The array's name in the graph: the same for the same content, so that dask knows it again; the chunk is added.
    dtype : dtype
        Of what `read` gives.
    """
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


def stream(
    tasks: Sequence[Task], *, client: Any = None, scheduler: str = "threads", workers: int = 1
) -> Iterator[tuple[int, Any]]:
    """Carry out tasks on dask and hand back ``(index, result)`` as they end, with bounded results in flight.

    Parameters
    ----------
    tasks : sequence of (function, arguments)
        Picklable where they go to other processes.
    client : distributed.Client, optional
        Where given, the tasks go there; a task whose worker dies is run again.
    scheduler : {"threads", "processes", "synchronous"}
        Used without a client.

    Raises
    ------
    ChangedetError
        The client's scheduler is lost, or has no workers any more, or a task ends every worker that it is given to.
    """
    if client is not None:
        yield from _stream_distributed(tasks, client)
        return
    # Two tasks a worker and batch keep the workers busy while bounding what waits to be written.
    batch = max(1, 2 * workers)
    for start in range(0, len(tasks), batch):
        chosen = range(start, min(start + batch, len(tasks)))
        # Arguments as such would be searched for lazy values, through every field of every scene.
        calls = [dask.delayed(partial(tasks[i][0], *tasks[i][1]), pure=False, traverse=False)() for i in chosen]
        try:
            results = dask.compute(*calls, scheduler=scheduler, num_workers=workers, optimize_graph=False)
        except BrokenExecutor as error:
            raise ChangedetError(f"a worker process ended by force; {STARVED}") from error
        yield from zip(chosen, results, strict=True)


def _stream_distributed(tasks: Sequence[Task], client: Any) -> Iterator[tuple[int, Any]]:
    from distributed import KilledWorker, as_completed
    from distributed.comm import CommClosedError

    ahead = 4 * max(1, sum(client.nthreads().values()))
    waiting = iter(enumerate(tasks))
    index: dict[str, int] = {}

    def submit() -> Any:
        for i, (function, arguments) in waiting:
            future = client.submit(function, *arguments, pure=False, retries=2)
            index[future.key] = i
            return future
        return None

    first = [future for future in (submit() for _ in range(ahead)) if future is not None]
    # With its own loop, as the client need not be anybody's default.
    running = as_completed(first, loop=client.loop)
    try:
        for future, result in _as_they_end(running, client):
            i = index.pop(future.key)
            future.release()
            following = submit()
            if following is not None:
                running.add(following)
            yield i, result
    except (CancelledError, CommClosedError) as error:
        raise ChangedetError(f"the dask scheduler is lost; start it again, {GO_ON}") from error
    except KilledWorker as error:
        raise ChangedetError(f"a task ended every dask worker that it was given to; {STARVED}") from error
    finally:
        if client.status == "running":
            client.cancel([future for future in running.futures if not future.done()])


def _as_they_end(running: Any, client: Any) -> Iterator[tuple[Any, Any]]:
    """Futures as they end, with their results; lost workers are waited for, but not without end."""
    alone = _Alone(client)
    while not running.is_empty():
        if not running.has_ready():
            time.sleep(POLL_S)
            alone.check()
            continue
        future = next(running)
        while True:
            # What a lost worker had not handed over yet is computed again by another, if there is one.
            with suppress(TimeoutError):
                yield future, future.result(timeout=max(ASK_EVERY_S, PATIENCE_S / 2))
                break
            if future.status == "error":
                future.result()
            alone.check()


@dataclass
class _Alone:
    """How long a scheduler has had no worker."""

    client: Any
    since: float | None = None
    ask_at: float = 0.0

    def check(self) -> None:
        now = time.monotonic()
        if now < self.ask_at:
            return
        self.ask_at = now + ASK_EVERY_S
        self.since = None if _has_workers(self.client) else self.since or now
        if self.since is not None and now - self.since >= PATIENCE_S:
            raise ChangedetError(f"the dask scheduler has had no worker for {PATIENCE_S:g} s; start some, {GO_ON}")


def _has_workers(client: Any) -> bool:
    """False where the scheduler says so; where it does not answer, its loss shows in the futures."""
    try:
        return client.status != "running" or bool(client.nthreads())
    except OSError:
        return True


def _yx_shape(image: xr.DataArray) -> tuple[int, int]:
    return int(image.sizes["y"]), int(image.sizes["x"])


def _as_bands(array: Any) -> Any:
    return array if array.ndim == 3 else array[None]


def _sample(array: NDArray[Any], windows: Sequence[Window]) -> NDArray[np.float32]:
    return stack_cells([array[(slice(None), *window.slices)] for window in windows])


def _lazy_sample(array: Any, windows: Sequence[Window]) -> Any:
    cells = [dask.delayed(np.asarray, pure=True)(array[(slice(None), *window.slices)]) for window in windows]
    return dask.delayed(stack_cells, pure=True)(cells)


def _yx_chunks(images: Sequence[xr.DataArray]) -> tuple[Any, Any]:
    for image in images:
        if image.chunks is not None:
            by_dim = dict(zip(image.dims, image.chunks, strict=True))
            return by_dim["y"], by_dim["x"]
    height, width = _yx_shape(images[0])
    return (height,), (width,)


def _chunked(image: xr.DataArray, chunks: tuple[Any, Any], halo_px: int) -> Any:
    wanted = chunks if image.ndim == 2 else (-1, *chunks)
    array = da.asarray(image.data)
    array = da.from_array(array.compute(), wanted) if not is_lazy(image) else array.rechunk(wanted)
    if not halo_px:
        return array
    fill = np.nan if np.issubdtype(array.dtype, np.floating) else 0
    padded = da.pad(array, [(0, 0)] * (array.ndim - 2) + [(halo_px, halo_px)] * 2, constant_values=fill)
    if min(min(sizes) for sizes in chunks) < halo_px:
        # else every block would be pieced together from as many chunks as its halo holds
        grain = max(halo_px, *(max(sizes) for sizes in chunks))
        padded = padded.rechunk({array.ndim - 2: grain, array.ndim - 1: grain})
    return _overlapping(padded, image.ndim, chunks, halo_px)


def _overlapping(padded: Any, ndim: int, chunks: tuple[Any, Any], halo_px: int) -> Any:
    """Cut a padded array into blocks that overlap; correct for chunks smaller than the halo as well."""
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
    *blocks: NDArray[Any],
    kernel: Callable[..., NDArray[Any]],
    halo_px: int,
    out_dtype: np.dtype[Any],
    **parameters: Any,
) -> NDArray[Any]:
    result = kernel(*blocks, **parameters)
    if halo_px:
        result = result[..., halo_px:-halo_px, halo_px:-halo_px]
    return np.ascontiguousarray(result, dtype=out_dtype)


def as_scalar(pick: Callable[[Any], float], model: Any) -> xr.DataArray:
    """One number of a model as a 0-d float64 DataArray, lazy where the model is ``Delayed``."""
    if not dask.is_dask_collection(model):
        return xr.DataArray(np.float64(pick(model)))
    return xr.DataArray(da.from_delayed(dask.delayed(pick, pure=True)(model), (), np.float64))
