"""The two bridges to dask: lazy and eager agree, whatever the chunks."""

from __future__ import annotations

import dask
import numpy as np
import pytest
import xarray as xr

from changedet.blocks import as_scalar, from_reader, is_lazy, over_sample, per_block, resolution_of
from changedet.blocks.windows import STEP_PX, Window


def _image(height: int = 20, width: int = 23) -> xr.DataArray:
    values = np.random.default_rng(0).random((2, height, width), "float32")
    coords = {"y": np.arange(height) * -2.0, "x": np.arange(width) * 8.0}
    return xr.DataArray(values, dims=("band", "y", "x"), coords=coords)


def _largest(block: np.ndarray, reach: int) -> np.ndarray:
    """The greatest value within `reach` pixels along rows, of the first band."""
    padded = np.pad(np.nan_to_num(block[0], nan=-1.0), ((0, 0), (reach, reach)), constant_values=-1.0)
    return np.max([padded[:, k : k + block.shape[2]] for k in range(2 * reach + 1)], axis=0)


@pytest.mark.parametrize("chunk", [1, 5, 64])
def test_per_block_does_not_depend_on_chunks(chunk: int) -> None:
    image = _image()
    eager = per_block(_largest, image, dtype="float32", halo_px=3, reach=3)
    lazy = per_block(_largest, image.chunk({"y": chunk, "x": chunk}), dtype="float32", halo_px=3, reach=3)
    assert is_lazy(lazy)
    assert not is_lazy(eager)
    np.testing.assert_array_equal(lazy.values, eager.values)


def _cell_means(block: np.ndarray) -> np.ndarray:
    """Means of cells of `STEP_PX`, counted from the block's own corner."""
    rows, columns = (-size % STEP_PX for size in block.shape[1:])
    wide = np.pad(np.nan_to_num(block[0]), ((0, rows), (0, columns)))
    cells = wide.reshape(wide.shape[0] // STEP_PX, STEP_PX, wide.shape[1] // STEP_PX, STEP_PX).mean(axis=(1, 3))
    return cells.repeat(STEP_PX, 0).repeat(STEP_PX, 1)[: block.shape[1], : block.shape[2]]


@pytest.mark.parametrize("chunks", [(1, 3), (7, 40), (13, 5), (40, 8)])
def test_per_block_lays_cells_alike_whatever_the_chunks(chunks: tuple[int, int]) -> None:
    image, cell = _image(40, 51), slice(STEP_PX, 2 * STEP_PX)
    eager = per_block(_cell_means, image, dtype="float32", halo_px=STEP_PX + 1)
    lazy = per_block(_cell_means, image.chunk({"y": chunks[0], "x": chunks[1]}), dtype="float32", halo_px=STEP_PX + 1)
    np.testing.assert_array_equal(lazy.values, eager.values)
    assert lazy.chunks == image.chunk({"y": chunks[0], "x": chunks[1]}).chunks[1:]
    np.testing.assert_allclose(eager.values[cell, cell], image.values[0, cell, cell].mean(), rtol=1e-6)


def test_over_sample_is_delayed_where_an_image_is_lazy() -> None:
    image = _image()
    eager = over_sample(np.nansum, image)
    lazy = over_sample(np.nansum, image.chunk({"y": 7}))
    assert dask.is_dask_collection(lazy)
    assert as_scalar(float, lazy).compute() == as_scalar(float, eager)


def test_from_reader_reads_the_windows_of_its_blocks() -> None:
    def read(window: Window) -> np.ndarray:
        return np.full((1, *window.shape), 10 * window.y + window.x, np.float32)

    array = from_reader(read, (1, 5, 5), 3, name="windows")
    assert array[0, ::3, ::3].compute().tolist() == [[0, 3], [30, 33]]


def test_resolution_of_is_the_root_of_a_pixels_area() -> None:
    assert resolution_of(_image()) == 4.0
    assert resolution_of(_image().drop_vars(["x", "y"])) == 1.0
