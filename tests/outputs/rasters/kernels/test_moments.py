"""Sums of rasters, against Python's whole numbers."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.outputs.rasters.kernels.moments import add_moments


@pytest.mark.parametrize(("dtype", "most"), [("uint8", 256), ("int32", 60_000)])
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_add_moments_of_what_has_data(dtype: str, most: int, share: float) -> None:
    rng = np.random.default_rng(5)
    values = rng.integers(0, most, (7, 130)).astype(dtype)
    nodata = np.array([255 if dtype == "uint8" else -1], dtype)
    values[rng.random(values.shape) < share] = nodata[0]
    values[3] = nodata[0]
    for none in (nodata, nodata[:0]):
        sums = np.array([0, 0, 0, 1 << 40, -(1 << 40)])
        add_moments(values[:4], none, sums)
        add_moments(values[4:], none, sums)
        known = [int(value) for value in values.ravel() if none.size == 0 or value != none[0]]
        ends = [min(known), max(known)] if known else [1 << 40, -(1 << 40)]
        assert sums.tolist() == [len(known), sum(known), sum(value * value for value in known), *ends]
