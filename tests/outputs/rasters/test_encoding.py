"""Pixel values as they stand in a file."""

from __future__ import annotations

import math

import numpy as np
import pytest

from changedet.outputs.rasters.encoding import default_nodata, encode


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "int32", "float32"])
def test_encode_loses_no_look_and_makes_none(dtype: str) -> None:
    values = np.array([np.nan, -1e12, -1.4, -1, 0, 0.4, 1, 254.6, 255, 70_000, 1e12], np.float32)
    for nodata in (0, 255, default_nodata(dtype)):
        if dtype == "float32":
            continue
        coded = encode(values, np.dtype(dtype), nodata)
        assert (coded == nodata).tolist() == np.isnan(values).tolist()
        near = np.clip(values[1:].astype(np.float64), np.iinfo(dtype).min, np.iinfo(dtype).max)
        assert np.abs(coded[1:] - near).max() <= 1.5
    kept = encode(values, np.dtype("float32"), math.nan)
    np.testing.assert_array_equal(kept, values)
