"""The median of many values is numpy's, bit by bit, also where the sample misleads."""

import numpy as np
import pytest

from changedet.kernels.medians import LEAST_VALUES, SAMPLE, median, middle_of


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [1, 2, 7, LEAST_VALUES, LEAST_VALUES + 1, 50_001])
def test_median_is_numpys(size: int, dtype: type):
    values = np.random.default_rng(size).gamma(2.0, 100.0, size).astype(dtype)
    assert median(values) == np.median(values)


def test_median_of_many_equal_values():
    values = np.repeat([1.0, 2.0, 3.0], [9_000, 3_000, 8_500])
    assert median(values) == 2.0
    assert median(values[:18_000]) == np.median(values[:18_000]) == 1.5


def test_median_where_the_sample_misses_it():
    values = np.random.default_rng(0).normal(size=20 * SAMPLE)
    values[:: values.size // SAMPLE] = 100.0
    assert median(values) == np.median(values) < 1.0


@pytest.mark.parametrize("size", [1, 2, 3, 8, 97, 250])
def test_middle_of_is_numpys_median(size: int):
    rng = np.random.default_rng(size)
    for values in (rng.normal(size=size), np.sort(rng.normal(size=size)), rng.integers(0, 3, size).astype(float)):
        assert middle_of(values.copy()) == np.median(values)
