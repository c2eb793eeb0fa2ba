"""Means of cells, against whole arrays."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.outputs.rasters.kernels.averages import halve


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("nodata", [(), (0, 1), (5, 6), (255, 254)])
def test_halve_is_the_mean_of_what_has_data(dtype: str, nodata: tuple[int, ...]) -> None:
    rng = np.random.default_rng(8)
    values = rng.integers(0, 9, (2, 60, 80)).astype(dtype)
    values[:, :20] = rng.integers(200, 256, (2, 20, 80))
    if nodata:
        values[rng.random(values.shape) < 0.4] = nodata[0]
    out = np.empty((2, 30, 40), dtype)
    halve(values, np.array(nodata, dtype), out)
    for b, y, x in np.ndindex(out.shape):
        cell = values[b, 2 * y : 2 * y + 2, 2 * x : 2 * x + 2].ravel().tolist()
        known = [value for value in cell if not nodata or value != nodata[0]]
        mean = (sum(known) + len(known) // 2) // len(known) if known else nodata[0]
        assert out[b, y, x] == (nodata[1] if known and nodata and mean == nodata[0] else mean)
