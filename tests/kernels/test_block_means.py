"""Means of blocks, against the two steps that sums of cells replace."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.kernels.block_means import add_to_cells, block_mean, means_of_cells
from changedet.kernels.missing import without_nodata

# rasterio's own arithmetic on windows uses affine's old operator.
pytestmark = pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16"])
@pytest.mark.parametrize("has_nodata", [True, False])
def test_means_of_cells_are_those_of_the_two_steps_that_they_replace(dtype: str, *, has_nodata: bool) -> None:
    rng = np.random.default_rng(3)
    values = rng.integers(0, 3, (4, 61, 97)).astype(dtype)
    values[:, 4:30, 20:70] = 0
    values[2, 40:50] = 2
    nodata = np.zeros(4, dtype) if has_nodata else np.zeros(0, dtype)
    plain = np.empty(values.shape, np.float32)
    if has_nodata:
        without_nodata(values, nodata, plain)
    else:
        plain[...] = values
    for factor in ((4, 4), (7, 3), (61, 97)):
        expected = block_mean(plain, factor)
        totals, counts = np.zeros(expected.shape, np.int64), np.zeros(expected.shape[1:], np.int64)
        add_to_cells(values, nodata, (0, 0), factor, totals, counts)
        assert np.array_equal(means_of_cells(totals, counts, values.shape[1:], factor), expected, equal_nan=True)
    assert np.isnan(plain).any() == has_nodata
