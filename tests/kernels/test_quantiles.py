"""Quantiles of many values are numpy's, bit by bit, also where the sample misleads."""

import numpy as np
import pytest

from changedet.kernels.medians import LEAST_VALUES, SAMPLE
from changedet.kernels.quantiles import percentile, percentiles, quantile, quantiles

SHARES = (0.0, 0.005, 0.02, 0.16, 0.25, 0.5, 0.75, 0.84, 0.98, 0.995, 1.0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [1, 2, 7, LEAST_VALUES, LEAST_VALUES + 1, 50_001])
def test_quantiles_are_numpys(size: int, dtype: type):
    values = np.random.default_rng(size).gamma(2.0, 100.0, size).astype(dtype)
    found = quantiles(values, SHARES)
    assert found.dtype == np.float64
    assert found.tolist() == np.quantile(values, SHARES).tolist()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_quantiles_are_numpys_percentiles(dtype: type):
    values = np.random.default_rng(3).normal(size=33_333).astype(dtype)
    percent = (1.0, 25, 50, 99.0)
    assert percentiles(values, percent).tolist() == np.percentile(values, percent).tolist()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [1, 2, 7, LEAST_VALUES, LEAST_VALUES + 1, 50_001])
def test_one_quantile_is_numpys(size: int, dtype: type):
    values = np.random.default_rng(size).gamma(2.0, 100.0, size).astype(dtype)
    for share in SHARES:
        assert quantile(values, share) == np.quantile(values, share)
        assert percentile(values, 100 * share) == np.percentile(values, 100 * share)


def test_one_quantile_where_the_sample_misses_it():
    values = np.random.default_rng(0).normal(size=20 * SAMPLE).astype(np.float32)
    values[:: values.size // SAMPLE] = 100.0
    assert quantile(values, 0.5) == np.quantile(values, 0.5)


def test_quantiles_of_a_column():
    table = np.random.default_rng(4).normal(size=(30_000, 3)).astype(np.float32)
    assert quantiles(table[:, 1], SHARES).tolist() == np.quantile(table[:, 1], SHARES).tolist()


def test_quantiles_of_many_equal_values():
    values = np.repeat([1.0, 2.0, 3.0], [9_000, 3_000, 8_500])
    assert quantiles(values, SHARES).tolist() == np.quantile(values, SHARES).tolist()


def test_quantiles_where_the_sample_misses_them():
    values = np.random.default_rng(0).normal(size=20 * SAMPLE)
    values[:: values.size // SAMPLE] = 100.0
    assert quantiles(values, SHARES).tolist() == np.quantile(values, SHARES).tolist()
