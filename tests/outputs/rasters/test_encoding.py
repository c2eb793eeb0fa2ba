"""Pixel values as they stand in a file."""

from __future__ import annotations

import math

import numpy as np
import pytest

from changedet.outputs.rasters import encoding
from changedet.outputs.rasters.encoding import encode, seen


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "int32", "float32"])
def test_encode_loses_no_look_and_makes_none(dtype: str) -> None:
    values = np.array([np.nan, -1e12, -1.4, -1, 0, 0.4, 1, 254.6, 255, 70_000, 1e12], np.float32)
    for nodata in (0, 255):
        if dtype == "float32":
            continue
        coded = encode(values, np.dtype(dtype), nodata)
        assert (coded == nodata).tolist() == np.isnan(values).tolist()
        near = np.clip(values[1:].astype(np.float64), np.iinfo(dtype).min, np.iinfo(dtype).max)
        assert np.abs(coded[1:] - near).max() <= 1.5
    kept = encode(values, np.dtype("float32"), math.nan)
    np.testing.assert_array_equal(kept, values)


def test_encode_moves_no_value_where_a_mask_band_says_no_data() -> None:
    values = np.array([[np.nan, 0.0, 0.4, 255.0, 300.0]], np.float32)
    assert encode(values, np.dtype("uint8"), None).tolist() == [[0, 0, 0, 255, 255]]
    assert seen(values[None]).tolist() == [[False, True, True, True, True]]
    assert np.isnan(encode(values, np.dtype("float64"), None)[0, 0])


def test_encode_leaves_own_values_as_they_are() -> None:
    own = np.ma.MaskedArray(np.array([[0, 7, 4_294_967_295]], np.uint32), [[True, False, False]])
    assert encode(own, np.dtype("uint32"), None).tolist() == [[0, 7, 4_294_967_295]]
    assert encode(own, np.dtype("uint32"), 7).tolist() == [[7, 7, 4_294_967_295]]
    assert seen(own[None]).tolist() == [[False, True, True]]


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("nodata", [None, 0, 7, 255, 65_535])
def test_encode_rounds_many_values_as_it_does_few(
    dtype: str, nodata: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if nodata is not None and nodata > np.iinfo(dtype).max:
        pytest.skip("no value of that type")
    rng = np.random.default_rng(3)
    values = (rng.integers(-600, 140_000, (2, 64, 64)) / np.float32(2)).astype(np.float32)
    values[rng.random(values.shape) < 0.1] = np.nan
    values[0, 0, :3] = np.inf, -np.inf, 6.9
    few = encode(values, np.dtype(dtype), nodata)
    monkeypatch.setattr(encoding, "LEAST_VALUES", 0)
    many = encode(values, np.dtype(dtype), nodata)
    assert many.dtype == few.dtype
    np.testing.assert_array_equal(many, few)
    np.testing.assert_array_equal(encode(values[:, ::2], np.dtype(dtype), nodata), few[:, ::2])
